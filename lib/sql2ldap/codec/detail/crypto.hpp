// OpenSSL's digests on strings of bytes. Algorithms as OpenSSL names them: "SHA256"; one that it does not have gives an
// empty string, which equals no digest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sql2ldap::codec::detail {

[[nodiscard]] std::string digest_of(std::string_view algorithm, std::string_view bytes, std::string_view more = {});
[[nodiscard]] std::string hmac(std::string_view algorithm, std::string_view key, std::string_view bytes);
[[nodiscard]] std::string pbkdf2(std::string_view algorithm, std::string_view clear, std::string_view salt,
                                 std::uint32_t iterations, std::size_t bytes);
// False when either is empty. The length is no secret.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace sql2ldap::codec::detail
