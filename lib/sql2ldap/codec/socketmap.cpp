#include <sql2ldap/codec/socketmap.hpp>

#include <algorithm>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/detail/wire.hpp>

namespace sql2ldap::codec::socketmap {

namespace {

constexpr std::size_t length_digits_max = 9;  // more than any bound of ours

std::string reply(std::string_view status, std::string_view text) {
  return netstring(std::string(status) + ' ' + std::string(text));
}

}  // namespace

void session::feed(std::string_view bytes) {
  overflown_ = overflown_ || bytes_.size() - start_ + bytes.size() > limits::wire_pending_bytes_max;
  if (overflown_ || closed_) return;
  if (start_ > bytes_.size() / 2) {
    bytes_.erase(0, start_);
    start_ = 0;
  }
  bytes_ += bytes;
}

decoded<request> session::next() {
  if (closed_) return std::nullopt;
  const auto end = [this](const char* why) {
    closed_ = true;
    return tl::expected<request, settled>(detail::hung_up(why));
  };
  if (overflown_) return end("more bytes at once than are taken");
  const std::string_view waiting = std::string_view(bytes_).substr(start_);
  const std::size_t digits = std::min(waiting.find_first_not_of("0123456789"), waiting.size());
  const bool leading_zero = digits > 1 && waiting.front() == '0';
  if (digits > length_digits_max || leading_zero) return end("a netstring with a wrong length");
  if (digits == waiting.size()) return std::nullopt;
  const std::optional<std::uint32_t> length = detail::wire_number(waiting.substr(0, digits));
  if (!length || waiting[digits] != ':') return end("no netstring");
  if (*length > limits::socketmap_request_bytes_max) return end("a request that is too long");
  const std::size_t comma = digits + 1 + *length;
  if (waiting.size() <= comma) return std::nullopt;
  if (waiting[comma] != ',') return end("a netstring without its comma");
  const std::string_view text = waiting.substr(digits + 1, *length);
  start_ += comma + 1;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0)
    return tl::expected<request, settled>(detail::answered(broken_request("no map"), "a request without a map"));
  return tl::expected<request, settled>(
      request{std::string(text.substr(0, space)), std::string(text.substr(space + 1))});
}

std::string netstring(std::string_view bytes) { return std::to_string(bytes.size()) + ':' + std::string(bytes) + ','; }

bool fits(std::string_view value) { return reply("OK", value).size() <= limits::socketmap_reply_bytes_max; }

std::string found(std::string_view value) {
  return fits(value) ? reply("OK", value) : trouble("the answer is too long");
}

std::string not_found() { return reply("NOTFOUND", {}); }  // the blank stays: Postfix looks for it

std::string trouble(std::string_view reason) { return reply("TEMP", reason); }

std::string timed_out(std::string_view reason) { return reply("TIMEOUT", reason); }

std::string broken_request(std::string_view reason) { return reply("PERM", reason); }

}  // namespace sql2ldap::codec::socketmap
