// What stands between us and the rows: access rules, poolers, a server that is silent. Real servers all.
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <sql2ldap/sql/sources.hpp>

#include <support/pgbouncer.hpp>
#include <support/postgres.hpp>
#include <support/queries.hpp>
#include <support/stream_proxy.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

// Why a table cannot be read to its end; "" = it can.
error why_unreadable(const sql::location& at, const std::string& table = "mailbox") {
  const auto opened = sql::open_source(at);
  if (!opened) return opened.error();
  const auto state = (*opened)->open_snapshot();
  if (!state) return state.error();
  const auto rows = (*state)->rows(select(table, {"id"}));
  if (!rows) return rows.error();
  while (true) {
    const auto row = (*rows)->next();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

std::string ids(const sql::location& at, const std::string& table = "mailbox") {
  const auto opened = sql::open_source(at);
  if (!opened) throw std::runtime_error(opened.error().text());
  return first_column(all_rows(**opened, select(table, {"id"})));
}

const std::vector<model::table_ref> followed{{"", "mailbox", "m"}};
const std::vector<sql::noted_table> noted{{followed[0], {"id", "name"}, {"id"}}};

class reading : public ::testing::Test {
 protected:
  reading() {
    static int count = 0;
    name_ = "reading" + std::to_string(++count);
    url_ = server_.create_database(name_);
    run("create table mailbox (id int primary key, name text); insert into mailbox values (1, 'ann'), (2, 'bob')");
  }
  std::string run(const std::string& sql) const { return server_.execute(name_, sql); }
  [[nodiscard]] std::string url_as(const std::string& role) const {
    return "postgresql:///" + name_ + "?user=" + role + "&host=" + server_.socket_folder().string();
  }

  postgres_server& server_ = postgres_server::shared();
  std::string name_;
  std::string url_;
};

// ---- rows that are hidden -------------------------------------------------------------------

class hidden_rows : public reading {
 protected:
  hidden_rows() {
    run("create role reader_" + name_ + " login; grant select on mailbox to reader_" + name_);
    reader_ = url_as("reader_" + name_);
  }
  std::string reader_;
};

TEST_F(hidden_rows, by_row_level_security_are_an_error) {
  EXPECT_EQ(ids(reader_), "1 2");
  run("alter table mailbox enable row level security");
  const error none = why_unreadable(reader_);
  EXPECT_EQ(none.kind, error_kind::source);
  EXPECT_FALSE(none.transient);
  EXPECT_THAT(none.text(), HasSubstr("mailbox"));
  EXPECT_THAT(none.hint, HasSubstr("BYPASSRLS"));
  EXPECT_THAT(none.hint, HasSubstr("FORCE ROW LEVEL SECURITY"));
  // A policy that shows some rows, and settings of the role that would have them filtered.
  run("create policy those on mailbox using (id = 1); alter role reader_" + name_ + " set row_security = on");
  EXPECT_THAT(why_unreadable(reader_).hint, HasSubstr("BYPASSRLS"));
  run("alter role reader_" + name_ + " bypassrls");
  EXPECT_EQ(ids(reader_), "1 2");
}

TEST_F(hidden_rows, are_an_error_also_of_a_cursor) {
  run("alter table mailbox enable row level security");
  const auto source = sql::open_source(reader_);
  const auto state = (*source)->open_snapshot();
  ASSERT_TRUE(state.has_value()) << state.error().text();
  auto few = select("mailbox", {"id"});
  few.few_rows = true;
  const auto rows = (*state)->rows(few);
  ASSERT_FALSE(rows.has_value());
  EXPECT_THAT(rows.error().hint, HasSubstr("BYPASSRLS"));
  // Neither the statement nor the place in the server's source.
  EXPECT_THAT(rows.error().message, AllOf(Not(HasSubstr("LINE")), Not(HasSubstr("rls.c")), Not(HasSubstr("42501"))));
}

TEST_F(hidden_rows, of_an_owner_who_is_forced_are_an_error) {
  run("alter table mailbox owner to reader_" + name_ + "; alter table mailbox enable row level security");
  EXPECT_EQ(ids(reader_), "1 2");
  run("alter table mailbox force row level security");
  EXPECT_THAT(why_unreadable(reader_).hint, HasSubstr("BYPASSRLS"));
}

TEST_F(hidden_rows, behind_a_view_are_an_error) {
  run("create role owner_" + name_ + "; grant select on mailbox to owner_" + name_ +
      "; create view seen as select * from mailbox; alter view seen owner to owner_" + name_ +
      "; grant select on seen to reader_" + name_);
  EXPECT_EQ(ids(reader_, "seen"), "1 2");
  run("alter table mailbox enable row level security");
  EXPECT_THAT(why_unreadable(reader_, "seen").hint, HasSubstr("BYPASSRLS"));
}

TEST_F(hidden_rows, a_missing_right_on_a_column_is_an_error) {
  run("revoke select on mailbox from reader_" + name_ + "; grant select (name) on mailbox to reader_" + name_);
  EXPECT_THAT(why_unreadable(reader_).hint, HasSubstr("GRANT SELECT"));
}

// ---- a server that is silent ----------------------------------------------------------------

// Through a wire that can be stalled.
class silent_server : public reading {
 protected:
  [[nodiscard]] sql::location at() const {
    return {"postgresql:///" + name_ + "?user=postgres&host=" + folder_.path().string(), 1s};
  }

  temp_dir folder_;
  stream_proxy wire_{folder_ / ".s.PGSQL.5432", server_.socket_folder() / ".s.PGSQL.5432"};
};

TEST_F(silent_server, while_connecting_is_a_transient_error) {
  wire_.stall(true);
  const error none = why_unreadable(at());
  EXPECT_TRUE(none.transient) << none.text();
  EXPECT_EQ(exit_code_of(none), exit_code::try_later);
}

TEST_F(silent_server, before_an_answer_is_a_transient_error) {
  const auto source = sql::open_source(at());
  ASSERT_TRUE(source.has_value());
  const auto state = (*source)->open_snapshot();
  ASSERT_TRUE(state.has_value()) << state.error().text();
  wire_.stall(true);
  auto few = select("mailbox", {"id"});
  few.few_rows = true;
  const auto rows = (*state)->rows(few);
  ASSERT_FALSE(rows.has_value());
  EXPECT_TRUE(rows.error().transient) << rows.error().text();
  EXPECT_THAT(rows.error().text(), HasSubstr("source-timeout"));
}

TEST_F(silent_server, that_reads_no_more_is_a_transient_error) {
  const auto source = sql::open_source(at());
  const auto state = (*source)->open_snapshot();
  ASSERT_TRUE(state.has_value()) << state.error().text();
  auto named = select("mailbox", {"id", "name"});
  named.restrict_to = {named.columns[1]};
  named.keys = {{std::string(16'000'000, 'x')}};  // more than the sockets between hold
  wire_.stall(true);
  const auto rows = (*state)->rows(named);
  ASSERT_FALSE(rows.has_value());
  EXPECT_TRUE(rows.error().transient) << rows.error().text();
}

TEST_F(silent_server, in_the_middle_of_the_rows_is_a_transient_error) {
  run("insert into mailbox select i, repeat('x', 1000) from generate_series(3, 20000) i");
  const auto source = sql::open_source(sql::location(url_, 1s));
  ASSERT_TRUE(source.has_value());
  const auto state = (*source)->open_snapshot();
  ASSERT_TRUE(state.has_value()) << state.error().text();
  const auto rows = (*state)->rows(select("mailbox", {"id", "name"}));
  ASSERT_TRUE(rows.has_value()) << rows.error().text();
  ASSERT_TRUE((*rows)->next().has_value());
  // It waits for us to read on, in the middle of a message.
  const std::string backend =
      run("select pid from pg_stat_activity where query like '%COPY%' and pid <> "
          "pg_backend_pid() and datname = current_database()");
  ASSERT_EQ(::kill(std::stoi(backend), SIGSTOP), 0);
  auto row = (*rows)->next();
  while (row && *row) row = (*rows)->next();
  ::kill(std::stoi(backend), SIGCONT);
  ASSERT_FALSE(row.has_value());
  EXPECT_TRUE(row.error().transient) << row.error().text();
  EXPECT_THAT(row.error().text(), HasSubstr("mailbox"));
  EXPECT_FALSE((*rows)->next().has_value());
}

TEST_F(silent_server, while_something_is_installed_is_a_transient_error) {
  const std::string backend = run("select 1");  // the server is there
  wire_.stall(true);
  const auto done = sql::run_all(at(), {"select 1"});
  ASSERT_FALSE(done.has_value());
  EXPECT_TRUE(done.error().transient) << done.error().text();
}

TEST_F(silent_server, in_a_statement_that_installs_is_a_transient_error) {
  const auto done = sql::run_all(at(), {"select 1", "do $$ begin perform pg_sleep(5); end $$"});
  ASSERT_FALSE(done.has_value());
  EXPECT_TRUE(done.error().transient) << done.error().text();
  EXPECT_THAT(done.error().text(), HasSubstr("source-timeout"));
}

TEST_F(silent_server, that_only_takes_its_time_is_waited_for) {
  run("create view slow as select id from mailbox where pg_sleep(0.3) is not null and id = 1");
  EXPECT_EQ(ids(sql::location(url_, 30s), "slow"), "1");
  EXPECT_EQ(ids(sql::location(url_, 0s), "slow"), "1");
  EXPECT_TRUE(why_unreadable(sql::location(url_, 100ms), "slow").transient);
}

TEST_F(silent_server, that_goes_on_is_read_to_the_end) {
  run("insert into mailbox select i, repeat('x', 1000) from generate_series(3, 2000) i");
  const auto source = sql::open_source(sql::location(url_, 60s));
  const auto state = (*source)->open_snapshot();
  const auto rows = (*state)->rows(select("mailbox", {"id", "name"}));
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(all_rows(**rows).size(), 2000U);
}

TEST_F(silent_server, a_copy_that_is_cut_is_an_error_and_no_end) {
  run("insert into mailbox select i, repeat('x', 1000) from generate_series(3, 20000) i");
  const auto source = sql::open_source(at());
  ASSERT_TRUE(source.has_value());
  const auto state = (*source)->open_snapshot();
  ASSERT_TRUE(state.has_value()) << state.error().text();
  const auto rows = (*state)->rows(select("mailbox", {"id", "name"}));
  ASSERT_TRUE(rows.has_value()) << rows.error().text();
  auto row = (*rows)->next();
  wire_.cut();
  while (row && *row) row = (*rows)->next();
  ASSERT_FALSE(row.has_value());
  EXPECT_TRUE(row.error().transient) << row.error().text();
}

// ---- a pooler -------------------------------------------------------------------------------

class pooled : public reading {
 protected:
  // All settings of the session that an application gets, without those that a client has told the pooler itself.
  static constexpr const char* session_sql =
      "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where source = 'session' and name "
      "not in ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')";
  static constexpr const char* traces_sql =
      "select (select count(*) from pg_locks where locktype = 'advisory'), (select count(*) from "
      "pg_listening_channels()), (select count(*) from pg_prepared_statements), (select count(*) from pg_cursors)";
  [[nodiscard]] std::string left_in(const pgbouncer& pool) const {
    return pool.execute(name_, session_sql) + pool.execute(name_, traces_sql);
  }
};

TEST_F(pooled, nothing_of_ours_stays_in_a_session_that_is_given_on) {
  const pgbouncer pool(server_, "transaction");
  const std::string before = left_in(pool);
  EXPECT_EQ(ids(pool.url(name_)), "1 2");
  pool.execute(name_, "insert into mailbox values (3, 'by the application')");
  EXPECT_EQ(left_in(pool), before);
  EXPECT_EQ(pool.execute(name_, "show default_transaction_read_only; show statement_timeout; show row_security"),
            "off\n0\non\n");
}

TEST_F(pooled, of_a_single_connection_is_enough_to_read) {
  const pgbouncer pool(server_, "transaction", 1);
  EXPECT_EQ(ids(sql::location(pool.url(name_), 2s)), "1 2");
  EXPECT_EQ(pool.execute(name_, "show default_transaction_read_only"), "off\n");
}

TEST_F(pooled, what_needs_a_session_says_that_it_has_none) {
  const pgbouncer pool(server_, "transaction");
  const std::string before = left_in(pool);
  const sql::wal_options options{"pooled_" + name_, "pooled", followed};
  for (const auto& capture :
       {sql::open_wal_capture(pool.url(name_), options), sql::open_journal_capture(pool.url(name_), noted)}) {
    ASSERT_TRUE(capture.has_value());
    const auto seen = (*capture)->look();
    ASSERT_FALSE(seen.has_value());
    EXPECT_FALSE(seen.error().transient);
    EXPECT_THAT(seen.error().text(), HasSubstr("pooler"));
    EXPECT_THAT(seen.error().hint, HasSubstr("pool_mode = session"));
    EXPECT_FALSE((*capture)->follow(0).has_value());
  }
  EXPECT_EQ(left_in(pool), before);
}

TEST_F(pooled, by_statement_is_refused) {
  const pgbouncer pool(server_, "statement");
  const error none = why_unreadable(pool.url(name_));
  EXPECT_FALSE(none.transient);
  EXPECT_THAT(none.hint, HasSubstr("pool_mode = session"));
}

TEST_F(pooled, by_session_all_works) {
  const pgbouncer pool(server_, "session", 10);
  EXPECT_EQ(ids(pool.url(name_)), "1 2");
  const auto capture = sql::open_journal_capture(pool.url(name_), noted);
  ASSERT_TRUE(capture.has_value());
  ASSERT_TRUE((*capture)->look().has_value()) << (*capture)->look().error().text();
  const auto begun = (*capture)->begin();
  ASSERT_TRUE(begun.has_value()) << begun.error().text();
  const auto feed = (*capture)->follow((*capture)->look()->confirmed);
  ASSERT_TRUE(feed.has_value()) << feed.error().text();
  run("insert into mailbox values (3, 'carl')");
  const auto told = (*feed)->next(60s);
  ASSERT_TRUE(told.has_value() && told->has_value());
  EXPECT_EQ((*told)->rows.size(), 1U);
}

}  // namespace
}  // namespace sql2ldap::test
