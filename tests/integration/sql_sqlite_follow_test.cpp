// Followed files of SQLite that are exchanged, and rows that REPLACE removes.
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/sql/sources.hpp>

#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
using state = model::collected::state;

constexpr const char* tables_sql =
    "create table users (id integer primary key, email text); insert into users values (1, 'Ann');";

const std::vector<sql::noted_table> followed{{{"", "users", "u"}, {"id", "email"}, {"id", "email"}}};

class sqlite_follow : public ::testing::Test {
 protected:
  explicit sqlite_follow(const std::string& sql = tables_sql) : tables_(sql) { open(); }

  void open() {
    auto opened = sql::open_journal_capture(tables_.url(), followed);
    if (!opened) throw std::runtime_error(opened.error().text());
    capture_ = *std::move(opened);
  }
  void begin() {
    const auto begun = capture_->begin();
    ASSERT_TRUE(begun.has_value()) << begun.error().text();
    ASSERT_EQ(look().now, state::ready) << look().reason;
  }
  [[nodiscard]] model::collected look() const {
    const auto seen = capture_->look();
    if (!seen) throw std::runtime_error(seen.error().text());
    return *seen;
  }
  [[nodiscard]] std::unique_ptr<model::feed> follow() const {
    auto feed = capture_->follow(look().confirmed);
    if (!feed) throw std::runtime_error(feed.error().text());
    return *std::move(feed);
  }
  [[nodiscard]] std::filesystem::path file() const { return tables_.url().substr(std::string("sqlite:").size()); }
  [[nodiscard]] std::filesystem::path copy() const { return file().string() + ".copy"; }
  void make_copy() const { tables_.execute("vacuum into '" + copy().string() + "'"); }
  // What comes, until nothing comes for a while.
  static std::string told(model::feed& feed) {
    std::string out;
    while (true) {
      const auto next = feed.next(out.empty() ? 30s : 100ms);
      EXPECT_TRUE(next.has_value()) << next.error().text();
      if (!next || !*next) return out;
      if ((*next)->everything) out += "everything;";
      for (const model::row_image& row : (*next)->rows) {
        out += row.table;
        for (const auto& [column, value] : row.columns) out += " " + column + "=" + value.value_or("NULL");
        out += ";";
      }
    }
  }
  // The feed ends with an error that names the file, and nothing is taken as known any more.
  void expect_exchange_seen(model::feed& feed, const std::string& text) {
    const auto next = feed.next(30s);
    ASSERT_FALSE(next.has_value());
    EXPECT_TRUE(next.error().transient);
    EXPECT_THAT(next.error().text(), HasSubstr(file().string()));
    EXPECT_THAT(next.error().text(), HasSubstr(text));
    EXPECT_NE(look().now, state::ready);
    begin();
    const auto again = follow();
    tables_.execute("insert into users values (50, 'Zoe')");
    EXPECT_EQ(told(*again), "users email=Zoe id=50;");
  }

  sqlite_database tables_;
  std::unique_ptr<model::capture> capture_;
};

TEST_F(sqlite_follow, a_copy_that_is_moved_into_its_place_is_seen) {
  begin();
  make_copy();
  const std::string history = look().history;
  const auto feed = follow();
  std::filesystem::rename(copy(), file());
  EXPECT_NE(look().history, history);
  expect_exchange_seen(*feed, "was replaced by another file");
}

TEST_F(sqlite_follow, so_is_one_in_the_mode_of_a_write_ahead_log) {
  tables_.execute("pragma journal_mode = wal");
  begin();
  make_copy();
  const auto feed = follow();
  tables_.execute("insert into users values (2, 'Bob')");
  EXPECT_EQ(told(*feed), "users email=Bob id=2;");
  std::filesystem::remove(file().string() + "-wal");
  std::filesystem::rename(copy(), file());
  expect_exchange_seen(*feed, "was replaced");
}

