// Small parts that the decoders of line protocols share.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/codec/line_buffer.hpp>
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

// The next of what `take` makes of lines (nullopt: nothing, go on); `closed` is set when it ends the connection, as a
// line that is too long does.
template <typename Request, typename Take>
[[nodiscard]] decoded<Request> next_of(line_buffer& lines, bool& closed, Take take) {
  while (!closed) {
    const std::optional<std::string_view> line = lines.next();
    if (!line && !lines.overflown()) return std::nullopt;
    decoded<Request> out = line ? decoded<Request>(take(*line)) : decoded<Request>(hung_up("a line that is too long"));
    if (!out) continue;
    closed = !*out && out->error().close;
    return out;
  }
  return std::nullopt;
}

}  // namespace sql2ldap::codec::detail
