// Rows that are there and cannot be mapped: their entries stay, and all that can be said of them is brought up to date.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/sync/agreements.hpp>
#include <sql2ldap/sync/follow.hpp>

#include <support/deletion_witness.hpp>
#include <support/fake_feed.hpp>
#include <support/world.hpp>

namespace sql2ldap::test {
namespace {

using testing::HasSubstr;

class unmapped_rows : public testing::Test {
 protected:
  unmapped_rows() {
    host_.limits.enforced = false;
    host_.domain("a.example");
    host_.domain("b.example");
    host_.mailbox("1", "ann", "a.example");
    host_.mailbox("2", "bob", "a.example");
    host_.migrate();
    witness_.note();
  }

  [[nodiscard]] std::string value(const std::string& dn, std::string_view name) const {
    const model::entry* e = host_.directory.find(dn);
    return e == nullptr ? "no entry" : std::string(e->first_value_of(model::attribute_name(name)));
  }
  void add_by_hand(const std::string& dn, const std::string& name, const std::string& text) {
    ASSERT_FALSE(host_.directory.try_change(
        {"",
         model::modify_entry{dn, {{model::modification::operation::replace, model::attribute_name(name), {text}}}}}));
  }

  static std::string refusing_mapping() {
    std::string text = world_mapping_text();
    const std::string lenient = "unprefixed: plain, plain: hash";
    return text.replace(text.find(lenient), lenient.size(), "unprefixed: refuse");
  }
  world host_{true, refusing_mapping()};
  deletion_witness witness_{host_};
  const std::string ann_ = world::account_dn("ann", "a.example");
  const std::string bob_ = world::account_dn("bob", "a.example");
};

TEST_F(unmapped_rows, keep_the_attribute_that_fails_and_bring_the_others_up_to_date) {
  const std::string password = value(ann_, "userPassword");
  add_by_hand(ann_, "telephoneNumber", "+49 30 1");
  host_.set("mailbox", "1", "password", "unknown");
  host_.set("mailbox", "1", "quota", "a lot");
  host_.set("mailbox", "1", "active", "0");
  const sync::counts done = host_.migrate();
  EXPECT_EQ(done.deleted, 0U);
  EXPECT_EQ(done.modified, 1U);
  EXPECT_EQ(done.rejected, 1U);
  EXPECT_EQ(value(ann_, "userPassword"), password);
  EXPECT_EQ(value(ann_, "s2lQuotaBytes"), "1000");
  EXPECT_EQ(value(ann_, "s2lEnabled"), "FALSE");
  EXPECT_EQ(value(ann_, "telephoneNumber"), "+49 30 1");
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("the entry keeps its userPassword and s2lQuotaBytes"));
  EXPECT_EQ(host_.migrate().differences(), 0U);
}

TEST_F(unmapped_rows, are_rejected_whole_where_there_is_no_entry) {
  host_.mailbox("3", "eve", "a.example", "Eve", "unknown");
  const sync::counts done = host_.migrate();
  EXPECT_EQ(done.added, 0U);
  EXPECT_EQ(done.rejected, 1U);
  EXPECT_EQ(host_.directory.find(world::account_dn("eve", "a.example")), nullptr);
  EXPECT_THAT(host_.reject_reasons(), testing::Not(HasSubstr("keeps")));
}

// By its old key the row is not found any more, and by its new one it cannot be asked for.
TEST_F(unmapped_rows, keep_the_entry_while_their_key_cannot_be_read) {
  const sync::parties who = host_.parties();
  const sync::run_options how = host_.options();
  sync::follower follower(who, how);
  const std::string password = value(ann_, "userPassword");
  for (const std::optional<std::string>& unreadable : {std::optional<std::string>(), std::optional<std::string>("\xff"),
                                                       std::optional<std::string>(std::string(1, '\0'))}) {
    auto& rows = host_.source.tables["mailbox"].rows;
    rows.front()[0] = unreadable;
    const std::vector<model::row_image> changed = {{"", "mailbox", {{"id", "1"}}},
                                                   {"", "mailbox", {{"id", unreadable}}}};
    ASSERT_TRUE(follower.follow(changed).has_value());
    EXPECT_EQ(value(ann_, "userPassword"), password);
    EXPECT_EQ(follower.aside().count("world/account/1"), 1U);
    ASSERT_TRUE(follower.retry().has_value());
    EXPECT_EQ(value(ann_, "userPassword"), password);
    EXPECT_EQ(host_.migrate().deleted, 0U);

    rows.front()[0] = "1";
    ASSERT_TRUE(follower.follow(std::vector<model::row_image>{changed[1], changed[0]}).has_value());
    EXPECT_TRUE(follower.aside().empty());
    EXPECT_EQ(value(ann_, "userPassword"), password);
  }
  // Another key that can be read is another row.
  host_.set("mailbox", "1", "id", "9");
  host_.set("mailbox", "9", "username", "anna");
  ASSERT_TRUE(
      follower.follow(std::vector<model::row_image>{{"", "mailbox", {{"id", "1"}}}, {"", "mailbox", {{"id", "9"}}}})
          .has_value());
  EXPECT_EQ(host_.directory.find(ann_), nullptr);
}

TEST_F(unmapped_rows, keep_the_name_that_the_row_gives_no_more) {
  host_.set("mailbox", "1", "username", "");
  host_.set("mailbox", "1", "active", "0");
  host_.migrate();
  EXPECT_EQ(value(ann_, "s2lEnabled"), "FALSE");
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("the entry keeps its name"));
}

