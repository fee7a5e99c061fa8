// Each kind of change in one RFC 5805 transaction, alone and with others, and what slapd makes of it.
#include <map>

#include <gtest/gtest.h>

#include "ldap_helpers.hpp"

using namespace sql2ldap;
using namespace sql2ldap::test;
using model::modification;

namespace {

const std::string suffix(slapd_server::suffix);

model::change rename(const std::string& from, const std::string& rdn) {
  return {.origin = {}, .what = model::rename_entry{from, rdn, true, ""}};
}

model::change describe(const std::string& dn) {
  return modify(dn, {{modification::operation::replace, model::attribute_name("description"), {"x"}}});
}

const std::map<std::string, std::vector<model::change>> cases = {
    {"add", {add_unit("new")}},
    {"modify", {describe("ou=a," + suffix)}},
    {"modify_twice", {describe("ou=a," + suffix), describe("ou=a," + suffix)}},
    {"add_then_modify", {add_unit("new"), describe("ou=new," + suffix)}},
    {"rename", {rename("ou=b," + suffix, "ou=c")}},
    {"rename_with_children", {rename("ou=a," + suffix, "ou=c")}},
    {"rename_then_modify", {rename("ou=b," + suffix, "ou=c"), describe("ou=c," + suffix)}},
    {"add_then_rename", {add_unit("new"), rename("ou=new," + suffix, "ou=c")}},
    {"rename_then_add_below", {rename("ou=b," + suffix, "ou=c"), add_unit("new", "ou=c," + suffix)}},
    {"two_renames", {rename("ou=b," + suffix, "ou=c"), rename("ou=c," + suffix, "ou=d")}},
    {"add_child_then_rename_parent", {add_unit("new", "ou=b," + suffix), rename("ou=b," + suffix, "ou=c")}},
};

class ldap_transaction : public testing::Test {
 protected:
  slapd_server server_{
      {.writes = slapd_server::kept::dbnosync, .network = false, .base_entries = true, .more_config = {}}};
  std::unique_ptr<model::directory> directory_ = connected(as_sync(server_));
};

class ldap_transaction_of : public ldap_transaction, public testing::WithParamInterface<std::string> {};

TEST_P(ldap_transaction_of, is_written_and_the_server_lives) {
  ASSERT_TRUE(directory_->write(std::vector{add_unit("a"), add_unit("b"), add_unit("below", "ou=a," + suffix)}, false));
  const auto wrote = write_in_transaction(*directory_, cases.at(GetParam()));
  ASSERT_TRUE(wrote) << wrote.error().text();
  EXPECT_FALSE(*wrote) << (*wrote)->text;
  EXPECT_TRUE(exists(*directory_, suffix));
}

TEST_F(ldap_transaction, with_a_delete_or_a_move_is_refused_before_anything_is_sent) {
  const model::change move = {.origin = {},
                              .what = model::rename_entry{"ou=a," + suffix, "ou=a", true, "ou=services," + suffix}};
  for (const model::change& unfit : {remove("ou=a," + suffix), move}) {
    const auto wrote = write_in_transaction(*directory_, {add_unit("a"), unfit});
    ASSERT_FALSE(wrote);
    EXPECT_EQ(wrote.error().kind, error_kind::usage);
    EXPECT_FALSE(exists(*directory_, "ou=a," + suffix));
  }
}

// By the rootdn, who sees in cn=config that the server has two threads.
class ldap_transaction_in_flight : public ldap_transaction {
 protected:
  void SetUp() override {
    ldap::options root;
    root.uri = server_.ldapi();
    directory_ = connected(root);
    const auto facts = directory_->describe();
    ASSERT_TRUE(facts) << facts.error().text();
    ASSERT_TRUE(facts->two_threads);
  }
  static model::change describe_as(const std::string& dn, const std::string& text) {
    return modify(dn, {{modification::operation::replace, model::attribute_name("description"), {text}}});
  }
};

TEST_F(ldap_transaction_in_flight, all_are_done_in_the_order_in_which_they_were_sent) {
  std::vector<model::change> batch;
  std::string above = suffix;
  for (int depth = 0; depth < 50; ++depth) {
    batch.push_back(add_unit("in", above));
    above = "ou=in," + above;
    for (int i = 0; i < 5; ++i) batch.push_back(describe_as(above, std::to_string(i)));
  }
  const auto wrote = write_in_transaction(*directory_, batch);
  ASSERT_TRUE(wrote) << wrote.error().text();
  EXPECT_FALSE(*wrote) << (*wrote)->text;
  const auto found = directory_->search({suffix, model::search_scope::subtree, "(&(ou=in)(description=4))"});
  ASSERT_TRUE(found) << found.error().text();
  int count = 0;
  for (auto one = (*found)->next(); one && *one != nullptr; one = (*found)->next()) ++count;
  EXPECT_EQ(count, 50);
}

TEST_F(ldap_transaction_in_flight, one_that_is_refused_is_named_and_nothing_is_written) {
  std::vector<model::change> batch;
  for (int i = 0; i < 100; ++i) batch.push_back(add_unit("unit" + std::to_string(i)));
  batch[40] =
      modify("ou=unit1," + suffix, {{modification::operation::replace, model::attribute_name("noSuch"), {"x"}}});
  const auto wrote = write_in_transaction(*directory_, batch);
  ASSERT_TRUE(wrote) << wrote.error().text();
  ASSERT_TRUE(*wrote);
  EXPECT_EQ((*wrote)->index, 40U);
  EXPECT_FALSE(exists(*directory_, "ou=unit0," + suffix));
  batch.erase(batch.begin() + 40);
  const auto again = write_in_transaction(*directory_, batch);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_FALSE(*again) << (*again)->text;
  EXPECT_TRUE(exists(*directory_, "ou=unit99," + suffix));
}

INSTANTIATE_TEST_SUITE_P(kinds, ldap_transaction_of, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& [name, changes] : cases) names.push_back(name);
                           return names;
                         }()),
                         [](const auto& which) { return which.param; });

}  // namespace
