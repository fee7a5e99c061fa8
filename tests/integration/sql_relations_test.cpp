// Tables that change their shape while they are followed, partitions, and what cannot be followed: on a real
// PostgreSQL, by its log and by triggers.
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/sql/sources.hpp>

#include <support/postgres.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;
using sql::capture_kind;

constexpr const char* key_partitions =
    "create table users (id int, dom text, email text, primary key (id, dom)) partition by list (dom);"
    "create table users_a partition of users for values in ('a');"
    "create table users_b partition of users for values in ('b') partition by range (id);"
    "create table users_b1 partition of users_b for values from (0) to (100);";

std::string described(const model::committed& transaction) {
  if (transaction.everything) return "everything";
  std::string out;
  for (const model::row_image& row : transaction.rows) {
    out += (out.empty() ? "" : "; ") + row.table;
    for (const auto& [column, value] : row.columns) out += " " + column + "=" + value.value_or("NULL");
  }
  return out;
}

class followed_tables : public ::testing::TestWithParam<capture_kind> {
 protected:
  followed_tables() { url_ = server_.create_database(name_ = "relations" + std::to_string(++databases)); }
  // Slots are the server's, and a database with one cannot be dropped.
  ~followed_tables() override {
    capture_ = nullptr;
    run("select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
  }

  std::string run(const std::string& sql) const { return server_.execute(name_, sql); }
  // Whether the application's own statement succeeds.
  [[nodiscard]] bool works(const std::string& sql) const {
    try {
      run(sql);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }
  void open(const std::vector<std::string>& tables, bool old_rows = false) {
    std::vector<model::table_ref> refs;
    std::vector<sql::noted_table> noted;
    const std::set<std::string> columns{"id", "dom", "email", "a", "b", "name"};
    for (const std::string& table : tables) {
      refs.push_back({"", table, table});
      noted.push_back({refs.back(), columns, columns});
    }
    options_ = {name_, "mapped", refs, old_rows ? refs : std::vector<model::table_ref>(), 20ms};
    auto opened = GetParam() == capture_kind::wal ? sql::open_wal_capture(url_, options_)
                                                  : sql::open_journal_capture(url_, noted);
    ASSERT_TRUE(opened.has_value()) << opened.error().text();
    capture_ = *std::move(opened);
  }
  void begin(const std::vector<std::string>& tables, bool old_rows = false) {
    open(tables, old_rows);
    const auto begun = capture_->begin();
    ASSERT_TRUE(begun.has_value()) << begun.error().text();
  }
  [[nodiscard]] model::collected look() const {
    const auto seen = capture_->look();
    if (!seen) throw std::runtime_error(seen.error().text());
    return *seen;
  }
  // A running daemon compares all of it.
  void expect_seen(const std::string& sql) const {
    const std::string before = look().tables;
    run(sql);
    EXPECT_NE(look().tables, before) << sql;
  }
  [[nodiscard]] std::unique_ptr<model::feed> follow() const {
    auto feed = capture_->follow(look().confirmed);
    if (!feed) throw std::runtime_error(feed.error().text());
    return *std::move(feed);
  }
  // Transactions that changed something, so many at least.
  static std::vector<std::string> told(model::feed& feed, std::size_t expected = 1) {
    std::vector<std::string> out;
    while (true) {
      const auto next = feed.next(out.size() < expected ? 60s : 300ms);
      EXPECT_TRUE(next.has_value()) << next.error().text();
      if (!next || !*next) return out;
      if (!(*next)->rows.empty() || (*next)->everything) out.push_back(described(**next));
    }
  }
  [[nodiscard]] bool by_log() const { return GetParam() == capture_kind::wal; }

  static inline int databases = 0;
  static postgres_server& own_server() {
    static postgres_server server;
    return server;
  }
  postgres_server& server_ = own_server();
  std::string name_;
  std::string url_;
  sql::wal_options options_;
  std::unique_ptr<model::capture> capture_;
};
INSTANTIATE_TEST_SUITE_P(both, followed_tables, ::testing::Values(capture_kind::wal, capture_kind::triggers),
                         [](const auto& one) { return one.param == capture_kind::wal ? "wal" : "triggers"; });

TEST_P(followed_tables, what_cannot_be_followed_is_refused_before_anything_is_made) {
  run("create table good (id int primary key)");
  run("create view seen as select 1 as id; create materialized view kept as select 1 as id; create unlogged table fast "
      "(id int primary key); create table parent (id int primary key); create table child () inherits (parent)");
  run("create table parts (id int primary key) partition by range (id); create unlogged table part partition of parts "
      "for values from (0) to (10)");
  run("create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing; create foreign table "
      "far (id int) server nowhere; create table half_far (id int, name text) partition by range (id); create foreign "
      "table far_part partition of half_far for values from (0) to (10) server nowhere");
  const auto refused = [&](const std::string& table) {
    open({"good", table});
    const auto begun = capture_->begin();
    EXPECT_FALSE(begun.has_value()) << table;
    EXPECT_EQ(run("select count(*) from pg_publication"), "0\n") << table;
    EXPECT_EQ(run("select count(*) from pg_replication_slots where database = current_database()"), "0\n") << table;
    EXPECT_EQ(run("select count(*) from pg_namespace where nspname = 'sql2ldap'"), "0\n") << table;
    const auto found = sql::follow_obstacles(url_, GetParam(), {{"", table, "t"}});
    EXPECT_TRUE(found.has_value() && !found->empty()) << table;
    return begun ? "" : begun.error().text();
  };
  EXPECT_THAT(refused("seen"), HasSubstr("public.seen is a view"));
  EXPECT_THAT(refused("kept"), HasSubstr("public.kept is a materialized view"));
  EXPECT_THAT(refused("far"), HasSubstr("public.far is a foreign table"));
  EXPECT_THAT(refused("fast"), HasSubstr("public.fast is unlogged"));
  EXPECT_THAT(refused("parent"), HasSubstr("public.parent has children by INHERITS (public.child)"));
  EXPECT_THAT(refused("parts"), HasSubstr("public.part is unlogged"));
  EXPECT_THAT(refused("half_far"), HasSubstr("the partition public.far_part of public.half_far is a foreign table"));
  EXPECT_THAT(*sql::follow_obstacles(url_, GetParam(), {{"", "good", "g"}}), IsEmpty());
}

TEST_P(followed_tables, a_partitioned_table_without_a_key_is_refused_where_the_application_would_fail) {
  run("create table users (dom text not null, email text) partition by list (dom); create table users_a partition of "
      "users for values in ('a'); insert into users values ('a', 'x')");
  run("create table late (id int, primary key (id) deferrable) partition by range (id); create table late_a partition "
      "of late for values from (0) to (10); insert into late values (1)");
  for (const std::string table : {"users", "late"}) {
    open({table});
    const auto begun = capture_->begin();
    EXPECT_EQ(begun.has_value(), !by_log()) << table;
    if (!begun) {
      EXPECT_THAT(begun.error().text(), HasSubstr("is partitioned and has no primary key")) << table;
      EXPECT_THAT(begun.error().hint, HasSubstr("--capture journal")) << table;
    }
  }
  EXPECT_TRUE(works("update users set email = 'y'; delete from users; update late set id = 2; delete from late"));
}

TEST_P(followed_tables, the_applications_statements_work_without_a_key_too) {
  run("create table plain (name text); insert into plain values ('a'); create table deferred (id int primary key "
      "deferrable); insert into deferred values (1); create table silent (id int primary key); insert into silent "
      "values (1); alter table silent replica identity nothing");
  begin({"plain", "deferred", "silent"});
  EXPECT_TRUE(works("update plain set name = 'b'; delete from plain"));
  EXPECT_TRUE(works("update deferred set id = 2; delete from deferred"));
  EXPECT_TRUE(works("update silent set id = 2; delete from silent"));
}

TEST_P(followed_tables, partitions_that_come_later_take_updates_and_deletes) {
  run(key_partitions);
  begin({"users"}, true);
  run("create table users_c partition of users for values in ('c'); create table users_d (id int not null, dom text "
      "not "
      "null, email text); alter table users attach partition users_d for values in ('d')");
  run("insert into users values (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z'), (4, 'd', 'w')");
  EXPECT_TRUE(works("update users set email = email || '.example'; delete from users"));
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
}

TEST_P(followed_tables, changes_in_partitions_are_told_with_the_old_key) {
  run(key_partitions);
  begin({"users"}, true);
  const auto feed = follow();
  run("insert into users values (1, 'a', 'x')");
  run("update users set id = 2");
  run("update users set dom = 'b'");  // moves the row to another partition
  run("delete from users");
  EXPECT_THAT(told(*feed, 4),
              ElementsAre("users dom=a email=x id=1", "users dom=a email=x id=1; users dom=a email=x id=2",
                          "users dom=a email=x id=2; users dom=b email=x id=2", "users dom=b email=x id=2"));
}

// The whole table has REPLICA IDENTITY FULL then, the new partition has not: NULL in its old rows is not known.
TEST_P(followed_tables, columns_of_old_rows_that_a_new_partition_does_not_log_are_not_told_as_null) {
  run(key_partitions);
  begin({"users"}, true);
  const auto feed = follow();
  run("create table users_c partition of users for values in ('c')");
  run("insert into users values (1, 'c', 'x')");
  run("update users set email = 'y'");
  run("update users set id = 2");
  run("delete from users");
  const std::string known = by_log() ? "" : " email=";
  EXPECT_THAT(told(*feed, 4),
              ElementsAre("users dom=c email=x id=1",
                          "users dom=c" + (by_log() ? "" : known + "x") + " id=1; users dom=c email=y id=1",
                          "users dom=c" + (by_log() ? "" : known + "y") + " id=1; users dom=c email=y id=2",
                          "users dom=c" + (by_log() ? "" : known + "y") + " id=2"));
}

TEST_P(followed_tables, what_happens_to_partitions_as_a_whole_is_seen) {
  run(key_partitions);
  run("insert into users values (1, 'a', 'x'), (2, 'b', 'y')");
  begin({"users"});
  const std::string quiet = look().tables;
  run("update users set email = 'z'");
  EXPECT_EQ(look().tables, quiet);
  expect_seen("truncate users_a");
  expect_seen("truncate users_b");
  expect_seen("create table users_c partition of users for values in ('c')");
  expect_seen("create table users_b2 partition of users_b for values from (100) to (200)");
  expect_seen(
      "create table users_d (id int not null, dom text not null, email text); insert into users_d values (4, "
      "'d', 'w'); alter table users attach partition users_d for values in ('d')");
  expect_seen("alter table users detach partition users_d");
  expect_seen("alter table users_b detach partition users_b2");
  expect_seen("alter table users detach partition users_c concurrently");
  expect_seen("drop table users_a");
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
}

TEST_P(followed_tables, what_happens_to_columns_and_storage_is_seen) {
  run("create type mood as enum ('on', 'off'); create table t (id int primary key, a text, b text, m mood); insert "
      "into t "
      "values (1, 'x', 'y', 'on')");
  begin({"t"});
  expect_seen("alter table t add column c text default 'all'");
  expect_seen(
      "alter table t rename column a to old; alter table t rename column b to a; alter table t rename column "
      "old to b");
  expect_seen("alter table t alter column a type varchar(20)");
  expect_seen("alter table t alter column b type text using upper(b)");
  expect_seen("alter type mood rename value 'on' to 'up'");
  expect_seen("truncate t");
  expect_seen("alter table t drop column c");
}

TEST_P(followed_tables, another_table_of_the_same_name_is_followed_when_it_is_begun_again) {
  run("create table t (id int primary key, a text); create table next (id int primary key, a text); insert into next "
      "values (7, 'new')");
  begin({"t"});
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
  expect_seen("begin; alter table t rename to old; alter table next rename to t; commit");
  EXPECT_EQ(look().now, model::collected::state::broken);
  ASSERT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
  expect_seen("drop table t; create table t (id int primary key, a text)");
  EXPECT_EQ(look().now, model::collected::state::broken);
  run("drop table t");
  const auto gone = capture_->look();
  ASSERT_FALSE(gone.has_value());
  EXPECT_THAT(gone.error().text(), HasSubstr("there is no table \"t\""));
}

TEST_P(followed_tables, a_child_by_inheritance_that_comes_later_is_an_obstacle) {
  run("create table t (id int primary key)");
  begin({"t"});
  run("create table child () inherits (t)");
  EXPECT_EQ(look().now, model::collected::state::broken);
  EXPECT_THAT(look().reason, HasSubstr("INHERITS"));
  EXPECT_FALSE(capture_->begin().has_value());
  EXPECT_TRUE(works("insert into child values (1); update t set id = 2; delete from t"));
}

TEST_P(followed_tables, is_removed_with_its_partitions) {
  run(key_partitions);
  const std::string things =
      "select 'trigger', tgname from pg_trigger where not tgisinternal union all select 'schema', nspname from "
      "pg_namespace where nspname !~ '^pg_toast' union all select 'identity ' || relreplident::text, relname from "
      "pg_class where relname like 'users%' and relkind in ('r', 'p') union all select 'publication', pubname from "
      "pg_publication order by 1, 2";
  const std::string before = run(things);
  begin({"users"}, true);
  EXPECT_NE(run(things), before);
  capture_ = nullptr;
  const auto statements = by_log() ? sql::wal_remove_sql(url_, options_) : sql::journal_remove_sql(url_);
  ASSERT_TRUE(statements.has_value()) << statements.error().text();
  const auto done = sql::run_all(url_, statements->statements);
  ASSERT_TRUE(done.has_value()) << done.error().text();
  EXPECT_EQ(run(things), before);
}

class followed_by_log : public followed_tables {};
INSTANTIATE_TEST_SUITE_P(only, followed_by_log, ::testing::Values(capture_kind::wal),
                         [](const auto&) { return std::string("wal"); });

TEST_P(followed_by_log, each_partition_gets_the_identity_that_the_mapping_needs) {
  run(key_partitions);
  begin({"users"}, true);
  const std::string others =
      "select relname from pg_class where relname like 'users%' and relkind in ('r', 'p') and relreplident <> 'f'";
  EXPECT_EQ(run(others), "");
  // One that comes later gets it when the daemon has seen it, and begins to follow again.
  run("create table users_c partition of users for values in ('c')");
  EXPECT_EQ(run(others), "users_c\n");
  const std::string described = look().tables;
  EXPECT_NE(follow(), nullptr);
  EXPECT_EQ(run(others), "");
  EXPECT_EQ(look().tables, described);
}

TEST_P(followed_by_log, an_identity_that_goes_is_set_again) {
  run("create table t (id int not null, a text); create unique index t_id on t (id); alter table t replica identity "
      "using index t_id");
  begin({"t"});
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
  run("drop index t_id");
  EXPECT_EQ(look().now, model::collected::state::broken);
  EXPECT_THAT(look().reason, HasSubstr("REPLICA IDENTITY FULL"));
  ASSERT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
  EXPECT_TRUE(works("insert into t values (1, 'x'); update t set a = 'y'; delete from t"));
}

TEST_P(followed_by_log, a_partitioned_table_that_loses_its_key_is_not_published_any_more) {
  run(key_partitions);
  begin({"users"});
  run("alter table users drop constraint users_pkey; insert into users values (1, 'a', 'x')");
  EXPECT_EQ(look().now, model::collected::state::broken);
  EXPECT_FALSE(capture_->begin().has_value());
  EXPECT_TRUE(works("update users set email = 'y'; delete from users"));
  run("alter table users add primary key (id, dom)");
  EXPECT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
}

TEST_P(followed_by_log, rows_of_another_description_are_everything_once) {
  run("create table t (id int primary key, a text, b text)");
  begin({"t"});
  const auto feed = follow();
  run("insert into t values (1, 'x', 'y')");
  run("alter table t rename column a to c");
  run("update t set c = 'new'");
  run("update t set c = 'newer'");
  run("alter table t rename column c to a");
  run("update t set a = 'last'");
  EXPECT_THAT(told(*feed, 4), ElementsAre("t a=x b=y id=1", "everything", "t id=1; t b=y c=newer id=1", "everything"));
}

TEST_P(followed_by_log, what_was_written_before_a_change_of_columns_is_everything_once) {
  run("create table t (id int primary key, a text)");
  begin({"t"});
  run("insert into t values (1, 'x')");
  run("insert into t values (2, 'x')");
  run("alter table t rename column a to b");
  run("insert into t values (3, 'x')");
  EXPECT_THAT(told(*follow(), 3), ElementsAre("everything", "t a=x id=2", "everything"));
}

}  // namespace
}  // namespace sql2ldap::test
