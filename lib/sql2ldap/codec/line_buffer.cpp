#include <sql2ldap/codec/line_buffer.hpp>

#include <cstring>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::codec {

line_buffer::~line_buffer() { ::explicit_bzero(bytes_.data(), bytes_.size()); }

void line_buffer::wipe_taken() {
  ::explicit_bzero(bytes_.data() + wiped_, start_ - wiped_);
  wiped_ = start_;
}

void line_buffer::feed(std::string_view bytes) {
  wipe_taken();
  if (overflown_) return;
  if (bytes_.size() - start_ + bytes.size() > limits::wire_pending_bytes_max) {
    overflown_ = true;
    return;
  }
  // Moving the rest only when it is the smaller part keeps the cost of it below that of feeding.
  if (start_ > bytes_.size() / 2) {
    bytes_.erase(0, start_);
    scanned_ -= start_;
    start_ = wiped_ = 0;
  }
  bytes_ += bytes;
}

std::optional<std::string_view> line_buffer::next() {
  wipe_taken();
  if (overflown_) return std::nullopt;
  const std::size_t end = bytes_.find('\n', scanned_);
  const std::size_t length = (end == std::string::npos ? bytes_.size() : end) - start_;
  if (length > line_bytes_max_) {
    overflown_ = true;
    return std::nullopt;
  }
  if (end == std::string::npos) {
    scanned_ = bytes_.size();
    return std::nullopt;
  }
  const std::string_view line = std::string_view(bytes_).substr(start_, length);
  start_ = scanned_ = end + 1;
  return line;
}

}  // namespace sql2ldap::codec
