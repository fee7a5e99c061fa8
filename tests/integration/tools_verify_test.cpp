// `verify` sees what somebody else did to the directory, and mends it when asked.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
using testing::HasSubstr;
using testing::Not;

class verify : public testing::Test {
 protected:
  void SetUp() override {
    const captured loaded = sides_.sql2ldap("migrate");
    ASSERT_EQ(loaded.status, done) << loaded.out << loaded.err;
  }
  // Finds each line, mends, finds nothing any more.
  void expect_found_and_mended(const std::vector<std::string>& lines) const {
    const captured found = sides_.sql2ldap("verify");
    EXPECT_EQ(found.status, differences) << found.err;
    for (const std::string& line : lines) EXPECT_THAT(found.out, HasSubstr(line + "\n"));
    EXPECT_THAT(found.out, HasSubstr("verify: " + std::to_string(lines.size()) + " difference"));
    const captured repaired = sides_.sql2ldap("verify --repair");
    EXPECT_EQ(repaired.status, done) << repaired.out << repaired.err;
    EXPECT_THAT(repaired.out, HasSubstr("repaired"));
    const captured after = sides_.sql2ldap("verify");
    EXPECT_EQ(after.status, done) << after.err;
    EXPECT_THAT(after.out, HasSubstr("verify: 0 differences"));
  }

  mail_host_sides sides_;
  std::string ann_ = account_dn("user1", "domain1.example");
  std::string bob_ = account_dn("user2", "domain2.example");
};

TEST_F(verify, finds_what_was_changed_taken_and_added) {
  const std::string surplus = account_dn("ghost", "domain1.example");
  sides_.slapd.modify("dn: " + ann_ +
                      "\nchangetype: modify\nreplace: cn\ncn: Other\n-\nreplace: s2lEnabled\n"
                      "s2lEnabled: FALSE\n-\ndelete: userPassword\n\n"
                      "dn: " +
                      bob_ +
                      "\nchangetype: delete\n\n"
                      "dn: " +
                      surplus +
                      "\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: s2lManaged\n"
                      "uid: ghost@domain1.example\ncn: Ghost\nsn: Ghost\n"
                      "s2lOrigin: postfixadmin/account/ghost@domain1.example\n");
  expect_found_and_mended(
      {"differs   " + ann_ + "  cn s2lEnabled userPassword", "missing   " + bob_, "surplus   " + surplus});
  EXPECT_THAT(names_in(sides_.slapd, "(cn=Ghost)"), testing::IsEmpty());
}

TEST_F(verify, finds_an_entry_that_was_renamed) {
  sides_.slapd.modify("dn: " + ann_ + "\nchangetype: moddn\nnewrdn: uid=elsewhere\ndeleteoldrdn: 1\n");
  expect_found_and_mended({"renamed   " + ann_});
}

TEST_F(verify, takes_values_as_the_server_does) {
  // Addresses that differ in letter case are one value for slapd.
  sides_.slapd.modify("dn: " + ann_ + "\nchangetype: modify\nreplace: mail\nmail: USER1@Domain1.Example\n");
  const captured found = sides_.sql2ldap("verify");
  EXPECT_EQ(found.status, done) << found.out;
}

TEST_F(verify, does_not_mend_more_than_the_limits_allow) {
  std::string changes;
  for (const std::string& dn : names_in(sides_.slapd, "(objectClass=s2lMailAccount)"))
    changes += "dn: " + dn + "\nchangetype: modify\nreplace: cn\ncn: Other\n\n";
  sides_.slapd.modify(changes);
  const captured stopped = sides_.sql2ldap("verify --repair");
  EXPECT_EQ(stopped.status, differences) << stopped.out;
  EXPECT_THAT(stopped.err, HasSubstr("60 of"));
  const captured repaired = sides_.sql2ldap("verify --repair --max-changes 100%");
  EXPECT_EQ(repaired.status, done) << repaired.err;
  EXPECT_EQ(sides_.sql2ldap("verify").status, done);
}

TEST_F(verify, writes_nothing_unasked) {
  sides_.slapd.modify("dn: " + bob_ + "\nchangetype: delete\n");
  const std::string before = sides_.slapd.slapcat();
  EXPECT_EQ(sides_.sql2ldap("verify").status, differences);
  EXPECT_EQ(sides_.slapd.slapcat(), before);
}

}  // namespace
