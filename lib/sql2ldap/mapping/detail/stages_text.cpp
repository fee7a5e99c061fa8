// Lenses on text: letter case, ends, addresses, domains, paths.
#include <utf8proc.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstring>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/idna.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>

namespace sql2ldap::mapping::detail::lens {

namespace {

got refuse(run& r, std::string why) {
  r.reason = std::move(why);
  return got::objection;
}

bool ascii_upper_letter(char c) { return c >= 'A' && c <= 'Z'; }
bool ascii_lower_letter(char c) { return c >= 'a' && c <= 'z'; }

// Runs every code point through `fold`.
template <typename F>
got fold_text(run& r, std::string_view in, std::string_view& out, F fold) {
  constexpr std::size_t growth = 4;  // a one-byte letter never becomes more than one code point
  char* const begin = r.memory.take(in.size() * growth);
  char* next = begin;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(in.data());
  auto left = static_cast<utf8proc_ssize_t>(in.size());
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t used = utf8proc_iterate(bytes, left, &code_point);
    if (used <= 0) return refuse(r, "the text is not valid UTF-8");
    next += utf8proc_encode_char(fold(code_point), reinterpret_cast<utf8proc_uint8_t*>(next));
    bytes += used;
    left -= used;
  }
  out = {begin, static_cast<std::size_t>(next - begin)};
  return got::value;
}

// Lower-case ASCII domain into `out`; false when the careful way (codec) must decide.
bool plain_domain(std::string_view in, char* out) {
  constexpr std::size_t label_max = 63;  // RFC 1035, 2.3.4
  constexpr std::size_t domain_max = 253;
  if (in.empty() || in.size() > domain_max) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const char c = ascii_lower(in[i]);
    if (c == '.') {
      if (label == 0 || label > label_max || in[i - 1] == '-') return false;
      label = 0;
    } else if (ascii_lower_letter(c) || (c >= '0' && c <= '9') || c == '_') {
      ++label;
    } else if (c == '-' && label != 0 && !(label == 3 && in[i - 1] == '-')) {
      ++label;  // a hyphen in third and fourth place may begin an A-label
    } else {
      return false;
    }
    out[i] = c;
  }
  return label != 0 && label <= label_max && in.back() != '-';
}

// The domain in A-labels, appended to what stands in front of it.
got with_domain(run& r, std::string_view local_and_at, std::string_view domain, std::string_view& out) {
  char* const begin = r.memory.take(local_and_at.size() + domain.size());
  if (!local_and_at.empty()) std::memcpy(begin, local_and_at.data(), local_and_at.size());
  if (plain_domain(domain, begin + local_and_at.size())) {
    out = {begin, local_and_at.size() + domain.size()};
    return got::value;
  }
  const bool of_address = !local_and_at.empty();
  const result<std::string> careful =
      of_address && domain.starts_with('[') ? codec::address_literal(domain) : codec::domain_to_ascii(domain);
  if (!careful && !is_ascii(domain)) {
    return refuse(
        r, fmt::format("{} is not a domain name by IDNA2008; if it is in use, its A-label would do", r.shown(domain)));
  }
  if (!careful) return refuse(r, fmt::format("{} is not a domain name", r.shown(domain)));
  char* const again = r.memory.take(local_and_at.size() + careful->size());
  if (!local_and_at.empty()) std::memcpy(again, local_and_at.data(), local_and_at.size());
  std::memcpy(again + local_and_at.size(), careful->data(), careful->size());
  out = {again, local_and_at.size() + careful->size()};
  return got::value;
}

std::string_view glued(run& r, std::string_view a, std::string_view b) {
  char* const begin = r.memory.take(a.size() + b.size());
  if (!a.empty()) std::memcpy(begin, a.data(), a.size());
  if (!b.empty()) std::memcpy(begin + a.size(), b.data(), b.size());
  return {begin, a.size() + b.size()};
}

bool matches_any(run& r, const stage& s, std::string_view in) {  // texts are lower case already
  char* const folded = r.memory.take(in.size());
  std::transform(in.begin(), in.end(), folded, ascii_lower);
  return std::any_of(s.texts.begin(), s.texts.end(), [&](const std::string& glob) {
    return glob_match(glob, {folded, in.size()});
  });
}

}  // namespace

