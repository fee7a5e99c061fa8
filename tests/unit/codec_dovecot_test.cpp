// The dialogues are those that were seen between real programs: exim 4.96, dovecot 2.3, pysieved, doveadm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/dict.hpp>
#include <sql2ldap/codec/dovecot_auth.hpp>
#include <sql2ldap/codec/dovecot_userdb.hpp>
#include <sql2ldap/codec/tab_escape.hpp>

#include "support/wire_text.hpp"

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(tab_escape, five_bytes_and_back) {
  EXPECT_EQ(tab_escaped("a\0b\x01"
                        "c\td\re\nf"s),
            "a\x01"
            "0b\x01"
            "1c\x01"
            "td\x01"
            "re\x01"
            "nf");
  EXPECT_EQ(tab_unescaped("\x01x\x01t\x01"), "x\t");
}

TEST(line_buffer, lines_in_any_pieces) {
  line_buffer lines(5);
  lines.feed("ab\n\ncd");
  EXPECT_EQ(lines.next(), "ab");
  EXPECT_EQ(lines.next(), "");
  EXPECT_EQ(lines.next(), std::nullopt);
  EXPECT_EQ(lines.rest(), "cd");
  lines.feed("efg\n");
  EXPECT_EQ(lines.next(), "cdefg");
  lines.feed("123456");
  EXPECT_EQ(lines.next(), std::nullopt);
  EXPECT_TRUE(lines.overflown());
  lines.feed("\nx\n");
  EXPECT_EQ(lines.next(), std::nullopt) << "there is no telling what belongs to what";
}

TEST(line_buffer, wipes_what_was_taken) {
  line_buffer lines(100);
  lines.feed("a password\nand more");
  const std::string_view line = lines.next().value();
  EXPECT_EQ(lines.next(), std::nullopt);
  EXPECT_EQ(std::string(line), std::string(10, '\0'));
  EXPECT_EQ(lines.rest(), "and more");
  lines.feed(" of it\n");
  EXPECT_EQ(lines.next(), "and more of it");
}

TEST(line_buffer, a_line_too_long_is_noticed_with_its_end_too) {
  line_buffer lines(5);
  lines.feed("123456\nx\n");
  EXPECT_EQ(lines.next(), std::nullopt);
  EXPECT_TRUE(lines.overflown());
}

TEST(line_buffer, what_waits_is_bounded) {
  line_buffer lines(limits::wire_pending_bytes_max);
  lines.feed(std::string(limits::wire_pending_bytes_max, 'x'));
  EXPECT_EQ(lines.next(), std::nullopt);
  EXPECT_FALSE(lines.overflown());
  lines.feed("y");
  EXPECT_TRUE(lines.overflown());
}

const std::vector<dovecot_auth::mechanism> offered = {
    {"PLAIN", {"plaintext"}}, {"LOGIN", {"plaintext"}}, {"SCRAM-SHA-256", {"mutual-auth"}}};

dovecot_auth::session auth_session() { return dovecot_auth::session({"PLAIN", "LOGIN", "SCRAM-SHA-256"}); }

TEST(dovecot_auth, greeting) {
  EXPECT_EQ(dovecot_auth::greeting(offered, 1870, 7, "0123456789abcdef"),
            "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nMECH\tSCRAM-SHA-256\tmutual-auth\n"
            "SPID\t1870\nCUID\t7\nCOOKIE\t30313233343536373839616263646566\nDONE\n");
}

// Of a client of version 1.`minor`, after its greeting.
std::vector<std::string> told(const std::string& lines, int minor = 2) {
  return requests_of(auth_session(), "VERSION\t1\t" + std::to_string(minor) + "\nCPID\t8376\n" + lines);
}

constexpr const char* hung_up = "close after \"\"";

