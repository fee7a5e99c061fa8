// What a run must not do unasked: delete or change much, or touch what is not its own.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
using testing::HasSubstr;

constexpr const char* managed = "(objectClass=s2lManaged)";

class limits : public testing::Test {
 protected:
  void SetUp() override {
    // A first load is free of limits, however strict they are.
    const captured first = sides_.sql2ldap("migrate --max-deletes 0 --max-changes 0");
    ASSERT_EQ(first.status, done) << first.out << first.err;
    entries_ = names_in(sides_.slapd, managed).size();
    ASSERT_GT(entries_, 70U);
  }
  // Nothing is written, and the message says how to go on.
  void expect_stopped(std::string_view words, const std::string& what, const std::string& option) const {
    const std::string before = sides_.slapd.slapcat();
    const captured run = sides_.sql2ldap(words);
    EXPECT_EQ(run.status, differences) << run.out << run.err;
    EXPECT_THAT(run.err, HasSubstr(what));
    EXPECT_THAT(run.err, HasSubstr("nothing was written"));
    EXPECT_THAT(run.err, HasSubstr("sql2ldap plan"));
    EXPECT_THAT(run.err, HasSubstr(option));
    EXPECT_THAT(run.err, HasSubstr("--yes"));
    EXPECT_EQ(sides_.slapd.slapcat(), before);
  }
  void expect_in_step() const {
    const captured verified = sides_.sql2ldap("verify");
    EXPECT_EQ(verified.status, done) << verified.out << verified.err;
  }

  mail_host_sides sides_;
  std::size_t entries_ = 0;
};

TEST_F(limits, many_deletes_are_stopped_until_they_are_allowed) {
  sides_.tables.execute("DELETE FROM alias WHERE address LIKE 'list%'");
  expect_stopped("migrate", "10 of " + std::to_string(entries_) + " entries would be deleted, 5 are allowed",
                 "--max-deletes");
  expect_stopped("verify --repair", "10 of", "--max-deletes");
  expect_stopped("migrate --max-deletes 9", "9 are allowed", "--max-deletes");
  const captured allowed = sides_.sql2ldap("migrate --max-deletes 10");
  EXPECT_EQ(allowed.status, done) << allowed.out << allowed.err;
  EXPECT_THAT(allowed.out, HasSubstr("10 deleted"));
  EXPECT_EQ(names_in(sides_.slapd, managed).size(), entries_ - 10);
  expect_in_step();
}

TEST_F(limits, a_handful_of_deletes_is_no_disaster) {
  sides_.tables.execute(
      "DELETE FROM alias WHERE address IN (SELECT address FROM alias "
      "WHERE address LIKE 'list%' ORDER BY address LIMIT 5)");
  const captured run = sides_.sql2ldap("migrate");
  EXPECT_EQ(run.status, done) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("5 deleted"));
  expect_in_step();
}

TEST_F(limits, an_emptied_table_deletes_nobody) {
  sides_.tables.execute("DELETE FROM mailbox; DELETE FROM alias");
  expect_stopped("migrate", "entries would be deleted", "--max-deletes");
  sides_.tables.execute("DELETE FROM alias_domain; DELETE FROM domain");
  expect_stopped("migrate", "entries would be deleted", "--max-deletes");
  const captured released = sides_.sql2ldap("migrate --yes");
  EXPECT_EQ(released.status, done) << released.out << released.err;
  EXPECT_THAT(names_in(sides_.slapd, managed), testing::IsEmpty());
  // The containers stay.
  EXPECT_THAT(names_in(sides_.slapd, "(ou=domains)"), testing::SizeIs(1));
}

TEST_F(limits, many_changes_are_stopped_until_they_are_allowed) {
  sides_.tables.execute("UPDATE mailbox SET quota = quota + 1");
  expect_stopped("migrate", "60 of " + std::to_string(entries_) + " entries would be changed, 20 are allowed",
                 "--max-changes");
  expect_stopped("migrate --max-changes 60%", "entries would be changed", "--max-changes");
  const captured allowed = sides_.sql2ldap("migrate --max-changes 60");
  EXPECT_EQ(allowed.status, done) << allowed.out << allowed.err;
  EXPECT_THAT(allowed.out, HasSubstr("60 changed"));
  expect_in_step();
}

TEST_F(limits, hold_for_a_plan_that_is_applied) {
  sides_.tables.execute("DELETE FROM alias WHERE address LIKE 'list%'");
  const temp_dir folder;
  const std::string file = folder / "plan.ldif";
  ASSERT_EQ(sides_.sql2ldap("plan", {"--output", file}).status, differences);
  const std::string before = sides_.slapd.slapcat();
  const captured stopped = sides_.sql2ldap("migrate", {"--plan", file});
  EXPECT_EQ(stopped.status, differences) << stopped.out;
  EXPECT_THAT(stopped.err, HasSubstr("10 of"));
  EXPECT_EQ(sides_.slapd.slapcat(), before);
  EXPECT_EQ(sides_.sql2ldap("migrate --yes", {"--plan", file}).status, done);
  expect_in_step();
}