TEST_F(unmapped_rows, keep_entries_whose_parent_has_no_row_and_the_parent_with_them) {
  host_.drop_rows("domain", "name", "a.example");
  host_.set("mailbox", "2", "active", "0");
  const sync::counts done = host_.migrate();
  EXPECT_EQ(done.deleted, 0U);
  EXPECT_EQ(value(ann_, "s2lEnabled"), "TRUE");
  EXPECT_EQ(value(bob_, "s2lEnabled"), "FALSE");
  EXPECT_EQ(value(world::domain_dn("a.example"), "s2lEnabled"), "TRUE");
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("its row is gone, but entries below it are kept"));
  host_.drop_rows("mailbox", "id", "1");
  host_.drop_rows("mailbox", "id", "2");
  EXPECT_EQ(host_.migrate().deleted, 3U);
}

TEST_F(unmapped_rows, keep_a_name_that_another_row_wants) {
  host_.set("mailbox", "1", "username", "");
  host_.set("mailbox", "2", "username", "ann");
  host_.set("mailbox", "2", "active", "0");
  host_.migrate();
  EXPECT_EQ(value(ann_, "s2lOrigin"), "world/account/1");
  EXPECT_EQ(value(bob_, "s2lOrigin"), "world/account/2");
  EXPECT_EQ(value(bob_, "s2lEnabled"), "FALSE") << "what the row says of the rest is written all the same";
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("another row has the same DN"));
}

TEST_F(unmapped_rows, hold_back_deletes_while_a_key_cannot_be_read) {
  host_.drop_rows("mailbox", "id", "1");
  host_.source.tables["mailbox"].rows.push_back({std::nullopt, "ann", "a.example", "Ann", "", "1", "1"});
  EXPECT_EQ(host_.migrate().deleted, 0U);
  EXPECT_NE(host_.directory.find(ann_), nullptr);
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("the key of another row cannot be read"));
  host_.source.tables["mailbox"].rows.pop_back();
  EXPECT_EQ(host_.migrate().deleted, 1U);
}

TEST_F(unmapped_rows, keep_both_entries_of_one_origin) {
  const model::entry* e = host_.directory.find(ann_);
  ASSERT_NE(e, nullptr);
  model::entry copy;
  copy.set_dn(world::account_dn("copy", "b.example"));
  for (std::size_t i = 0; i < e->size(); ++i)
    if (!((*e)[i].name == model::attribute_name("uid")) && !((*e)[i].name == model::names::entry_uuid))
      copy.add((*e)[i].name, (*e)[i].bytes);
  copy.add(model::attribute_name("uid"), "copy");
  ASSERT_FALSE(host_.directory.try_change({"", model::add_entry{copy}}));
  EXPECT_EQ(host_.migrate().deleted, 0U);
  EXPECT_NE(host_.directory.find(ann_), nullptr);
  EXPECT_NE(host_.directory.find(copy.dn()), nullptr);
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("another entry has the same s2lOrigin"));
}

TEST_F(unmapped_rows, change_nothing_where_a_table_may_not_be_read) {
  host_.source.forbidden.insert("mailbox");
  const std::string before = host_.directory.dump();
  const auto done = sync::migrate(host_.parties(), host_.options());
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(host_.directory.dump(), before);
}

