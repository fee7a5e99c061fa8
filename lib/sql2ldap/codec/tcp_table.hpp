// Postfix's tcp_table, server's side: `get KEY` in, `200 TEXT`, `500 TEXT` or `400 TEXT` out; %, blanks and bytes that
// do not print are %XX both ways. https://www.postfix.org/tcp_table.5.html
//
// Many requests per connection, answered in their order. Promises: `put` is refused (500), a line that is none of both
// or whose escapes are broken is answered 400, which makes Postfix try later; a line that is too long ends the
// connection. Keys come whole: Postfix tries neither bare domains nor catch-all addresses here.
#pragma once

#include <string>
#include <string_view>

#include <sql2ldap/codec/line_buffer.hpp>
#include <sql2ldap/codec/settled.hpp>

namespace sql2ldap::codec::tcp_table {

struct request {
  std::string key;  // any bytes
};

class session {
 public:
  session();
  void feed(std::string_view bytes) { lines_.feed(bytes); }
  [[nodiscard]] decoded<request> next();

 private:
  line_buffer lines_;
  bool closed_ = false;
};

[[nodiscard]] bool fits(std::string_view value);          // in the longest reply that Postfix takes
[[nodiscard]] std::string found(std::string_view value);  // 400 when it is longer than Postfix takes
[[nodiscard]] std::string not_found();
[[nodiscard]] std::string trouble(std::string_view reason);  // 400: mail waits

}  // namespace sql2ldap::codec::tcp_table