TEST(dovecot_auth, what_clients_send) {
  EXPECT_THAT(
      told("AUTH\t1\tPLAIN\tservice=smtp\tsecured\trip=127.0.0.9\tlip=127.0.0.1\tnologin\tresp=AGEAYg==\n", 0),
      ElementsAre("authenticate 1 PLAIN for \"smtp\" secured \"127.0.0.9\" \"\" \"127.0.0.1\" \"\" \"\" response "
                  "\"\\x00a\\x00b\""));
  EXPECT_THAT(
      told("AUTH\t1\tplain\tservice=sieve\tsecured=tls\tsession=x+/\tlip=::1\trip=::2\tlport=4190\trport=9\t"
           "valid-client-cert\tclient_id=a\tfuture\tresp=YQ==\n"),
      ElementsAre("authenticate 1 PLAIN for \"sieve\" secured certificate \"::2\" \"9\" \"::1\" \"4190\" \"x+/\" "
                  "response \"a\""));
  EXPECT_THAT(told("AUTH\t4294967295\tLOGIN\tprotocol=imap\n", 3),
              ElementsAre("authenticate 4294967295 LOGIN for \"imap\" \"\" \"\" \"\" \"\" \"\" response none"));
}

TEST(dovecot_auth, an_empty_response_depends_on_the_client) {
  const auto response = [](const char* parameter, int minor) {
    const std::string said = told("AUTH\t1\tPLAIN\tservice=smtp\t"s + parameter + "\n", minor).at(0);
    return said.substr(said.find("response ") + 9);
  };
  EXPECT_EQ(response("resp=", 0), "none");
  EXPECT_EQ(response("resp=", 1), "none");
  EXPECT_EQ(response("resp=", 2), "\"\"");
  EXPECT_EQ(response("resp==", 0), "\"\"");
  EXPECT_EQ(response("resp==", 2), "\"\"");
}

TEST(dovecot_auth, broken_lines_end_the_connection) {
  for (const char* line : {"AUTH\t1\tFOO\tservice=smtp",
                           "AUTH\t0\tPLAIN\tservice=smtp",
                           "AUTH\t-1\tPLAIN\tservice=smtp",
                           "AUTH\t4294967296\tPLAIN\tservice=smtp",
                           "AUTH\t1\tPLAIN",
                           "AUTH\t1\tPLAIN\tservice=",
                           "AUTH\t1",
                           "AUTH",
                           "",
                           "AUTH\t1\tPLAIN\tservice=smtp\tresp=AA==\tsecured",
                           "AUTH\t1\tPLAIN\tservice=smtp\tresp=\tresp=AA==",
                           "AUTH\t1\tPLAIN\tservice=a\tservice=b",
                           "AUTH\t1\tPLAIN\tservice=a\trip=1.1.1.1\trip=2.2.2.2",
                           "CONT\t1",
                           "CONT\tx\tAA==",
                           "CANCEL",
                           "CPID\t1",
                           "CPID\t0",
                           "VERSION\t1\t2",
                           "REQUEST\t1\t2\t3\tx"}) {
    EXPECT_THAT(told(line + "\nAUTH\t5\tPLAIN\tservice=x\n"s), ElementsAre(hung_up)) << line;
  }
  for (const char* first : {"CPID\t1\n", "VERSION\t2\t0\n", "VERSION\t1\n", "VERSION\t1\tx\n", "\n", "EHLO x\n"}) {
    EXPECT_THAT(requests_of(auth_session(), first), ElementsAre(hung_up)) << first;
  }
  EXPECT_THAT(told("AUTH\t1\tPLAIN\tservice=x\nAUTH\t1\tPLAIN\tservice=x\n"), ElementsAre(testing::_, hung_up));
  EXPECT_THAT(told("AUTH\t1\tPLAIN\tservice="s + std::string(limits::auth_line_bytes_max, 'x')), ElementsAre(hung_up));
  EXPECT_THAT(requests_of(auth_session(), "VERSION\t1\t2\nCPID\t0\n"), ElementsAre(hung_up));
}

