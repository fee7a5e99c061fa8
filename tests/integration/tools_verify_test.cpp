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

TEST_F(verify, asks_for_every_name_of_the_directory_where_it_is_to) {
  EXPECT_EQ(sides_.sql2ldap("verify --answers").status, done);
  EXPECT_THAT(sides_.sql2ldap("verify --answers").out, HasSubstr(" names asked for, 0 deferred\n"));
  // By hand, so that the tables know nothing of it: an entry of others takes an address, and holds an odd value.
  sides_.slapd.modify(
      "dn: cn=other,ou=domains,dc=example,dc=org\nchangetype: add\nobjectClass: nisMailAlias\n"
      "objectClass: inetLocalMailRecipient\nobjectClass: s2lMailAlias\ncn: other\n"
      "mailLocalAddress: User1@domain1.example\nmailLocalAddress: other@domain1.example\n"
      "s2lEnabled: TRUE\nrfc822MailMember: /etc/passwd\n");
  EXPECT_EQ(sides_.sql2ldap("verify").status, done);
  const captured found = sides_.sql2ldap("verify --answers");
  EXPECT_EQ(found.status, differences) << found.err;
  EXPECT_THAT(found.out, HasSubstr("verify: 0 differences"));
  EXPECT_THAT(found.out, HasSubstr("deferred  other@domain1.example  route  cn=other,"));
  EXPECT_THAT(found.out, HasSubstr("  route  cn=other,ou=domains,dc=example,dc=org: rfc822MailMember \"/etc/passwd\""));
  EXPECT_THAT(found.out, HasSubstr(" names asked for, 2 deferred\n"));
  // As the lookups themselves say.
  for (const char* address : {"user1@domain1.example", "other@domain1.example"}) {
    const captured route =
        run_and_capture({.arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "lookup", "alias", address, "--directory",
                                       sides_.slapd.ldapi(), "--base", std::string(slapd_server::suffix)}});
    EXPECT_EQ(route.status, try_later) << route.out << route.err;
  }
}

TEST_F(verify, names_attributes_that_left_the_mapping) {
  const temp_dir folder;
  std::string text = read_file(S2L_SOURCE_DIR "/mappings/postfixadmin.map");
  const std::size_t at = text.find("  userPassword =");
  text.erase(at, text.find('\n', at) + 1 - at);
  write_file(folder / "mine.map", text);
  const tool without(sides_.tables.url(), folder / "mine.map", sides_.slapd.ldapi());
  const captured found = without("verify");
  EXPECT_EQ(found.status, done) << found.out << found.err;
  EXPECT_THAT(found.out, HasSubstr("stale     " + ann_ + "  userPassword\n"));
  EXPECT_THAT(found.out, HasSubstr("stale: 60 entries with attributes that the mapping does not write"));
  EXPECT_THAT(without("why user1@domain1.example").out, HasSubstr("directory: userPassword: set, and not written"));
  sides_.slapd.modify("dn: " + ann_ + "\nchangetype: modify\nadd: telephoneNumber\ntelephoneNumber: 1234\n");

  // All that is pruned counts as changed.
  EXPECT_EQ(without("migrate --prune").status, differences);
  const captured shown = without("plan --prune", {"--output", folder / "plan.ldif"});
  EXPECT_EQ(shown.status, differences) << shown.out << shown.err;
  EXPECT_THAT(read_file(folder / "plan.ldif"), HasSubstr("delete: userPassword"));
  const captured pruned = without("migrate --yes", {"--plan", folder / "plan.ldif"});
  EXPECT_EQ(pruned.status, done) << pruned.out << pruned.err;
  EXPECT_THAT(pruned.out, HasSubstr("60 changed"));
  EXPECT_THAT(names_in(sides_.slapd, "(&(s2lOrigin=*)(userPassword=*))"), testing::IsEmpty());
  EXPECT_THAT(names_in(sides_.slapd, "(telephoneNumber=1234)"), testing::ElementsAre(ann_));
  EXPECT_THAT(without("verify").out, Not(HasSubstr("stale")));
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