TEST_F(unmapped_rows, keep_their_entries_also_when_they_are_very_many) {
  constexpr int rows = 450;  // more than are looked up one by one
  for (int i = 10; i < rows; ++i) host_.mailbox(std::to_string(i), "user" + std::to_string(i), "b.example");
  host_.migrate();
  witness_.note();
  for (int i = 10; i < rows; ++i) host_.set("mailbox", std::to_string(i), "quota", "a lot");
  for (int i = 10; i < rows; ++i) host_.set("mailbox", std::to_string(i), "active", "0");
  host_.mailbox("9", "new", "b.example", "New", stored_password("salt"), "a lot");
  const sync::counts done = host_.migrate();
  EXPECT_EQ(done.modified, static_cast<std::uint64_t>(rows - 10));
  EXPECT_EQ(done.added, 0U);
  EXPECT_EQ(done.rejected, static_cast<std::uint64_t>(rows - 9));
  EXPECT_EQ(witness_.unproven(), "");
}

TEST_F(unmapped_rows, go_without_an_attribute_that_may_be_omitted) {
  std::string text = world_mapping_text();
  const std::string quota = "m.quota | absent(0)";
  text.replace(text.find(quota), quota.size(), quota + " | integer on error omit");
  world host(true, text);
  host.domain("a.example");
  host.mailbox("1", "ann", "a.example", "Ann", stored_password("salt"), "a lot");
  const sync::counts done = host.migrate();
  EXPECT_EQ(done.added, 4U);  // with the containers
  EXPECT_THAT(host.reject_reasons(), HasSubstr("the entry is made without its s2lQuotaBytes"));
  const model::entry* ann = host.directory.find(ann_);
  ASSERT_NE(ann, nullptr);
  EXPECT_FALSE(ann->has(model::attribute_name("s2lQuotaBytes")));
  EXPECT_EQ(host.migrate().differences(), 0U);
}

// A directory that hides an entry says of it what it says of one that is not there.
class hidden_entries : public unmapped_rows {
 protected:
  void hide(const std::string& dn) { host_.directory.hidden.insert(model::dn::parse(dn)->normal_form()); }
  [[nodiscard]] static std::vector<model::row_image> mailbox(const std::string& id) {
    return {{"", "mailbox", {{"id", id}}}};
  }
  const sync::parties parties_ = host_.parties();
  const sync::run_options options_ = host_.options();
  sync::follower follower_{parties_, options_};
};

TEST_F(hidden_entries, parents_keep_their_children) {
  ASSERT_TRUE(follower_.reconcile().has_value());
  hide(world::domain_dn("a.example"));
  host_.set("mailbox", "1", "active", "0");
  const auto done = follower_.follow(mailbox("1"));
  ASSERT_TRUE(done.has_value()) << done.error().text();
  EXPECT_EQ(done->deleted + done->disabled, 0U);
  EXPECT_EQ(value(ann_, "s2lEnabled"), "FALSE");
  EXPECT_EQ(witness_.unproven(), "");
}

TEST_F(hidden_entries, are_not_made_a_second_time_under_another_name) {
  fake_journal journal;
  sync::agreements known(parties_, journal);
  sync::run_options options = host_.options();
  known.listen(options);
  sync::follower follower(parties_, options);
  ASSERT_TRUE(follower.reconcile().has_value());
  hide(ann_);
  host_.set("mailbox", "1", "username", "anna");
  ASSERT_TRUE(follower.follow(mailbox("1")).has_value());
  EXPECT_EQ(host_.directory.find(world::account_dn("anna", "a.example")), nullptr);
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("the directory does not show its entry"));
  host_.directory.hidden.clear();
  ASSERT_TRUE(follower.retry().has_value());
  EXPECT_NE(host_.directory.find(world::account_dn("anna", "a.example")), nullptr);
  EXPECT_EQ(host_.directory.find(ann_), nullptr);
}

TEST_F(hidden_entries, are_not_made_anew_when_their_classes_are_hidden) {
  ASSERT_TRUE(follower_.reconcile().has_value());
  add_by_hand(ann_, "telephoneNumber", "+49 30 1");
  host_.directory.hidden_attributes.insert(model::names::object_class);
  host_.set("mailbox", "1", "active", "0");
  ASSERT_TRUE(follower_.follow(mailbox("1")).has_value());
  EXPECT_EQ(value(ann_, "telephoneNumber"), "+49 30 1");
  EXPECT_EQ(value(ann_, "s2lEnabled"), "FALSE");
  EXPECT_THAT(host_.reject_reasons(), HasSubstr("access rules hide objectClass"));
  host_.directory.hidden_attributes.clear();
  EXPECT_EQ(host_.migrate().differences(), 0U);
}

TEST_F(hidden_entries, are_not_taken_for_missing_by_a_full_run) {
  hide(world::domain_dn("a.example"));
  hide(ann_);
  EXPECT_EQ(host_.migrate().deleted, 0U);
  host_.directory.hidden.clear();
  EXPECT_EQ(host_.migrate().differences(), 0U);
}

}  // namespace
}  // namespace sql2ldap::test
