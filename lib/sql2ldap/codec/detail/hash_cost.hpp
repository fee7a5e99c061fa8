// The costs of the hash functions, from their parameters. nullopt: a parameter cannot be read, or the method is not
// known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <sql2ldap/codec/password_cost.hpp>

namespace sql2ldap::codec::detail {

// Of all methods of crypt(3) that crypt_kind() knows, of DES with longer hashes (bigcrypt), and of no other.
[[nodiscard]] std::optional<password_cost> crypt_cost(std::string_view hash, std::size_t clear_bytes);
// "$argon2id$v=19$m=65536,t=2,p=1$..."
[[nodiscard]] std::optional<password_cost> argon2_cost(std::string_view hash);
// `algorithm` as OpenSSL names it: SHA1, SHA256 or SHA512.
[[nodiscard]] std::optional<password_cost> pbkdf2_cost(std::string_view algorithm, std::uint32_t iterations,
                                                       std::size_t key_bytes);

}  // namespace sql2ldap::codec::detail
