// Changes by triggers and a table of ours, on real servers.
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <sql2ldap/sql/sources.hpp>

#include <support/postgres.hpp>
#include <support/temp_dir.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// Noted are the keys; of the other columns that are read, only that they changed.
const std::vector<sql::noted_table> followed{
    {{"", "mailbox", "m"}, {"active", "id", "name", "password"}, {"active", "id", "name"}},
    {{"", "alias", "a"}, {"address"}, {"address"}},
    {{"", "mailbox", "again"}, {"active", "id", "name", "password"}, {"active", "id", "name"}}};

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
    "create table mailbox (id int primary key, name text unique, active bool, password text, note text); create table "
    "alias (address text);";

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
  run("create table mailbox (id int, name text, active bool, password text, note text, primary key (id)) partition by "
      "range (id)");
  run("create schema elsewhere");
  run("create table elsewhere.low partition of mailbox for values from (0) to (10)");
  run("create table high partition of mailbox for values from (10) to (20)");
  begin();
  const auto feed = follow(look().confirmed);
  run("insert into mailbox (id, name, active) values (1, 'ann', true)");
  run("update mailbox set id = 11");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox active=t id=1 name=ann",
                                       "mailbox active=t id=1 name=ann; mailbox active=t id=11 name=ann"));
}

TEST_F(pg_journal, tells_what_was_committed) {
  begin();
  const auto feed = follow();
  run("insert into mailbox (id, name, active) values (1, 'ann', true)");
  run("begin; insert into mailbox (id, name, active) values (2, 'gone', true); rollback");
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
  ASSERT_TRUE(sql::run_all(url_, statements->statements).has_value());
  EXPECT_EQ(run(objects), before);
  EXPECT_THAT(sql::journal_remove_sql(url_)->statements, IsEmpty());
}

TEST_F(pg_journal, any_user_may_change_the_tables) {
  begin();
  run("create role app_" + name_ + "; grant insert on alias to app_" + name_);
  const auto feed = follow();
  run("set role app_" + name_ + "; insert into alias values ('by the application')");
  EXPECT_THAT(told(*feed), ElementsAre("alias address=by the application"));
}

TEST_F(pg_journal, notes_keys_and_never_a_secret) {
  begin();
  const auto feed = follow();
  run("insert into mailbox values (1, 'ann', true, 'a secret', 'x')");
  run("update mailbox set password = 'another secret'");
  run("update mailbox set note = 'read by nobody'");
  run("update mailbox set name = 'anna'");
  EXPECT_EQ(run("select count(*) from sql2ldap.changes where changes::text like '%secret%'"), "0\n");
  const auto first = feed->next(60s);
  ASSERT_TRUE(first.has_value() && first->has_value());
  const auto second = feed->next(60s);
  ASSERT_TRUE(second.has_value() && second->has_value());
  ASSERT_EQ((*second)->rows.size(), 2U);
  EXPECT_THAT(*(*second)->rows[0].changed, ElementsAre("password"));
  EXPECT_THAT(told(*feed), ElementsAre("mailbox active=t id=1 name=ann; mailbox active=t id=1 name=anna"));
}

TEST_F(pg_journal, a_column_that_goes_breaks_no_statement_of_the_application) {
  begin();
  const auto feed = follow();
  run("insert into mailbox (id, name, active) values (1, 'ann', true)");
  run("alter table mailbox rename column name to called; alter table mailbox alter id type bigint");
  run("update mailbox set called = 'anna'");
  run("alter table mailbox drop column called; delete from mailbox");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox active=t id=1 name=ann", "mailbox active=t id=1; mailbox active=t id=1",
                                       "mailbox active=t id=1"));
}

// It locks the tables in another order than the triggers are made in.
TEST_F(pg_journal, an_application_that_holds_one_table_gets_the_next) {
  PGconn* application = PQconnectdb(url_.c_str());
  const auto works = [&](const char* sql) {
    PGresult* const done = PQexec(application, sql);
    const bool ok = PQresultStatus(done) == PGRES_COMMAND_OK;
    PQclear(done);
    return ok;
  };
  ASSERT_TRUE(works("set deadlock_timeout = '10ms'; begin; lock table mailbox in row exclusive mode"));
  std::thread installs([this] { begin(); });
  const std::string waits =
      "select exists (select from pg_locks where not granted) or exists (select from pg_stat_activity where datname = "
      "current_database() and query like '%LOCK TABLE%' and pid <> pg_backend_pid())";
  while (run(waits) != "t\n") std::this_thread::yield();
  EXPECT_TRUE(works("update alias set address = address"));
  EXPECT_TRUE(works("commit"));
  installs.join();
  PQfinish(application);
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
}