TEST_F(sqlite_follow, a_copy_that_is_written_over_it_is_seen) {
  begin();
  make_copy();
  const auto feed = follow();
  tables_.execute("insert into users values (2, 'Bob')");
  const auto next = feed->next(30s);
  ASSERT_TRUE(next.has_value() && next->has_value());
  ASSERT_TRUE(feed->confirm((*next)->position).has_value());
  std::filesystem::copy_file(copy(), file(), std::filesystem::copy_options::overwrite_existing);
  expect_exchange_seen(*feed, "another content was written over");
}

TEST_F(sqlite_follow, a_copy_without_our_tables_is_seen) {
  make_copy();
  begin();
  const auto feed = follow();
  std::filesystem::copy_file(copy(), file(), std::filesystem::copy_options::overwrite_existing);
  expect_exchange_seen(*feed, "another content was written over");
}

// Its numbers of changes may have passed ours when we look again: what it has confirmed has not.
TEST_F(sqlite_follow, an_older_copy_shows_by_what_it_has_confirmed) {
  begin();
  make_copy();
  std::uint64_t applied = 0;
  {
    const auto feed = follow();
    tables_.execute("insert into users values (2, 'Bob')");
    const auto next = feed->next(30s);
    ASSERT_TRUE(next.has_value() && next->has_value());
    applied = (*next)->position;
    ASSERT_TRUE(feed->confirm(applied).has_value());
  }
  EXPECT_EQ(look().confirmed, applied);
  EXPECT_TRUE(look().keeps_confirmed);
  std::filesystem::copy_file(copy(), file(), std::filesystem::copy_options::overwrite_existing);
  tables_.execute("insert into users values (3, 'Cid'), (4, 'Dan')");
  EXPECT_GE(look().end, applied);
  EXPECT_LT(look().confirmed, applied);
}

TEST_F(sqlite_follow, a_file_that_vanishes_is_named) {
  begin();
  const auto feed = follow();
  std::filesystem::rename(file(), copy());
  const auto next = feed->next(30s);
  ASSERT_FALSE(next.has_value());
  EXPECT_THAT(next.error().text(), HasSubstr(file().string()));
  EXPECT_THAT(next.error().text(), HasSubstr("not there any more"));
  EXPECT_FALSE(capture_->look().has_value());
  std::filesystem::rename(copy(), file());
  EXPECT_EQ(look().now, state::broken);  // who knows what it was in the meantime
}

TEST_F(sqlite_follow, changes_of_the_table_are_seen) {
  begin();
  const std::string before = look().tables;
  tables_.execute("alter table users add column note text");
  EXPECT_NE(look().tables, before);
  tables_.execute("create table other (id integer)");
  const std::string after = look().tables;
  tables_.execute("drop table other");
  EXPECT_EQ(look().tables, after);
}

TEST_F(sqlite_follow, views_and_virtual_tables_are_refused) {
  tables_.execute("drop table users; create view users as select 1 as id");
  open();
  const auto refused = capture_->begin();
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr("users is a view"));
  tables_.execute("drop view users; create virtual table users using fts5(email)");
  EXPECT_THAT(capture_->begin().error().text(), HasSubstr("users is a virtual table"));
  EXPECT_EQ(tables_.execute("select name from sqlite_master where name like 'sql2ldap%'"), "");
}

// A table, rows, a statement that replaces the row of 'Ann', and whether all must be compared.
struct replacement {
  std::string name;
  std::string table;
  std::string statement;
  bool everything = false;
};

class sqlite_replace : public sqlite_follow, public ::testing::WithParamInterface<replacement> {
 protected:
  sqlite_replace() : sqlite_follow(GetParam().table) {}
};

TEST_P(sqlite_replace, the_row_that_goes_is_told) {
  begin();
  const auto feed = follow();
  tables_.execute(GetParam().statement);
  ASSERT_EQ(tables_.execute("select count(*) from users where email = 'Ann' and id = 1"), "0\n");
  const std::string seen = told(*feed);
  if (GetParam().everything)
    EXPECT_THAT(seen, HasSubstr("everything"));
  else
    EXPECT_THAT(seen, HasSubstr(" id=1")) << seen;
}

