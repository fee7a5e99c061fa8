#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
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

// ---- limits -----------------------------------------------------------------------------------

class holding : public follow {
 protected:
  holding() {
    const auto compared = follower_.reconcile();
    if (!compared) throw std::runtime_error(compared.error().text());
    how_.limits.enforced = true;
    how_.limits.deletes_percent = 0;
    how_.limits.deletes_at_least = 5;
    how_.limits.window = std::chrono::seconds(60);
  }
  sync::counts drop(int first, int last, std::time_t time = 1000) {
    std::vector<model::row_image> rows;
    for (int i = first; i < last; ++i) {
      w_.drop_rows("mailbox", "id", std::to_string(i));
      rows.push_back({"", "mailbox", {{"id", std::to_string(i)}}});
    }
    return follow(rows, time);
  }
  sync::counts follow(const std::vector<model::row_image>& rows, std::time_t time = 1000) {
    const auto done = follower_.follow(rows, {}, {"a test", time});
    EXPECT_TRUE(done.has_value()) << done.error().text();
    return done.value_or(sync::counts{});
  }
  // The first accounts, each into a list at the same address.
  std::vector<model::row_image> turn_into_lists(int count) {
    std::vector<model::row_image> rows;
    for (int i = 0; i < count; ++i) {
      const std::string key = std::to_string(i);
      w_.drop_rows("mailbox", "id", key);
      w_.list("a" + key, "user" + key, "a.example");
      rows.push_back({"", "mailbox", {{"id", key}}});
      rows.push_back({"", "list", {{"id", "a" + key}}});
    }
    return rows;
  }
  [[nodiscard]] std::size_t held() const { return follower_.held().list().size(); }
};

TEST_F(holding, deletes_beyond_the_limit_wait_and_all_else_is_written) {
  EXPECT_EQ(drop(0, 10).deleted, 0U);
  EXPECT_EQ(held(), 10U);
  EXPECT_THAT(
      follower_.held().list().begin()->second.cause,
      testing::AllOf(testing::HasSubstr("a test"), testing::HasSubstr("10 of"), testing::HasSubstr("5 are allowed")));
  w_.set("mailbox", "15", "name", "Bea");
  w_.mailbox("30", "new", "a.example");
  const sync::counts rest = follow({{"", "mailbox", {{"id", "15"}}}, {"", "mailbox", {{"id", "30"}}}});
  EXPECT_EQ(rest.modified, 1U);
  EXPECT_EQ(rest.added, 1U);
  EXPECT_EQ(held(), 10U);
  EXPECT_TRUE(follower_.aside().empty());
}

TEST_F(holding, a_release_writes_what_was_shown_and_nothing_that_came_later) {
  drop(0, 7);
  const std::string shown = follower_.held().id();
  drop(7, 9);
  EXPECT_NE(follower_.held().id(), shown);
  EXPECT_EQ(held(), 9U);
  EXPECT_FALSE(follower_.held().release("0123abcd-7"));
  EXPECT_FALSE(follower_.held().release(shown + "0"));
  ASSERT_TRUE(follower_.held().release(shown));
  const auto written = follower_.write_released({"released"});
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_EQ(written->deleted, 7U);
  EXPECT_EQ(held(), 2U);
  EXPECT_FALSE(follower_.held().is_released("world/account/7"));
}

TEST_F(holding, rows_that_come_back_wait_no_longer) {
  drop(0, 10);
  std::vector<model::row_image> rows;
  for (int i = 0; i < 10; ++i) {
    w_.mailbox(std::to_string(i), "user" + std::to_string(i), "a.example");
    rows.push_back({"", "mailbox", {{"id", std::to_string(i)}}});
  }
  const sync::counts back = follow(rows);
  EXPECT_EQ(back.differences(), 0U);
  EXPECT_EQ(held(), 0U);
  EXPECT_TRUE(w_.verify().empty()) << w_.plan();
}

