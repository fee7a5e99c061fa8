#include <sql2ldap/serve/detail/packed_entry.hpp>

#include <algorithm>

namespace sql2ldap::serve::detail {

void packed_entry::append_number(std::string& out, std::size_t number) {
  for (; number >= 1U << bits; number >>= bits) out += static_cast<char>(number | 1U << bits);
  out += static_cast<char>(number);
}

void packed_entry::append(std::string& out, std::string_view bytes) {
  append_number(out, bytes.size());
  out += bytes;
}

void packed_entry::keep(std::string_view content) {
  std::string length;
  append_number(length, content.size());
  bytes_ = std::make_unique<char[]>(length.size() + content.size());
  std::copy(content.begin(), content.end(), std::copy(length.begin(), length.end(), bytes_.get()));
}

std::string_view packed_entry::dn() const noexcept {
  std::string_view rest = content();
  return take(rest);
}

}  // namespace sql2ldap::serve::detail
