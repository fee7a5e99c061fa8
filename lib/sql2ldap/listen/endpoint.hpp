// Where a protocol is spoken, as the operator writes it.
//
//   PROTOCOL:/PATH[,mode=0660][,user=NAME][,group=NAME][,dovecot=2.4]     a unix socket
//   dict:/PATH[,keys=passdb+userdb+sieve]...                              the same; with keys= only these are answered
//   tcp:ADDRESS:PORT[,map=aliases]                                        loopback, for Postfix's tcp_table alone
//
// `dovecot` says whose words userdb fields are told in (auth-userdb and dict). Sieve scripts are asked for by who owns
// the mail, who has no business with hashes of passwords: keys=sieve.
//
// PROTOCOL is one of auth-client, auth-userdb, dict, socketmap, tcp and query. A socket that systemd hands over is
// described by its name (FileDescriptorName=) without the place: "dict", "tcp,map=domains".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/serve/session.hpp>

namespace sql2ldap::listen {

struct endpoint {
  serve::protocol which = serve::protocol::query;
  std::string path;        // of a unix socket, else empty
  std::string address;     // of this host alone
  std::uint16_t port = 0;  // 0 = any that is free
  mode_t mode = 0660;      // of the socket's file
  std::string user;        // that it belongs to; "" = who starts us
  std::string group;
  serve::postfix_map map = serve::postfix_map::aliases;
  bool dovecot_24 = false;
  serve::dict_keys keys{};
};

[[nodiscard]] result<endpoint> parse_endpoint(std::string_view text);
// Of a socket that was handed over; without its place.
[[nodiscard]] result<endpoint> parse_endpoint_name(std::string_view name);

}  // namespace sql2ldap::listen
