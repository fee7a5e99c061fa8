#include <sql2ldap/codec/detail/ber.hpp>

namespace sql2ldap::codec::detail {
namespace {

constexpr std::uint8_t long_form = 0x80;
constexpr std::uint8_t many_byte_tag = 0x1f;
constexpr std::size_t length_bytes_max = 4;  // no LDAP message is longer than maxInt (RFC 4511, 4.1.1)

std::uint8_t byte(char c) { return static_cast<std::uint8_t>(c); }

}  // namespace

void ber::append(std::string& out, std::uint8_t tag, std::string_view content) {
  out += static_cast<char>(tag);
  std::size_t length_bytes = 0;
  for (std::size_t rest = content.size(); rest != 0; rest >>= 8U) ++length_bytes;
  if (content.size() >= long_form) {
    out += static_cast<char>(long_form | length_bytes);
    for (std::size_t i = length_bytes; i-- > 1;) out += static_cast<char>(content.size() >> (8 * i) & 0xffU);
  }
  out += static_cast<char>(content.size() & 0xffU);
  out += content;
}

std::optional<std::uint8_t> ber_reader::peek() const noexcept {
  if (rest_.empty()) return std::nullopt;
  return byte(rest_.front());
}

std::optional<std::string_view> ber_reader::optional(std::uint8_t tag) {
  if (peek() != tag) return std::nullopt;
  const std::string_view content = take_content();
  if (!good_) return std::nullopt;
  return content;
}

std::string_view ber_reader::required(std::uint8_t tag) {
  const auto content = optional(tag);
  if (!content) fail();
  return content.value_or(std::string_view());
}

bool ber_reader::boolean_or(bool otherwise) {
  const auto content = optional(ber::boolean);
  if (!content) return otherwise;
  if (content->size() != 1) fail();
  return good_ && content->front() != 0;
}

std::optional<std::uint8_t> ber_reader::enumeration() {
  const std::string_view content = required(ber::enumerated);
  if (content.size() != 1 || byte(content.front()) >= 0x80) fail();
  if (!good_) return std::nullopt;
  return byte(content.front());
}

void ber_reader::skip_rest() {
  while (!rest_.empty()) take_content();
}

void ber_reader::fail() noexcept {
  good_ = false;
  rest_ = {};
}

std::string_view ber_reader::take_content() {
  if (rest_.size() < 2 || (byte(rest_[0]) & many_byte_tag) == many_byte_tag) {
    fail();
    return {};
  }
  std::size_t length = byte(rest_[1]);
  rest_.remove_prefix(2);
  if (length >= long_form) {
    const std::size_t length_bytes = length - long_form;  // none: the indefinite form
    if (length_bytes == 0 || length_bytes > length_bytes_max || length_bytes > rest_.size()) {
      fail();
      return {};
    }
    length = 0;
    for (const char c : rest_.substr(0, length_bytes)) length = length << 8U | byte(c);
    rest_.remove_prefix(length_bytes);
  }
  if (length > rest_.size()) {
    fail();
    return {};
  }
  const std::string_view content = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return content;
}

}  // namespace sql2ldap::codec::detail
