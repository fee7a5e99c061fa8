// `sql2ldap lookup`: what servers are told, for people.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <support/temp_dir.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class lookup : public testing::Test {
 protected:
  lookup() : host_(small_host, quick_slapd()) {
    host_.tables.execute(
        "UPDATE mailbox SET password = '{SSHA}l3Z4FFILn/S9O9vusP5KQzABlPdnZ8NU' WHERE username = "
        "'user0@domain0.example'; UPDATE alias SET goto = 'user0@domain0.example,x@elsewhere.example' WHERE address = "
        "'user0@domain0.example'; UPDATE mailbox SET active = 0 WHERE username = 'user1@domain1.example';");
    const captured migrated = host_.sql2ldap("migrate");
    EXPECT_EQ(migrated.status, done) << migrated.out << migrated.err;
  }
  captured ask(const std::string& what, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        S2L_BINARY_DIR "/tools/sql2ldap", "lookup", what, "--directory", host_.slapd.ldapi(), "--base",
        std::string(slapd_server::suffix)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_and_capture({.arguments = arguments});
  }

  mail_host_sides host_;
};

TEST_F(lookup, answers_each_question) {
  const captured user = ask("user", {"USER0@domain0.example"});
  EXPECT_EQ(user.status, done) << user.err;
  EXPECT_THAT(user.out, HasSubstr("user user0@domain0.example\ndovecot 2.3\n"));
  EXPECT_THAT(user.out, HasSubstr("dovecot 2.4\n"));
  EXPECT_THAT(user.out, HasSubstr("home"));
  const captured pass = ask("pass", {"user0@domain0.example", "--service", "imap", "--from", "192.0.2.1"});
  EXPECT_EQ(pass.status, done) << pass.err;
  EXPECT_THAT(pass.out, HasSubstr("login allowed\npassword SSHA\n"));
  const captured alias = ask("alias", {"user0@domain0.example"});
  EXPECT_EQ(alias.status, done);
  EXPECT_EQ(alias.out, "redirect\nto x@elsewhere.example\nmailbox of user0@domain0.example\n");
  const captured domain = ask("domain", {"domain0.example"});
  EXPECT_EQ(domain.status, done);
  EXPECT_EQ(domain.out, "local\n");
  const captured sieve = ask("sieve", {"user0@domain0.example"});
  EXPECT_EQ(sieve.status, done);
  EXPECT_THAT(sieve.out, HasSubstr("redirect :copy \"x@elsewhere.example\";\n"));
}

TEST_F(lookup, shows_no_hash_unasked) {
  for (const char* what : {"user", "pass", "alias", "sieve"})
    for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--json"}}) {
      std::vector<std::string> arguments = {"user0@domain0.example"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const captured said = ask(what, arguments);
      EXPECT_EQ(said.status, done) << what;
      EXPECT_THAT(said.out + said.err, Not(HasSubstr("l3Z4FFILn"))) << what;
    }
  EXPECT_THAT(ask("pass", {"user0@domain0.example", "--show-secrets"}).out, HasSubstr("{SSHA}l3Z4FFILn"));
}

TEST_F(lookup, takes_the_separators_of_the_settings_file) {
  const temp_dir folder;
  std::ofstream(folder / "sql2ldap.toml") << "separators = \"-\"\n";
  const auto alias = [&](const std::string& address) {
    return ask("alias", {address, "--config", (folder / "sql2ldap.toml").string()}).out;
  };
  EXPECT_THAT(alias("user0-list@domain0.example"), HasSubstr("mailbox of user0@domain0.example\n"));
  EXPECT_THAT(alias("user0+list@domain0.example"), Not(HasSubstr("mailbox of user0@")));
}