bool put_same(run&, const stage&, std::string_view wanted, const std::string_view*, std::string_view& out) {
  out = wanted;
  return true;
}

got get_lower(run& r, const stage&, std::string_view in, std::string_view& out) {
  if (!is_ascii(in)) return fold_text(r, in, out, [](utf8proc_int32_t c) { return utf8proc_tolower(c); });
  out = in;
  if (std::none_of(in.begin(), in.end(), ascii_upper_letter)) return got::value;
  char* const begin = r.memory.take(in.size());
  std::transform(in.begin(), in.end(), begin, ascii_lower);
  out = {begin, in.size()};
  return got::value;
}

got get_upper(run& r, const stage&, std::string_view in, std::string_view& out) {
  return fold_text(r, in, out, [](utf8proc_int32_t c) { return utf8proc_toupper(c); });
}

got get_trim(run&, const stage&, std::string_view in, std::string_view& out) {
  out = trimmed(in);
  return got::value;
}

got get_nonempty(run&, const stage&, std::string_view in, std::string_view& out) {
  out = in;
  return in.empty() ? got::nothing : got::value;
}

got get_prefix(run& r, const stage& s, std::string_view in, std::string_view& out) {
  out = glued(r, s.texts.front(), in);
  return got::value;
}
bool put_prefix(run& r, const stage& s, std::string_view wanted, const std::string_view*, std::string_view& out) {
  const std::string& start = s.texts.front();
  if (!wanted.starts_with(start)) {
    return r.object(fmt::format("{} does not begin with {}", r.shown(wanted), quoted_for_message(start)));
  }
  out = wanted.substr(start.size());
  return true;
}

got get_suffix(run& r, const stage& s, std::string_view in, std::string_view& out) {
  out = glued(r, in, s.texts.front());
  return got::value;
}
bool put_suffix(run& r, const stage& s, std::string_view wanted, const std::string_view*, std::string_view& out) {
  const std::string& end = s.texts.front();
  if (!wanted.ends_with(end)) {
    return r.object(fmt::format("{} does not end with {}", r.shown(wanted), quoted_for_message(end)));
  }
  out = wanted.substr(0, wanted.size() - end.size());
  return true;
}

got get_strip_prefix(run&, const stage& s, std::string_view in, std::string_view& out) {
  out = in.starts_with(s.texts.front()) ? in.substr(s.texts.front().size()) : in;
  return got::value;
}
bool put_strip_prefix(run& r, const stage& s, std::string_view wanted, const std::string_view* old,
                      std::string_view& out) {
  const std::string& start = s.texts.front();
  // A value that itself begins with the text would lose it on the next reading.
  const bool as_it_was = old != nullptr && old->starts_with(start);
  out = as_it_was || wanted.starts_with(start) ? glued(r, start, wanted) : wanted;
  return true;
}

got get_strip_suffix(run&, const stage& s, std::string_view in, std::string_view& out) {
  out = in.ends_with(s.texts.front()) ? in.substr(0, in.size() - s.texts.front().size()) : in;
  return got::value;
}
bool put_strip_suffix(run& r, const stage& s, std::string_view wanted, const std::string_view* old,
                      std::string_view& out) {
  const std::string& end = s.texts.front();
  const bool as_it_was = old != nullptr && old->ends_with(end);
  out = as_it_was || wanted.ends_with(end) ? glued(r, wanted, end) : wanted;
  return true;
}

got get_replace(run& r, const stage& s, std::string_view in, std::string_view& out) {
  const std::string_view from = s.texts[0];
  const std::string_view to = s.texts[1];
  std::size_t at = in.find(from);
  if (at == std::string_view::npos) {
    out = in;
    return got::value;
  }
  std::string text;
  std::size_t next = 0;
  for (; at != std::string_view::npos; at = in.find(from, next)) {
    text.append(in, next, at - next);
    text += to;
    next = at + from.size();
  }
  text.append(in, next);
  out = r.memory.copy(text);
  return got::value;
}

