// When two attribute values are the same to the server (RFC 4517, 4.2; string preparation RFC 4518).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sql2ldap::model {

enum class matching_rule : std::uint8_t {
  case_ignore,  // caseIgnoreMatch: blanks squeezed, NFKC case fold
  case_exact,   // caseExactMatch: blanks squeezed
  case_ignore_ia5,
  case_exact_ia5,
  numeric_string,    // blanks dropped
  telephone_number,  // blanks and hyphens dropped, case ignored
  integer,
  boolean,
  generalized_time,
  distinguished_name,
  object_identifier,  // names of classes: case ignored
  octet_string,       // bytes
};

enum class value_syntax : std::uint8_t {
  directory_string,
  ia5_string,
  integer,
  boolean,
  generalized_time,
  octet_string,
  distinguished_name,
  telephone_number,
  numeric_string,
  oid,
  other,
};

// Appends the normal form of `value`: two values match exactly when their normal forms are the
// same bytes. A value outside the syntax is its own normal form.
void append_normalized(std::string& out, matching_rule rule, std::string_view value);
[[nodiscard]] std::string normalized(matching_rule rule, std::string_view value);
[[nodiscard]] bool values_match(matching_rule rule, std::string_view a, std::string_view b);

// Would a server take this value? Empty answer = yes; else the reason for people ("empty",
// "not UTF-8", "not a number", ...). slapd refuses empty Directory and IA5 strings.
[[nodiscard]] std::string_view syntax_objection(value_syntax syntax, std::string_view value);

// {"caseIgnoreIA5Match" or its OID} -> rule; unknown ones -> octet_string.
[[nodiscard]] matching_rule matching_rule_named(std::string_view name_or_oid) noexcept;
[[nodiscard]] value_syntax syntax_with_oid(std::string_view oid) noexcept;

}  // namespace sql2ldap::model