TEST_F(holding, deletes_count_together_within_the_window_of_their_commits) {
  EXPECT_EQ(drop(0, 3, 1000).deleted, 3U);
  EXPECT_EQ(drop(3, 6, 1059).deleted, 0U);
  EXPECT_EQ(held(), 3U);
  EXPECT_EQ(drop(6, 9, 1200).deleted, 3U);
}

TEST_F(holding, what_waits_goes_on_waiting_when_everything_is_compared) {
  drop(0, 10);
  const auto plan = follower_.held().id();
  how_.limits.deletes_at_least = 100;
  const auto compared = follower_.reconcile();
  ASSERT_TRUE(compared.has_value()) << compared.error().text();
  EXPECT_EQ(compared->deleted, 0U);
  EXPECT_EQ(follower_.held().id(), plan);
}

TEST_F(holding, an_entry_of_another_kind_at_the_same_address_is_no_delete) {
  const std::vector<model::row_image> rows = turn_into_lists(10);
  const sync::counts changed = follow(rows);
  EXPECT_EQ(changed.added, 10U);
  EXPECT_EQ(changed.deleted, 10U);
  EXPECT_EQ(held(), 0U);
}

TEST_F(holding, many_entries_of_another_kind_are_many_changes) {
  how_.limits.changes_percent = 0;
  how_.limits.changes_at_least = 5;
  const std::vector<model::row_image> rows = turn_into_lists(10);
  EXPECT_EQ(follow(rows).differences(), 0U);
  EXPECT_EQ(held(), 20U) << "with what would come in their places";
  EXPECT_EQ(follow({rows[1]}).differences(), 0U) << "an address has one entry";
  ASSERT_TRUE(follower_.held().release(follower_.held().id()));
  const auto written = follower_.write_released({"released"});
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_EQ(written->deleted, 10U);
  EXPECT_EQ(written->added, 10U);
  EXPECT_EQ(held(), 0U);
  EXPECT_TRUE(w_.verify().empty()) << w_.plan();
}

TEST_F(holding, a_parent_waits_with_the_entries_below_it_and_goes_with_them) {
  drop(0, 20);
  w_.drop_rows("domain", "name", "a.example");
  EXPECT_EQ(follow({{"", "domain", {{"name", "a.example"}}}}).deleted, 0U);
  EXPECT_EQ(held(), 21U);
  EXPECT_TRUE(follower_.aside().empty());
  ASSERT_TRUE(follower_.held().release(follower_.held().id()));
  const auto written = follower_.write_released({"released"});
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_EQ(written->deleted, 21U);
  EXPECT_EQ(held(), 0U);
}

TEST_F(holding, updates_beyond_the_limit_wait_too) {
  how_.limits.changes_percent = 0;
  how_.limits.changes_at_least = 5;
  std::vector<model::row_image> rows;
  for (int i = 0; i < 10; ++i) {
    w_.set("mailbox", std::to_string(i), "name", "All");
    rows.push_back({"", "mailbox", {{"id", std::to_string(i)}}});
  }
  EXPECT_EQ(follow(rows).modified, 0U);
  EXPECT_EQ(held(), 10U);
  w_.set("mailbox", "3", "name", "Cid");
  EXPECT_EQ(follow({rows[3]}).modified, 1U) << "its own change is not held";
  EXPECT_EQ(held(), 9U);
  ASSERT_TRUE(follower_.held().release(follower_.held().id()));
  const auto written = follower_.write_released({"released"});
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_EQ(written->modified, 9U);
  EXPECT_TRUE(w_.verify().empty()) << w_.plan();
}

TEST_F(holding, several_transactions_at_once_are_refused_so_that_each_is_measured) {
  std::vector<model::row_image> rows;
  for (int i = 0; i < 10; ++i) {
    w_.drop_rows("mailbox", "id", std::to_string(i));
    rows.push_back({"", "mailbox", {{"id", std::to_string(i)}}});
  }
  const auto refused = follower_.follow(rows, {}, {"a test", 1000, false});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, error_kind::limit);
  EXPECT_EQ(held(), 0U);
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
