// What mail servers hear in each protocol, without sockets.
#include <malloc.h>

#include <chrono>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/crypto.hpp>
#include <sql2ldap/codec/password.hpp>
#include <support/session_client.hpp>

namespace sql2ldap::test {
namespace {

using serve::protocol;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAreArray;

const std::string host = R"(dn: associatedDomain=example.org,dc=org
objectClass: s2lMailDomain
associatedDomain: example.org
s2lEnabled: TRUE

dn: associatedDomain=far.example,dc=org
objectClass: s2lMailDomain
associatedDomain: far.example
s2lTransport: relay:[mx.far.example]
s2lEnabled: TRUE

dn: associatedDomain=farther.example,dc=org
objectClass: s2lMailDomain
associatedDomain: farther.example
s2lTransport: relay
s2lEnabled: TRUE

dn: uid=anna@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: anna@example.org
mail: anna@example.org
mailLocalAddress: anna@example.org
mailLocalAddress: info@example.org
userPassword: right
s2lEnabled: TRUE
uidNumber: 1001
gidNumber: 1002
homeDirectory: /var/vmail/anna
s2lMailStore: maildir:/var/vmail/anna
s2lQuotaBytes: 1048576

dn: uid=bert@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: bert@example.org
mail: bert@example.org
mailLocalAddress: bert@example.org
userPassword: right
s2lService: imap
s2lAllowNets: 192.0.2.0/24
s2lEnabled: TRUE
s2lForwardTo: x@elsewhere.example
s2lKeepCopy: TRUE

dn: uid=off@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: off@example.org
mailLocalAddress: off@example.org
userPassword: right
s2lEnabled: FALSE

dn: uid=odd@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: odd@example.org
mailLocalAddress: odd@example.org
userPassword: {CRAM-MD5}0123456789abcdef
s2lEnabled: TRUE

dn: uid=clear@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: clear@example.org
mailLocalAddress: clear@example.org
userPassword: {PLAIN}pencil
s2lEnabled: TRUE

dn: uid=gone@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: gone@example.org
mailLocalAddress: gone@example.org
userPassword: {CLEARTEXT}pencil
s2lEnabled: FALSE

dn: uid=stored@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: stored@example.org
mailLocalAddress: stored@example.org
userPassword: {SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,
 wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
s2lEnabled: TRUE

dn: cn=all@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAlias
cn: all@example.org
mailLocalAddress: all@example.org
rfc822MailMember: anna@example.org
rfc822MailMember: bert@example.org
s2lEnabled: TRUE

dn: cn=far-away@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAlias
cn: far-away@example.org
mailLocalAddress: far-away@example.org
rfc822MailMember: x@elsewhere.example
s2lEnabled: TRUE
)";

class serve_session : public testing::Test {
 protected:
  static std::string plain(const std::string& user, const std::string& password) {
    return codec::base64(std::string(1, '\0') + user + std::string(1, '\0') + password);
  }
  static std::string netstring(const std::string& text) { return std::to_string(text.size()) + ":" + text + ","; }
  session_client client(protocol which) { return {desk_, {.which = which}}; }
  // A client that has said who it is.
  std::unique_ptr<session_client> auth_client(const std::string& minor = "2") {
    auto out = std::make_unique<session_client>(desk_, serve::session_options{.which = protocol::auth_client});
    out->heard();
    out->feed("VERSION\t1\t" + minor + "\nCPID\t7\n");
    return out;
  }
  std::string login(const std::string& user, const std::string& password, const std::string& more = "service=imap") {
    return auth_client()->ask("AUTH\t1\tPLAIN\t" + more + "\tresp=" + plain(user, password) + "\n");
  }

