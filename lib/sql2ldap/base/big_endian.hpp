// Numbers in network byte order; the reading ones take as many bytes from `at` on as they need.
#pragma once

#include <cstdint>
#include <string>

namespace sql2ldap {

[[nodiscard]] inline std::uint16_t read_u16(const char* at) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(at);
  return static_cast<std::uint16_t>(bytes[0] << 8U | bytes[1]);
}
[[nodiscard]] inline std::uint32_t read_u32(const char* at) noexcept {
  return std::uint32_t{read_u16(at)} << 16U | read_u16(at + 2);
}
[[nodiscard]] inline std::uint64_t read_u64(const char* at) noexcept {
  return std::uint64_t{read_u32(at)} << 32U | read_u32(at + 4);
}

inline void append_u64(std::string& to, std::uint64_t number) {
  for (unsigned shift = 64; shift > 0; shift -= 8) to += static_cast<char>(number >> (shift - 8) & 0xffU);
}

}  // namespace sql2ldap