TEST(dovecot_auth, what_is_answered_without_asking_anybody) {
  const auto said = told("AUTH\t5\tPLAIN\tservice=x\tresp=!!!!\nCONT\t3\tAAAA\nCANCEL\t3\n");
  EXPECT_THAT(said, ElementsAre("answer \"FAIL\\x095\\x09code=invalid_base64\\x09reason=Invalid base64 data in initial "
                                "response\\x0a\"",
                                "answer \"FAIL\\x093\\x09reason=Authentication request timed out\\x0a\""));
  EXPECT_THAT(told("AUTH\t5\tPLAIN\tservice=x\nCONT\t5\tAAAA\nCONT\t5\tAAAA\n"),
              ElementsAre(StartsWith("authenticate 5"), "answer \"FAIL\\x095\\x09reason=Unexpected continuation\\x0a\"",
                          "cancel 5", HasSubstr("timed out")))
      << "who has the request in hand is told that it is over";
}

TEST(dovecot_auth, requests_at_once_are_bounded) {
  std::string lines;
  for (std::size_t i = 1; i <= limits::auth_requests_max + 1; ++i)
    lines += "AUTH\t" + std::to_string(i) + "\tPLAIN\tservice=x\n";
  const auto said = told(lines);
  ASSERT_EQ(said.size(), limits::auth_requests_max + 1);
  EXPECT_THAT(said[limits::auth_requests_max - 1], StartsWith("authenticate"));
  EXPECT_THAT(said.back(), StartsWith("answer \"FAIL"));
  EXPECT_EQ(told(lines, 0).back(), hung_up) << "exim takes any FAIL for a wrong password";
}

class dovecot_auth_dialogue : public testing::Test {
 protected:
  void begin(int minor) { at_.feed("VERSION\t1\t" + std::to_string(minor) + "\nCPID\t1\n"); }
  dovecot_auth::ticket ask(const std::string& line) {
    at_.feed(line + "\n");
    const auto request = at_.next();
    EXPECT_TRUE(request && *request);
    return std::get<dovecot_auth::authenticate>(**request).of;
  }
  // "": what is left to be told.
  std::string told_next(const std::string& line) {
    if (!line.empty()) at_.feed(line + "\n");
    const auto request = at_.next();
    return !request ? "nothing" : *request ? shown(**request) : shown(request->error());
  }
  dovecot_auth::session at_ = auth_session();
};

TEST_F(dovecot_auth_dialogue, login_step_by_step) {
  begin(2);
  const auto of = ask("AUTH\t2\tLOGIN\tservice=smtp");
  EXPECT_EQ(at_.challenge(of, "Username:").answer, "CONT\t2\tVXNlcm5hbWU6\n");
  EXPECT_EQ(told_next("CONT\t2\tdTFAeC50ZXN0"), "continue 2 \"u1@x.test\"");
  EXPECT_EQ(at_.challenge(of, "Password:").answer, "CONT\t2\tUGFzc3dvcmQ6\n");
  EXPECT_EQ(told_next("CONT\t2\tc2VjcmV0MQ=="), "continue 2 \"secret1\"");
  EXPECT_EQ(at_.success(of, "u1@x.test").answer, "OK\t2\tuser=u1@x.test\n");
  EXPECT_EQ(at_.success(of, "u1@x.test").answer, "") << "answered already";
}

TEST_F(dovecot_auth_dialogue, answers) {
  begin(2);
  EXPECT_EQ(at_.challenge(ask("AUTH\t1\tPLAIN\tservice=smtp"), "").answer, "CONT\t1\t\n") << "exim needs the TAB";
  EXPECT_EQ(at_.success(ask("AUTH\t10\tPLAIN\tservice=smtp"), "u1@x.test", {}, "U1@X.test").answer,
            "OK\t10\tuser=u1@x.test\toriginal_user=U1@X.test\n");
  const auto refused = [&](dovecot_auth::failure what, const char* reason) {
    return at_.refuse(ask("AUTH\t4\tPLAIN\tservice=smtp"), what, "u1@x.test", reason);
  };
  EXPECT_EQ(refused(dovecot_auth::failure::wrong_password, "").answer, "FAIL\t4\tuser=u1@x.test\n");
  EXPECT_EQ(refused(dovecot_auth::failure::temporary, "").answer, "FAIL\t4\tuser=u1@x.test\tcode=temp_fail\n");
  EXPECT_EQ(refused(dovecot_auth::failure::user_disabled, "off").answer,
            "FAIL\t4\tuser=u1@x.test\tcode=user_disabled\treason=off\n");
  EXPECT_EQ(refused(dovecot_auth::failure::not_authorized, "").answer, "FAIL\t4\tuser=u1@x.test\tcode=authz_fail\n");
  EXPECT_EQ(refused(dovecot_auth::failure::password_expired, "").answer,
            "FAIL\t4\tuser=u1@x.test\tcode=pass_expired\n");
}

