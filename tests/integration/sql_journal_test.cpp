// Changes by triggers and a table of ours, on real servers.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <sql2ldap/sql/sources.hpp>

#include <support/postgres.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

const std::vector<model::table_ref> followed{{"", "mailbox", "m"}, {"", "alias", "a"}, {"", "mailbox", "again"}};

std::string described(const model::committed& what) {
  if (what.everything) return "everything";
  std::string out;
  for (const model::row_image& row : what.rows) {
    out += (out.empty() ? "" : "; ") + row.table;
    for (const auto& [column, value] : row.columns) out += " " + column + "=" + value.value_or("NULL");
  }
  return out;
}

// All that comes until nothing comes for a while.
std::vector<std::string> told(model::feed& feed, std::uint64_t* position = nullptr) {
  std::vector<std::string> out;
  while (true) {
    const auto next = feed.next(out.empty() ? 5s : 300ms);
    EXPECT_TRUE(next.has_value()) << next.error().text();
    if (!next || !*next) return out;
    out.push_back(described(**next));
    if (position != nullptr) *position = (*next)->position;
  }
}

constexpr const char* tables_sql =
    "create table mailbox (id int primary key, name text unique, active bool); create table alias (address text);";

class pg_journal : public ::testing::Test {
 protected:
  pg_journal() {
    static int count = 0;
    name_ = "journal" + std::to_string(++count);
    url_ = server_.create_database(name_);
    run(tables_sql);
    auto opened = sql::open_journal_capture(url_, followed);
    if (!opened) throw std::runtime_error(opened.error().text());
    capture_ = *std::move(opened);
  }
  std::string run(const std::string& sql) const { return server_.execute(name_, sql); }
  [[nodiscard]] model::collected look() const {
    const auto seen = capture_->look();
    if (!seen) throw std::runtime_error(seen.error().text());
    return *seen;
  }
  [[nodiscard]] std::unique_ptr<model::feed> follow(std::uint64_t from = 0) const {
    auto feed = capture_->follow(from);
    if (!feed) throw std::runtime_error(feed.error().text());
    return *std::move(feed);
  }
  void begin() const {
    const auto begun = capture_->begin();
    ASSERT_TRUE(begun.has_value()) << begun.error().text();
  }

  postgres_server& server_ = postgres_server::shared();
  std::string name_;
  std::string url_;
  std::unique_ptr<model::capture> capture_;
};

TEST_F(pg_journal, rows_of_partitions_are_rows_of_the_whole_table) {
  run("drop table mailbox");
  run("create table mailbox (id int, name text, active bool, primary key (id)) partition by range (id)");
  run("create schema elsewhere");
  run("create table elsewhere.low partition of mailbox for values from (0) to (10)");
  run("create table high partition of mailbox for values from (10) to (20)");
  begin();
  const auto feed = follow(look().confirmed);
  run("insert into mailbox values (1, 'ann', true)");
  run("update mailbox set id = 11");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox active=t id=1 name=ann",
                                       "mailbox active=t id=1 name=ann; mailbox active=t id=11 name=ann"));
}

TEST_F(pg_journal, tells_what_was_committed) {
  begin();
  const auto feed = follow();
  run("insert into mailbox values (1, 'ann', true)");
  run("begin; insert into mailbox values (2, 'gone', true); rollback");
  run("begin; savepoint s; insert into alias values ('lost'); rollback to s; update mailbox set id = 3, active = false;"
      "delete from mailbox; commit");
  run("truncate alias");
  EXPECT_THAT(told(*feed),
              ElementsAre("mailbox active=t id=1 name=ann",
                          "mailbox active=t id=1 name=ann; mailbox active=f id=3 name=ann; mailbox active=f "
                          "id=3 name=ann",
                          "everything"));
}

TEST_F(pg_journal, tells_again_what_was_not_confirmed) {
  begin();
  std::uint64_t first = 0;
  {
    const auto feed = follow();
    run("insert into alias values ('a')");
    EXPECT_THAT(told(*feed, &first), ElementsAre("alias address=a"));
    ASSERT_TRUE(feed->confirm(first).has_value());
    run("insert into alias values ('b')");
    EXPECT_THAT(told(*feed), ElementsAre("alias address=b"));
  }
  EXPECT_EQ(look().confirmed, first);
  EXPECT_THAT(told(*follow(first)), ElementsAre("alias address=b"));
}

TEST_F(pg_journal, who_commits_late_is_not_missed) {
  begin();
  const auto feed = follow();
  PGconn* late = PQconnectdb(url_.c_str());
  PQclear(PQexec(late, "begin; insert into alias values ('late')"));
  run("insert into alias values ('early')");
  // Behind an open transaction nothing is told: what it has written would be missed.
  const auto nothing = feed->next(200ms);
  ASSERT_TRUE(nothing.has_value());
  EXPECT_FALSE(nothing->has_value());
  PQclear(PQexec(late, "commit"));
  PQfinish(late);
  EXPECT_THAT(told(*feed), ElementsAre("alias address=late", "alias address=early"));
}

