#include <sql2ldap/serve/detail/packed_entry.hpp>

#include <algorithm>
#include <limits>

namespace sql2ldap::serve::detail {
namespace {

constexpr unsigned bits = 7;  // of a number in each byte, the lowest first; the highest bit: more follow
constexpr std::size_t number_bytes_max = (std::numeric_limits<std::size_t>::digits + bits - 1) / bits;

}  // namespace

void packed_entry::append_number(std::string& out, std::size_t number) {
  for (; number >= 1U << bits; number >>= bits) out += static_cast<char>(number | 1U << bits);
  out += static_cast<char>(number);
}

void packed_entry::append(std::string& out, std::string_view bytes) {
  append_number(out, bytes.size());
  out += bytes;
}

std::size_t packed_entry::take_number(std::string_view& rest) noexcept {
  std::size_t number = 0;
  for (unsigned shift = 0;; shift += bits) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    number |= static_cast<std::size_t>(byte & ((1U << bits) - 1)) << shift;
    if (byte < 1U << bits) return number;
  }
}

std::string_view packed_entry::take(std::string_view& rest) noexcept {
  const std::size_t length = take_number(rest);
  const std::string_view bytes = rest.substr(0, length);
  rest.remove_prefix(length);
  return bytes;
}

void packed_entry::keep(std::string_view content) {
  std::string length;
  append_number(length, content.size());
  bytes_ = std::make_unique<char[]>(length.size() + content.size());
  std::copy(content.begin(), content.end(), std::copy(length.begin(), length.end(), bytes_.get()));
}

std::string_view packed_entry::content() const noexcept {
  std::string_view number(bytes_.get(), number_bytes_max);
  const std::size_t length = take_number(number);
  return {number.data(), length};
}

std::string_view packed_entry::dn() const noexcept {
  std::string_view rest = content();
  return take(rest);
}

}  // namespace sql2ldap::serve::detail
