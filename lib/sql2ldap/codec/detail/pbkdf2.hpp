// The two text forms of a PBKDF2 hash: dovecot's "$1$salt$rounds$hex" (SHA-1) and that of slapd's pw-pbkdf2,
// "rounds$salt$key" with salt and key in base64 without padding and with `.` for `+`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::codec::detail {

inline constexpr std::size_t pbkdf2_salt_bytes_of_slapd = 16;  // it verifies no other length

struct pbkdf2_hash {
  std::uint32_t iterations = 0;  // at least 1
  std::string salt;
  std::string key;
};
[[nodiscard]] std::optional<pbkdf2_hash> pbkdf2_of_dovecot(std::string_view text);
[[nodiscard]] std::optional<pbkdf2_hash> pbkdf2_of_slapd(std::string_view text);
[[nodiscard]] std::string pbkdf2_for_dovecot(const pbkdf2_hash& hash);
[[nodiscard]] std::string pbkdf2_for_slapd(const pbkdf2_hash& hash);

}  // namespace sql2ldap::codec::detail
