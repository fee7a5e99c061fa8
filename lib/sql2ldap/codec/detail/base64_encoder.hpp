// base64 straight into memory that is there already: the LDIF writer's way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sql2ldap::codec::detail {

inline constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

// Writes base64_size(bytes.size()) characters; answers the place after the last.
inline char* write_base64(char* to, std::string_view bytes) noexcept {
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[i])}; };
  const auto put = [&](std::uint32_t bits, unsigned shift) { *to++ = base64_alphabet[bits >> shift & 63U]; };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    put(bits, 18);
    put(bits, 12);
    put(bits, 6);
    put(bits, 0);
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return to;
  const std::uint32_t bits = byte(i) << 16U | (left == 2 ? byte(i + 1) << 8U : 0U);
  put(bits, 18);
  put(bits, 12);
  if (left == 2) {
    put(bits, 6);
  } else {
    *to++ = '=';
  }
  *to++ = '=';
  return to;
}

}  // namespace sql2ldap::codec::detail
