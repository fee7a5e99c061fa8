// A string that must not be seen: prints as ***, is wiped when it goes away.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace sql2ldap {

class secret {
 public:
  secret() = default;
  explicit secret(std::string bytes) : bytes_(std::move(bytes)) {}
  secret(const secret&) = default;
  secret(secret&&) noexcept;
  secret& operator=(const secret&);
  secret& operator=(secret&&) noexcept;
  ~secret();

  // The only way to the bytes; grep for it to see where secrets go.
  [[nodiscard]] std::string_view reveal() const noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  friend std::ostream& operator<<(std::ostream&, const secret&);

 private:
  void wipe() noexcept;
  std::string bytes_;
};

}  // namespace sql2ldap