// The owner of a type decides what a cast of it does.
TEST_F(pg_journal, runs_nothing_of_the_application_with_rights_of_its_own) {
  begin();
  const auto feed = follow();
  const std::string panel = "panel_" + name_;
  run("create role " + panel + "; grant create on schema public to " + panel + "; alter table mailbox owner to " +
      panel);
  run("set role " + panel +
      "; create type mood as enum ('calm'); create table ran_as (who text); create function see(mood) returns json "
      "language plpgsql as $$ begin insert into public.ran_as values (current_user); return '1'::json; end $$; create "
      "cast (mood as json) with function see(mood); alter table mailbox alter name type mood using 'calm', add mood "
      "mood "
      "default 'calm', add moods mood[] default '{calm}'");
  run("set role " + panel + "; insert into mailbox (id, active) values (1, true); update mailbox set name = 'calm'");
  EXPECT_EQ(run("select * from ran_as"), "");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox active=t id=1 name=NULL",
                                       "mailbox active=t id=1 name=NULL; mailbox active=t id=1 name=calm"));
}

TEST_F(pg_journal, values_that_json_cannot_hold_break_no_statement_of_the_application) {
  begin();
  const auto feed = follow();
  run("create domain small as int; alter table mailbox alter id type small, alter password type json using null, add "
      "texts json[], add bytes bytea");
  run(R"(insert into mailbox (id, active, password, texts) values (1, true, '"\u0000"', array['"\u0000"'::json]))");
  run("update mailbox set bytes = convert_to(repeat('x', 140000000), 'UTF8')");
  run(R"(update mailbox set password = '{"a": "\u0000"}')");
  run("update mailbox set password = null");
  run("delete from mailbox");
  const std::string row = "mailbox active=t id=1 name=NULL";
  EXPECT_THAT(told(*feed), ElementsAre(row, row + "; " + row, row + "; " + row, row));
}

// A daemon that is away, and one transaction that began before there was room again.
TEST_F(pg_journal, has_a_bound_beyond_which_everything_is_compared) {
  using state = model::collected::state;
  begin();
  const std::string count = "select count(*) from sql2ldap.changes";
  run("select setval('sql2ldap.room', (select last_value from sql2ldap.changes_id) + 10)");
  run("insert into mailbox (id) select i from generate_series(1, 100) i");
  EXPECT_LE(std::stoi(run(count)), 11);
  EXPECT_EQ(look().now, state::broken);
  EXPECT_THAT(look().reason, HasSubstr("not taken in time"));
  const auto feed = follow();
  EXPECT_FALSE(feed->next(0ms).has_value());

  PGconn* late = PQconnectdb(url_.c_str());
  PQclear(PQexec(late, "begin isolation level repeatable read; insert into alias values ('unnoted')"));
  std::thread ends([&] {
    // begin() waits for it.
    while (run("select last_value from sql2ldap.room") == "11\n" || run(count) != "0\n") std::this_thread::yield();
    PQclear(PQexec(late, "insert into alias values ('noted'); commit"));
    PQfinish(late);
  });
  begin();
  ends.join();
  EXPECT_EQ(look().now, state::ready) << look().reason;
  EXPECT_EQ(run("select count(*) from alias"), "2\n");  // a snapshot that is opened now shows both
  EXPECT_THAT(told(*follow(look().confirmed)), ElementsAre("alias address=noted"));
}

TEST_F(pg_journal, confirming_makes_room) {
  begin();
  const auto feed = follow();
  const auto room = [&] { return std::stoi(run("select last_value from sql2ldap.room")); };
  const int before = room();
  run("insert into alias values ('a'), ('b'), ('c')");
  std::uint64_t position = 0;
  told(*feed, &position);
  ASSERT_TRUE(feed->confirm(position).has_value());
  EXPECT_GT(room(), before);
}