  session_desk desk_{host};
};

TEST_F(serve_session, auth_greets_at_once_and_with_a_new_cookie_each_time) {
  session_client one(desk_, {.which = protocol::auth_client, .process = 5, .connection = 9});
  const std::string greeting = one.heard();
  EXPECT_THAT(greeting,
              StartsWith("VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t5\nCUID\t9\n"));
  EXPECT_THAT(greeting, EndsWith("\nDONE\n"));
  EXPECT_NE(session_client(desk_, {.which = protocol::auth_client, .process = 5, .connection = 9}).heard(), greeting);
}

TEST_F(serve_session, auth_right_wrong_and_unknown) {
  EXPECT_EQ(login("anna@example.org", "right"), "OK\t1\tuser=anna@example.org\n");
  EXPECT_EQ(login("INFO@example.org", "right"), "OK\t1\tuser=anna@example.org\toriginal_user=INFO@example.org\n");
  EXPECT_EQ(login("anna@example.org", "wrong"), "FAIL\t1\tuser=anna@example.org\n");
  EXPECT_EQ(login("nobody@example.org", "right"), "FAIL\t1\tuser=nobody@example.org\n");
  EXPECT_EQ(desk_.logins,
            "anna@example.org|imap||accepted|\nINFO@example.org|imap||accepted|\n"
            "anna@example.org|imap||wrong password|wrong password\n"
            "nobody@example.org|imap||wrong password|no such user\n");
}

TEST_F(serve_session, auth_login_mechanism_and_steps) {
  auto one = auth_client();
  EXPECT_EQ(one->ask("AUTH\t1\tLOGIN\tservice=imap\n"), "CONT\t1\tVXNlcm5hbWU6\n");
  EXPECT_EQ(one->ask("CONT\t1\t" + codec::base64("anna@example.org") + "\n"), "CONT\t1\tUGFzc3dvcmQ6\n");
  EXPECT_EQ(one->ask("CONT\t1\t" + codec::base64("right") + "\n"), "OK\t1\tuser=anna@example.org\n");
  EXPECT_EQ(one->ask("AUTH\t1\tPLAIN\tservice=imap\n"), "CONT\t1\t\n");
  EXPECT_EQ(one->ask("CONT\t1\t" + plain("anna@example.org", "right") + "\n"), "OK\t1\tuser=anna@example.org\n");
  EXPECT_FALSE(one->closed);
}

// A client of RFC 5802, as far as a test needs it.
std::string scram_proof(const std::string& challenge, const std::string& first_bare, const std::string& password) {
  namespace crypto = codec::detail;
  const auto part = [&](char name) {
    const auto at = ("," + challenge).find(std::string(",") + name + "=");
    return challenge.substr(at + 2, challenge.find(',', at) - at - 2);
  };
  const std::string final_bare = "c=biws,r=" + part('r');
  const std::string salted = crypto::pbkdf2("SHA256", password, codec::from_base64(part('s')).value(),
                                            static_cast<std::uint32_t>(std::stoul(part('i'))), 32);
  std::string key = crypto::hmac("SHA256", salted, "Client Key");
  const std::string signature =
      crypto::hmac("SHA256", crypto::digest_of("SHA256", key), first_bare + "," + challenge + "," + final_bare);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(key[i] ^ signature[i]);
  return final_bare + ",p=" + codec::base64(key);
}

class serve_scram : public serve_session {
 protected:
  serve_scram() { desk_.desk.scram = true; }
  // The challenge, or what was said in its place.
  std::string begin(session_client& client, const std::string& user) {
    first_ = "n=" + user + ",r=nonce";
    const std::string said =
        client.ask("AUTH\t1\tSCRAM-SHA-256\tservice=imap\tfinal-resp-ok\tresp=" + codec::base64("n,," + first_) + "\n");
    return said.starts_with("CONT\t1\t") ? codec::from_base64(said.substr(7, said.size() - 8)).value() : said;
  }
  std::string login(const std::string& user, const std::string& password) {
    const auto client = auth_client();
    const std::string challenge = begin(*client, user);
    if (!challenge.starts_with("r=nonce")) return challenge;
    return client->ask("CONT\t1\t" + codec::base64(scram_proof(challenge, first_, password)) + "\n");
  }

