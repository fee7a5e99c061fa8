// The parts of a stored password: "{SCHEME.ENCODING}rest", and what the rest looks like.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::codec::detail {

enum class text_encoding { as_is, hex, base64 };  // of the rest; as_is: what the scheme has by default

struct stored_password {
  std::string scheme;  // upper case, without the encoding; "" = no {SCHEME} in front
  text_encoding encoding = text_encoding::as_is;
  std::string_view rest;
};
[[nodiscard]] stored_password take_apart(std::string_view stored);
// The rest of a scheme whose text form is the hash itself, when it came as hex or base64; nullopt when it is not that.
[[nodiscard]] std::optional<std::string> decoded_rest(const stored_password& parts);

// A digest of fixed length in base64, with the salt after it when it is salted.
struct digest_scheme {
  std::string_view name;       // as slapd calls it
  std::string_view algorithm;  // as OpenSSL calls it
  std::size_t bytes;
  bool salted;
  bool in_module;  // slapd needs pw-sha2
  bool dovecot_24;
};
[[nodiscard]] const digest_scheme* find_digest_scheme(std::string_view upper_case_name) noexcept;
// The bytes of the digest and salt from base64 or hex; nullopt when the length is not the scheme's.
[[nodiscard]] std::optional<std::string> digest_bytes(const digest_scheme& scheme, text_encoding encoding,
                                                      std::string_view rest);

// What crypt(3) verifies: "$6$", "$2y$", ..., "DES"; "" for anything else.
[[nodiscard]] std::string_view crypt_kind(std::string_view text) noexcept;
// The value of a character in the base 64 of crypt(3); npos: it is none.
[[nodiscard]] std::size_t crypt_digit(char c) noexcept;
// "{SHA512-CRYPT}" and its like hold a crypt(3) string, as "{CRYPT}" does.
[[nodiscard]] bool is_crypt_scheme(std::string_view upper_case_name) noexcept;
// That, or dovecot's {MD5}: MD5-CRYPT as a rule, while slapd's and courier's is a digest. The content tells.
[[nodiscard]] bool holds_crypt_hash(std::string_view upper_case_name, std::string_view rest) noexcept;
[[nodiscard]] bool is_clear_scheme(std::string_view upper_case_name) noexcept;
[[nodiscard]] bool is_argon2_scheme(std::string_view upper_case_name) noexcept;
// dovecot's name for a kind: "SHA512-CRYPT"; "" when it has none.
[[nodiscard]] std::string_view dovecot_crypt_scheme(std::string_view kind) noexcept;

[[nodiscard]] bool is_argon2(std::string_view text) noexcept;  // "$argon2i$..." or "$argon2id$..."
// Hashes that neither crypt(3) nor slapd knows, without a scheme in front.
[[nodiscard]] bool is_foreign_hash(std::string_view text) noexcept;

// `*`, `!`, `x` and what begins with the first two: marks of shadow files and panels for "no login".
[[nodiscard]] bool is_lock_mark(std::string_view text) noexcept;
// Printable, no blank: what a hash in text form may consist of.
[[nodiscard]] bool is_hash_text(std::string_view text) noexcept;

}  // namespace sql2ldap::codec::detail