TEST_F(pg_journal, is_looked_at) {
  using state = model::collected::state;
  EXPECT_EQ(look().now, state::missing);
  begin();
  EXPECT_EQ(look().now, state::ready) << look().reason;
  run("alter table alias disable trigger sql2ldap_row");
  EXPECT_EQ(look().now, state::broken);
  EXPECT_THAT(look().reason, HasSubstr("alias"));
  begin();
  EXPECT_EQ(look().now, state::ready) << look().reason;
  const auto other = sql::open_journal_capture(url_, followed);
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ((*other)->look()->now, state::taken);
}

TEST_F(pg_journal, leaves_no_trace) {
  const std::string objects =
      "select 'trigger', tgname from pg_trigger where not tgisinternal union all select 'schema', nspname from "
      "pg_namespace where nspname !~ '^pg_toast' union all select 'function', proname from pg_proc where pronamespace "
      "not in (11, 'information_schema'::regnamespace) order by 1, 2";
  const std::string before = run(objects);
  begin();
  EXPECT_NE(run(objects), before);
  const auto statements = sql::journal_remove_sql(url_);
  ASSERT_TRUE(statements.has_value());
  ASSERT_TRUE(sql::run_all(url_, *statements).has_value());
  EXPECT_EQ(run(objects), before);
  EXPECT_THAT(*sql::journal_remove_sql(url_), IsEmpty());
}

TEST_F(pg_journal, any_user_may_change_the_tables) {
  begin();
  run("create role app_" + name_ + "; grant insert on alias to app_" + name_);
  const auto feed = follow();
  run("set role app_" + name_ + "; insert into alias values ('by the application')");
  EXPECT_THAT(told(*feed), ElementsAre("alias address=by the application"));
}

class sqlite_journal : public ::testing::Test {
 protected:
  sqlite_journal() {
    auto opened = sql::open_journal_capture(tables_.url(), followed);
    if (!opened) throw std::runtime_error(opened.error().text());
    capture_ = *std::move(opened);
    const auto begun = capture_->begin();
    if (!begun) throw std::runtime_error(begun.error().text());
  }
  [[nodiscard]] std::unique_ptr<model::feed> follow(std::uint64_t from = 0) const {
    auto feed = capture_->follow(from);
    if (!feed) throw std::runtime_error(feed.error().text());
    return *std::move(feed);
  }
  [[nodiscard]] std::string all_told(std::uint64_t from = 0) const {
    std::string out;
    for (const std::string& one : told(*follow(from))) out += (out.empty() ? "" : "; ") + one;
    return out;
  }

  sqlite_database tables_{tables_sql};
  std::unique_ptr<model::capture> capture_;
};

TEST_F(sqlite_journal, tells_what_was_committed) {
  const auto feed = follow();
  tables_.execute("insert into mailbox values (1, 'ann', 1)");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox active=1 id=1 name=ann"));
  tables_.execute("begin; insert into alias values ('gone'); rollback;");
  tables_.execute("update mailbox set id = 3; delete from mailbox;");
  std::string rest;
  for (const std::string& one : told(*feed)) rest += one + "; ";
  EXPECT_THAT(rest, testing::MatchesRegex(".*mailbox active=1 id=1 name=ann; mailbox active=1 id=3 name=ann; mailbox "
                                          "active=1 id=3 name=ann; "));
}

// SQLite tells no trigger of the rows that a REPLACE removes.
TEST_F(sqlite_journal, tells_rows_that_are_replaced) {
  tables_.execute("insert into mailbox values (1, 'ann', 1)");
  const auto before = capture_->look();
  ASSERT_TRUE(before.has_value());
  tables_.execute("insert or replace into mailbox values (2, 'ann', 0)");
  EXPECT_EQ(all_told(before->end), "mailbox active=1 id=1 name=ann; mailbox active=0 id=2 name=ann");
}

TEST_F(sqlite_journal, bytes_do_not_break_the_application) {
  tables_.execute("insert into alias values (x'ff00')");
  EXPECT_EQ(all_told(), "alias");
}

TEST_F(sqlite_journal, confirms_and_tells_again) {
  const auto feed = follow();
  tables_.execute("insert into alias values ('a')");
  std::uint64_t first = 0;
  told(*feed, &first);
  ASSERT_TRUE(feed->confirm(first).has_value());
  tables_.execute("insert into alias values ('b')");
  const auto seen = capture_->look();
  EXPECT_EQ(seen->confirmed, first);
  EXPECT_GT(seen->end, first);
  EXPECT_EQ(all_told(first), "alias address=b");
}

TEST_F(sqlite_journal, is_looked_at_and_leaves_no_trace) {
  using state = model::collected::state;
  EXPECT_EQ(capture_->look()->now, state::ready) << capture_->look()->reason;
  tables_.execute("drop trigger sql2ldap_alias_delete");
  EXPECT_EQ(capture_->look()->now, state::broken);
  ASSERT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(capture_->look()->now, state::ready);
  const auto statements = sql::journal_remove_sql(tables_.url());
  ASSERT_TRUE(statements.has_value());
  ASSERT_TRUE(sql::run_all(tables_.url(), *statements).has_value());
  EXPECT_EQ(tables_.execute("select name from sqlite_master where name like '%sql2ldap%'"), "");
  EXPECT_EQ(capture_->look()->now, state::missing);
}

}  // namespace
}  // namespace sql2ldap::test