TEST_F(dovecot_auth_dialogue, exim_learns_of_a_temporary_failure_by_the_end_of_the_connection) {
  begin(0);
  const auto of = ask("AUTH\t1\tPLAIN\tservice=smtp\tresp=AGEAYg==");
  const settled how = at_.refuse(of, dovecot_auth::failure::temporary, "a");
  EXPECT_EQ(how.answer, "");
  EXPECT_TRUE(how.close);
  EXPECT_EQ(told_next("AUTH\t2\tPLAIN\tservice=smtp"), "nothing");
}

TEST_F(dovecot_auth_dialogue, a_number_is_free_when_its_request_is_over) {
  begin(2);
  const auto first = ask("AUTH\t3\tPLAIN\tservice=smtp");
  EXPECT_EQ(told_next("CANCEL\t3"), "cancel 3");
  EXPECT_EQ(told_next("CANCEL\t3"), "nothing");
  const auto second = ask("AUTH\t3\tPLAIN\tservice=smtp");
  EXPECT_EQ(at_.success(first, "the first").answer, "") << "the answer is for a request that nobody waits for";
  EXPECT_EQ(at_.refuse(first, dovecot_auth::failure::temporary, "x").answer, "");
  EXPECT_EQ(at_.challenge(first, "x").answer, "");
  EXPECT_EQ(at_.success(second, "b").answer, "OK\t3\tuser=b\n");
}

TEST_F(dovecot_auth_dialogue, a_response_that_is_broken_ends_the_request) {
  begin(2);
  (void)at_.challenge(ask("AUTH\t3\tLOGIN\tservice=smtp"), "Username:");
  EXPECT_THAT(told_next("CONT\t3\t!"), HasSubstr("invalid_base64"));
  EXPECT_EQ(told_next(""), "cancel 3");
}

TEST_F(dovecot_auth_dialogue, what_its_client_has_forgotten_makes_room) {
  begin(0);
  const auto begun = [&](std::size_t number) { return ask("AUTH\t" + std::to_string(number) + "\tLOGIN\tservice=x"); };
  const auto at_work = begun(1);
  for (std::size_t i = 2; i <= limits::auth_requests_max; ++i) (void)at_.challenge(begun(i), "Username:");
  const auto one_more = begun(limits::auth_requests_max + 1);
  EXPECT_EQ(told_next("CONT\t2\tYQ=="), "cancel 2");
  EXPECT_THAT(told_next(""), HasSubstr("timed out"));
  EXPECT_EQ(at_.success(at_work, "a").answer, "OK\t1\tuser=a\n");
  EXPECT_EQ(at_.success(one_more, "b").answer, "OK\t129\tuser=b\n");
}

TEST_F(dovecot_auth_dialogue, the_last_word_of_scram) {
  begin(2);
  EXPECT_EQ(at_.success(ask("AUTH\t1\tSCRAM-SHA-256\tservice=imap\tfinal-resp-ok"), "a", "v=x").answer,
            "OK\t1\tuser=a\tresp=dj14\n");
  EXPECT_EQ(at_.success(ask("AUTH\t2\tSCRAM-SHA-256\tservice=imap"), "a", "v=x").answer, "CONT\t2\tdj14\n");
  EXPECT_EQ(told_next("CONT\t2\t"), "answer \"OK\\x092\\x09user=a\\x0a\"");
}

