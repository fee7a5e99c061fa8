// Postfix's socketmap, server's side: netstrings both ways, `<map> <key>` in, a status word and text out.
// https://www.postfix.org/socketmap_table.5.html, netstrings: https://cr.yp.to/proto/netstrings.txt
//
// Many requests per connection, answered in their order. Promises: a broken netstring, or one that is longer than
// limits::socketmap_request_bytes_max, ends the connection, since nobody can tell where the next begins; a request
// without a map is answered PERM. Keys come whole: Postfix tries neither bare domains nor catch-all addresses here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/codec/settled.hpp>

namespace sql2ldap::codec::socketmap {

struct request {
  std::string map;
  std::string key;  // any bytes
};

class session {
 public:
  void feed(std::string_view bytes);
  [[nodiscard]] decoded<request> next();

 private:
  std::string bytes_;
  std::size_t start_ = 0;  // of the next netstring
  bool overflown_ = false;
  bool closed_ = false;
};

[[nodiscard]] std::string netstring(std::string_view bytes);

[[nodiscard]] bool fits(std::string_view value);          // in the longest reply that Postfix takes
[[nodiscard]] std::string found(std::string_view value);  // TEMP when it is longer than Postfix takes
[[nodiscard]] std::string not_found();
[[nodiscard]] std::string trouble(std::string_view reason);  // TEMP: mail waits
[[nodiscard]] std::string timed_out(std::string_view reason);
[[nodiscard]] std::string broken_request(std::string_view reason);  // PERM: never to be answered otherwise

}  // namespace sql2ldap::codec::socketmap