TEST_F(lookup, tells_what_is_not_there) {
  EXPECT_EQ(ask("user", {"nobody@domain0.example"}).status, differences);
  EXPECT_EQ(ask("pass", {"nobody@domain0.example"}).out, "no such user\n");
  const captured off = ask("pass", {"user1@domain1.example"});
  EXPECT_EQ(off.status, differences);
  EXPECT_THAT(off.out, HasSubstr("login disabled\n"));
  EXPECT_EQ(ask("user", {"user1@domain1.example"}).status, differences);
  const captured elsewhere = ask("alias", {"x@elsewhere.example"});
  EXPECT_EQ(elsewhere.status, differences);
  EXPECT_EQ(elsewhere.out, "not ours\n");
  EXPECT_EQ(ask("domain", {"elsewhere.example"}).status, differences);
  EXPECT_EQ(ask("sieve", {"user2@domain2.example"}).out, "nothing to do\n");
  EXPECT_FALSE(json::parse(ask("user", {"nobody@domain0.example", "--json"}).out)["found"].get<bool>());
}

TEST_F(lookup, tells_why_nobody_can_log_in) {
  const std::string dn = "dn: " + account_dn("user0", "domain0.example");
  host_.slapd.modify(dn + "\nchangetype: modify\nadd: s2lService\ns2lService: imap\ns2lService: smtp\n");
  const captured unnamed = ask("pass", {"user0@domain0.example"});
  EXPECT_EQ(unnamed.status, done) << unnamed.out;
  EXPECT_THAT(unnamed.out, HasSubstr("login allowed for imap, smtp (no --service was named)\n"));
  EXPECT_THAT(ask("pass", {"user0@domain0.example", "--service", "pop3"}).out,
              HasSubstr("login not for this service\n"));
  host_.slapd.modify(dn +
                     "\nchangetype: modify\nreplace: userPassword\n"
                     "userPassword: {CRYPT}$6$rounds=999999999$saltsalt$x\n");
  EXPECT_THAT(ask("pass", {"user0@domain0.example"}).out,
              HasSubstr("password CRYPT/$6$, which sql2ldap-authd does not verify: it would take some"));
  host_.slapd.modify(dn + "\nchangetype: modify\ndelete: userPassword\n");
  const captured none = ask("pass", {"user0@domain0.example", "--service", "imap"});
  EXPECT_EQ(none.status, differences);
  EXPECT_THAT(none.out, HasSubstr("no password is stored: nobody can log in\n"));
  EXPECT_EQ(json::parse(ask("pass", {"user0@domain0.example", "--json"}).out)["login"], "no password");
}

TEST_F(lookup, is_json_when_asked) {
  const json user = json::parse(ask("user", {"user0@domain0.example", "--json"}).out);
  EXPECT_EQ(user["user"], "user0@domain0.example");
  EXPECT_TRUE(user["dovecot_2.3"].contains("home"));
  const json alias = json::parse(ask("alias", {"user0@domain0.example", "--json"}).out);
  EXPECT_EQ(alias["targets"], json::array({"x@elsewhere.example"}));
  EXPECT_EQ(alias["keep_copy"], true);
  EXPECT_EQ(json::parse(ask("pass", {"user0@domain0.example", "--json"}).out)["passwords"], json::array({"SSHA"}));
  EXPECT_EQ(json::parse(ask("sieve", {"user0@domain0.example", "--json"}).out)["id"].get<std::string>().size(), 32U);
}

TEST_F(lookup, try_later_when_it_cannot_be_known) {
  // Two accounts with one address, made behind our back.
  host_.slapd.modify("dn: " + account_dn("user2", "domain2.example") +
                     "\nchangetype: modify\nadd: mailLocalAddress\nmailLocalAddress: user0@domain0.example\n");
  const captured twice = ask("user", {"user0@domain0.example"});
  EXPECT_EQ(twice.status, try_later);
  EXPECT_THAT(twice.err, HasSubstr("two entries"));
  host_.slapd.stop();
  EXPECT_EQ(ask("user", {"user0@domain0.example"}).status, try_later);
  EXPECT_EQ(ask("domain", {"elsewhere.example"}).status, try_later);
  EXPECT_EQ(ask("user", {}).status, wrong_usage);
}

}  // namespace
}  // namespace sql2ldap::test