TEST(dovecot_userdb, what_clients_send) {
  EXPECT_EQ(dovecot_userdb::greeting(1870), "VERSION\t1\t1\nSPID\t1870\n");
  EXPECT_THAT(requests_of(dovecot_userdb::session(),
                          "VERSION\t1\t0\nUSER\t1\tu1@x.test\tservice=lda\nPASS\t2\tu1@x.test\tdebug\tprotocol=imap\n"
                          "LIST\t5\tuser=u1*\tservice=doveadm\nLIST\t6\nCACHE-FLUSH\t7\nCACHE-FLUSH\t8\ta\tb\n"),
              ElementsAre("user 1 \"u1@x.test\" for \"lda\"", "login 2 \"u1@x.test\" for \"imap\"", "list 5 \"u1*\"",
                          "list 6 \"\"", "flush 7", "flush 8 \"a\" \"b\""));
}

TEST(dovecot_userdb, broken_lines_end_the_connection) {
  for (const char* line : {"USER\t1\tu", "USER\t1", "USER", "", "USER\tx\tu\tservice=lda", "FOO\t1\tu\tservice=lda",
                           "PASS\t1\tu\tservice=", "LIST"}) {
    EXPECT_THAT(requests_of(dovecot_userdb::session(), "VERSION\t1\t0\n"s + line + "\nLIST\t1\n"), ElementsAre(hung_up))
        << line;
  }
  EXPECT_THAT(requests_of(dovecot_userdb::session(), "USER\t1\tu\tservice=lda\n"), ElementsAre(hung_up));
  EXPECT_THAT(requests_of(dovecot_userdb::session(), "VERSION\t2\t0\n"), ElementsAre(hung_up));
}

TEST(dovecot_userdb, names_that_nobody_can_have) {
  const std::string long_name(limits::user_name_bytes_max + 1, 'x');
  for (const std::string& name : {"a\x01tb"s, "a\x01nb"s,
                                  "a\x01"
                                  "0b"s,
                                  "a\x01"
                                  "1b"s,
                                  "a\rb"s, ""s, long_name}) {
    EXPECT_THAT(requests_of(dovecot_userdb::session(), "VERSION\t1\t0\nUSER\t2\t" + name + "\tservice=lda\n"),
                ElementsAre("answer \"NOTFOUND\\x092\\x0a\""));
  }
  EXPECT_THAT(requests_of(dovecot_userdb::session(), "VERSION\t1\t0\nREQUEST\t2\t1\t1\tx\n").at(0),
              StartsWith("answer \"FAIL\\x092\\x09reason="));
}

TEST(dovecot_userdb, answers) {
  using namespace dovecot_userdb;
  EXPECT_EQ(user_found(1, "u1@x.test",
                       {{"quota_rule", "*:storage=1G"}, {"home", "/srv/mail/u1"}, {"gid", "1000"}, {"uid", "1000"}}),
            "USER\t1\tu1@x.test\tuid=1000\tgid=1000\thome=/srv/mail/u1\tquota_rule=*:storage=1G\n");
  EXPECT_EQ(login_found(3, "u1@x.test", {{"userdb_mail", "a\tb"}}), "PASS\t3\tuser=u1@x.test\tuserdb_mail=a\x01tb\n");
  EXPECT_EQ(not_found(2), "NOTFOUND\t2\n");
  EXPECT_EQ(trouble(3, "down"), "FAIL\t3\treason=down\n");
  EXPECT_EQ(listed(5, "u1@x.test"), "LIST\t5\tu1@x.test\n");
  EXPECT_EQ(list_done(5), "DONE\t5\t\n");
  EXPECT_EQ(list_broken(5), "DONE\t5\tfail\n");
  EXPECT_EQ(cache_flushed(7, 0), "OK\t7\t0\n");
  EXPECT_THAT(user_found(1, "u", {{"x", std::string(limits::userdb_reply_bytes_max, 'x')}}), StartsWith("FAIL\t1\t"));
}

constexpr const char* hello3 = "H3\t2\t0\t\tsql2ldap\n";

