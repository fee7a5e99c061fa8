// `plan` and what follows it: the program itself, or OpenLDAP's own ldapmodify, applies it.
#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
using testing::HasSubstr;

class plan : public testing::Test {
 protected:
  // Adds, changes and deletes, an entry that makes way for another of the same name among them,
  // with clear-text and hashed passwords.
  void change_the_tables() const {
    sides_.tables.execute(
        "UPDATE mailbox SET name = 'Somebody Else' WHERE username = 'user1@domain1.example';"
        "UPDATE mailbox SET password = '{SSHA}b7Fp3Ut1ZD9pAYFDGqzBbIzYf5ZzYWx0' "
        "  WHERE username = 'user2@domain2.example';"
        "UPDATE mailbox SET username = 'USER3@domain0.example' WHERE username = 'user3@domain0.example';"
        "UPDATE alias SET address = 'USER3@domain0.example' WHERE address = 'user3@domain0.example';"
        "DELETE FROM mailbox WHERE username = 'user4@domain1.example';"
        "DELETE FROM alias WHERE address = 'user4@domain1.example';"
        "INSERT INTO mailbox (username, password, name, maildir, quota, domain, local_part, active) VALUES "
        "  ('new@domain1.example', '{PLAIN}offen', 'Neu', 'domain1.example/new/', 0, 'domain1.example', 'new', 1);");
  }
  void expect_in_step() const {
    const captured verified = sides_.sql2ldap("verify");
    EXPECT_EQ(verified.status, done) << verified.out << verified.err;
    EXPECT_THAT(verified.out, HasSubstr("verify: 0 differences"));
  }
  [[nodiscard]] std::string plan_file(const std::string& flags = "") const {
    std::string file = folder_ / "plan.ldif";
    const captured made = sides_.sql2ldap("plan " + flags, {"--output", file});
    EXPECT_EQ(made.status, differences) << made.err;
    return file;
  }
  // Nothing is written when a plan is refused.
  void expect_refused(const std::string& file, const std::string& message) const {
    const std::string before = sides_.slapd.slapcat();
    const captured run = sides_.sql2ldap("migrate", {"--plan", file});
    EXPECT_EQ(run.status, differences) << run.out << run.err;
    EXPECT_THAT(run.err, HasSubstr(message));
    EXPECT_THAT(run.err, HasSubstr("make the plan again"));
    EXPECT_EQ(sides_.slapd.slapcat(), before);
  }

  temp_dir folder_;
  mail_host_sides sides_;
};

TEST_F(plan, applied_by_ldapmodify_brings_both_sides_in_step) {
  const captured first = sides_.sql2ldap("plan --show-secrets");
  EXPECT_EQ(first.status, differences) << first.err;
  sides_.slapd.modify(first.out);
  expect_in_step();

  change_the_tables();
  const captured second = sides_.sql2ldap("plan --show-secrets");
  EXPECT_EQ(second.status, differences) << second.err;
  EXPECT_THAT(second.err, HasSubstr("1 to add, 3 to change, 1 to delete"));
  sides_.slapd.modify(second.out);
  expect_in_step();

  const captured last = sides_.sql2ldap("plan");
  EXPECT_EQ(last.status, done) << last.out << last.err;
}

TEST_F(plan, without_passwords_lets_nobody_in) {
  const captured made = sides_.sql2ldap("plan");
  EXPECT_EQ(made.status, differences) << made.err;
  sides_.slapd.modify(made.out);
  std::smatch digest;
  const std::string dn = account_dn("user1", "domain1.example");
  const std::string record = made.out.substr(made.out.find("dn: " + dn));
  ASSERT_TRUE(std::regex_search(record, digest, std::regex(R"(userPassword: (\{REDACTED\}[0-9a-f]+))")));
  for (const std::string& password : {digest[1].str(), std::string(sample_password)}) {
    const captured bound =
        run_and_capture({.arguments = {"ldapwhoami", "-x", "-D", dn, "-w", password, "-H", sides_.slapd.ldapi()}});
    EXPECT_EQ(bound.status, 49) << bound.out << bound.err;
  }
  const captured verified = sides_.sql2ldap("verify");
  EXPECT_EQ(verified.status, differences);
  EXPECT_THAT(verified.out, HasSubstr("verify: 60 differences"));
}

TEST_F(plan, is_applied_by_migrate_to_the_letter) {
  for (const char* flags : {"", "--show-secrets"}) {
    sides_.tables.execute("UPDATE domain SET description = '" + std::string(flags) + " plan'");
    const std::string file = plan_file(flags);
    const captured applied = sides_.sql2ldap("migrate", {"--plan", file});
    EXPECT_EQ(applied.status, done) << applied.out << applied.err;
    expect_in_step();
  }
  change_the_tables();
  const captured applied = sides_.sql2ldap("migrate", {"--plan", plan_file()});
  EXPECT_EQ(applied.status, done) << applied.out << applied.err;
  expect_in_step();
}

