// Password values as SQL mail hosts store them, rewritten to what slapd verifies in a simple bind.
// A value without a scheme never leaves here: to slapd it would be a clear-text password.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/codec/password_cost.hpp>

namespace sql2ldap::codec {

enum class unprefixed_policy { crypt, plain, refuse };  // neither scheme nor a known look
enum class plain_policy { hash, lock, refuse };
enum class unknown_policy { lock, drop, refuse };  // schemes that slapd cannot verify

struct password_options {
  unprefixed_policy unprefixed = unprefixed_policy::refuse;
  plain_policy plain = plain_policy::hash;
  unknown_policy unknown = unknown_policy::lock;
};

inline constexpr std::string_view locked_password = "{CRYPT}*";       // never binds
inline constexpr std::string_view clear_text_marker = "{CLEARTEXT}";  // to be hashed by the writer

// nullopt = leave the attribute out (empty value, or unknown_policy::drop). The error never holds
// the value. `{CLEARTEXT}...` comes out only for plain_policy::hash.
[[nodiscard]] result<std::optional<std::string>> password_to_ldap(std::string_view stored, const password_options& how);
// Back: the SQL form of an LDAP value, in the style of `old` ("{CRYPT}$6$x" -> "$6$x" or
// "{SHA512-CRYPT}$6$x"); without `old` dovecot's names where the scheme has one, else bare crypt.
[[nodiscard]] result<std::string> password_to_sql(std::string_view ldap_value, std::string_view old,
                                                  const password_options& how);

// What dovecot 2.3 is to be given, which verifies it then: always with a scheme that it knows, so that it takes no hash
// for a password in clear text. `stored` is read as verify_password() (codec/password_verify.hpp) reads it. nullopt:
// dovecot has no such scheme, or its verification would cost more than `bounds`, or nobody knows how much.
[[nodiscard]] std::optional<std::string> password_to_dovecot(std::string_view stored,
                                                             const password_bounds& bounds = {});

struct password_facts {
  std::string scheme;               // "CRYPT/$6$", "SSHA512", "CRYPT/DES", "CLEARTEXT", "unknown", "locked"
  bool slapd_verifies = false;      // with the module below, if any
  std::string slapd_module;         // "pw-sha2", "argon2", "pw-pbkdf2", "" = none needed
  bool dovecot_24_accepts = false;  // without auth_allow_weak_schemes
};
[[nodiscard]] password_facts facts_about(std::string_view ldap_value);
// For people, of a value as tables hold it: "CRAM-MD5", "CRYPT/$1$", "a lock mark", "no known scheme". Known words
// only, so that no part of a password is ever among them.
[[nodiscard]] std::string stored_scheme(std::string_view stored);

enum class hash_scheme { sha512_crypt, yescrypt, argon2 };  // {CRYPT}$6$, {CRYPT}$y$, {ARGON2}$argon2id$
// With a random salt. error_kind::input: crypt(3) takes neither NULs nor 512 bytes and more.
[[nodiscard]] result<std::string> hash_password(std::string_view clear, hash_scheme how = hash_scheme::sha512_crypt);
// Of that scheme, with whatever cost: it need not be hashed anew.
[[nodiscard]] bool is_hashed_as(std::string_view ldap_value, hash_scheme how);
// Clear text, a digest of one round, or crypt(3) of before SHA-2: quickly guessed by who has seen it.
[[nodiscard]] bool is_weak(std::string_view ldap_value);
[[nodiscard]] std::optional<hash_scheme> hash_scheme_of(std::string_view word);  // "SHA512-CRYPT", in any case
// slapd, with its modules, would take `clear` for this value: verify_password() (codec/password_verify.hpp) for the
// schemes of facts_about(), without those in clear text.
[[nodiscard]] bool password_matches(std::string_view ldap_value, std::string_view clear);

}  // namespace sql2ldap::codec
