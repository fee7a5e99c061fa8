// Lenses on the whole list of values.
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include <sql2ldap/mapping/detail/stages.hpp>

namespace sql2ldap::mapping::detail::lens {

bool get_otherwise(run& r, const stage& s, std::size_t first) {
  for (std::size_t i = 0; r.values.size() == first && i < s.arguments.size(); ++i) {
    if (!get(r, s.arguments[i])) return false;
  }
  return true;
}

bool put_otherwise(run& r, const stage& s, const list& wanted, const list&, list& out) {
  const std::size_t first = r.values.size();
  if (!get_otherwise(r, s, first)) return false;
  const std::unordered_set<std::string_view> standard(r.values.begin() + static_cast<std::ptrdiff_t>(first),
                                                      r.values.end());
  r.values.resize(first);
  const std::unordered_set<std::string_view> all(wanted.begin(), wanted.end());
  if (all != standard) out = wanted;
  return true;
}

bool get_present(run& r, const stage&, std::size_t first) {
  const bool any = r.values.size() != first;
  r.values.resize(first);
  if (any) r.values.emplace_back("TRUE");
  return true;
}

bool put_present(run& r, const stage&, const list& wanted, const list& old, list& out) {
  if (wanted.empty()) return true;
  if (wanted.size() != 1 || wanted.front() != "TRUE") return r.object("only TRUE or no value can stand here");
  if (old.empty()) return r.object("`present` does not say which value is to appear");
  out = old;
  return true;
}

bool get_split(run& r, const stage& s, std::size_t first) {
  const std::string& separator = s.texts.front();
  const std::size_t end = r.values.size();
  bool any = false;
  for (std::size_t i = first; i < end && !any; ++i) any = r.values[i].find(separator) != std::string_view::npos;
  if (!any) return true;
  for (std::size_t i = first; i < end; ++i) {
    std::string_view rest = r.values[i];
    for (std::size_t at = rest.find(separator); at != std::string_view::npos; at = rest.find(separator)) {
      r.values.push_back(rest.substr(0, at));
      rest.remove_prefix(at + separator.size());
    }
    r.values.push_back(rest);
  }
  r.values.erase(r.values.begin() + static_cast<std::ptrdiff_t>(first),
                 r.values.begin() + static_cast<std::ptrdiff_t>(end));
  return true;
}

namespace {
std::string_view joined(run& r, std::span<const std::string_view> values, std::string_view separator) {
  std::size_t length = separator.size() * (values.size() - 1);
  for (const std::string_view v : values) length += v.size();
  char* const begin = r.memory.take(length);
  char* next = begin;
  const auto append = [&](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(next, bytes.data(), bytes.size());
    next += bytes.size();
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) append(separator);
    append(values[i]);
  }
  return {begin, length};
}
}  // namespace

bool put_split(run& r, const stage& s, const list& wanted, const list&, list& out) {
  for (const std::string_view w : wanted) {
    if (w.find(s.texts.front()) != std::string_view::npos) return r.object("a value holds the separator of `split`");
  }
  if (!wanted.empty()) out.push_back(joined(r, wanted, s.texts.front()));
  return true;
}

bool get_join(run& r, const stage& s, std::size_t first) {
  if (r.values.size() - first < 2) return true;
  const std::string_view one = joined(r, std::span(r.values).subspan(first), s.texts.front());
  r.values.resize(first);
  r.values.push_back(one);
  return true;
}

bool put_join(run& r, const stage& s, const list& wanted, const list&, list& out) {
  if (wanted.size() > 1) return r.object("`join` gives one value, not several");
  const std::size_t first = r.values.size();
  r.values.insert(r.values.end(), wanted.begin(), wanted.end());
  const bool good = get_split(r, s, first);
  out.assign(r.values.begin() + static_cast<std::ptrdiff_t>(first), r.values.end());
  r.values.resize(first);
  return good;
}

bool get_first(run& r, const stage&, std::size_t first) {
  if (r.values.size() > first) r.values.resize(first + 1);
  return true;
}

bool get_last(run& r, const stage&, std::size_t first) {
  if (r.values.size() > first) {
    r.values[first] = r.values.back();
    r.values.resize(first + 1);
  }
  return true;
}

bool get_sort(run& r, const stage&, std::size_t first) {
  std::sort(r.values.begin() + static_cast<std::ptrdiff_t>(first), r.values.end());
  return true;
}

bool get_unique(run& r, const stage&, std::size_t first) {
  std::unordered_set<std::string_view> seen;
  const auto begin = r.values.begin() + static_cast<std::ptrdiff_t>(first);
  r.values.erase(std::remove_if(begin, r.values.end(), [&](std::string_view v) { return !seen.insert(v).second; }),
                 r.values.end());
  return true;
}

bool get_required(run& r, const stage& s, std::size_t first) {
  return r.values.size() != first || r.object(s.texts.front());
}
bool put_required(run&, const stage&, const list& wanted, const list&, list& out) {
  out = wanted;
  return true;
}

bool get_reject(run& r, const stage& s, std::size_t first) {
  return r.values.size() == first || r.object(s.texts.front());
}

}  // namespace sql2ldap::mapping::detail::lens
