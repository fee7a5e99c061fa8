#include <sql2ldap/model/uuid.hpp>

#include <charconv>

namespace sql2ldap::model {

namespace {

constexpr std::size_t text_length = 36;

bool is_dash(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

std::optional<entry_uuid> parse_uuid(std::string_view text) noexcept {
  if (text.size() != text_length) return std::nullopt;
  entry_uuid out{};
  std::size_t at = 0;
  for (std::uint8_t& byte : out) {
    if (is_dash(at) && text[at++] != '-') return std::nullopt;
    const char* const pair = text.data() + at;
    const auto [end, failed] = std::from_chars(pair, pair + 2, byte, 16);
    if (failed != std::errc() || end != pair + 2) return std::nullopt;
    at += 2;
  }
  return out;
}

std::string uuid_text(const entry_uuid& uuid) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : uuid) {
    if (is_dash(out.size())) out += '-';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

}  // namespace sql2ldap::model
