// What a server keeps of a password for SCRAM (RFC 5802, 3), in dovecot's form:
// "{SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey", the last three in base64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::codec {

enum class scram_hash { sha1, sha256 };
[[nodiscard]] std::string_view scram_name(scram_hash which) noexcept;  // "SCRAM-SHA-256"

struct scram_secret {
  scram_hash hash = scram_hash::sha256;
  std::uint32_t iterations = 0;  // 1 to limits::password_iterations_max
  std::string salt;              // bytes
  std::string stored_key;
  std::string server_key;
};
// nullopt: another scheme, or not what it says.
[[nodiscard]] std::optional<scram_secret> parse_scram_secret(std::string_view stored);
[[nodiscard]] std::string to_text(const scram_secret& what);
// Of the password's bytes, without SASLprep, as dovecot does it.
[[nodiscard]] scram_secret make_scram_secret(scram_hash hash, std::string_view clear, std::string_view salt,
                                             std::uint32_t iterations);

// What is stored for this hash, or made of a password that is stored in clear text under a scheme that says so.
// nullopt: another scheme, of which none can be made.
[[nodiscard]] std::optional<scram_secret> scram_secret_in(std::string_view stored, scram_hash hash,
                                                          std::string_view salt, std::uint32_t iterations);

}  // namespace sql2ldap::codec
