#include <fmt/format.h>
#include <algorithm>
#include <unordered_set>

#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>
#include <sql2ldap/mapping/detail/write_back.hpp>

namespace sql2ldap::mapping::detail {

namespace {

using value_set = std::unordered_set<std::string_view>;

value_set set_of(const list& values) { return {values.begin(), values.end()}; }

// Runs the stages on a list of their own.
bool run_stages(run& r, std::span<const stage> stages, const list& in, list& out) {
  const std::size_t first = r.values.size();
  r.values.insert(r.values.end(), in.begin(), in.end());
  const bool good = std::all_of(stages.begin(), stages.end(), [&](const stage& s) { return get(r, s, first); });
  if (good) out.assign(r.values.begin() + static_cast<std::ptrdiff_t>(first), r.values.end());
  r.values.resize(first);
  return good;
}

// One value of a piece of a text as it is now; false when it has none or several.
bool piece_value(run& r, const text_piece& piece, std::string& out) {
  if (piece.placeholder.empty()) {
    out += piece.literal;
    return true;
  }
  list values;
  if (!values_of(r, piece.placeholder.front(), values)) return false;
  if (values.size() != 1) return r.object("another part of the text has no single value");
  out += values.front();
  return true;
}

// The one placeholder of a text that a new value goes to: key columns only when nothing else can.
const text_piece* writable_piece(const run& r, const pipeline& p) {
  const text_piece* found = nullptr;
  const text_piece* key = nullptr;
  std::size_t others = 0;
  std::size_t keys = 0;
  for (const text_piece& piece : p.pieces) {
    if (piece.placeholder.empty()) continue;
    const expression& e = piece.placeholder.front();
    if (is_constant(e) || !direction_of(*r.kind, e).two_way) continue;
    if (reads_only_keys(*r.kind, e)) {
      key = &piece;
      ++keys;
    } else {
      found = &piece;
      ++others;
    }
  }
  if (others == 1) return found;
  return others == 0 && keys == 1 ? key : nullptr;
}

bool put_text(run& r, std::span<model::field> row, const pipeline& p, const list& wanted) {
  const text_piece* const target = writable_piece(r, p);
  if (target == nullptr) return r.object(direction_of(*r.kind, p).reason);
  std::string before;
  std::string after;
  bool seen = false;
  for (const text_piece& piece : p.pieces) {
    if (&piece == target) {
      seen = true;
    } else if (!piece_value(r, piece, seen ? after : before)) {
      return false;
    }
  }
  list inner;
  for (std::string_view w : wanted) {
    if (w.size() < before.size() + after.size() || !w.starts_with(before) || !w.ends_with(after)) {
      return r.object(fmt::format("{} does not have the form of the text in the mapping", r.shown(w)));
    }
    w.remove_prefix(before.size());
    w.remove_suffix(after.size());
    inner.push_back(w);
  }
  return put(r, row, target->placeholder.front(), inner);
}

pipeline head_of(const pipeline& p) {
  pipeline head = p;
  head.stages.clear();
  head.row_stages = 0;
  return head;
}

bool put_column(run& r, std::span<model::field> row, const pipeline& p, const list& wanted) {
  r.column = p.column;
  if (const direction d = direction_of(*r.kind, head_of(p)); !d.two_way) return r.object(d.reason);
  if (wanted.size() > 1) return r.object("several values for one column");
  model::field& f = row[p.index];
  f = wanted.empty() ? model::field{} : model::field{r.memory.copy(wanted.front()), false, false};
  return true;
}

bool put_head(run& r, std::span<model::field> row, const pipeline& p, const list& wanted) {
  switch (p.head) {
    case pipeline::head_kind::column:
      return put_column(r, row, p, wanted);
    case pipeline::head_kind::text:
      return put_text(r, row, p, wanted);
    case pipeline::head_kind::nested:
      return put(r, row, p.nested.front(), wanted);
    case pipeline::head_kind::constant:
    case pipeline::head_kind::name:
      break;
  }
  return r.object(direction_of(*r.kind, p).reason);
}

bool put(run& r, std::span<model::field> row, const pipeline& p, const list& wanted) {
  const std::size_t first = r.values.size();
  list old;
  // An old value that cannot be read has nothing to tell about the new one.
  if (get(r, head_of(p))) old.assign(r.values.begin() + static_cast<std::ptrdiff_t>(first), r.values.end());
  r.values.resize(first);
  list target;
  if (!put_stages(r, p.stages, wanted, old, target)) return false;
  return put_head(r, row, p, target);
}

// a + b: what the other parts give already is taken off; the rest goes to the one part that can
// take it.
bool put_union(run& r, std::span<model::field> row, const expression& e, const list& wanted) {
  struct part {
    expression value;
    list now;
    bool writable = false;
    bool key = false;
    bool lost = false;  // some of its values are no longer wanted
  };
  std::vector<part> parts;
  const value_set wanted_set = set_of(wanted);
  value_set given;
  for (const pipeline& p : e.parts) {
    part one{{{p}, e.rows, false}, {}, false, false, false};
    if (!values_of(r, one.value, one.now)) one.now.clear();
    one.writable = !is_constant(one.value) && direction_of(*r.kind, p).two_way;
    one.key = reads_only_keys(*r.kind, one.value);
    one.lost = std::any_of(one.now.begin(), one.now.end(), [&](auto v) { return !wanted_set.contains(v); });
    given.insert(one.now.begin(), one.now.end());
    parts.push_back(std::move(one));
  }
  list fresh;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(fresh), [&](auto v) { return !given.contains(v); });