  std::string first_;
};

TEST_F(serve_scram, is_offered_where_it_is_wanted) {
  session_client one(desk_, {.which = protocol::auth_client});
  EXPECT_THAT(one.heard(), HasSubstr("MECH\tSCRAM-SHA-256\tmutual-auth\n"));
  desk_.desk.scram = false;
  session_client other(desk_, {.which = protocol::auth_client});
  EXPECT_THAT(other.heard(), Not(HasSubstr("SCRAM")));
}

TEST_F(serve_scram, right_wrong_unknown_and_off) {
  for (const char* user : {"clear@example.org", "stored@example.org"}) {
    EXPECT_THAT(login(user, "pencil"), AllOf(StartsWith(std::string("OK\t1\tuser=") + user), HasSubstr("\tresp=")));
    EXPECT_EQ(login(user, "wrong"), std::string("FAIL\t1\tuser=") + user + "\n");
  }
  EXPECT_EQ(login("nobody@example.org", "pencil"), "FAIL\t1\tuser=nobody@example.org\n");
  EXPECT_EQ(login("gone@example.org", "pencil"), "FAIL\t1\tuser=gone@example.org\tcode=user_disabled\n");
  EXPECT_EQ(login("gone@example.org", "wrong"), "FAIL\t1\tuser=gone@example.org\n");
  EXPECT_EQ(login("anna@example.org", "right"), "FAIL\t1\tuser=anna@example.org\tcode=temp_fail\n")
      << "what is stored is no good for SCRAM";
  EXPECT_THAT(desk_.logins, HasSubstr("clear@example.org|imap||accepted|"));
  EXPECT_THAT(desk_.logins, Not(HasSubstr("pencil")));
}

TEST_F(serve_scram, tells_by_no_salt_who_exists) {
  const auto salt = [&](const std::string& user) {
    const std::string challenge = begin(*auth_client(), user);
    const auto at = challenge.find(",s=");
    return challenge.substr(at);
  };
  for (const char* user : {"clear@example.org", "stored@example.org", "nobody@example.org", "anna@example.org"}) {
    EXPECT_EQ(salt(user), salt(user)) << user;
    EXPECT_EQ(salt(user).size(), salt("nobody@example.org").size()) << user;
  }
}

TEST_F(serve_scram, that_cannot_be_known_is_tried_later) {
  desk_.entries.broken = true;
  EXPECT_EQ(begin(*auth_client(), "clear@example.org"), "FAIL\t1\tuser=clear@example.org\tcode=temp_fail\n");
  desk_.entries.broken = false;
  desk_.hashing.room = 0;
  EXPECT_EQ(begin(*auth_client(), "clear@example.org"), "FAIL\t1\tuser=clear@example.org\tcode=temp_fail\n");
}

TEST_F(serve_scram, guesses_count_and_who_goes_away_is_forgotten) {
  for (int i = 0; i < 10; ++i) (void)login("clear@example.org", "wrong");
  EXPECT_EQ(begin(*auth_client(), "clear@example.org"), "FAIL\t1\tuser=clear@example.org\tcode=temp_fail\n");
  desk_.hashing.held = true;
  const auto client = auth_client();
  EXPECT_EQ(begin(*client, "stored@example.org"), "");
  client->feed("CANCEL\t1\n");
  auto other = auth_client();
  EXPECT_EQ(begin(*other, "stored@example.org"), "");
  other->go_away();
  desk_.hashing.work_all();
  EXPECT_EQ(client->heard() + other->heard(), "");
}

TEST_F(serve_session, auth_tells_what_is_off_only_to_who_knows_the_password) {
  EXPECT_EQ(login("off@example.org", "right"), "FAIL\t1\tuser=off@example.org\tcode=user_disabled\n");
  EXPECT_EQ(login("off@example.org", "wrong"), "FAIL\t1\tuser=off@example.org\n");
  EXPECT_EQ(login("bert@example.org", "right", "service=imap\trip=192.0.2.9"), "OK\t1\tuser=bert@example.org\n");
  EXPECT_EQ(login("bert@example.org", "right", "service=imap\trip=198.51.100.1"),
            "FAIL\t1\tuser=bert@example.org\tcode=authz_fail\n");
  EXPECT_EQ(login("bert@example.org", "right", "service=smtp\trip=192.0.2.9"),
            "FAIL\t1\tuser=bert@example.org\tcode=authz_fail\n");
  EXPECT_EQ(login("bert@example.org", "wrong", "service=smtp\trip=192.0.2.9"), "FAIL\t1\tuser=bert@example.org\n");
}

TEST_F(serve_session, auth_master_logins_and_odd_names_are_refused) {
  const std::string nul(1, '\0');
  EXPECT_EQ(auth_client()->ask("AUTH\t1\tPLAIN\tservice=imap\tresp=" +
                               codec::base64("other" + nul + "anna@example.org" + nul + "right") + "\n"),
            "FAIL\t1\tuser=anna@example.org\tcode=authz_fail\n");
  for (const char* name : {"anna@example.org\t", "anna@example.org\n", "", "anna@example.org\x01"})
    EXPECT_EQ(login(name, "right"), "FAIL\t1\n") << name;
  EXPECT_EQ(login("anna@example.org ", "right"), "FAIL\t1\tuser=anna@example.org \n");
  EXPECT_EQ(login("*", "right"), "FAIL\t1\tuser=*\n");
  EXPECT_EQ(login("anna@example.org", ""), "FAIL\t1\tuser=anna@example.org\n");
}

TEST_F(serve_session, auth_that_cannot_be_known_is_never_a_wrong_password) {
  EXPECT_EQ(login("odd@example.org", "right"), "FAIL\t1\tuser=odd@example.org\tcode=temp_fail\n");
  EXPECT_THAT(desk_.logins, HasSubstr("CRAM-MD5"));
  desk_.entries.broken = true;
  EXPECT_EQ(login("anna@example.org", "right"), "FAIL\t1\tuser=anna@example.org\tcode=temp_fail\n");
  auto exim = auth_client("0");
  EXPECT_EQ(exim->ask("AUTH\t1\tPLAIN\tservice=smtp\tresp=" + plain("anna@example.org", "right") + "\n"), "");
  EXPECT_TRUE(exim->closed);
  desk_.entries.broken = false;
  desk_.hashing.room = 0;
  EXPECT_EQ(login("anna@example.org", "right"), "FAIL\t1\tuser=anna@example.org\tcode=temp_fail\n");
  desk_.lookups.room = 0;
  EXPECT_EQ(login("anna@example.org", "right"), "FAIL\t1\tuser=anna@example.org\tcode=temp_fail\n");
}

TEST_F(serve_session, auth_forgets_what_is_broken_off) {
  auto one = auth_client();
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(one->ask("AUTH\t1\tLOGIN\tservice=imap\n"), StartsWith("CONT\t1\t"));
      ASSERT_THAT(one->ask("CONT\t1\t!\n"), HasSubstr("invalid_base64"));
      ASSERT_THAT(one->ask("AUTH\t1\tLOGIN\tservice=imap\nCONT\t1\t\nCONT\t1\tYQ==\nCANCEL\t1\n"), StartsWith("CONT"));
      desk_.log.clear();
    }
  };
  rounds(10);
  const std::size_t before = ::mallinfo2().uordblks;
  rounds(10'000);
  EXPECT_LT(::mallinfo2().uordblks, before + 100'000);
}

// However many come in one piece, and what is wrong behind them ends the connection after their answers.
TEST_F(serve_session, auth_answers_all_that_comes_in_one_piece) {
  auto one = auth_client();
  std::string asked;
  std::string expected;
  for (int i = 1; i <= 40; ++i) {
    const bool right = i % 3 != 0;
    asked += fmt::format("AUTH\t{}\tPLAIN\tservice=imap\tresp={}\n", i,
                         plain("anna@example.org", right ? "right" : "wrong"));
    expected += fmt::format("{}\t{}\tuser=anna@example.org\n", right ? "OK" : "FAIL", i);
  }
  EXPECT_EQ(one->ask(asked), expected);
  EXPECT_FALSE(one->closed);
  EXPECT_EQ(one->ask("AUTH\t41\tPLAIN\tservice=imap\tresp=" + plain("anna@example.org", "right") +
                     "\nAUTH\t42\tPLAIN\tservice=imap\tresp=AA==\tmore=1\n"),
            "OK\t41\tuser=anna@example.org\n");
  EXPECT_TRUE(one->closed);
}

TEST_F(serve_session, auth_requests_go_on_side_by_side) {
  desk_.hashing.held = true;
  auto one = auth_client();
  EXPECT_EQ(one->ask("AUTH\t1\tPLAIN\tservice=imap\tresp=" + plain("anna@example.org", "right") + "\n" +
                     "AUTH\t2\tPLAIN\tservice=imap\tresp=" + plain("anna@example.org", "wrong") + "\n"),
            "");
  EXPECT_TRUE(one->takes_bytes);
  EXPECT_EQ(desk_.hashing.waiting(), 2U);
  one->feed("CANCEL\t1\n");
  desk_.hashing.work_all();
  EXPECT_EQ(one->heard(), "FAIL\t2\tuser=anna@example.org\n");
}

TEST_F(serve_session, auth_takes_no_more_requests_than_may_be_verified_at_once_and_the_others_afterwards) {
  desk_.hashing.held = true;
  std::string asked;
  std::vector<std::string> expected;
  for (std::size_t i = 1; i <= 3 * limits::auth_requests_max; ++i) {
    asked += fmt::format("AUTH\t{}\tPLAIN\tservice=imap\tresp={}\n", i, plain("anna@example.org", "right"));
    expected.push_back(fmt::format("OK\t{}\tuser=anna@example.org", i));
  }
  const auto one = auth_client();
  EXPECT_EQ(one->ask(asked), "");
  EXPECT_FALSE(one->takes_bytes);
  EXPECT_EQ(desk_.hashing.waiting(), limits::auth_requests_max);
  desk_.hashing.held = false;  // from now on they are answered at once
  desk_.hashing.work_all();
  std::istringstream heard(one->heard());
  std::vector<std::string> lines;
  for (std::string line; std::getline(heard, line);) lines.push_back(line);
  EXPECT_THAT(lines, UnorderedElementsAreArray(expected));
  EXPECT_TRUE(one->takes_bytes);
  EXPECT_FALSE(one->closed);
}

TEST_F(serve_scram, takes_no_more_requests_than_may_be_looked_up_at_once_and_the_others_afterwards) {
  desk_.lookups.held = true;
  std::string asked;
  for (std::size_t i = 1; i <= 2 * limits::auth_requests_max; ++i)
    asked += fmt::format("AUTH\t{}\tSCRAM-SHA-256\tservice=imap\tresp={}\n", i,
                         codec::base64("n,,n=stored@example.org,r=abc"));
  const auto one = auth_client();
  EXPECT_EQ(one->ask(asked), "");
  EXPECT_EQ(desk_.lookups.waiting(), limits::auth_requests_max);
  desk_.lookups.work_all();
  EXPECT_TRUE(one->takes_bytes);
  EXPECT_THAT(one->heard(), HasSubstr(fmt::format("CONT\t{}\t", 2 * limits::auth_requests_max)));
  EXPECT_FALSE(one->closed);
}

TEST_F(serve_session, auth_tells_what_is_no_success_at_a_moment_of_its_own) {
  std::vector<std::chrono::milliseconds> waits;
  std::vector<std::function<void()>> later;
  desk_.desk.after = [&](std::chrono::milliseconds wait, std::function<void()> what) {
    waits.push_back(wait);
    later.push_back(std::move(what));
  };
  EXPECT_EQ(login("anna@example.org", "right"), "OK\t1\tuser=anna@example.org\n");
  EXPECT_EQ(login("nobody@example.org", "right", "service=imap\tno-penalty"), "FAIL\t1\tuser=nobody@example.org\n");
  EXPECT_TRUE(waits.empty());
  desk_.hashing.held = true;
  for (const char* name : {"anna@example.org", "nobody@example.org"}) {
    auto one = auth_client();
    EXPECT_EQ(one->ask("AUTH\t1\tPLAIN\tservice=imap\tresp=" + plain(name, "wrong") + "\n"), "");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    desk_.hashing.work_all();
    ASSERT_EQ(waits.size(), 1U);
    EXPECT_LE(waits[0], limits::wrong_password_delay - std::chrono::milliseconds(20)) << "counted from the question on";
    EXPECT_GT(waits[0], std::chrono::milliseconds(0));
    later[0]();
    EXPECT_EQ(one->heard(), std::string("FAIL\t1\tuser=") + name + "\n");
    waits.clear();
    later.clear();
  }
}

TEST_F(serve_session, auth_waits_with_all_answers_for_a_login_that_is_guessed_from_everywhere) {
  std::chrono::milliseconds waited{0};
  desk_.desk.after = [&](std::chrono::milliseconds wait, const std::function<void()>& what) {
    waited = wait;
    what();
  };
  for (int i = 0; i < 100; ++i) desk_.guesses.wrong({"anna@example.org", "anna@example.org", {}});
  EXPECT_EQ(login("anna@example.org", "right", "service=imap\trip=192.0.2.1"), "OK\t1\tuser=anna@example.org\n");
  EXPECT_GT(waited, limits::wrong_password_delay);
}

TEST_F(serve_session, a_client_that_went_away_hears_nothing) {
  desk_.hashing.held = true;
  desk_.lookups.held = true;
  auto one = auth_client();
  one->feed("AUTH\t1\tPLAIN\tservice=imap\tresp=" + plain("anna@example.org", "right") + "\n");
  auto two = client(protocol::socketmap);
  two.feed(netstring("domains example.org"));
  one->go_away();
  two.go_away();
  desk_.lookups.work_all();
  desk_.hashing.work_all();
  EXPECT_EQ(one->heard() + two.heard(), "");
  EXPECT_EQ(desk_.lookups.worked + desk_.hashing.worked, 0U) << "and nobody works for it";
}

TEST_F(serve_session, auth_guessing_is_slowed_down_for_the_guesser_alone) {
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(login("anna@example.org", "wrong", "service=imap\trip=192.0.2.66"), "FAIL\t1\tuser=anna@example.org\n");
  EXPECT_EQ(login("anna@example.org", "right", "service=imap\trip=192.0.2.66"),
            "FAIL\t1\tuser=anna@example.org\tcode=temp_fail\n");
  EXPECT_EQ(login("anna@example.org", "right", "service=imap\trip=192.0.2.1"), "OK\t1\tuser=anna@example.org\n");
  EXPECT_THAT(desk_.logins, Not(HasSubstr("right")));
}

TEST_F(serve_session, userdb_found_not_found_and_try_later) {
  auto one = client(protocol::auth_userdb);
  EXPECT_EQ(one.heard(), "VERSION\t1\t1\nSPID\t1\n");
  EXPECT_EQ(one.ask("VERSION\t1\t0\nUSER\t1\tinfo@example.org\tservice=lda\n"),
            "USER\t1\tanna@example.org\tuid=1001\tgid=1002\thome=/var/vmail/anna\tmail=maildir:/var/vmail/anna\t"
            "quota_rule=*:bytes=1048576\n");
  EXPECT_EQ(one.ask("USER\t2\tnobody@example.org\tservice=lda\nUSER\t3\toff@example.org\tservice=lda\n"),
            "NOTFOUND\t2\nNOTFOUND\t3\n");
  EXPECT_EQ(one.ask("PASS\t4\tanna@example.org\tservice=imap\n"), "PASS\t4\tuser=anna@example.org\n");
  EXPECT_EQ(one.ask("PASS\t5\tbert@example.org\tservice=imap\n"),
            "PASS\t5\tuser=bert@example.org\tallow_nets=192.0.2.0/24\n");
  EXPECT_EQ(one.ask("PASS\t6\tbert@example.org\tservice=smtp\nPASS\t7\toff@example.org\tservice=imap\n"),
            "NOTFOUND\t6\nNOTFOUND\t7\n");
  EXPECT_EQ(one.ask("LIST\t8\tservice=doveadm\n"),
            "LIST\t8\tanna@example.org\nLIST\t8\tbert@example.org\nLIST\t8\todd@example.org\n"
            "LIST\t8\tclear@example.org\nLIST\t8\tstored@example.org\nDONE\t8\t\n");
  EXPECT_EQ(one.ask("CACHE-FLUSH\t9\n"), "OK\t9\t0\n");
  desk_.entries.broken = true;
  EXPECT_EQ(one.ask("USER\t10\tanna@example.org\tservice=lda\n"), "FAIL\t10\treason=try again later\n");
  EXPECT_EQ(one.ask("LIST\t11\tservice=doveadm\n"), "DONE\t11\tfail\n");
  EXPECT_THAT(desk_.log, HasSubstr("LOOKUP_FAILED the directory is away"));
  session_client new_one(desk_, {.which = protocol::auth_userdb, .dovecot_24 = true});
  desk_.entries.broken = false;
  EXPECT_THAT(new_one.ask("VERSION\t1\t3\nUSER\t1\tanna@example.org\tprotocol=lmtp\n"),
              EndsWith("mail_driver=maildir\tmail_path=/var/vmail/anna\tquota_storage_size=1048576B\n"));
}

TEST_F(serve_session, dict_found_not_found_and_try_later) {
  auto one = client(protocol::dict);
  EXPECT_EQ(one.heard(), "");
  EXPECT_EQ(one.ask("H3\t2\t0\t\tsql2ldap\nLshared/passdb/info@example.org\tinfo@example.org\n"),
            "O{\"password\":\"{PLAIN}right\",\"user\":\"anna@example.org\"}\n");
  EXPECT_THAT(one.ask("Lshared/userdb/anna@example.org\tanna@example.org\n"),
              StartsWith("O{\"gid\":\"1002\",\"home\":\"/var/vmail/anna\","));
  EXPECT_EQ(one.ask("Lshared/userdb/nobody@example.org\tx\nLshared/passdb/off@example.org\tx\n"
                    "Lshared/passdb/bert@example.org\tx\nLshared/other/anna@example.org\tx\n"),
            "N\nN\nN\nN\n");
  const std::string rows = one.ask("I8\t2\tshared/userdb/\t*\n");
  EXPECT_EQ(rows, "Oshared/userdb/anna@example.org\t\nOshared/userdb/bert@example.org\t\n\n");
  EXPECT_EQ(one.ask("I0\t0\tshared/passdb/\t*\n"), "\n");
  desk_.entries.load(
      "dn: uid=astray@example.org,associatedDomain=example.org,dc=org\nobjectClass: s2lMailAccount\n"
      "uid: astray@example.org\nmailLocalAddress: astray@example.org\ns2lEnabled: TRUE\nhomeDirectory: /a/../b\n");
  EXPECT_EQ(one.ask("Lshared/userdb/astray@example.org\tx\n"), "Ftry again later\n");
  const std::string values = one.ask("I0\t0\tshared/userdb/\t*\n");
  EXPECT_THAT(values, AllOf(HasSubstr("Oshared/userdb/anna@example.org\t{\"gid\""),
                            HasSubstr("Oshared/userdb/astray@example.org\t{}\n"), EndsWith("\n\n")))
      << "one that cannot be read keeps nobody else out of the list";
  desk_.entries.broken = true;
  EXPECT_EQ(one.ask("Lshared/userdb/anna@example.org\tanna@example.org\n"), "Ftry again later\n");
}

// An account with these lines about passwords, asked for by dict.
std::string dict_password(const std::string& lines) {
  session_desk desk(
      host +
      "\ndn: uid=x@example.org,dc=org\nobjectClass: s2lMailAccount\nuid: x@example.org\nmailLocalAddress: "
      "x@example.org\n" +
      lines);
  session_client one(desk, {.which = protocol::dict});
  return one.ask("H3\t2\t0\t\tx\nLshared/passdb/x@example.org\tx\n");
}

TEST_F(serve_session, dict_tells_a_password_as_dovecot_has_it_or_to_try_later) {
  const std::string on = "s2lEnabled: TRUE\n";
  EXPECT_EQ(dict_password(on + "userPassword: secret\n"), "O{\"password\":\"{PLAIN}secret\"}\n");
  EXPECT_EQ(dict_password(on + "userPassword: {CRYPT}$6$salt$hash\n"), "O{\"password\":\"{CRYPT}$6$salt$hash\"}\n");
  EXPECT_EQ(dict_password(on + "userPassword: {APR1}x\nuserPassword: {CRYPT}$6$salt$hash\n"),
            "O{\"password\":\"{CRYPT}$6$salt$hash\"}\n")
      << "the first that it can verify";
  EXPECT_EQ(dict_password(on + "userPassword: {APR1}x\n"), "Ftry again later\n");
  EXPECT_EQ(dict_password(on), "Ftry again later\n") << "none can be seen";
  EXPECT_EQ(dict_password(on + "s2lLoginEnabled: FALSE\n"), "N\n");
  EXPECT_EQ(dict_password("s2lEnabled: FALSE\n"), "N\n");
}

TEST_F(serve_session, a_row_that_is_too_long_fails_the_whole_list) {
  session_desk desk(
      host +
      "\ndn: uid=x@example.org,dc=org\nobjectClass: s2lMailAccount\nuid: x@example.org\nmailLocalAddress: "
      "x@example.org\ns2lEnabled: TRUE\nhomeDirectory: /" +
      std::string(limits::dict_reply_bytes_max, 'x') + "\n");
  session_client one(desk, {.which = protocol::dict});
  EXPECT_THAT(one.ask("H3\t2\t0\t\tx\nI0\t0\tshared/userdb/\t*\n"), testing::MatchesRegex("F[^\n]*\n"));
}

TEST_F(serve_session, dict_tells_only_what_its_socket_is_for) {
  const std::string hello = "H3\t2\t0\t\tx\n";
  const auto ask = [&](const char* keys, const std::string& line) {
    session_client one(desk_, {.which = protocol::dict, .keys = *serve::dict_keys_of(keys)});
    return one.ask(hello + line + "\n").substr(0, 1);
  };
  for (const std::string& line :
       {std::string("Lshared/passdb/anna@example.org\tx"), std::string("Lshared/userdb/anna@example.org\tx"),
        std::string("I8\t0\tshared/userdb/\t*")})
    EXPECT_EQ(ask("sieve", line), "F") << line;
  EXPECT_EQ(ask("sieve", "Lpriv/sieve/name/active\tbert@example.org"), "O");
  EXPECT_EQ(ask("userdb+passdb", "Lshared/passdb/anna@example.org\tx"), "O");
  EXPECT_EQ(ask("userdb+passdb", "Lshared/userdb/anna@example.org\tx"), "O");
  EXPECT_EQ(ask("userdb+passdb", "Lpriv/sieve/name/active\tbert@example.org"), "F");
  EXPECT_FALSE(serve::dict_keys_of("") || serve::dict_keys_of("all") || serve::dict_keys_of("sieve+"));
}

TEST_F(serve_session, dict_gives_scripts_by_an_id_that_is_theirs) {
  auto one = client(protocol::dict);
  one.feed("H3\t2\t0\t\tsieve\n");
  const std::string id = one.ask("Lpriv/sieve/name/active\tbert@example.org\n");
  ASSERT_THAT(id, StartsWith("O"));
  EXPECT_THAT(one.ask("Lpriv/sieve/data/" + id.substr(1, id.size() - 2) + "\tbert@example.org\n"),
              HasSubstr("redirect :copy"));
  EXPECT_EQ(one.ask("Lpriv/sieve/name/active\tanna@example.org\n"), "N\n");
  desk_.entries.broken = true;
  EXPECT_EQ(one.ask("Lpriv/sieve/name/active\tanna@example.org\n"), "Ftry again later\n");
}

TEST_F(serve_session, dict_always_has_a_script_for_dovecot_24) {
  session_client one(desk_, {.which = protocol::dict, .dovecot_24 = true});
  one.feed("H4\t0\t0\t\tsieve\n");
  EXPECT_EQ(one.ask("Lpriv/sieve/name/active\tanna@example.org\n"), "Onone\n");
  EXPECT_EQ(one.ask("Lpriv/sieve/data/none\tanna@example.org\n"), "O# nothing to do\001n\n");
  EXPECT_THAT(one.ask("Lpriv/sieve/data/x\tbert@example.org\n"), HasSubstr("redirect :copy"));
  desk_.entries.broken = true;
  EXPECT_EQ(one.ask("Lpriv/sieve/name/active\tanna@example.org\n"), "Ftry again later\n");
}

TEST_F(serve_session, a_dict_for_sieve_alone_tells_nothing_of_users) {
  session_client one(desk_, {.which = protocol::dict, .keys = {.passdb = false, .userdb = false, .sieve = true}});
  one.feed("H3\t2\t0\t\tsieve\n");
  EXPECT_THAT(one.ask("Lpriv/sieve/name/active\tbert@example.org\n"), StartsWith("O"));
  EXPECT_EQ(one.ask("Lshared/passdb/anna@example.org\tanna@example.org\n"), "Ftry again later\n");
  EXPECT_EQ(one.ask("Lshared/userdb/anna@example.org\tanna@example.org\n"), "Ftry again later\n");
  EXPECT_THAT(one.ask("I8\t0\tshared/userdb/\t*\n"), StartsWith("F"));
  EXPECT_THAT(desk_.log, HasSubstr("is asked for on a socket that is not for it"));
}

TEST_F(serve_session, socketmap_has_a_map_for_each_question) {
  auto one = client(protocol::socketmap);
  const auto ask = [&](const std::string& text) {
    const std::string said = one.ask(netstring(text));
    return said.substr(said.find(':') + 1);
  };
  EXPECT_EQ(ask("domains EXAMPLE.org"), "OK example.org,");
  EXPECT_EQ(ask("domains far.example"), "NOTFOUND ,");
  EXPECT_EQ(ask("relay-domains far.example"), "OK far.example,");
  EXPECT_EQ(ask("transports far.example"), "OK relay:[mx.far.example],");
  EXPECT_EQ(ask("aliases all@example.org"), "OK anna@example.org, bert@example.org,");
  EXPECT_EQ(ask("aliases bert@example.org"), "OK x@elsewhere.example, bert@example.org,");
  EXPECT_EQ(ask("aliases anna@example.org"), "NOTFOUND ,");
  EXPECT_EQ(ask("mailboxes info@example.org"), "OK anna@example.org,");
  EXPECT_EQ(ask("mailboxes bert@example.org"), "OK bert@example.org,");
  EXPECT_EQ(ask("mailboxes all@example.org"), "NOTFOUND ,");
  EXPECT_EQ(ask("logins info@example.org"), "OK anna@example.org,");
  EXPECT_EQ(ask("logins off@example.org"), "OK off@example.org,") << "nobody else may send as them";
  EXPECT_EQ(ask("logins all@example.org"), "OK anna@example.org, bert@example.org,");
  EXPECT_EQ(ask("logins far-away@example.org"), "OK far-away@example.org,") << "which is nobody's login";
  EXPECT_EQ(ask("logins nobody@example.org"), "NOTFOUND ,");
  desk_.entries.load(
      "dn: uid=info@example.org,dc=org\nobjectClass: s2lMailAccount\nuid: info@example.org\ns2lEnabled: TRUE\n");
  EXPECT_THAT(ask("logins info@example.org"), StartsWith("TEMP ")) << "the login of one, and another's address";
  EXPECT_EQ(ask("logins x@far.example"), "NOTFOUND ,");
  EXPECT_THAT(ask("other anna@example.org"), StartsWith("PERM "));
  desk_.entries.broken = true;
  EXPECT_EQ(ask("domains example.org"), "TEMP try again later,");
  EXPECT_FALSE(one.closed);
}

TEST_F(serve_session, answers_come_in_the_order_of_the_questions_and_one_at_a_time) {
  desk_.lookups.held = true;
  auto one = client(protocol::socketmap);
  one.feed(netstring("domains example.org") + netstring("domains nowhere.example"));
  EXPECT_FALSE(one.takes_bytes);
  EXPECT_EQ(desk_.lookups.waiting(), 1U);
  one.end();
  desk_.lookups.work_all();
  EXPECT_EQ(one.heard(), netstring("OK example.org") + netstring("NOTFOUND "));
  EXPECT_TRUE(one.closed);
}

TEST_F(serve_session, many_questions_at_once_need_no_stack) {
  std::string questions;
  for (int i = 0; i < 2000; ++i) questions += netstring("domains example.org");
  auto one = client(protocol::socketmap);
  EXPECT_EQ(one.ask(questions).size(), 2000 * netstring("OK example.org").size());
}

TEST_F(serve_session, tcp_table_answers_from_its_one_map) {
  session_client one(desk_, {.which = protocol::tcp_table, .map = serve::postfix_map::domains});
  EXPECT_EQ(one.ask("get example.org\nget nowhere.example\n"), "200 example.org\n500 not%20found\n");
  desk_.entries.broken = true;
  EXPECT_THAT(one.ask("get example.org\n"), StartsWith("400 "));
}

TEST_F(serve_session, query_answers_one_question) {
  const auto ask = [&](const std::string& text) {
    auto one = client(protocol::query);
    const std::string said = one.ask(text + "\n");
    EXPECT_TRUE(one.closed);
    return said;
  };
  EXPECT_EQ(ask("domain example.org"), "yes local\n");
  EXPECT_EQ(ask("domain far.example"), "yes relay [mx.far.example]\n");
  EXPECT_EQ(ask("domain farther.example"), "yes relay\n");
  EXPECT_EQ(ask("domain nowhere.example"), "no\n");
  EXPECT_EQ(ask("alias all@example.org"), "yes anna@example.org, bert@example.org\n");
  EXPECT_EQ(ask("alias anna@example.org"), "no\n");
  EXPECT_EQ(ask("user info@example.org"), "yes anna@example.org\n");
  EXPECT_EQ(ask("user off@example.org"), "no\n");
  EXPECT_THAT(ask("what"), StartsWith("defer "));
  desk_.entries.broken = true;
  EXPECT_EQ(ask("user anna@example.org"), "defer try again later\n");
  auto ended = client(protocol::query);
  desk_.entries.broken = false;
  ended.feed("user anna@example.org");
  EXPECT_EQ(ended.heard(), "");
  ended.end();
  EXPECT_EQ(ended.heard(), "yes anna@example.org\n");
}

TEST_F(serve_session, what_is_said_byte_by_byte_is_the_same) {
  auto one = client(protocol::auth_userdb);
  one.heard();
  for (const char byte : std::string("VERSION\t1\t0\nUSER\t1\tnobody@example.org\tservice=lda\n")) one.feed({&byte, 1});
  EXPECT_EQ(one.heard(), "NOTFOUND\t1\n");
}

}  // namespace
}  // namespace sql2ldap::test
