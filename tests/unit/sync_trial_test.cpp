// The entry that brings attributes into use before a transaction (docs/decisions/0007).
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/sync/trial_entry.hpp>
#include <support/world.hpp>

using namespace sql2ldap;
using namespace sql2ldap::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::string trial_dn = "cn=sql2ldap-trial,ou=domains,dc=example";

class sync_trial : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a.example", "b.example"}) world_.domain(name, "note");
    for (int i = 0; i < 6; ++i) world_.mailbox(std::to_string(i), "user" + std::to_string(i), "a.example");
  }
  result<sync::counts> migrate() {
    sync::run_options options = world_.options();
    options.warn = [this](const std::string& message, const std::string&) { warnings_.push_back(message); };
    return sync::migrate(world_.parties(), options);
  }
  void refuse(const std::string& dn) { world_.directory.refused.insert(model::dn::parse(dn).value().normal_form()); }
  [[nodiscard]] bool has(const std::string& dn) const { return world_.directory.find(dn) != nullptr; }
  [[nodiscard]] std::size_t users() const {
    std::size_t count = 0;
    for (int i = 0; i < 6; ++i) count += has(world::account_dn("user" + std::to_string(i), "a.example")) ? 1 : 0;
    return count;
  }

  world world_;
  std::vector<std::string> warnings_;
};

TEST_F(sync_trial, comes_before_a_transaction_that_is_refused) {
  refuse(world::account_dn("user5", "a.example"));
  const auto done = migrate();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->rejected, 1U);
  EXPECT_FALSE(world_.directory.broken);
  EXPECT_EQ(users(), 5U);
  EXPECT_FALSE(has(trial_dn));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(sync_trial, brings_all_attributes_of_the_mapping_into_use) {
  ASSERT_TRUE(migrate());
  const auto session = world_.directory.session();
  ASSERT_TRUE(session);
  for (const model::attribute_name name : sync::attributes_written(world_.map))
    EXPECT_TRUE((*session)->in_use.contains(name)) << name.text();
}

TEST_F(sync_trial, that_is_refused_leaves_single_writes_and_a_warning) {
  refuse(trial_dn);
  const auto done = migrate();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(users(), 6U);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("transactions are left out")));
}

TEST_F(sync_trial, that_a_crash_left_behind_is_removed_by_the_next_run) {
  int writes = 0;
  world_.directory.on_write = [&] {
    const bool is_there = has(trial_dn);
    ++writes;
    return is_there ? fake_directory::fault::crash_before : fake_directory::fault::none;
  };
  EXPECT_THROW((void)migrate(), crashed);
  ASSERT_TRUE(has(trial_dn));
  world_.directory.on_write = [] { return fake_directory::fault::none; };
  ASSERT_TRUE(migrate());
  EXPECT_FALSE(has(trial_dn));
  EXPECT_EQ(users(), 6U);
}

TEST_F(sync_trial, of_somebody_else_stays) {
  world_.directory.load(
      "dn: dc=example\nobjectClass: organization\nobjectClass: dcObject\no: example\ndc: example\n\n"
      "dn: ou=domains,dc=example\nobjectClass: organizationalUnit\nou: domains\n\n"
      "dn: " +
      trial_dn + "\nobjectClass: organizationalRole\ncn: sql2ldap-trial\ndescription: mine\n");
  ASSERT_TRUE(migrate());
  EXPECT_TRUE(has(trial_dn));
  EXPECT_EQ(users(), 6U);
  EXPECT_THAT(warnings_, testing::Contains(HasSubstr("is held by an entry that is not ours")));
}

TEST_F(sync_trial, of_another_writer_is_no_hindrance) {
  bool met = false;
  world_.directory.on_write = [&] {
    if (!met && has("ou=domains,dc=example")) {
      met = true;
      model::entry other;
      other.set_dn(trial_dn);
      other.add(model::names::object_class, "organizationalRole");
      other.add(model::attribute_name("cn"), "sql2ldap-trial");
      other.add(model::attribute_name("description"),
                "sql2ldap wrote this to bring attributes into use; it may be removed at any time");
      EXPECT_EQ(world_.directory.try_change({"", model::add_entry{other}}), std::nullopt);
    }
    return fake_directory::fault::none;
  };
  ASSERT_TRUE(migrate());
  EXPECT_TRUE(met);
  EXPECT_FALSE(has(trial_dn));
  EXPECT_EQ(users(), 6U);
  EXPECT_THAT(warnings_, IsEmpty());
}

// Behind the address may be another server by then.
TEST_F(sync_trial, is_repeated_on_a_new_connection) {
  ASSERT_TRUE(migrate());
  for (int i = 6; i < 9; ++i) world_.mailbox(std::to_string(i), "user" + std::to_string(i), "b.example");
  int faults = 0;
  bool seen = false;
  world_.directory.on_write = [&] {
    seen = seen || has(trial_dn);
    return faults++ == 0 ? fake_directory::fault::lost_before : fake_directory::fault::none;
  };
  const auto done = migrate();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(seen);
  EXPECT_FALSE(world_.directory.broken);
  EXPECT_EQ(done->added, 3U);
}

}  // namespace