  part* taker = nullptr;
  const auto choose = [&](const auto& fits) {
    if (taker != nullptr) return;
    std::size_t count = 0;
    part* found = nullptr;
    for (part& p : parts) {
      if (!p.writable || !fits(p)) continue;
      ++count;
      found = &p;
    }
    if (count == 1) taker = found;
  };
  choose([](const part& p) { return p.lost; });
  choose([](const part& p) { return !p.key; });
  choose([](const part&) { return true; });
  if (!fresh.empty() && taker == nullptr) return r.object("it is not clear which column is to take the new value");

  for (part& p : parts) {
    if (!p.writable || (!p.lost && (&p != taker || fresh.empty()))) continue;
    list mine;
    std::copy_if(p.now.begin(), p.now.end(), std::back_inserter(mine), [&](auto v) { return wanted_set.contains(v); });
    if (&p == taker) mine.insert(mine.end(), fresh.begin(), fresh.end());
    if (!put(r, row, p.value, mine)) return false;
  }
  return true;
}

}  // namespace

bool same_values(const list& a, const list& b) {
  if (a.size() == 1 && b.size() == 1) return a.front() == b.front();
  return set_of(a) == set_of(b);
}

bool put_stages(run& r, const std::vector<stage>& stages, const list& wanted, const list& old, list& out) {
  std::vector<list> before(stages.size());  // what each stage took in, now
  std::vector<list> after(stages.size());
  list in_hand = old;
  std::size_t readable = 0;
  for (; readable < stages.size(); ++readable) {
    before[readable] = in_hand;
    if (!run_stages(r, std::span(&stages[readable], 1), before[readable], after[readable])) break;
    in_hand = after[readable];
  }
  out = wanted;
  for (std::size_t i = stages.size(); i-- > 0;) {
    if (i < readable && same_values(out, after[i])) {
      out = before[i];
      continue;
    }
    list source;
    if (!put(r, stages[i], out, before[i], source)) return false;
    out = std::move(source);
  }
  return true;
}

bool put(run& r, std::span<model::field> row, const expression& e, const list& wanted) {
  list now;
  if (values_of(r, e, now) && same_values(now, wanted)) return true;
  const bool good = e.parts.size() == 1 ? put(r, row, e.parts.front(), wanted) : put_union(r, row, e, wanted);
  if (!good) return false;
  if (!values_of(r, e, now)) return false;
  return same_values(now, wanted) || r.object("what would be written does not read back as the wanted value");
}

}  // namespace sql2ldap::mapping::detail
