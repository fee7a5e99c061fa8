#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/sasl.hpp>
#include <sql2ldap/codec/tab_escape.hpp>

#include "support/wire_text.hpp"

namespace sql2ldap::codec {
namespace {

RC_GTEST_PROP(tab_escape_property, comes_back_and_stays_in_its_field, (const std::string& bytes)) {
  const std::string escaped = tab_escaped(bytes);
  RC_ASSERT(escaped.find_first_of(std::string_view("\0\t\r\n", 4)) == std::string::npos);
  RC_ASSERT(tab_unescaped(escaped) == bytes);
}

RC_GTEST_PROP(dict_property, segments_come_back, (const std::string& bytes)) {
  RC_ASSERT(dict::escaped_segment(bytes).find('/') == std::string::npos);
  RC_ASSERT(dict::unescaped_segment(dict::escaped_segment(bytes)) == bytes);
}

RC_GTEST_PROP(socketmap_property, netstrings_come_back,
              (const std::string& map, const std::vector<std::string>& keys)) {
  RC_PRE(!map.empty() && map.find(' ') == std::string::npos);
  socketmap::session at;
  for (const std::string& key : keys) at.feed(socketmap::netstring(map + ' ' + key));
  for (const std::string& key : keys) {
    const auto read = at.next();
    RC_ASSERT(read && *read);
    RC_ASSERT((*read)->map == map && (*read)->key == key);
  }
  RC_ASSERT(!at.next().has_value());
}

RC_GTEST_PROP(tcp_table_property, answers_are_one_line_and_come_back, (const std::string& value)) {
  const std::string line = tcp_table::found(value);
  RC_ASSERT(line.find('\n') == line.size() - 1 && line.find(' ', 4) == std::string::npos);
  RC_ASSERT(from_percent_encoded(line.substr(4, line.size() - 5)) == value);
}

// Lines of the protocol, and what is like them.
std::string conversation(const std::string& start, std::initializer_list<const char*> pieces) {
  const std::vector<const char*> all(pieces);
  const auto parts = *rc::gen::container<std::vector<std::string>>(
      rc::gen::oneOf(rc::gen::map(rc::gen::elementOf(all), [](const char* text) { return std::string(text); }),
                     rc::gen::map(rc::gen::elementOf(all), [](const char* text) { return std::string(text); }),
                     rc::gen::arbitrary<std::string>()));
  std::string out = start;
  for (const std::string& part : parts) out += part;
  return out;
}

template <typename Session>
void any_pieces_tell_the_same(const Session& session, const std::string& bytes) {
  RC_ASSERT(requests_in_pieces(session, bytes, *rc::gen::arbitrary<std::string>()) == requests_of(session, bytes));
  RC_ASSERT(requests_in_pieces(session, bytes, "\x01") == requests_of(session, bytes));
}

RC_GTEST_PROP(pieces_property, dovecot_auth_says_the_same, ()) {
  any_pieces_tell_the_same(
      dovecot_auth::session({"PLAIN", "LOGIN"}),
      conversation("VERSION\t1\t2\n",
                   {"AUTH\t1\tPLAIN\tservice=smtp\n", "AUTH\t2\tLOGIN\tservice=x\tresp=AAAA\n", "CONT\t1\tAA==\n",
                    "CANCEL\t1\n", "CPID\t7\n", "AUTH\t", "3", "\tPLAIN", "\tservice=x", "\tresp=!\n", "\n"}));
}

RC_GTEST_PROP(pieces_property, dovecot_userdb_says_the_same, ()) {
  any_pieces_tell_the_same(
      dovecot_userdb::session(),
      conversation("VERSION\t1\t0\n", {"USER\t1\tu\tservice=lda\n", "PASS\t2\tu\tservice=x\n", "LIST\t3\n",
                                       "CACHE-FLUSH\t4\ta\n", "USER\t5\t", "\x01t", "\tservice=x", "\n"}));
}

RC_GTEST_PROP(pieces_property, dict_says_the_same, ()) {
  any_pieces_tell_the_same(dict::session(),
                           conversation("H3\t2\t0\t\tx\n", {"Lk\tu\n", "I0\t0\tp\tu\n", "B1\tu\n", "C1\n", "D2\n", "L",
                                                            "\x01t", "\tu", "\n"}));
}

RC_GTEST_PROP(pieces_property, tables_say_the_same, ()) {
  any_pieces_tell_the_same(socketmap::session(),
                           conversation("3:a b,", {"3:a b,", "4:a b", ",", "0:,", "12:", "a ", ":"}));
  any_pieces_tell_the_same(tcp_table::session(), conversation("", {"get a\n", "put a b\n", "get ", "%20", "%", "\n"}));
  any_pieces_tell_the_same(query_line::session(), conversation("", {"user ", "alias ", "domain ", "x", "\n"}));
}

// A client as RFC 5802 has it, with the password that the server knows.
RC_GTEST_PROP(scram_property, who_knows_the_password_is_let_in,
              (const std::string& password, const std::string& salt)) {
  RC_PRE(!salt.empty());
  const scram_hash hash = *rc::gen::element(scram_hash::sha1, scram_hash::sha256);
  const auto secret_again = parse_scram_secret(to_text(make_scram_secret(hash, password, salt, 3)));
  RC_ASSERT(secret_again.has_value());
  RC_ASSERT(secret_again->salt == salt && secret_again->iterations == 3U);
  RC_ASSERT(secret_again->stored_key == make_scram_secret(hash, password, salt, 3).stored_key);
}

}  // namespace
}  // namespace sql2ldap::codec