// A clear-text password gets a fresh salt each time; the plan's own is what is written.
TEST_F(plan, with_passwords_gives_the_hash_that_is_written) {
  change_the_tables();
  const std::string file = plan_file("--show-secrets");
  const std::string text = read_file(file);
  const std::string record = text.substr(text.find("dn: " + account_dn("new", "domain1.example")));
  std::smatch hash;
  ASSERT_TRUE(std::regex_search(record, hash, std::regex(R"(\nuserPassword: (\{CRYPT\}\S+)\n)")));
  const captured applied = sides_.sql2ldap("migrate", {"--plan", file});
  EXPECT_EQ(applied.status, done) << applied.err;
  const captured found =
      run_and_capture({.arguments = {"ldapsearch", "-Q", "-LLL", "-o", "ldif-wrap=no", "-Y", "EXTERNAL", "-H",
                                     sides_.slapd.ldapi(), "-b", account_dn("new", "domain1.example"), "-s", "base",
                                     "(userPassword=" + hash[1].str() + ")", "1.1"}});
  EXPECT_THAT(found.out, HasSubstr("dn: ")) << found.err;
}

TEST_F(plan, is_refused_when_a_row_has_changed_since) {
  ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  change_the_tables();
  const std::string file = plan_file();
  sides_.tables.execute("UPDATE mailbox SET quota = 4711 WHERE username = 'user1@domain1.example'");
  expect_refused(file, account_dn("user1", "domain1.example"));
}

TEST_F(plan, is_refused_when_a_row_is_new) {
  ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  change_the_tables();
  const std::string file = plan_file();
  sides_.tables.execute(
      "INSERT INTO alias (address, goto, domain, active) VALUES "
      "('zz@domain2.example', 'user1@domain1.example', 'domain2.example', 1)");
  expect_refused(file, "zz@domain2.example");
}

TEST_F(plan, is_refused_when_a_password_has_changed_since) {
  ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  change_the_tables();
  const std::string file = plan_file();
  sides_.tables.execute("UPDATE mailbox SET password = '{PLAIN}zu' WHERE username = 'new@domain1.example'");
  expect_refused(file, "another password");
}

TEST_F(plan, is_refused_when_the_directory_has_changed_since) {
  ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  change_the_tables();
  const std::string file = plan_file();
  sides_.slapd.modify("dn: " + account_dn("user5", "domain2.example") +
                      "\nchangetype: modify\nreplace: cn\ncn: by hand\n");
  expect_refused(file, "user5@domain2.example");
}

TEST_F(plan, is_refused_when_it_has_been_applied) {
  const std::string file = plan_file();
  ASSERT_EQ(sides_.sql2ldap("migrate", {"--plan", file}).status, done);
  expect_refused(file, "which needs no change any more");
}

TEST_F(plan, is_refused_when_it_was_edited) {
  ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  change_the_tables();
  const std::string file = plan_file();
  const std::string text = read_file(file);

  write_file(file, std::regex_replace(text, std::regex("Somebody Else"), "Somebody Evil"));
  expect_refused(file, "Somebody Evil");

  // A record taken out: it would be changed although the reader of the plan did not want it.
  const auto begin = text.find("dn: " + account_dn("user1", "domain1.example"));
  const auto end = text.find("\n\n", begin) + 2;
  write_file(file, text.substr(0, begin) + text.substr(end));
  expect_refused(file, account_dn("user1", "domain1.example"));

  write_file(file, text.substr(0, text.size() / 2));
  const std::string before = sides_.slapd.slapcat();
  const captured cut = sides_.sql2ldap("migrate", {"--plan", file});
  EXPECT_NE(cut.status, done) << cut.out;
  EXPECT_EQ(sides_.slapd.slapcat(), before) << cut.err;
}

TEST_F(plan, of_another_mapping_or_none_at_all_is_refused) {
  const std::string file = plan_file();
  const captured other = sides_.sql2ldap("migrate --param vmail_root=/srv/mail", {"--plan", file});
  EXPECT_EQ(other.status, differences) << other.out;
  EXPECT_THAT(other.err, HasSubstr("made for another mapping"));

  write_file(file, "dn: dc=example,dc=org\nchangetype: delete\n");
  const captured none = sides_.sql2ldap("migrate", {"--plan", file});
  EXPECT_EQ(none.status, wrong_usage) << none.out;
  EXPECT_THAT(none.err, HasSubstr("is no plan of this program"));
  EXPECT_THAT(names_in(sides_.slapd, "(objectClass=s2lManaged)"), testing::IsEmpty());
}

}  // namespace
