#include <sql2ldap/sync/stale.hpp>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include <sql2ldap/sync/sync.hpp>

#include <support/world.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string without_line(std::string text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == std::string::npos) throw std::logic_error(part);
  const std::size_t begin = text.rfind('\n', at) + 1;
  return text.erase(begin, text.find('\n', at) + 1 - begin);
}

// A mail host whose mapping wrote passwords and quotas yesterday, and does not today.
class stale : public ::testing::Test {
 protected:
  stale() {
    w.domain("a.example");
    w.mailbox("1", "ann", "a.example");
    w.mailbox("2", "bob", "a.example", "Bob", stored_password("salt"), "");
    w.list("1", "team", "a.example");
    w.migrate();
    std::string text = without_line(world_mapping_text(), "userPassword =");
    w.map = parsed_mapping(without_line(text, "s2lQuotaBytes ="));
  }
  void modify(const std::string& dn, const std::vector<model::modification>& how) {
    const auto refused = w.directory.try_change({"", model::modify_entry{dn, how}});
    if (refused) throw std::runtime_error(*refused);
  }
  void set(const std::string& dn, const std::string& attribute, const std::string& value) {
    modify(dn, {{model::modification::operation::add, model::attribute_name(attribute), {value}}});
  }
  sync::counts prune() {
    sync::run_options how = w.options();
    how.prune = true;
    const auto counted = sync::migrate(w.parties(), how);
    if (!counted) throw std::runtime_error(counted.error().text());
    return *counted;
  }
  [[nodiscard]] bool has(const std::string& dn, const std::string& attribute) const {
    return w.directory.find(dn)->has(model::attribute_name(attribute));
  }

  world w;
  const std::string ann = world::account_dn("ann", "a.example");
  const std::string bob = world::account_dn("bob", "a.example");
};

TEST_F(stale, attributes_that_left_the_mapping_are_named_and_stay) {
  const auto found = w.verify();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, sync::difference::what::stale);
  EXPECT_EQ(found[0].dn, ann);
  EXPECT_THAT(found[0].attributes, ElementsAre("s2lQuotaBytes", "userPassword"));
  EXPECT_THAT(found[1].attributes, ElementsAre("userPassword"));
  EXPECT_EQ(w.migrate().differences(), 0U);
  EXPECT_TRUE(has(ann, "userPassword"));
}

TEST_F(stale, attributes_are_explained) {
  const auto about = sync::why(w.map, w.source, &w.directory, w.base, "ann");
  ASSERT_TRUE(about);
  ASSERT_EQ(about->size(), 1U);
  EXPECT_THAT(about->front().directory, ElementsAre("s2lQuotaBytes: set, and not written by the mapping",
                                                    "userPassword: set, and not written by the mapping"));
}

TEST_F(stale, attributes_are_pruned_when_asked_and_the_rest_stays) {
  set(ann, "telephoneNumber", "+49 123");
  set(ann, "description", "by hand");
  EXPECT_EQ(prune().modified, 2U);
  for (const char* gone : {"userPassword", "s2lQuotaBytes"}) EXPECT_FALSE(has(ann, gone)) << gone;
  for (const char* kept : {"telephoneNumber", "description", "uid", "mailLocalAddress", "s2lOrigin", "cn"})
    EXPECT_EQ(has(ann, kept), std::string(kept) != "mailLocalAddress") << kept;
  EXPECT_THAT(w.verify(), IsEmpty());
  EXPECT_EQ(prune().differences(), 0U);
}

TEST_F(stale, what_a_class_of_others_brings_is_theirs) {
  modify(ann, {{model::modification::operation::add, model::names::object_class, {"posixAccount"}},
               {model::modification::operation::add, model::attribute_name("uidNumber"), {"1000"}},
               {model::modification::operation::add, model::attribute_name("gidNumber"), {"1000"}},
               {model::modification::operation::add, model::attribute_name("homeDirectory"), {"/home/ann"}}});
  set(bob, "uidNumber", "1001");
  prune();
  for (const char* name : {"uidNumber", "gidNumber", "homeDirectory"}) EXPECT_TRUE(has(ann, name)) << name;
  EXPECT_FALSE(has(ann, "userPassword"));
  EXPECT_FALSE(has(bob, "uidNumber"));
}

TEST_F(stale, classes_of_ours_that_left_go_with_what_they_allow) {
  modify(ann, {{model::modification::operation::add, model::names::object_class, {"s2lMailAlias"}},
               {model::modification::operation::add, model::attribute_name("s2lAliasKind"), {"fail"}}});
  EXPECT_THAT(w.verify().front().attributes, Contains("objectClass=s2lMailAlias"));
  prune();
  EXPECT_FALSE(has(ann, "s2lAliasKind"));
  EXPECT_THAT(w.directory.find(ann)->values_of(model::names::object_class), Not(Contains("s2lMailAlias")));
  EXPECT_THAT(w.directory.find(ann)->values_of(model::names::object_class), Contains("s2lMailAccount"));
}

TEST_F(stale, pruning_counts_as_changes) {
  w.limits.changes_at_least = 1;
  w.limits.changes_percent = 0;
  sync::run_options how = w.options();
  how.prune = true;
  const auto stopped = sync::migrate(w.parties(), how);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, error_kind::limit);
  EXPECT_TRUE(has(ann, "userPassword"));
}

TEST_F(stale, pruning_is_shown_in_the_plan) {
  sync::run_options how = w.options();
  how.prune = true;
  std::ostringstream ldif;
  ASSERT_TRUE(sync::plan(w.parties(), how, ldif));
  EXPECT_THAT(ldif.str(), HasSubstr("delete: userPassword"));
  EXPECT_THAT(ldif.str(), HasSubstr("# prune: yes"));
  EXPECT_THAT(w.plan(), Not(HasSubstr("delete: userPassword")));
}

TEST_F(stale, entries_of_others_are_not_looked_at) {
  w.directory.load(
      "dn: uid=guest,ou=domains,dc=example\nobjectClass: account\nobjectClass: s2lMailAccount\nuid: guest\n"
      "s2lEnabled: TRUE\nuserPassword: {SSHA}x\n");
  EXPECT_EQ(w.verify().size(), 2U);
  prune();
  EXPECT_TRUE(has("uid=guest,ou=domains,dc=example", "userPassword"));
}

}  // namespace
}  // namespace sql2ldap::test