TEST(dict, what_clients_send) {
  EXPECT_THAT(
      requests_of(dict::session(), hello3 + "Lshared/passdb/u1@x.test\tu1@x.test\n"s +
                                       "Lpriv/sieve/name/active\tu\x01tx\nI0\t0\tshared/userdb/\t*\n"
                                       "I31\t9\tpriv/x\tu\n"),
      ElementsAre("lookup \"shared/passdb/u1@x.test\" of \"u1@x.test\"",
                  "lookup \"priv/sieve/name/active\" of \"u\\x09x\"", "iterate \"shared/userdb/\" of \"*\" rows 0",
                  "iterate \"priv/x\" of \"u\" rows 9 recurse by-key by-value no-value exact"));
  EXPECT_THAT(requests_of(dict::session({"sieve"}), "H4\t0\t0\t\tsieve\nLk\n"), ElementsAre("lookup \"k\" of \"\""));
}

TEST(dict, writing_is_refused_when_it_is_to_be_committed) {
  EXPECT_THAT(requests_of(dict::session(), hello3 + "B1\tu\nS1\tk\tv\nU1\tk\nA1\tk\t1\nT1\t2\t3\nV1\t0\nC1\nD2\nR1\n"s),
              ElementsAre("answer \"F1\\x09read-only\\x0a\"", "answer \"AF2\\x09read-only\\x0a\""));
}

TEST(dict, broken_lines_end_the_connection) {
  for (const char* first : {"Lk\n", "H2\t2\t0\t\tsql2ldap\n", "H5\t0\t0\t\tsql2ldap\n", "H3\t2\t0\tsql2ldap\n",
                            "H3\t2\t0\t\tother\n", "Hx\t2\t0\t\tsql2ldap\n", "\n"}) {
    EXPECT_THAT(requests_of(dict::session({"sql2ldap"}), first + "Lk\n"s), ElementsAre(hung_up)) << first;
  }
  for (const char* line : {"", "Xfoo", "I0\t0", "Ix\t0\tk", "I0\tx\tk", "Cx"})
    EXPECT_THAT(requests_of(dict::session(), hello3 + std::string(line) + "\nLk\n"), ElementsAre(hung_up)) << line;
}

TEST(dict, answers) {
  dict::session now;
  EXPECT_THAT(requests_of(now, hello3), IsEmpty());
  now.feed(hello3);
  EXPECT_FALSE(now.next().has_value());
  EXPECT_EQ(now.name(), "sql2ldap");
  EXPECT_EQ(now.found("require \"x\";\n"), "Orequire \"x\";\x01n\n");
  EXPECT_EQ(now.not_found(), "N\n");
  EXPECT_EQ(now.failed("down"), "Fdown\n");
  EXPECT_EQ(now.row("shared/userdb/u", ""), "Oshared/userdb/u\t\n") << "the TAB is needed without a value, too";
  EXPECT_EQ(now.rows_end(), "\n");
  EXPECT_EQ(now.row("shared/userdb/u", std::string(limits::dict_reply_bytes_max, 'x')), std::nullopt);
  // The values' TABs are escaped twice, what stands between them once.
  EXPECT_EQ(now.found_all({"a", "b\t"}),
            "Ma\x01tb\x01"
            "1t\n");
  EXPECT_EQ(now.found_all({"a"}), "Oa\n");
  EXPECT_EQ(now.found_all({}), "N\n");
  EXPECT_THAT(now.found(std::string(limits::dict_reply_bytes_max, 'x')), StartsWith("F"));
  dict::session old;
  old.feed("H3\t1\t0\t\tx\n");
  EXPECT_FALSE(old.next().has_value());
  EXPECT_EQ(old.found_all({"a", "b"}), "Oa\n");
}

TEST(dict, segments) {
  EXPECT_EQ(dict::escaped_segment("a/b\\c"), "a\\|b\\\\c");
  EXPECT_EQ(dict::unescaped_segment("a\\|b\\\\c|"), "a/b\\c|");
}

}  // namespace
}  // namespace sql2ldap::codec
