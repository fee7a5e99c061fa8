// The stream of changes of a real PostgreSQL, as the follower gets it.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/sources.hpp>

#include <support/postgres.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string described(const model::committed& what) {
  if (what.everything) return "everything";
  std::string out;
  for (const model::row_image& row : what.rows) {
    out += (out.empty() ? "" : "; ") + row.table;
    for (const auto& [column, value] : row.columns) out += " " + column + "=" + value.value_or("NULL");
  }
  return out;
}

class wal_feed : public ::testing::Test {
 protected:
  wal_feed() {
    server_.create_database("mail");
    server_.execute("mail", "create table mailbox (id int primary key, name text); create table log (line text);");
    auto capture = sql::open_wal_capture(server_.url("mail"), {"syncd", "mapped", {{"", "mailbox", "m"}}});
    if (!capture) throw std::runtime_error(capture.error().text());
    capture_ = *std::move(capture);
    const auto begun = capture_->begin();
    if (!begun) throw std::runtime_error(begun.error().text());
  }
  [[nodiscard]] std::unique_ptr<model::feed> open(std::uint64_t from = 0) const {
    auto feed = capture_->follow(from);
    EXPECT_TRUE(feed.has_value()) << feed.error().text();
    return feed ? *std::move(feed) : nullptr;
  }
  // All that comes until nothing comes for a while.
  static std::vector<std::string> told(model::feed& feed, std::uint64_t* position = nullptr) {
    std::vector<std::string> out;
    while (true) {
      const auto next = feed.next(out.empty() ? 10s : 300ms);
      EXPECT_TRUE(next.has_value()) << next.error().text();
      if (!next || !*next) return out;
      out.push_back(described(**next));
      if (position != nullptr) *position = (*next)->position;
    }
  }
  [[nodiscard]] std::string forgotten_up_to() const {
    return server_.execute("mail", "select confirmed_flush_lsn from pg_replication_slots");
  }

  [[nodiscard]] model::collected look() const {
    const auto seen = capture_->look();
    if (!seen) throw std::runtime_error(seen.error().text());
    return *seen;
  }

  postgres_server server_;
  std::unique_ptr<model::capture> capture_;
};

TEST_F(wal_feed, what_is_collected_is_looked_at) {
  using state = model::collected::state;
  const model::collected fresh = look();
  EXPECT_EQ(fresh.now, state::ready) << fresh.reason;
  EXPECT_GT(fresh.confirmed, 0U);
  EXPECT_GE(fresh.end, fresh.confirmed);
  EXPECT_THAT(fresh.history, HasSubstr("timeline 1"));

  server_.execute("mail", "alter publication mapped drop table mailbox; alter publication mapped add table log");
  EXPECT_EQ(look().now, state::broken);
  EXPECT_THAT(look().reason, HasSubstr("does not have public.mailbox"));
  ASSERT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(look().now, state::ready);

  server_.execute("mail", "select pg_drop_replication_slot('syncd')");
  server_.execute("mail", "select pg_create_logical_replication_slot('syncd', 'test_decoding')");
  EXPECT_THAT(look().reason, HasSubstr("test_decoding"));

  // Too much for the server to keep.
  ASSERT_TRUE(capture_->begin().has_value());
  server_.execute("postgres", "alter system set max_slot_wal_keep_size = '1MB'");
  server_.execute("postgres", "alter system set wal_keep_size = 0");
  server_.execute("postgres", "select pg_reload_conf()");
  const bool lost = eventually(60s, [&] {
    server_.execute("mail", "insert into log values ('x'); select pg_switch_wal()");
    server_.execute("mail", "checkpoint");
    return look().now == state::broken;
  });
  EXPECT_TRUE(lost);
  EXPECT_THAT(look().reason, HasSubstr("wal_status lost"));
}

TEST_F(wal_feed, tells_committed_rows_in_order) {
  const auto feed = open();
  server_.execute("mail", "insert into mailbox values (1, 'ann')");
  server_.execute("mail", "begin; insert into mailbox values (2, 'gone'); rollback");
  server_.execute("mail", "begin; update mailbox set name = 'bob'; update mailbox set id = 3; commit");
  server_.execute("mail", "delete from mailbox");
  EXPECT_THAT(told(*feed),
              ElementsAre("mailbox id=1 name=ann",
                          "mailbox id=1; mailbox id=1 name=bob; mailbox id=1; mailbox id=3 name=bob", "mailbox id=3"));
}

