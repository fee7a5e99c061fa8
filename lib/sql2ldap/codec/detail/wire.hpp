// Small parts that the decoders of line protocols share.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/codec/settled.hpp>

namespace sql2ldap::codec::detail {

// Digits only, all of them.
[[nodiscard]] inline std::optional<std::uint32_t> wire_number(std::string_view text) noexcept {
  std::uint32_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

[[nodiscard]] inline tl::unexpected<settled> answered(std::string answer, std::string why = {}) {
  return tl::make_unexpected(settled{std::move(answer), false, std::move(why)});
}
[[nodiscard]] inline tl::unexpected<settled> hung_up(std::string why) {
  return tl::make_unexpected(settled{"", true, std::move(why)});
}

}  // namespace sql2ldap::codec::detail
