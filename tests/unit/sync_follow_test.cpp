#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/sync/agreements.hpp>
#include <sql2ldap/sync/follow.hpp>

#include <support/beside.hpp>
#include <support/fake_feed.hpp>
#include <support/world.hpp>

namespace sql2ldap::test {
namespace {

class follow : public testing::Test {
 protected:
  follow() {
    w_.domain("a.example");
    for (int i = 0; i < 20; ++i) w_.mailbox(std::to_string(i), "user" + std::to_string(i), "a.example");
    learnt_.listen(how_);
  }

  world w_;
  sync::parties who_ = w_.parties();
  sync::run_options how_ = w_.options();
  fake_journal journal_;
  sync::agreements learnt_{who_, journal_};
  std::function<void()> before_reading_ahead_ = [] {};
  sync::follower follower_{who_, how_, [](const auto&) -> result<void> { return {}; },
                           [this](const std::function<result<void>()>& work) {
                             before_reading_ahead_();
                             return at_once(work);
                           }};
};

// What comes next is read when it is named, before anything is written.
class reading_ahead : public follow {
 protected:
  reading_ahead() {
    const auto compared = follower_.reconcile();
    if (!compared) throw std::runtime_error(compared.error().text());
  }
  static std::vector<model::row_image> changed(const std::string& table, const std::string& key) {
    return {{"", table, {{table == "domain" ? "name" : "id", key}}}};
  }
  sync::counts follow(const std::vector<model::row_image>& now, const std::vector<model::row_image>& next = {}) {
    const auto done = follower_.follow(now, next);
    EXPECT_TRUE(done.has_value()) << done.error().text();
    return done.value_or(sync::counts{});
  }
};

TEST_F(follow, what_cannot_be_written_is_still_agreed_on_as_before) {
  ASSERT_TRUE(follower_.reconcile().has_value());
  const std::string origin = "world/account/7";
  const auto before = journal_.agreed().at(origin).digests;
  w_.directory.refused.insert(model::dn::parse(world::account_dn("user7", "a.example"))->normal_form());
  w_.set("mailbox", "7", "name", "Other");
  const auto compared = follower_.reconcile();
  ASSERT_TRUE(compared.has_value()) << compared.error().text();
  EXPECT_EQ(compared->rejected, 1U);
  ASSERT_TRUE(journal_.agreed().contains(origin));
  EXPECT_EQ(journal_.agreed().at(origin).digests, before);
}

TEST_F(follow, a_plan_is_named_with_the_values_that_it_writes) {
  ASSERT_TRUE(follower_.reconcile().has_value());
  how_.limits.deletes_at_least = 1;
  for (int i = 0; i < 10; ++i) w_.drop_rows("mailbox", "id", std::to_string(i));
  const auto plan_with_name = [&](const std::string& name) {
    w_.set("mailbox", "15", "name", name);
    const auto refused = follower_.reconcile();
    EXPECT_FALSE(refused.has_value());
    return follower_.held().id;
  };
  const std::string first = plan_with_name("Bea");
  EXPECT_EQ(first.size(), 16U);
  EXPECT_NE(plan_with_name("Cid"), first);
  EXPECT_EQ(plan_with_name("Bea"), first);
}

TEST_F(follow, where_nothing_is_nothing_is_purged) {
  how_.grace = std::chrono::hours(24);
  const auto purged = follower_.purge();
  ASSERT_TRUE(purged.has_value()) << purged.error().text();
  EXPECT_EQ(purged->deleted, 0U);
}

// Turned off, an entry keeps its name only as long as nobody wants it.
TEST_F(follow, who_waits_for_a_name_has_it_once_its_row_is_gone) {
  how_.grace = std::chrono::hours(24);
  w_.mailbox("30", "user7", "a.example");
  ASSERT_TRUE(follower_.reconcile().has_value());
  ASSERT_TRUE(follower_.aside().contains("world/account/7"));
  w_.drop_rows("mailbox", "id", "30");
  const auto done = follower_.follow(std::vector<model::row_image>{{"", "mailbox", {{"id", "30"}}}});
  ASSERT_TRUE(done.has_value()) << done.error().text();
  EXPECT_TRUE(follower_.aside().empty());
  EXPECT_TRUE(w_.verify().empty()) << w_.plan();
}

TEST_F(reading_ahead, is_not_repeated_when_it_comes) {
  w_.set("mailbox", "1", "name", "Abe");
  w_.set("mailbox", "2", "name", "Bea");
  EXPECT_EQ(follow(changed("mailbox", "1"), changed("mailbox", "2")).modified, 1U);
  const auto read = w_.source.rows_given;
  EXPECT_EQ(follow(changed("mailbox", "2")).modified, 1U);
  EXPECT_EQ(w_.source.rows_given, read);
  EXPECT_TRUE(w_.verify().empty());
}

TEST_F(reading_ahead, is_for_the_rows_that_were_named_only) {
  w_.set("mailbox", "1", "name", "Abe");
  w_.set("mailbox", "3", "name", "Cid");
  follow(changed("mailbox", "1"), changed("mailbox", "2"));
  EXPECT_EQ(follow(changed("mailbox", "3")).modified, 1U);
}

TEST_F(reading_ahead, is_repeated_where_the_same_entry_was_written) {
  w_.set("mailbox", "1", "name", "Abe");
  EXPECT_EQ(follow(changed("mailbox", "1"), changed("mailbox", "1")).modified, 1U);
  EXPECT_EQ(follow(changed("mailbox", "1")).modified, 0U);
}

TEST_F(reading_ahead, is_repeated_where_something_else_was_done_before) {
  w_.set("mailbox", "1", "name", "Abe");
  w_.set("mailbox", "2", "name", "Bea");
  follow(changed("mailbox", "1"), changed("mailbox", "2"));
  ASSERT_TRUE(follower_.compare_again({"world/account/2"}));
  EXPECT_EQ(follow(changed("mailbox", "2")).modified, 0U);
}

TEST_F(reading_ahead, is_repeated_where_a_name_was_given) {
  w_.domain("b.example");
  w_.mailbox("30", "new", "b.example");
  EXPECT_EQ(follow(changed("domain", "b.example"), changed("mailbox", "30")).added, 1U);
  const sync::counts second = follow(changed("mailbox", "30"));
  EXPECT_EQ(second.added, 1U);
  EXPECT_EQ(second.rejected, 0U);
}

TEST_F(reading_ahead, is_repeated_where_an_entry_is_in_force_again) {
  how_.grace = std::chrono::hours(24);
  w_.domain("b.example");
  follow(changed("domain", "b.example"));
  w_.drop_rows("domain", "name", "b.example");
  EXPECT_EQ(follow(changed("domain", "b.example")).disabled, 1U);
  w_.domain("b.example");
  w_.mailbox("30", "new", "b.example");
  EXPECT_EQ(follow(changed("domain", "b.example"), changed("mailbox", "30")).modified, 1U);
  const sync::counts second = follow(changed("mailbox", "30"));
  EXPECT_EQ(second.added, 1U);
  EXPECT_EQ(second.rejected, 0U);
  EXPECT_TRUE(w_.verify().empty()) << w_.plan();
}

// Who is set aside is looked at again as soon as somebody wants the name; the reading did not know of it.
TEST_F(reading_ahead, is_repeated_where_an_entry_was_set_aside_meanwhile) {
  const std::string name = world::account_dn("user1", "a.example");
  w_.set("mailbox", "1", "name", "Abe");
  w_.mailbox("30", "user1", "a.example");
  before_reading_ahead_ = [&] { EXPECT_EQ(w_.directory.try_change({"", model::delete_entry{name}}), std::nullopt); };
  EXPECT_EQ(follow(changed("mailbox", "1"), changed("mailbox", "30")).rejected, 1U);
  EXPECT_EQ(follow(changed("mailbox", "30")).added, 1U);
  EXPECT_EQ(w_.directory.find(name)->first_value_of(model::names::origin), "world/account/1");
  EXPECT_TRUE(w_.verify().empty()) << w_.plan();
}

// It makes room for another who waits for that name, and who is written in the same call.
TEST_F(reading_ahead, is_not_done_where_somebody_may_no_longer_wait) {
  w_.directory.refused.insert(model::dn::parse(world::domain_dn("b.example"))->normal_form());
  w_.domain("B.example");
  w_.domain("b.example");
  follow(changed("domain", "B.example"));
  follow(changed("domain", "b.example"));
  ASSERT_EQ(follower_.aside().size(), 2U);
  w_.directory.refused.clear();
  w_.drop_rows("domain", "name", "B.example");
  w_.mailbox("30", "new", "b.example");
  EXPECT_EQ(follow(changed("domain", "B.example"), changed("mailbox", "30")).added, 1U);
  const sync::counts second = follow(changed("mailbox", "30"));
  EXPECT_EQ(second.added, 1U);
  EXPECT_EQ(second.rejected, 0U);
  EXPECT_TRUE(w_.verify().empty()) << w_.plan();
}

TEST_F(reading_ahead, is_not_done_in_vain) {
  int readings = 0;
  before_reading_ahead_ = [&] { ++readings; };
  w_.mailbox("30", "new", "nowhere.example");
  EXPECT_EQ(follow(changed("mailbox", "30"), changed("mailbox", "2")).rejected, 1U);
  w_.mailbox("31", "new", "a.example");
  EXPECT_EQ(follow(changed("mailbox", "31"), changed("mailbox", "2")).added, 1U);
  w_.set("mailbox", "31", "username", "newer");
  EXPECT_EQ(follow(changed("mailbox", "31"), changed("mailbox", "2")).renamed, 1U);
  w_.drop_rows("mailbox", "id", "31");
  EXPECT_EQ(follow(changed("mailbox", "31"), changed("mailbox", "2")).deleted, 1U);
  follower_.restore({}, follower_.entries(), {"world/account/3"});
  follow(changed("mailbox", "1"), changed("mailbox", "2"));
  EXPECT_EQ(readings, 0);
  w_.set("mailbox", "1", "active", "0");
  EXPECT_EQ(follow(changed("mailbox", "1"), changed("mailbox", "2")).modified, 1U);
  EXPECT_EQ(readings, 1);
}

}  // namespace
}  // namespace sql2ldap::test
