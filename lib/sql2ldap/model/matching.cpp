#include <sql2ldap/model/matching.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <utf8proc.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/model/attribute_name.hpp>
#include <sql2ldap/model/detail/generalized_time.hpp>
#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::model {

namespace {

enum class letters { as_they_are, lower };

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Insignificant blanks (RFC 4518, 2.6.1): none at the ends, one inside. Only U+0020 counts, as in
// slapd; a TAB stays, which keeps values apart that slapd keeps apart.
template <letters Case>
void append_squeezed(std::string& out, std::string_view text) {
  const auto drop_blanks = [&text] { text.remove_prefix(std::min(text.find_first_not_of(' '), text.size())); };
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  drop_blanks();
  const std::size_t start = out.size();
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank == std::string_view::npos ? blank : blank + 1);
    out += word;
    text.remove_prefix(word.size());
    drop_blanks();
  }
  if constexpr (Case == letters::lower) lower_ascii(out.data() + start, out.size() - start);
}

// nullopt when it is not UTF-8.
std::optional<std::string> compatibility_form(std::string_view text, letters how) {
  const int options =
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | (how == letters::lower ? UTF8PROC_CASEFOLD : 0);
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options));
  if (length < 0) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length));
  std::free(mapped);
  return out;
}

template <letters Case>
void append_directory_string(std::string& out, std::string_view value) {
  if (is_ascii(value)) return append_squeezed<Case>(out, value);
  // Folding may leave characters that fold again (a compatibility character with a capital in
  // it); a few rounds reach the form that stays.
  static constexpr int rounds_max = 4;
  std::string current(value);
  for (int round = 0; round < rounds_max; ++round) {
    std::optional<std::string> next = compatibility_form(current, Case);
    if (!next) {
      out += value;
      return;
    }
    const bool stable = *next == current;
    current = *std::move(next);
    if (stable) break;
  }
  append_squeezed<letters::as_they_are>(out, current);  // U+00A0 and its like are blanks by now
}

template <letters Case>
void append_ia5(std::string& out, std::string_view value) {
  if (!is_ascii(value)) {
    out += value;
  } else {
    append_squeezed<Case>(out, value);
  }
}

bool is_integer(std::string_view value) noexcept {
  if (!value.empty() && value.front() == '-') value.remove_prefix(1);
  return !value.empty() && std::all_of(value.begin(), value.end(), is_digit);
}

void append_integer(std::string& out, std::string_view value) {
  if (!is_integer(value)) {
    out += value;
    return;
  }
  const bool negative = value.front() == '-';
  if (negative) value.remove_prefix(1);
  value.remove_prefix(std::min(value.find_first_not_of('0'), value.size() - 1));
  if (negative && value != "0") out += '-';
  out += value;
}

void append_without(std::string& out, std::string_view dropped, std::string_view value) {
  for (const char c : value) {
    if (dropped.find(c) == std::string_view::npos) out += ascii_lower(c);
  }
}

void append_boolean(std::string& out, std::string_view value) {
  if (equal_ignoring_ascii_case(value, "TRUE")) {
    out += "TRUE";
  } else if (equal_ignoring_ascii_case(value, "FALSE")) {
    out += "FALSE";
  } else {
    out += value;
  }
}

struct rule_name {
  std::string_view name;
  std::string_view oid;
  matching_rule rule;
};

// RFC 4517, 4.2; the IA5 ones of RFC 4517, too; entryUUID's of RFC 4530.
constexpr rule_name rule_names[] = {
    {"caseIgnoreMatch", "2.5.13.2", matching_rule::case_ignore},
    {"caseExactMatch", "2.5.13.5", matching_rule::case_exact},
    {"caseIgnoreIA5Match", "1.3.6.1.4.1.1466.109.114.2", matching_rule::case_ignore_ia5},
    {"caseExactIA5Match", "1.3.6.1.4.1.1466.109.114.1", matching_rule::case_exact_ia5},
    {"caseIgnoreListMatch", "2.5.13.11", matching_rule::case_ignore},
    {"numericStringMatch", "2.5.13.8", matching_rule::numeric_string},
    {"telephoneNumberMatch", "2.5.13.20", matching_rule::telephone_number},
    {"integerMatch", "2.5.13.14", matching_rule::integer},
    {"booleanMatch", "2.5.13.13", matching_rule::boolean},
    {"generalizedTimeMatch", "2.5.13.27", matching_rule::generalized_time},
    {"distinguishedNameMatch", "2.5.13.1", matching_rule::distinguished_name},
    {"objectIdentifierMatch", "2.5.13.0", matching_rule::object_identifier},
    {"octetStringMatch", "2.5.13.17", matching_rule::octet_string},
    {"UUIDMatch", "1.3.6.1.1.16.2", matching_rule::case_ignore_ia5},
};

struct syntax_name {
  std::string_view last_arc;
  value_syntax syntax;
};