TEST_F(wal_feed, tells_again_what_was_not_confirmed_and_nothing_else) {
  std::uint64_t first = 0;
  {
    const auto feed = open();
    server_.execute("mail", "insert into mailbox values (1, 'ann')");
    EXPECT_EQ(told(*feed, &first).size(), 1U);
    server_.execute("mail", "insert into mailbox values (2, 'bob')");
    EXPECT_EQ(told(*feed).size(), 1U);
    ASSERT_TRUE(feed->confirm(first).has_value());
  }
  {
    const auto feed = open();
    EXPECT_THAT(told(*feed), ElementsAre("mailbox id=2 name=bob"));
  }
  // What the caller knows already is not told, whatever the slot remembers.
  std::uint64_t second = 0;
  told(*open(), &second);
  server_.execute("mail", "insert into mailbox values (3, 'cid')");
  EXPECT_THAT(told(*open(second)), ElementsAre("mailbox id=3 name=cid"));
}

TEST_F(wal_feed, an_emptied_table_or_too_many_rows_are_everything) {
  const auto feed = open();
  server_.execute("mail", "insert into mailbox values (1, 'ann')");
  server_.execute("mail", "truncate mailbox");
  server_.execute("mail", "insert into mailbox select n, 'x' from generate_series(1, " +
                              std::to_string(limits::feed_rows_max + 1) + ") n");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1 name=ann", "everything", "everything"));
}

TEST_F(wal_feed, lets_the_server_forget_what_quiet_tables_would_keep) {
  const auto feed = open();
  server_.execute("mail", "insert into mailbox values (1, 'ann')");
  std::uint64_t position = 0;
  told(*feed, &position);
  ASSERT_TRUE(feed->confirm(position).has_value());
  const std::string before = forgotten_up_to();
  // The server says how far it is when it has read on; each answer of ours may move the slot.
  for (int i = 0; i < 100 && forgotten_up_to() == before; ++i) {
    server_.execute("mail", "insert into log values ('busy'); select pg_switch_wal()");
    ASSERT_TRUE(feed->next(100ms).has_value());
    ASSERT_TRUE(feed->confirm(position).has_value());
  }
  EXPECT_NE(forgotten_up_to(), before);
}

// PostgreSQL's log has a commit before other sessions see it; waiting for a standby makes that time long.
TEST_F(wal_feed, tells_nothing_that_a_snapshot_would_not_show) {
  const auto source = sql::open_source(server_.url("mail"));
  ASSERT_TRUE(source.has_value());
  const auto feed = open();
  const auto settle = [&](const std::string& sql) {
    server_.execute("postgres", sql);
    server_.execute("postgres", "select pg_reload_conf()");
  };
  settle("alter system set synchronous_standby_names = 'nobody'");
  const child_process writer({.arguments = {server_.programs() / "psql", "-X", "-q", server_.url("mail")},
                              .input = "insert into mailbox values (1, 'ann')"});
  ASSERT_TRUE(eventually(30s, [&] {
    return server_.execute("mail", "select count(*) from pg_stat_activity where wait_event = 'SyncRep'") == "1\n";
  }));
  const auto early = feed->next(300ms);
  ASSERT_TRUE(early.has_value()) << early.error().text();
  EXPECT_FALSE(early->has_value());

  settle("alter system reset synchronous_standby_names");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1 name=ann"));
  const auto now = (*source)->open_snapshot();
  ASSERT_TRUE(now.has_value());
  model::query all;
  all.from = {"", "mailbox", "m"};
  all.columns = {{"m", "id"}};
  EXPECT_TRUE((*(*now)->rows(all))->next()->has_value());
}

TEST_F(wal_feed, a_lost_connection_can_be_opened_again_a_missing_slot_cannot) {
  const auto feed = open();
  server_.execute("mail", "select pg_terminate_backend(active_pid) from pg_replication_slots");
  const auto lost = feed->next(10s);
  ASSERT_FALSE(lost.has_value());
  EXPECT_TRUE(lost.error().transient) << lost.error().text();

  server_.execute("mail", "select pg_drop_replication_slot('syncd')");
  EXPECT_EQ(look().now, model::collected::state::missing);
  const auto missing = capture_->follow(0);
  ASSERT_FALSE(missing.has_value());
  EXPECT_FALSE(missing.error().transient);
  EXPECT_THAT(missing.error().text(), HasSubstr("\"syncd\" does not exist"));
}

}  // namespace
}  // namespace sql2ldap::test
