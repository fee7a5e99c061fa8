#include <sql2ldap/base/secret.hpp>

#include <cstring>
#include <ostream>
#include <utility>

namespace sql2ldap {

// A moved-from std::string may keep its bytes (short strings do): wipe it.
secret::secret(secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }

secret& secret::operator=(const secret& other) {
  if (this != &other) {
    wipe();
    bytes_ = other.bytes_;
  }
  return *this;
}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

secret::~secret() { wipe(); }

// The whole capacity: bytes beyond size() may be the rest of a longer secret.
void secret::wipe() noexcept {
  // Without a call: one login moves a password many times, and each time what it leaves is wiped.
  char* const begin = bytes_.data();
  std::memset(begin, 0, bytes_.capacity());
  asm volatile("" : : "r"(begin) : "memory");  // it counts as read, as explicit_bzero() has it
  bytes_.clear();
}

std::ostream& operator<<(std::ostream& out, const secret&) { return out << "***"; }

}  // namespace sql2ldap