constexpr std::string_view syntax_arc = "1.3.6.1.4.1.1466.115.121.1.";  // RFC 4517, appendix A
constexpr syntax_name syntax_names[] = {
    {"7", value_syntax::boolean},           {"12", value_syntax::distinguished_name},
    {"15", value_syntax::directory_string}, {"24", value_syntax::generalized_time},
    {"26", value_syntax::ia5_string},       {"27", value_syntax::integer},
    {"36", value_syntax::numeric_string},   {"38", value_syntax::oid},
    {"40", value_syntax::octet_string},     {"50", value_syntax::telephone_number},
};

// PrintableString (RFC 4517, 3.2).
bool is_printable_string(std::string_view value) noexcept {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const char low = ascii_lower(c);
    return is_digit(c) || (low >= 'a' && low <= 'z') ||
           std::string_view("'()+,-.=/:? ").find(c) != std::string_view::npos;
  });
}

}  // namespace

void append_normalized(std::string& out, matching_rule rule, std::string_view value) {
  switch (rule) {
    case matching_rule::case_ignore:
      return append_directory_string<letters::lower>(out, value);
    case matching_rule::case_exact:
      return append_directory_string<letters::as_they_are>(out, value);
    case matching_rule::case_ignore_ia5:
      return append_ia5<letters::lower>(out, value);
    case matching_rule::case_exact_ia5:
      return append_ia5<letters::as_they_are>(out, value);
    case matching_rule::numeric_string:
      return append_without(out, " ", value);
    case matching_rule::telephone_number:
      return append_without(out, " -", value);
    case matching_rule::integer:
      return append_integer(out, value);
    case matching_rule::boolean:
      return append_boolean(out, value);
    case matching_rule::generalized_time:
      if (const auto utc = detail::generalized_time_in_utc(value)) {
        out += *utc;
      } else {
        out += value;
      }
      return;
    case matching_rule::distinguished_name:
      if (const auto name = dn::parse(value)) {
        out += name->normal_form();
      } else {
        out += value;
      }
      return;
    case matching_rule::object_identifier:
      return append_without(out, "", trimmed(value));
    case matching_rule::octet_string:
      out += value;
      return;
  }
}

std::string normalized(matching_rule rule, std::string_view value) {
  std::string out;
  append_normalized(out, rule, value);
  return out;
}

bool values_match(matching_rule rule, std::string_view a, std::string_view b) {
  return a == b || (rule != matching_rule::octet_string && normalized(rule, a) == normalized(rule, b));
}

std::string_view syntax_objection(value_syntax syntax, std::string_view value) {
  constexpr std::string_view none;
  switch (syntax) {
    case value_syntax::directory_string:
      if (value.empty()) return "empty";
      return is_utf8(value) ? none : "not UTF-8";
    case value_syntax::ia5_string:
      if (value.empty()) return "empty";
      return is_ascii(value) ? none : "not ASCII";
    case value_syntax::integer: {
      // RFC 4517, 3.3.16: no leading zeros, no "-0".
      const bool is_canonical = is_integer(value) && normalized(matching_rule::integer, value) == value;
      return is_canonical ? none : is_integer(value) ? "a number with leading zeros" : "not a number";
    }
    case value_syntax::boolean:
      return value == "TRUE" || value == "FALSE" ? none : "not TRUE or FALSE";
    case value_syntax::generalized_time:
      return detail::generalized_time_in_utc(value) ? none : "not a GeneralizedTime";
    case value_syntax::distinguished_name:
      return dn::parse(value) ? none : "not a distinguished name";
    case value_syntax::telephone_number:
      if (value.empty()) return "empty";
      return is_printable_string(value) ? none : "not a telephone number";
    case value_syntax::numeric_string:
      if (value.empty()) return "empty";
      return std::all_of(value.begin(), value.end(), [](char c) { return c == ' ' || is_digit(c); }) ? none
                                                                                                     : "not digits";
    case value_syntax::oid:
      return attribute_name::is_valid(value) && value.find(';') == std::string_view::npos ? none : "not a name or OID";
    case value_syntax::octet_string:
    case value_syntax::other:
      return none;
  }
  return none;
}

matching_rule matching_rule_named(std::string_view name_or_oid) noexcept {
  for (const rule_name& known : rule_names) {
    if (known.oid == name_or_oid || equal_ignoring_ascii_case(known.name, name_or_oid)) return known.rule;
  }
  return matching_rule::octet_string;
}

value_syntax syntax_with_oid(std::string_view oid) noexcept {
  oid = oid.substr(0, oid.find('{'));  // "{256}" is a bound on the length, a hint only
  if (oid.substr(0, syntax_arc.size()) != syntax_arc) return value_syntax::other;
  oid.remove_prefix(syntax_arc.size());
  for (const syntax_name& known : syntax_names) {
    if (known.last_arc == oid) return known.syntax;
  }
  return value_syntax::other;
}

}  // namespace sql2ldap::model
