// Attributes that slapd meets for the first time in a transaction which it refuses (docs/decisions/0007).
#include <map>

#include <gmock/gmock.h>

#include <sql2ldap/sync/trial_entry.hpp>

#include "ldap_helpers.hpp"

using namespace sql2ldap;
using namespace sql2ldap::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

const std::string suffix(slapd_server::suffix);

model::change add_described(const std::string& name) {
  return add("ou=" + name + "," + suffix,
             {{"objectClass", "organizationalUnit"}, {"ou", name}, {"street", "1 " + name}, {"l", "town"}});
}

// The last of a transaction of three.
const std::map<std::string, model::change> refused_changes = {
    {"no_such_parent", add_unit("x", "ou=nowhere," + suffix)},
    {"already_exists", add_described("first")},
    {"object_class_violation",
     add("ou=x," + suffix, {{"objectClass", "organizationalUnit"}, {"ou", "x"}, {"uid", "x"}})},
    {"no_such_object",
     modify("ou=nobody," + suffix,
            {{model::modification::operation::replace, model::attribute_name("description"), {"x"}}})},
    {"long_name", add_unit(std::string(300, 'l'))},
};

class ldap_new_attributes : public testing::Test {
 protected:
  ldap_new_attributes() {
    server_.modify("dn: " + suffix +
                   "\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n");
    ldap::options manager;
    manager.uri = server_.ldapi();
    directory_ = connected(manager);
  }
  void bring_into_use(const std::vector<model::change>& batch, const std::vector<sync::group_kind>& groups = {}) {
    std::set<model::attribute_name> names;
    for (const model::change& one : batch)
      for (const model::attribute_name name : one.attributes()) names.insert(name);
    const auto facts = directory_->describe();
    ASSERT_TRUE(facts) << facts.error().text();
    sync::trial_entry trial(*directory_, model::dn::parse(suffix).value(), facts->schema);
    const auto no = trial.write(names, {}, groups);
    ASSERT_TRUE(no) << no.error().text();
    ASSERT_FALSE(*no) << (*no)->text;
  }

  slapd_server server_{
      {.writes = slapd_server::kept::dbnosync, .network = false, .base_entries = false, .more_config = {}}};
  std::unique_ptr<model::directory> directory_;
};

class ldap_new_attributes_refused : public ldap_new_attributes, public testing::WithParamInterface<std::string> {};

TEST_P(ldap_new_attributes_refused, keep_their_numbers) {
  const std::vector<model::change> batch = {add_described("first"), add_described("second"),
                                            refused_changes.at(GetParam())};
  bring_into_use(batch);
  const auto refused = directory_->write(batch, true);
  ASSERT_TRUE(refused) << refused.error().text();
  ASSERT_TRUE(*refused);
  EXPECT_EQ((*refused)->index, 2U) << (*refused)->text;
  // One that uses others, then one that uses those of the transaction.
  const std::vector<model::change> others = {
      add("cn=other," + suffix,
          {{"objectClass", "applicationProcess"}, {"cn", "other"}, {"seeAlso", suffix}, {"description", "d"}}),
      add_described("third")};
  const auto wrote = directory_->write(others, false);
  ASSERT_TRUE(wrote && !*wrote);
  server_.stop();
  const std::string content = server_.slapcat();
  EXPECT_THAT(content, AllOf(HasSubstr("ou: third\nstreet: 1 third\nl: town\n"), HasSubstr("seeAlso: " + suffix),
                             Not(HasSubstr("second")), Not(HasSubstr("sql2ldap-trial"))));
  server_.start();
  EXPECT_EQ(read_all(*directory_, {.base = suffix})->size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(kinds, ldap_new_attributes_refused, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& [name, change] : refused_changes) names.push_back(name);
                           return names;
                         }()),
                         [](const auto& which) { return which.param; });

TEST_F(ldap_new_attributes, are_kept_out_of_transactions) {
  const std::vector<model::change> batch = {add_described("a"), add_described("b")};
  const auto session = directory_->session();
  ASSERT_TRUE(session);
  const auto unused = directory_->write(batch, true);
  ASSERT_FALSE(unused);
  EXPECT_EQ(unused.error().kind, error_kind::usage);
  EXPECT_THAT(unused.error().text(), HasSubstr("was not brought into use"));
  bring_into_use(batch);
  const auto wrote = directory_->write(batch, true);
  EXPECT_TRUE(wrote && !*wrote);
}

// Another database may stand behind the address by then.
TEST_F(ldap_new_attributes, are_unknown_on_a_new_connection) {
  const std::vector<model::change> batch = {add_described("a"), add_described("b")};
  bring_into_use(batch);
  server_.stop();
  server_.start();
  const auto wrote = directory_->write(batch, true);
  ASSERT_FALSE(wrote);
  EXPECT_TRUE(wrote.error().transient) << wrote.error().text();
  const auto session = directory_->session();
  ASSERT_TRUE(session);
  EXPECT_TRUE((*session)->in_use.empty());
}

// What slapd adds by itself gets its number with the trial entry, too.
TEST_F(ldap_new_attributes, of_overlays_are_brought_into_use) {
  server_.modify(
      "dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\nolcModuleLoad: ppolicy\nolcModuleLoad: "
      "memberof\n\n"
      "dn: olcOverlay=memberof,olcDatabase={1}mdb,cn=config\nchangetype: add\nobjectClass: olcOverlayConfig\n"
      "objectClass: olcMemberOfConfig\nolcOverlay: memberof\n\n"
      "dn: olcOverlay=ppolicy,olcDatabase={1}mdb,cn=config\nchangetype: add\nobjectClass: olcOverlayConfig\n"
      "objectClass: olcPPolicyConfig\nolcOverlay: ppolicy\nolcPPolicyDefault: cn=policy," +
      suffix + "\n\ndn: cn=policy," + suffix +
      "\nchangetype: add\nobjectClass: person\nobjectClass: pwdPolicy\ncn: policy\nsn: policy\npwdAttribute: "
      "userPassword\npwdInHistory: 3\n");
  const auto account = [](const std::string& name) {
    return add(
        "uid=" + name + "," + suffix,
        {{"objectClass", "account"}, {"objectClass", "simpleSecurityObject"}, {"uid", name}, {"userPassword", "x"}});
  };
  std::vector<model::change> batch = {
      account("ann"),
      add("cn=group," + suffix, {{"objectClass", "groupOfNames"}, {"cn", "group"}, {"member", "uid=ann," + suffix}}),
      modify("uid=ann," + suffix, {{model::modification::operation::replace, model::names::user_password, {"y"}}}),
      add_unit("x", "ou=nowhere," + suffix)};
  bring_into_use(batch, {{{"groupOfNames"}, {model::attribute_name("member")}}});
  const auto refused = directory_->write(batch, true);
  ASSERT_TRUE(refused) << refused.error().text();
  ASSERT_TRUE(*refused);
  EXPECT_EQ((*refused)->index, 3U);
  batch.pop_back();
  const auto wrote = directory_->write(std::vector{add_described("between")}, false);
  ASSERT_TRUE(wrote && !*wrote);
  const auto again = directory_->write(batch, false);
  ASSERT_TRUE(again) << again.error().text();
  ASSERT_FALSE(*again) << (*again)->text;
  server_.stop();
  const std::string content = server_.slapcat();
  EXPECT_THAT(content, AllOf(HasSubstr("memberOf: cn=group," + suffix), HasSubstr("pwdHistory:"),
                             HasSubstr("street: 1 between\nl: town\n")));
}

}  // namespace