INSTANTIATE_TEST_SUITE_P(
    each, sqlite_replace,
    ::testing::Values(
        replacement{"by_a_key",
                    "create table users (id integer primary key, email text unique); insert into users values "
                    "(1, 'Ann')",
                    "insert or replace into users values (2, 'Ann')"},
        replacement{"by_a_collation_of_the_index",
                    "create table users (id integer primary key, email text); create unique index u on users (email "
                    "collate nocase); insert into users values (1, 'Ann')",
                    "insert or replace into users values (2, 'ann')"},
        replacement{"by_a_collation_of_the_column",
                    "create table users (id integer primary key, email text collate nocase unique); insert into users "
                    "values (1, 'Ann')",
                    "replace into users values (2, 'ANN')"},
        replacement{"by_an_expression",
                    "create table users (id integer primary key, email text); create unique index u on users (id % 1, "
                    "lower(email) /* ) */ desc); insert into users values (1, 'Ann')",
                    "insert or replace into users values (2, 'ANN')"},
        replacement{"by_a_partial_index",
                    "create table users (id integer primary key, email text); create unique index u on users (email) "
                    "where id > 0; insert into users values (1, 'Ann')",
                    "insert or replace into users values (2, 'Ann')"},
        replacement{"by_an_update",
                    "create table users (id integer primary key, email text); create unique index u on users (email "
                    "collate nocase); insert into users values (1, 'Ann'), (2, 'Bob')",
                    "update or replace users set email = 'ANN' where id = 2"},
        replacement{
            "by_a_default_for_null",
            "create table users (id integer primary key, email text not null default 'Ann' unique); insert into "
            "users values (1, 'Ann')",
            "insert or replace into users values (2, NULL)"},
        replacement{"by_the_conflict_clause_of_the_table",
                    "create table users (id integer primary key, email text unique on conflict replace); insert into "
                    "users values (1, 'Ann')",
                    "insert into users values (2, 'Ann')"},
        replacement{"by_the_rowid", "create table users (id, email text); insert into users values (1, 'Ann')",
                    "insert or replace into users (rowid, id, email) values (1, 2, 'Bob')"},
        replacement{"without_rowid",
                    "create table users (email text, id integer, primary key (email collate nocase)) without rowid; "
                    "insert into users values ('Ann', 1)",
                    "replace into users values ('ann', 2)"},
        replacement{
            "by_an_upsert",
            "create table users (id integer primary key, email text unique); insert into users values (1, 'Ann')",
            "insert into users values (2, 'Ann') on conflict (email) do update set email = 'Bob'"},
        replacement{
            "by_an_expression_of_a_quoted_name",
            "create table users (id integer primary key, email text, \"the ) order\" text); create unique index u "
            "on users (upper(\"the ) order\")); insert into users values (1, 'Ann', 'x')",
            "replace into users values (2, 'Bob', 'X')"}),
    [](const auto& one) { return one.param.name; });

// A row that takes the number of one that went is another row.
TEST_F(sqlite_follow, a_number_that_is_used_again_is_told_both_times) {
  begin();
  const auto feed = follow();
  tables_.execute("begin; delete from users where id = 1; insert into users values (1, 'Bob'); commit");
  EXPECT_THAT(told(*feed), HasSubstr("email=Ann id=1;users email=Bob id=1;"));
}

TEST_F(sqlite_follow, what_cannot_be_computed_is_everything) {
  // A function of the application's own, which its connection alone has.
  tables_.execute(
      ".dbconfig defensive off\n"  // newer shells protect the schema
      "pragma writable_schema = on; create unique index u on users (lower(email)); update sqlite_master set sql = "
      "'CREATE UNIQUE INDEX u on users (their_own(email))' where name = 'u'");
  const auto statements = sql::journal_install_sql(tables_.url(), followed);
  ASSERT_TRUE(statements.has_value()) << statements.error().text();
  std::string all;
  for (const std::string& one : *statements) all += one + "\n";
  EXPECT_THAT(all, HasSubstr("SELECT 'users', NULL, NULL, NULL"));
}

}  // namespace
}  // namespace sql2ldap::test
