// What a decoder of a wire protocol gives, as text, so that tests can compare it: one line a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/dict.hpp>
#include <sql2ldap/codec/dovecot_auth.hpp>
#include <sql2ldap/codec/dovecot_userdb.hpp>
#include <sql2ldap/codec/query_line.hpp>
#include <sql2ldap/codec/socketmap.hpp>
#include <sql2ldap/codec/tcp_table.hpp>

namespace sql2ldap::codec {

inline std::string shown(std::string_view bytes) { return quoted_for_message(bytes, 1000); }

inline std::string shown(const dovecot_auth::request& what) {
  return std::visit(
      overloaded{
          [](const dovecot_auth::authenticate& a) {
            std::string out =
                "authenticate " + std::to_string(a.of.id) + ' ' + a.mechanism + " for " + shown(a.service);
            if (a.secured) out += " secured";
            if (a.valid_client_certificate) out += " certificate";
            for (const std::string* place : {&a.remote_ip, &a.remote_port, &a.local_ip, &a.local_port, &a.session_id})
              out += ' ' + shown(*place);
            return out + " response " + (a.initial_response ? shown(a.initial_response->reveal()) : "none");
          },
          [](const dovecot_auth::continuation& c) {
            return "continue " + std::to_string(c.of.id) + ' ' + shown(c.response.reveal());
          },
          [](const dovecot_auth::cancel& c) { return "cancel " + std::to_string(c.of.id); }},
      what);
}

inline std::string shown(const dovecot_userdb::request& what) {
  return std::visit(
      overloaded{
          [](const dovecot_userdb::find_user& u) {
            return "user " + std::to_string(u.id) + ' ' + shown(u.name) + " for " + shown(u.service);
          },
          [](const dovecot_userdb::find_login& u) {
            return "login " + std::to_string(u.id) + ' ' + shown(u.name) + " for " + shown(u.service);
          },
          [](const dovecot_userdb::list_users& l) { return "list " + std::to_string(l.id) + ' ' + shown(l.mask); },
          [](const dovecot_userdb::flush_cache& f) {
            std::string out = "flush " + std::to_string(f.id);
            for (const std::string& name : f.names) out += ' ' + shown(name);
            return out;
          }},
      what);
}

inline std::string shown(const dict::request& what) {
  return std::visit(overloaded{[](const dict::lookup& l) { return "lookup " + shown(l.key) + " of " + shown(l.user); },
                               [](const dict::iterate& i) {
                                 std::string out = "iterate " + shown(i.prefix) + " of " + shown(i.user) + " rows " +
                                                   std::to_string(i.rows_max);
                                 if (i.recurse) out += " recurse";
                                 if (i.sort_by_key) out += " by-key";
                                 if (i.sort_by_value) out += " by-value";
                                 if (i.no_value) out += " no-value";
                                 if (i.exact_key) out += " exact";
                                 return out;
                               }},
                    what);
}

inline std::string shown(const socketmap::request& what) { return shown(what.map) + ' ' + shown(what.key); }

inline std::string shown(const tcp_table::request& what) { return "get " + shown(what.key); }

inline std::string shown(const query_line::request& what) {
  const char* const verbs[] = {"domain", "alias", "user", "sender"};
  return std::string(verbs[static_cast<std::size_t>(what.kind)]) + ' ' + shown(what.name);
}

inline std::string shown(const settled& what) { return (what.close ? "close after " : "answer ") + shown(what.answer); }

// Everything that is complete by now.
template <typename Session>
void take_all(Session& from, std::vector<std::string>& out) {
  while (const auto next = from.next()) out.push_back(*next ? shown(**next) : shown(next->error()));
}

template <typename Session>
std::vector<std::string> requests_of(Session session, std::string_view bytes) {
  std::vector<std::string> out;
  session.feed(bytes);
  take_all(session, out);
  return out;
}

// The same bytes in pieces of the lengths given, over and over; 0 counts as 1.
template <typename Session>
std::vector<std::string> requests_in_pieces(Session session, std::string_view bytes, std::string_view lengths) {
  std::vector<std::string> out;
  for (std::size_t i = 0; !bytes.empty(); ++i) {
    const std::size_t wanted = lengths.empty() ? 1 : static_cast<unsigned char>(lengths[i % lengths.size()]);
    const std::string_view piece = bytes.substr(0, wanted == 0 ? 1 : wanted);
    session.feed(piece);
    bytes.remove_prefix(piece.size());
    take_all(session, out);
  }
  return out;
}

}  // namespace sql2ldap::codec