// What an earlier version has left is full of hashes.
TEST_F(pg_journal, takes_the_place_of_an_earlier_version) {
  using state = model::collected::state;
  run("create schema sql2ldap; create table sql2ldap.changes (xid bigint NOT NULL DEFAULT pg_catalog.txid_current(), "
      "id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), "
      "table_schema text NOT NULL, table_name text NOT NULL, before jsonb, after jsonb, PRIMARY KEY (xid, id)); create "
      "table sql2ldap.progress (confirmed bigint NOT NULL); insert into sql2ldap.changes (table_schema, table_name, "
      "after) values ('public', 'mailbox', '{\"password\": \"a secret\"}')");
  EXPECT_EQ(look().now, state::broken);
  const std::string history = look().history;
  begin();
  EXPECT_EQ(look().now, state::ready) << look().reason;
  EXPECT_NE(look().history, history);
  EXPECT_EQ(run("select count(*) from sql2ldap.changes"), "0\n");
  const auto statements = sql::journal_remove_sql(url_);
  ASSERT_TRUE(statements.has_value());
  EXPECT_THAT(statements->left, IsEmpty());
}

TEST_F(pg_journal, other_columns_of_the_mapping_want_other_triggers) {
  begin();
  capture_ = nullptr;
  auto more = followed;
  more[1].keys = more[1].read = {"address", "goto"};
  capture_ = *sql::open_journal_capture(url_, more);
  EXPECT_EQ(look().now, model::collected::state::broken);
  EXPECT_THAT(look().reason, HasSubstr("alias"));
}

// The rights of who installs are not lent to others.
class things_of_others : public pg_journal {
 protected:
  things_of_others() {
    stranger_ = "stranger_" + name_;
    run("create role " + stranger_ + "; grant create on database " + name_ + " to " + stranger_);
  }
  // Why nothing is installed, by one capture and the other.
  [[nodiscard]] std::vector<std::string> refusals() const {
    std::vector<std::string> out;
    const auto run_all = [&](const auto& statements) {
      if (!statements) throw std::runtime_error(statements.error().text());
      const auto done = sql::run_all(url_, *statements);
      out.push_back(done ? "" : done.error().text());
    };
    run_all(sql::journal_install_sql(url_, followed));
    run_all(sql::wal_install_sql(url_, {"syncd", "mapped", {followed[0].table}}));
    return out;
  }
  std::string stranger_;
};

TEST_F(things_of_others, a_schema_is_refused_and_left) {
  run("set role " + stranger_ + "; create schema sql2ldap; create table sql2ldap.changes (xid bigint)");
  for (const std::string& why : refusals()) {
    EXPECT_THAT(why, HasSubstr("the schema sql2ldap belongs to " + stranger_));
    EXPECT_THAT(why, HasSubstr("hint: see who made it"));
  }
  const auto remove = sql::journal_remove_sql(url_);
  ASSERT_TRUE(remove.has_value());
  EXPECT_THAT(remove->statements, IsEmpty());
  EXPECT_THAT(remove->left, ElementsAre("sql2ldap.changes of " + stranger_, "the schema sql2ldap of " + stranger_));
}

TEST_F(things_of_others, what_they_own_or_may_make_is_refused) {
  run("create schema sql2ldap; grant all on schema sql2ldap to " + stranger_);
  EXPECT_THAT(refusals(), testing::Each(HasSubstr("may create objects in the schema")));
  run("set role " + stranger_ +
      "; create function sql2ldap.note_change() returns trigger language plpgsql as 'begin return null; end'");
  run("revoke all on schema sql2ldap from " + stranger_);
  EXPECT_THAT(refusals(), testing::Each(HasSubstr("the function sql2ldap.note_change belongs to " + stranger_)));
  run("drop function sql2ldap.note_change()");
  EXPECT_THAT(refusals(), testing::Each(""));
}

TEST_F(things_of_others, what_hangs_on_our_tables_is_refused) {
  begin();
  run("create function evil() returns trigger language plpgsql as 'begin return new; end'; create function no() "
      "returns "
      "bool language sql as 'select true'");
  const std::vector<std::pair<std::string, std::string>> hangers = {
      {"create trigger evil before insert on sql2ldap.changes for each row execute function evil()",
       "drop trigger evil on sql2ldap.changes"},
      {"create rule evil as on insert to sql2ldap.changes do also notify evil", "drop rule evil on sql2ldap.changes"},
      {"create policy evil on sql2ldap.changes using (no())", "drop policy evil on sql2ldap.changes"},
      {"alter table sql2ldap.changes enable row level security",
       "alter table sql2ldap.changes disable row level security"},
      {"alter table sql2ldap.changes alter before set default to_jsonb(no())",
       "alter table sql2ldap.changes alter before drop default"},
      {"alter table sql2ldap.changes add constraint evil check (no())",
       "alter table sql2ldap.changes drop constraint evil"},
      {"create unique index evil on sql2ldap.changes (table_name)", "drop index sql2ldap.evil"},
      {"create table child () inherits (sql2ldap.changes)", "drop table child"},
      {"grant trigger on sql2ldap.changes to " + stranger_, "revoke trigger on sql2ldap.changes from " + stranger_},
      {"alter table sql2ldap.changes owner to " + stranger_, "alter table sql2ldap.changes owner to postgres"},
      {"create view sql2ldap.evil as select 1", "drop view sql2ldap.evil"},
  };
  for (const auto& [make, unmake] : hangers) {
    run(make);
    for (const std::string& why : refusals()) EXPECT_THAT(why, HasSubstr("hint: see who made it")) << make;
    run(unmake);
    EXPECT_THAT(refusals(), testing::Each("")) << unmake;
  }
}

