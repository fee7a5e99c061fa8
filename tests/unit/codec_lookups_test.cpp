// Postfix's tables, exim's readsocket, checkpassword: the bytes are those that real programs sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/checkpassword.hpp>

#include "support/wire_text.hpp"

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* hung_up = "close after \"\"";

TEST(socketmap, requests) {
  EXPECT_THAT(requests_of(socketmap::session(), "19:aliases jane@x.test,22:aliases bob%1 z@x.test,2:a ,"),
              ElementsAre("\"aliases\" \"jane@x.test\"", "\"aliases\" \"bob%1 z@x.test\"", "\"a\" \"\""));
  EXPECT_THAT(requests_of(socketmap::session(), "7:aliases,3: ab,3:a b,"),
              ElementsAre("answer \"11:PERM no map,\"", "answer \"11:PERM no map,\"", "\"a\" \"b\""));
  EXPECT_THAT(requests_of(socketmap::session(), "3:a b"), IsEmpty());
  for (const std::string& broken : {"x"s, ":"s, "3;a b,"s, "3:a b;"s, "03:a b,"s, "-1:,"s, "9999999999"s,
                                    "9999999999:"s, std::to_string(limits::socketmap_request_bytes_max + 1) + ":"})
    EXPECT_THAT(requests_of(socketmap::session(), broken + "3:a b,"), ElementsAre(hung_up)) << broken;
  EXPECT_THAT(requests_of(socketmap::session(), std::string(limits::wire_pending_bytes_max + 1, '1')),
              ElementsAre(hung_up));
}

TEST(socketmap, answers) {
  EXPECT_EQ(socketmap::found("me@x.y, a%b c"), "16:OK me@x.y, a%b c,");
  EXPECT_EQ(socketmap::not_found(), "9:NOTFOUND ,");
  EXPECT_EQ(socketmap::trouble("oopsie"), "11:TEMP oopsie,");
  EXPECT_EQ(socketmap::timed_out("x"), "9:TIMEOUT x,");
  EXPECT_EQ(socketmap::broken_request("x"), "6:PERM x,");
  EXPECT_THAT(socketmap::found(std::string(limits::socketmap_reply_bytes_max, 'x')), StartsWith("27:TEMP "));
}

TEST(tcp_table, requests) {
  EXPECT_THAT(requests_of(tcp_table::session(), "get bob%251%20z@x.test\nget \nput a b\nfoo\nget %zz\nget a\n"),
              ElementsAre("get \"bob%1 z@x.test\"", "get \"\"", "answer \"500 read-only\\x0a\"",
                          "answer \"400 not%20understood\\x0a\"", "answer \"400 not%20understood\\x0a\"", "get \"a\""));
  EXPECT_THAT(
      requests_of(tcp_table::session(), "get " + std::string(limits::tcp_table_line_bytes_max, 'x') + "\nget a\n"),
      ElementsAre(hung_up));
}

TEST(tcp_table, answers) {
  EXPECT_EQ(tcp_table::found("me you@x.y%\n\xc3"), "200 me%20you@x.y%25%0a%c3\n");
  EXPECT_EQ(tcp_table::not_found(), "500 not%20found\n");
  EXPECT_EQ(tcp_table::trouble("down"), "400 down\n");
  EXPECT_THAT(tcp_table::found(std::string(limits::tcp_table_line_bytes_max - 4, 'x')), StartsWith("400 "));
  EXPECT_THAT(tcp_table::found(std::string(limits::tcp_table_line_bytes_max - 5, 'x')), StartsWith("200 "));
}

TEST(query_line, requests) {
  EXPECT_THAT(requests_of(query_line::session(), "alias jane@x.test\nuser x\n"), ElementsAre("alias \"jane@x.test\""));
  EXPECT_THAT(requests_of(query_line::session(), "domain x.test\n"), ElementsAre("domain \"x.test\""));
  EXPECT_THAT(requests_of(query_line::session(), "user a b \n"), ElementsAre("user \"a b \""));
  EXPECT_THAT(requests_of(query_line::session(), "user a"), IsEmpty());
  query_line::session ended;
  ended.feed("user a");
  ended.end();
  EXPECT_EQ(shown(**ended.next()), "user \"a\"");
  EXPECT_FALSE(ended.next().has_value());
  for (const std::string& name : {""s, "a\tb"s, "a\rb"s, std::string(limits::user_name_bytes_max + 1, 'x')})
    EXPECT_THAT(requests_of(query_line::session(), "user " + name + '\n'), ElementsAre("close after \"no\\x0a\""));
  for (const std::string& line :
       {"\n"s, "get a\n"s, "USER a\n"s, "user\n"s, std::string(limits::query_line_bytes_max + 1, 'x')})
    EXPECT_THAT(requests_of(query_line::session(), line), ElementsAre(StartsWith("close after \"defer ")));
}

TEST(query_line, answers) {
  EXPECT_EQ(query_line::found(), "yes\n");
  EXPECT_EQ(query_line::found("a@x, b@y"), "yes a@x, b@y\n");
  EXPECT_EQ(query_line::not_found(), "no\n");
  EXPECT_EQ(query_line::trouble("two\nlines"), "defer two lines\n");
  EXPECT_EQ(query_line::trouble(""), "defer\n");
  EXPECT_THAT(query_line::found("a\nb"), StartsWith("defer "));
}

