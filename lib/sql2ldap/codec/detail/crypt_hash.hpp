// crypt(3), from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sql2ldap::codec::detail {

inline constexpr std::size_t crypt_clear_bytes_max = 511;
// Empty when crypt(3) refuses, which includes text that a C string cannot hold and passwords that are too long.
[[nodiscard]] std::string crypt_hash(std::string_view clear, std::string_view setting);

}  // namespace sql2ldap::codec::detail