TEST_F(things_of_others, a_trigger_with_our_name_is_refused_and_left) {
  run("create function theirs() returns trigger language plpgsql as 'begin return null; end'; create trigger "
      "sql2ldap_row after insert on alias for each row execute function theirs()");
  EXPECT_THAT(refusals().front(), HasSubstr("the trigger sql2ldap_row on public.alias is not ours"));
  const auto remove = sql::journal_remove_sql(url_);
  ASSERT_TRUE(remove.has_value());
  EXPECT_THAT(remove->statements, IsEmpty());
  EXPECT_THAT(remove->left, testing::Contains(HasSubstr("sql2ldap_row")));
}

TEST_F(things_of_others, what_depends_on_ours_is_not_dropped) {
  begin();
  run("create view theirs as select * from sql2ldap.changes; create table sql2ldap.notes (line text)");
  const auto remove = sql::journal_remove_sql(url_);
  ASSERT_TRUE(remove.has_value());
  EXPECT_THAT(remove->left, ElementsAre(HasSubstr("sql2ldap.notes")));
  EXPECT_FALSE(sql::run_all(url_, remove->statements).has_value());
  EXPECT_EQ(run("select count(*) from pg_views where viewname = 'theirs'"), "1\n");
}

TEST_F(things_of_others, nobody_else_gets_a_right_on_ours) {
  run("alter default privileges grant all on schemas to public; alter default privileges grant all on tables to "
      "public; "
      "alter default privileges grant all on sequences to public");
  begin();
  const std::string may =
      "select has_schema_privilege('" + stranger_ + "', 'sql2ldap', 'usage'), has_table_privilege('" + stranger_ +
      "', 'sql2ldap.changes', 'select'), has_function_privilege('" + stranger_ +
      "', 'sql2ldap.note_change()', 'execute'), has_sequence_privilege('" + stranger_ + "', 'sql2ldap.room', 'update')";
  EXPECT_EQ(run(may), "f|f|f|f\n");
}

// The daemon need not own anything.
TEST_F(pg_journal, a_role_with_few_rights_may_follow) {
  begin();
  capture_ = nullptr;
  const std::string role = "syncd_" + name_;
  run("create role " + role + " login; grant select on mailbox, alias to " + role +
      "; grant usage on schema sql2ldap to " + role + "; grant select, delete on sql2ldap.changes to " + role +
      "; grant select, update on sql2ldap.progress to " + role +
      "; grant select, update on all sequences in schema sql2ldap to " + role);
  const std::string url = "postgresql:///" + name_ + "?user=" + role + "&host=" + server_.socket_folder().string();
  capture_ = *sql::open_journal_capture(url, followed);
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
  begin();
  const auto feed = follow(look().confirmed);
  run("insert into alias values ('a')");
  std::uint64_t position = 0;
  EXPECT_THAT(told(*feed, &position), ElementsAre("alias address=a"));
  EXPECT_TRUE(feed->confirm(position).has_value());
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
  tables_.execute("insert into mailbox (id, name, active) values (1, 'ann', 1)");
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
  tables_.execute("insert into mailbox (id, name, active) values (1, 'ann', 1)");
  const auto before = capture_->look();
  ASSERT_TRUE(before.has_value());
  tables_.execute("insert or replace into mailbox (id, name, active) values (2, 'ann', 0)");
  EXPECT_EQ(all_told(before->end), "mailbox active=1 id=1 name=ann; mailbox active=0 id=2 name=ann");
}