got get_localpart(run& r, const stage&, std::string_view in, std::string_view& out) {
  const std::size_t at = in.rfind('@');
  if (at == std::string_view::npos) return refuse(r, fmt::format("{} is no address: it has no '@'", r.shown(in)));
  out = in.substr(0, at);
  return got::value;
}
got get_domainpart(run& r, const stage&, std::string_view in, std::string_view& out) {
  const std::size_t at = in.rfind('@');
  if (at == std::string_view::npos) return refuse(r, fmt::format("{} is no address: it has no '@'", r.shown(in)));
  out = in.substr(at + 1);
  return got::value;
}

got get_idna(run& r, const stage&, std::string_view in, std::string_view& out) {
  const std::size_t at = in.rfind('@');
  const std::size_t domain = at == std::string_view::npos ? 0 : at + 1;
  return with_domain(r, in.substr(0, domain), in.substr(domain), out);
}

got get_address(run& r, const stage&, std::string_view in, std::string_view& out) {
  const std::string_view text = trimmed(in);
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return refuse(r, fmt::format("{} is no address: it has no '@'", r.shown(text)));
  const std::string_view local = text.substr(0, at);
  char* const folded = r.memory.take(at + 1);
  const bool quoted = local.size() > 1 && local.front() == '"' && local.back() == '"';
  if (!quoted && local.find('@') != std::string_view::npos)
    return refuse(r, fmt::format("{} is no address: it has two '@'", r.shown(text)));
  for (std::size_t i = 0; i < at; ++i) {
    const char c = local[i];
    // RFC 5321, 4.1.2: blanks only in a quoted string; RFC 6531 addresses do not fit IA5 attributes.
    if (static_cast<unsigned char>(c) >= 0x80) {
      return refuse(r, fmt::format("{}: the local part is not ASCII", r.shown(text)));
    }
    if (c < ' ' || c == 0x7f || (c == ' ' && !quoted)) {
      return refuse(r, fmt::format("{} is no address: blank or control character", r.shown(text)));
    }
    folded[i] = ascii_lower(c);
  }
  folded[at] = '@';
  return with_domain(r, {folded, at + 1}, text.substr(at + 1), out);
}

got get_mailbox(run& r, const stage& s, std::string_view in, std::string_view& out) {
  if (trimmed(in).starts_with('@')) return refuse(r, fmt::format("{} has no local part", r.shown(in)));
  return get_address(r, s, in, out);
}

got get_ia5(run& r, const stage&, std::string_view in, std::string_view& out) {
  if (!is_ascii(in)) return refuse(r, fmt::format("{} is not ASCII", r.shown(in)));
  out = in;
  return got::value;
}

got get_path(run& r, const stage&, std::string_view in, std::string_view& out) {
  bool clean = in.size() < 2 || in.back() != '/';
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto c = static_cast<unsigned char>(in[i]);
    if (c < ' ' || c == 0x7f) return refuse(r, fmt::format("{}: control character in a path", r.shown(in)));
    if (c == '/' && i != 0 && in[i - 1] == '/') clean = false;
    const bool begins = i == 0 || in[i - 1] == '/';
    if (begins && in.substr(i, 2) == ".." && (i + 2 == in.size() || in[i + 2] == '/')) {
      return refuse(r, fmt::format("{}: '..' in a path", r.shown(in)));
    }
  }
  out = in;
  if (clean) return got::value;
  char* const begin = r.memory.take(in.size());
  char* next = begin;
  for (const char c : in) {
    if (c != '/' || next == begin || next[-1] != '/') *next++ = c;
  }
  if (next - begin > 1 && next[-1] == '/') --next;
  out = {begin, static_cast<std::size_t>(next - begin)};
  return got::value;
}

got get_limit(run& r, const stage& s, std::string_view in, std::string_view& out) {
  const auto code_points = std::count_if(in.begin(), in.end(), [](char c) { return (c & 0xC0) != 0x80; });
  if (code_points > s.number) {
    return refuse(r, fmt::format("{} is longer than {} characters", r.shown(in), s.number));
  }
  out = in;
  return got::value;
}

got get_match(run& r, const stage& s, std::string_view in, std::string_view& out) {
  out = in;
  return matches_any(r, s, in) ? got::value : got::nothing;
}
got get_drop(run& r, const stage& s, std::string_view in, std::string_view& out) {
  out = in;
  return matches_any(r, s, in) ? got::nothing : got::value;
}

}  // namespace sql2ldap::mapping::detail::lens