TEST_F(limits, of_another_mapping_do_not_count) {
  // A second mapping in the same tree: its first load is one, and it sees none of the first's entries.
  const sqlite_database other(sample_text("virtual-tables/schema.sql") + sample_text("virtual-tables/rows.sql"));
  const tool second(other.url(), "virtual-tables", sides_.slapd.ldapi());
  const captured loaded = second("migrate --max-deletes 0 --max-changes 0");
  EXPECT_THAT(loaded.out, HasSubstr(" added")) << loaded.err;
  EXPECT_THAT(loaded.out, testing::Not(HasSubstr("deleted")));
  expect_in_step();
}

TEST(foreign_entries, are_neither_changed_nor_deleted) {
  const mail_host_sides sides;
  const std::string domain = "associatedDomain=domain1.example,ou=domains,dc=example,dc=org";
  const std::string by_hand = account_dn("user1", "domain1.example");
  const std::string beside = account_dn("hand", "domain1.example");
  const auto entry = [](const std::string& dn, const std::string& uid) {
    return "dn: " + dn + "\nchangetype: add\nobjectClass: inetOrgPerson\nuid: " + uid +
           "\ncn: By Hand\nsn: Hand\nuserPassword: {CRYPT}*\n\n";
  };
  sides.slapd.modify(
      "dn: ou=domains,dc=example,dc=org\nchangetype: add\nobjectClass: organizationalUnit\n"
      "ou: domains\n\ndn: " +
      domain +
      "\nchangetype: add\nobjectClass: domainRelatedObject\n"
      "objectClass: organizationalRole\ncn: By Hand\nassociatedDomain: domain1.example\n\n" +
      entry(by_hand, "user1@domain1.example") + entry(beside, "hand@domain1.example"));
  const auto strangers = [&] {
    return run_and_capture({.arguments = {"ldapsearch", "-Q", "-LLL", "-Y", "EXTERNAL", "-H", sides.slapd.ldapi(), "-b",
                                          "ou=domains,dc=example,dc=org", "(|(cn=By Hand)(ou=domains))", "*", "+"},
                            .environment = {{"LDAPNOINIT", "1"}}})
        .out;
  };
  const std::string before = strangers();
  ASSERT_THAT(before, HasSubstr(beside.substr(0, 30)));

  const captured planned = sides.sql2ldap("plan");
  EXPECT_EQ(planned.status, differences);
  EXPECT_THAT(planned.err, HasSubstr("2 held by entries of others"));
  for (const char* words : {"migrate", "migrate --yes", "verify --repair --yes"}) {
    const captured run = sides.sql2ldap(words);
    EXPECT_EQ(run.status, differences) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("its name is held by an entry that is not ours"));
    EXPECT_THAT(run.out, HasSubstr("user1@domain1.example"));
  }
  EXPECT_EQ(strangers(), before);
  const captured verified = sides.sql2ldap("verify");
  EXPECT_EQ(verified.status, differences);
  EXPECT_THAT(verified.out, HasSubstr("foreign   " + by_hand));
  EXPECT_THAT(verified.out, HasSubstr("foreign   " + domain));

  // Everything of ours goes; theirs stays, with what we put below it gone.
  sides.tables.execute("DELETE FROM mailbox; DELETE FROM alias; DELETE FROM alias_domain; DELETE FROM domain");
  const captured emptied = sides.sql2ldap("migrate --yes");
  EXPECT_EQ(emptied.status, done) << emptied.out << emptied.err;
  EXPECT_THAT(names_in(sides.slapd, managed), testing::IsEmpty());
  EXPECT_EQ(strangers(), before);
}

TEST(foreign_entries, below_ours_keep_it_alive) {
  const mail_host_sides sides;
  ASSERT_EQ(sides.sql2ldap("migrate").status, done);
  const std::string phone = "cn=phone," + account_dn("user1", "domain1.example");
  sides.slapd.modify("dn: " + phone + "\nchangetype: add\nobjectClass: organizationalRole\ncn: phone\n");
  sides.tables.execute(
      "DELETE FROM mailbox WHERE username = 'user1@domain1.example';"
      "DELETE FROM alias WHERE address = 'user1@domain1.example'");
  const captured run = sides.sql2ldap("migrate");
  EXPECT_EQ(run.status, differences) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("it has entries below it that are not ours"));
  EXPECT_THAT(names_in(sides.slapd, "(cn=phone)"), testing::ElementsAre(phone));
}

TEST(foreign_entries, what_was_added_by_hand_to_ours_stays) {
  const mail_host_sides sides;
  ASSERT_EQ(sides.sql2ldap("migrate").status, done);
  const std::string dn = account_dn("user1", "domain1.example");
  sides.slapd.modify("dn: " + dn +
                     "\nchangetype: modify\nadd: telephoneNumber\ntelephoneNumber: 123\n-\n"
                     "add: objectClass\nobjectClass: pkiUser\n");
  EXPECT_EQ(sides.sql2ldap("verify").status, done);
  sides.tables.execute("UPDATE mailbox SET name = 'Neu' WHERE username = 'user1@domain1.example'");
  EXPECT_EQ(sides.sql2ldap("migrate").status, done);
  EXPECT_THAT(names_in(sides.slapd, "(&(telephoneNumber=123)(objectClass=pkiUser)(cn=Neu))"), testing::ElementsAre(dn));
}

}  // namespace
