// The line protocol of our own, for exim's ${readsocket}: one request, one line as the answer, then the server closes.
//
//   domain NAME | alias NAME | user NAME | sender NAME   NAME is the rest of the line, and LF or the end of the stream
//                  ends it
//   yes[ TEXT]     it is there; for an alias TEXT is where mail goes, as a redirect router takes it; for a domain
//                  `local`, or `relay` and perhaps the host that it is handed on to, as Postfix writes it; for a sender
//                  the logins that may send as this address, with commas between them
//   no             it is not there
//   defer REASON   nobody can tell at the moment
//
// The first word is made for ${if bool{...}}: exim takes `yes` and `no`, and any other word, also one that is cut off,
// makes the expansion fail, by which a router defers. Only an empty answer, of a server that went away, would count as
// `no`: the fifth argument of readsocket and ${sg} make it `defer`.
//
//   set = r_alias = ${readsocket{/run/sql2ldap/query}{alias $local_part@$domain\n}{5s}{}{defer}}
//   data = ${if bool{${extract{1}{ }{${sg{$r_alias}{\N^$\N}{defer}}}}}{${sg{$r_alias}{\N^yes ?\N}{}}}fail}
//   condition = ${if bool{${extract{1}{ }{${sg{$r_user}{\N^$\N}{defer}}}}}}
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/codec/line_buffer.hpp>
#include <sql2ldap/codec/settled.hpp>

namespace sql2ldap::codec::query_line {

struct request {
  enum class what { domain, alias, user, sender } kind = what::user;
  std::string name;
};

// One request and no more. What is not understood is answered with `defer`, a name that nobody can have with `no`; both
// end the connection, as every answer does.
class session {
 public:
  session();
  void feed(std::string_view bytes) { line_.feed(bytes); }
  void end() { ended_ = true; }  // the client writes no more: exim shuts its side down after the request
  [[nodiscard]] decoded<request> next();

 private:
  line_buffer line_;
  bool ended_ = false;
  bool taken_ = false;
};

[[nodiscard]] std::string found(std::string_view text = {});  // `defer` for a text that is no single line
[[nodiscard]] std::string not_found();
[[nodiscard]] std::string trouble(std::string_view reason);

}  // namespace sql2ldap::codec::query_line
