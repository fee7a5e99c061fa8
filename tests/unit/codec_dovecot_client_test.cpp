// The client's side of dovecot's protocols: with our own server's side, and with what other servers say.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/checkpassword.hpp>
#include <sql2ldap/codec/dict.hpp>
#include <sql2ldap/codec/dovecot_auth.hpp>
#include <sql2ldap/codec/dovecot_client.hpp>
#include <sql2ldap/codec/dovecot_userdb.hpp>

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;
using namespace dovecot_client;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// What is said by us; stops at the end, or at an error, which becomes "error".
std::string said_to(dialogue& with, const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    const auto turn = with.take(line);
    if (!turn) {
      EXPECT_TRUE(turn.error().transient) << line;
      EXPECT_EQ(turn.error().text().find("hunter2"), std::string::npos);
      return "error";
    }
    out += turn->send.reveal();
    if (turn->over) return out + "over";
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

login jane() { return {"jane@x.test", secret("hunter2"), "im\tap", "192.0.2.1", true, true}; }
const std::vector<std::string> greeted = {
    "VERSION\t1\t2", "MECH\tLOGIN\tplaintext", "MECH\tPLAIN\tplaintext", "SPID\t7", "CUID\t1", "COOKIE\t00", "DONE"};

std::string verdict_on(const std::string& line, std::optional<std::string>* name = nullptr) {
  login_dialogue asked(jane(), 7);
  EXPECT_THAT(said_to(asked, greeted), HasSubstr("AUTH\t1\tPLAIN\t"));
  const std::string out = said_to(asked, {line});
  if (name != nullptr) *name = asked.accepted();
  EXPECT_TRUE(out == "over" || !asked.accepted());
  return out == "over" ? asked.accepted() ? "accepted" : "refused" : out;
}

TEST(dovecot_client, a_login_as_our_server_reads_it) {
  login_dialogue asked(jane(), 7);
  dovecot_auth::session server({"PLAIN", "LOGIN"});
  server.feed(asked.opening());
  EXPECT_FALSE(server.next().has_value());
  const std::string greeting =
      dovecot_auth::greeting({{"PLAIN", {"plaintext"}}, {"LOGIN", {"plaintext"}}}, 1, 1, std::string(16, 'c'));
  server.feed(said_to(asked, lines_of(greeting)));
  const auto next = server.next();
  ASSERT_TRUE(next.has_value() && next->has_value());
  const auto& request = std::get<dovecot_auth::authenticate>(**next);
  EXPECT_EQ(request.mechanism, "PLAIN");
  EXPECT_EQ(request.service, "im\tap");
  EXPECT_EQ(request.remote_ip, "192.0.2.1");
  EXPECT_TRUE(request.secured);
  EXPECT_TRUE(request.no_penalty);
  ASSERT_TRUE(request.initial_response.has_value());
  EXPECT_EQ(request.initial_response->reveal(), "\0jane@x.test\0hunter2"s);
  const auto answer = server.success(request.of, "jane", {}, "jane@x.test");
  EXPECT_EQ(said_to(asked, lines_of(answer.answer)), "over");
  EXPECT_EQ(asked.accepted(), "jane");
}

TEST(dovecot_client, says_less_when_less_is_known) {
  login_dialogue asked({"u", secret("p"), "s", "", false, false}, 7);
  EXPECT_EQ(said_to(asked, greeted), "AUTH\t1\tPLAIN\tservice=s\tresp=AHUAcA==\n");
}

TEST(dovecot_client, shows_no_password_to_another_server) {
  for (const std::vector<std::string>& lines : std::vector<std::vector<std::string>>{
           {"VERSION\t2\t0"}, {"MECH\tPLAIN"}, {""}, {"DONE"}, {"VERSION\t1\t2", "MECH\tSCRAM-SHA-1", "DONE"}}) {
    login_dialogue asked(jane(), 7);
    EXPECT_EQ(said_to(asked, lines), "error") << lines.back();
  }
  login_dialogue at_userdb(jane(), 7);
  EXPECT_EQ(said_to(at_userdb, {"VERSION\t1\t1", "SPID\t7"}), "");
}

TEST(dovecot_client, a_login_is_refused_only_in_so_many_words) {
  std::optional<std::string> name;
  EXPECT_EQ(verdict_on("OK\t1\tuser=ja\x01tne\t\toriginal_user=x", &name), "accepted");
  EXPECT_EQ(name, "ja\tne");
  for (const char* line : {"FAIL\t1", "FAIL\t1\tuser=jane@x.test", "FAIL\t1\tuser=x\tcode=user_disabled\treason=off",
                           "FAIL\t1\tcode=authz_fail", "FAIL\t1\tcode=pass_expired"})
    EXPECT_EQ(verdict_on(line), "refused") << line;
  for (const char* line :
       {"FAIL\t1\tcode=temp_fail", "FAIL\t1\tuser=x\ttemp", "FAIL\t1\tcode=invalid_base64", "FAIL\t1\tcode=", "FAIL\t2",
        "FAIL", "OK\t1", "OK\t1\tuser=", "OK\t2\tuser=jane", "OK\tuser=jane", "CONT\t1\t", "NOTFOUND\t1", ""})
    EXPECT_EQ(verdict_on(line), "error") << line;
}

std::string user_after(const std::vector<std::string>& lines, std::optional<user_dialogue::user>* found = nullptr) {
  user_dialogue asked("jane@x.test", "imap");
  const std::string out = said_to(asked, lines);
  if (found != nullptr) *found = asked.found();
  EXPECT_TRUE(out == "over" || !asked.found());
  return out == "over" ? asked.found() ? "found" : "not there" : out;
}

TEST(dovecot_client, a_user_as_our_server_tells_it) {
  user_dialogue asked("jane@x.test", "imap");
  dovecot_userdb::session server;
  server.feed(asked.opening());
  const auto next = server.next();
  ASSERT_TRUE(next.has_value() && next->has_value());
  const auto& request = std::get<dovecot_userdb::find_user>(**next);
  EXPECT_EQ(request.name, "jane@x.test");
  EXPECT_EQ(request.service, "imap");
  EXPECT_EQ(said_to(asked, lines_of(dovecot_userdb::greeting(7))), "");
  EXPECT_EQ(said_to(asked, lines_of(dovecot_userdb::user_found(request.id, "jane",
                                                               {{"uid", "7"}, {"mail", "a\tb"}, {"home", "/h"}}))),
            "over");
  ASSERT_TRUE(asked.found().has_value());
  EXPECT_EQ(asked.found()->name, "jane");
  EXPECT_THAT(asked.found()->fields, ElementsAre(Pair("uid", "7"), Pair("home", "/h"), Pair("mail", "a\tb")));
}

TEST(dovecot_client, a_user_is_missing_only_in_so_many_words) {
  std::optional<user_dialogue::user> found;
  EXPECT_EQ(user_after({"VERSION\t1\t1", "SPID\t7", "USER\t1\tu\tuid=7\t\tnice"}, &found), "found");
  EXPECT_THAT(found->fields, ElementsAre(Pair("uid", "7"), Pair("nice", "yes")));
  EXPECT_EQ(user_after({"VERSION\t1\t1", dovecot_userdb::not_found(1).substr(0, 10)}), "not there");
  for (const char* line : {"NOTFOUND\t2", "NOTFOUND", "FAIL\t1", "FAIL\t1\treason=x", "USER\t2\tu", "USER\t1",
                           "USER\t1\t", "PASS\t1\tuser=u", "MECH\tPLAIN", "", "N"})
    EXPECT_EQ(user_after({"VERSION\t1\t1", "SPID\t7", line}), "error") << line;
  for (const char* line : {"NOTFOUND\t1", "USER\t1\tu", "VERSION\t2\t0", "VERSION\t1", ""})
    EXPECT_EQ(user_after({line}), "error") << line;
}

std::string stored_after(const std::string& line, std::optional<passdb_dialogue::stored>* found = nullptr) {
  passdb_dialogue asked("jane@x.test");
  const std::string out = said_to(asked, {line});
  if (found != nullptr) *found = asked.found();
  EXPECT_TRUE(out == "over" || !asked.found());
  return out == "over" ? asked.found() ? "found" : "not there" : out;
}

TEST(dovecot_client, a_stored_password_as_our_server_tells_it) {
  passdb_dialogue asked("ja/ne\\@x.test");
  dict::session server;
  server.feed(asked.opening());
  const auto next = server.next();
  ASSERT_TRUE(next.has_value() && next->has_value());
  const auto& request = std::get<dict::lookup>(**next);
  EXPECT_EQ(request.key, "shared/passdb/" + dict::escaped_segment("ja/ne\\@x.test"));
  EXPECT_EQ(request.user, "ja/ne\\@x.test");
  EXPECT_EQ(said_to(asked, lines_of(server.found(R"({"password":"{PLAIN}a\tb","allow_nets":"::1","user":"jane"})"))),
            "over");
  ASSERT_TRUE(asked.found().has_value());
  EXPECT_EQ(asked.found()->name, "jane");
  EXPECT_EQ(asked.found()->password.reveal(), "{PLAIN}a\tb");
  EXPECT_THAT(asked.found()->fields, ElementsAre(Pair("allow_nets", "::1")));
}

TEST(dovecot_client, a_stored_password_is_missing_only_in_so_many_words) {
  std::optional<passdb_dialogue::stored> found;
  EXPECT_EQ(stored_after("O{\"password\":\"x\"}\t1\t2\t3\t4", &found), "found");
  EXPECT_EQ(found->name, "jane@x.test");
  EXPECT_EQ(found->password.reveal(), "x");
  EXPECT_EQ(stored_after("N"), "not there");
  for (const char* line : {"F", "Fhunter2", "", "Nx", "O", "O{", "O[]", "O{\"password\":{\"a\":\"hunter2\"}}",
                           "O{\"uid\":7}", "M{}", "VERSION\t1\t2", "O{\"password\":\"\xff\"}"})
    EXPECT_EQ(stored_after(line), "error") << line;
}

TEST(checkpassword, an_answer_out_of_a_userdb) {
  const field_list fields = {{"uid", "7"}, {"mail", "maildir:~/m"}, {"home", "/h"}};
  const auto who = checkpassword::answer_of("u", fields, {"1", "2"});
  EXPECT_EQ(who.user, "u");
  EXPECT_EQ(who.uid, "7");
  EXPECT_EQ(who.gid, "2");
  EXPECT_EQ(who.home, "/h");
  EXPECT_THAT(who.fields, ElementsAre(Pair("userdb_mail", "maildir:~/m")));
  auto ownerless = checkpassword::record(checkpassword::answer_of("u", fields, {}));
  ASSERT_FALSE(ownerless.has_value());
  EXPECT_THAT(ownerless.error().text(), HasSubstr("--gid"));
}

TEST(checkpassword, a_stored_password_has_its_scheme) {
  checkpassword::answer who{"u", "7", "8", "", {}};
  ASSERT_TRUE(checkpassword::add_password(who, secret("{CRYPT}x")).has_value());
  EXPECT_THAT(who.fields, ElementsAre(Pair("password", "{CRYPT}x")));
  for (const char* text : {"", "hunter2", "{hunter2", "x{PLAIN}hunter2"}) {
    const auto added = checkpassword::add_password(who, secret(text));
    ASSERT_FALSE(added.has_value()) << text;
    EXPECT_EQ(added.error().text().find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace sql2ldap::codec