using checkpassword::outcome;
using checkpassword::purpose;

TEST(checkpassword, input) {
  const auto login = checkpassword::parse("u1@x.test\0secret1\0\0"s).value();
  EXPECT_EQ(login.user, "u1@x.test");
  EXPECT_EQ(login.password.reveal(), "secret1");
  EXPECT_EQ(login.timestamp, "");
  const auto stamped = checkpassword::parse("u\0p\0now\0and more"s).value();
  EXPECT_EQ(stamped.timestamp, "now");
  EXPECT_TRUE(checkpassword::parse("u1@x.test\0\0\0"s).value().password.empty());
  EXPECT_TRUE(checkpassword::parse(std::string(limits::checkpassword_bytes_max - 3, 'x') + "\0\0\0"s).has_value());
  for (const std::string& broken :
       {""s, "u"s, "u\0hunter2"s, std::string(limits::checkpassword_bytes_max - 2, 'x') + "\0\0\0"s}) {
    const auto read = checkpassword::parse(broken);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().text().find("hunter2"), std::string::npos);
  }
}

TEST(checkpassword, exit_status) {
  EXPECT_EQ(checkpassword::purpose_of(false, false), purpose::login);
  EXPECT_EQ(checkpassword::purpose_of(false, true), purpose::login);
  EXPECT_EQ(checkpassword::purpose_of(true, false), purpose::user_lookup);
  EXPECT_EQ(checkpassword::purpose_of(true, true), purpose::credentials);
  const auto all = [](purpose what) {
    return std::vector<int>{checkpassword::exit_status(what, outcome::accepted),
                            checkpassword::exit_status(what, outcome::refused),
                            checkpassword::exit_status(what, outcome::trouble), checkpassword::misuse_status(what)};
  };
  EXPECT_THAT(all(purpose::login), ElementsAre(0, 1, 111, 2));
  EXPECT_THAT(all(purpose::user_lookup), ElementsAre(2, 3, 111, 111));
  EXPECT_THAT(all(purpose::credentials), ElementsAre(2, 3, 111, 111));
}

TEST(checkpassword, record) {
  checkpassword::answer who{"u1@x.test", "7", "8", "/d4", {}};
  EXPECT_EQ(checkpassword::record(who).value().reveal(),
            "user=u1@x.test\tuserdb_uid=7\tuserdb_gid=8\tuserdb_home=/d4\t");
  who.home.clear();
  who.fields = {{"userdb_mail", "a\tb\nc\0"s}};
  EXPECT_EQ(checkpassword::record(who).value().reveal(),
            "user=u1@x.test\tuserdb_uid=7\tuserdb_gid=8\tuserdb_mail=a\x01tb\x01nc\x01"
            "0\t");
  for (const char* name : {"", "A", "a b", "a=b", "a\tb"}) {
    who.fields = {{name, "x"}};
    EXPECT_FALSE(checkpassword::record(who).has_value()) << name;
    EXPECT_FALSE(checkpassword::reply_environment(who, purpose::login).has_value()) << name;
  }
  EXPECT_FALSE(checkpassword::record({"", "7", "8", "", {}}).has_value());
  EXPECT_FALSE(checkpassword::record({"u", "", "8", "", {}}).has_value());
  EXPECT_FALSE(checkpassword::record({"u", "7", "", "", {}}).has_value());
}

TEST(checkpassword, environment) {
  using pair = std::pair<std::string, std::optional<std::string>>;
  const checkpassword::answer who{"u1@x.test", "7", "8", "", {{"userdb_mail", "a b\nc"}, {"password", "{PLAIN}x"}}};
  EXPECT_THAT(checkpassword::reply_environment(who, purpose::credentials).value(),
              ElementsAre(pair("USER", "u1@x.test"), pair("HOME", std::nullopt), pair("userdb_uid", "7"),
                          pair("userdb_gid", "8"), pair("userdb_mail", "a b\nc"), pair("password", "{PLAIN}x"),
                          pair("EXTRA", "userdb_uid userdb_gid userdb_mail password"), pair("AUTHORIZED", "2")));
  const auto login = checkpassword::reply_environment({"u", "7", "8", "/h", {}}, purpose::login).value();
  EXPECT_THAT(login, ElementsAre(pair("USER", "u"), pair("HOME", "/h"), pair("userdb_uid", "7"),
                                 pair("userdb_gid", "8"), pair("EXTRA", "userdb_uid userdb_gid")));
  EXPECT_FALSE(checkpassword::reply_environment({"a\tb", "7", "8", "", {}}, purpose::login).has_value());
  EXPECT_FALSE(checkpassword::reply_environment({"u", "7", "8", "/a\tb", {}}, purpose::login).has_value());
  EXPECT_FALSE(checkpassword::reply_environment({"u", "7", "8", "", {{"x", "a\0b"s}}}, purpose::login).has_value());
}

}  // namespace
}  // namespace sql2ldap::codec