TEST_F(sqlite_journal, notes_keys_and_never_a_secret) {
  const auto feed = follow();
  tables_.execute(
      "insert into mailbox values (1, 'ann', 1, 'a secret', 'x'); update mailbox set note = 'read by nobody'");
  tables_.execute("update mailbox set password = 'another secret'");
  EXPECT_EQ(tables_.execute("select count(*) from sql2ldap_changes"), "2\n");
  EXPECT_EQ(tables_.execute("select count(*) from sql2ldap_changes where before || after like '%secret%'"), "0\n");
  std::vector<model::row_image> rows;
  while (rows.size() < 3) {
    const auto next = feed->next(60s);
    ASSERT_TRUE(next.has_value() && next->has_value());
    rows.insert(rows.end(), (*next)->rows.begin(), (*next)->rows.end());
  }
  EXPECT_THAT(*rows.back().changed, ElementsAre("password"));
}

TEST_F(sqlite_journal, notes_what_a_collation_takes_for_the_same) {
  const sqlite_database folded("create table alias (address text collate nocase); create table mailbox (id int)");
  const auto capture = sql::open_journal_capture(folded.url(), {followed[1]});
  ASSERT_TRUE(capture.has_value());
  ASSERT_TRUE((*capture)->begin().has_value());
  folded.execute("insert into alias values ('ann'); update alias set address = 'Ann'");
  const auto feed = (*capture)->follow(0);
  ASSERT_TRUE(feed.has_value());
  std::string all;
  for (const std::string& one : told(**feed)) all += one + "; ";
  EXPECT_EQ(all, "alias address=ann; alias address=ann; alias address=Ann; ");
}

TEST_F(sqlite_journal, has_a_bound_beyond_which_everything_is_compared) {
  using state = model::collected::state;
  tables_.execute("insert into alias values ('first')");
  // As if so many were there.
  tables_.execute("insert into sql2ldap_changes (id, table_name) values (300000, 'alias')");
  tables_.execute("insert into alias values ('no room')");
  EXPECT_EQ(tables_.execute("select count(*) from sql2ldap_changes"), "2\n");
  EXPECT_EQ(capture_->look()->now, state::broken);
  EXPECT_FALSE(follow()->next(0ms).has_value());
  ASSERT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(capture_->look()->now, state::ready) << capture_->look()->reason;
  tables_.execute("insert into alias values ('room')");
  EXPECT_EQ(all_told(), "alias address=room");
}

TEST_F(sqlite_journal, takes_the_place_of_an_earlier_version) {
  using state = model::collected::state;
  const sqlite_database earlier(std::string(tables_sql) +
                                "create table sql2ldap_changes (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, "
                                "table_name TEXT NOT NULL, before TEXT, after TEXT); create table sql2ldap_progress "
                                "(history TEXT NOT NULL, confirmed INTEGER NOT NULL); insert into sql2ldap_progress "
                                "values ('before', 0); insert into sql2ldap_changes (table_name, after) values "
                                "('mailbox', '{\"password\": \"a secret\"}')");
  const auto capture = sql::open_journal_capture(earlier.url(), followed);
  ASSERT_TRUE(capture.has_value());
  EXPECT_EQ((*capture)->look()->now, state::broken);
  ASSERT_TRUE((*capture)->begin().has_value());
  EXPECT_EQ((*capture)->look()->now, state::ready) << (*capture)->look()->reason;
  EXPECT_THAT((*capture)->look()->history, testing::Not(HasSubstr("before")));
  EXPECT_THAT(read_file(earlier.url().substr(7)), testing::Not(HasSubstr("a secret")));
}

TEST_F(sqlite_journal, what_others_have_made_is_left) {
  tables_.execute(
      "create table theirs (line text); create trigger theirs after insert on theirs begin insert into "
      "sql2ldap_changes (table_name) values ('mailbox'); end");
  const auto remove = sql::journal_remove_sql(tables_.url());
  ASSERT_TRUE(remove.has_value());
  EXPECT_THAT(remove->left, ElementsAre("the trigger theirs"));
  EXPECT_THAT(remove->statements, testing::Not(testing::Contains(HasSubstr("theirs"))));
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
  ASSERT_TRUE(sql::run_all(tables_.url(), statements->statements).has_value());
  EXPECT_EQ(tables_.execute("select name from sqlite_master where name like '%sql2ldap%'"), "");
  EXPECT_EQ(capture_->look()->now, state::missing);
}

}  // namespace
}  // namespace sql2ldap::test
