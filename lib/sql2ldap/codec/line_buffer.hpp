// Lines that end with LF, out of bytes as they come: in any pieces, in bounded memory, each byte looked at once. Lines
// may hold passwords: what was taken is wiped.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::codec {

class line_buffer {
 public:
  explicit line_buffer(std::size_t line_bytes_max) noexcept : line_bytes_max_(line_bytes_max) {}
  void feed(std::string_view bytes);
  line_buffer(const line_buffer&) = default;
  line_buffer& operator=(const line_buffer&) = default;
  ~line_buffer();
  // The next line without its LF, valid until the next call of anything.
  [[nodiscard]] std::optional<std::string_view> next();
  // What came after the last line: all of it when the other side writes no more.
  [[nodiscard]] std::string_view rest() const noexcept { return std::string_view(bytes_).substr(start_); }
  // A line, or what is there of one, is longer than it may be, or more than limits::wire_pending_bytes_max waits. For
  // good: there are no more lines.
  [[nodiscard]] bool overflown() const noexcept { return overflown_; }

 private:
  void wipe_taken();

  std::size_t line_bytes_max_;
  std::string bytes_;
  std::size_t start_ = 0;    // of the next line
  std::size_t wiped_ = 0;    // before this
  std::size_t scanned_ = 0;  // no LF between start_ and here
  bool overflown_ = false;
};

}  // namespace sql2ldap::codec
