// The stream of changes of a real PostgreSQL, as the follower gets it.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/sources.hpp>

#include <support/postgres.hpp>
#include <support/temp_dir.hpp>

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

enum class way { stream, functions };
std::string name_of(way how) { return how == way::stream ? "stream" : "functions"; }
std::vector<std::string> settings_for(way how) {
  if (how == way::stream) return {};
  return {"max_wal_senders=1"};
}
struct finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

std::unique_ptr<model::capture> opened(const std::string& url, const sql::wal_options& options) {
  auto capture = sql::open_wal_capture(url, options);
  if (!capture) throw std::runtime_error(capture.error().text());
  return *std::move(capture);
}

// All that comes: so many at least, then until nothing comes for a while.
std::vector<std::string> told(model::feed& feed, std::uint64_t* position = nullptr, std::size_t expected = 1) {
  std::vector<std::string> out;
  while (true) {
    const auto next = feed.next(out.size() < expected ? 60s : 300ms);
    EXPECT_TRUE(next.has_value()) << next.error().text();
    if (!next || !*next) return out;
    if ((*next)->rows.empty() && !(*next)->everything) continue;  // only how far it is
    out.push_back(described(**next));
    if (position != nullptr) *position = (*next)->position;
  }
}

// A server, and its log followed in one way or the other: both promise the same.
class wal_host : public ::testing::Test {
 protected:
  explicit wal_host(way how) : server_(settings_for(how)) {
    url_ = server_.create_database("mail");
    if (how == way::functions) only_walsender_.reset(PQconnectdb((url_ + "&replication=true").c_str()));
    run("create table mailbox (id int primary key, name text); create table log (line text);");
    capture_ = opened(url_, options_);
    const auto begun = capture_->begin();
    if (!begun) throw std::runtime_error(begun.error().text());
  }
  std::string run(const std::string& sql) const { return server_.execute("mail", sql); }
  [[nodiscard]] std::unique_ptr<model::feed> open(std::uint64_t from = 0) const {
    auto feed = capture_->follow(from);
    if (!feed) throw std::runtime_error(feed.error().text());
    return *std::move(feed);
  }
  [[nodiscard]] std::string forgotten_up_to() const {
    return run("select confirmed_flush_lsn from pg_replication_slots");
  }
  [[nodiscard]] model::collected look() const {
    const auto seen = capture_->look();
    if (!seen) throw std::runtime_error(seen.error().text());
    return *seen;
  }

  sql::wal_options options_{"syncd", "mapped", {{"", "mailbox", "m"}}, {}, 20ms};
  postgres_server server_;
  std::string url_;
  std::unique_ptr<PGconn, finish> only_walsender_;  // taken: nobody else gets a replication connection
  std::unique_ptr<model::capture> capture_;
};

class wal_capture : public wal_host {
 protected:
  wal_capture() : wal_host(way::stream) {}
};
class wal_by_functions : public wal_host {
 protected:
  wal_by_functions() : wal_host(way::functions) {}
};
class wal_feed : public wal_host, public ::testing::WithParamInterface<way> {
 protected:
  wal_feed() : wal_host(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(both, wal_feed, ::testing::Values(way::stream, way::functions),
                         [](const auto& one) { return name_of(one.param); });

TEST_F(wal_capture, what_is_collected_is_looked_at) {
  using state = model::collected::state;
  const model::collected fresh = look();
  EXPECT_EQ(fresh.now, state::ready) << fresh.reason;
  EXPECT_GT(fresh.confirmed, 0U);
  EXPECT_GE(fresh.end, fresh.confirmed);
  EXPECT_THAT(fresh.history, HasSubstr("timeline 1"));

  run("alter publication mapped drop table mailbox; alter publication mapped add table log");
  EXPECT_EQ(look().now, state::broken);
  EXPECT_THAT(look().reason, HasSubstr("does not have public.mailbox"));
  ASSERT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(look().now, state::ready);

  run("alter publication mapped set (publish = 'insert, update')");
  EXPECT_EQ(look().now, state::broken);
  EXPECT_THAT(look().reason, HasSubstr("does not tell deletes, TRUNCATE"));
  EXPECT_THAT(capture_->begin().error().hint, HasSubstr("drop it"));
  run("drop publication mapped");
  ASSERT_TRUE(capture_->begin().has_value());
  run("alter publication mapped set table mailbox where (id > 7)");
  EXPECT_THAT(look().reason, HasSubstr("does not tell some rows or columns of public.mailbox"));
  run("alter publication mapped set table mailbox");
  EXPECT_EQ(look().now, state::ready) << look().reason;

  run("select pg_drop_replication_slot('syncd')");
  run("select pg_create_logical_replication_slot('syncd', 'test_decoding')");
  const auto of_others = capture_->look();
  ASSERT_FALSE(of_others.has_value());
  EXPECT_THAT(of_others.error().text(), HasSubstr("test_decoding"));
  EXPECT_FALSE(capture_->begin().has_value());
  run("select pg_drop_replication_slot('syncd')");

  // Too much for the server to keep.
  ASSERT_TRUE(capture_->begin().has_value());
  server_.execute("postgres", "alter system set max_slot_wal_keep_size = '1MB'");
  server_.execute("postgres", "alter system set wal_keep_size = 0");
  server_.execute("postgres", "select pg_reload_conf()");
  const bool lost = eventually(60s, [&] {
    run("insert into log values ('x'); select pg_switch_wal()");
    run("checkpoint");
    return look().now == state::broken;
  });
  EXPECT_TRUE(lost);
  EXPECT_THAT(look().reason, HasSubstr("wal_status lost"));
}

TEST_P(wal_feed, tells_committed_rows_in_order) {
  const auto feed = open();
  run("insert into mailbox values (1, 'ann')");
  run("begin; insert into mailbox values (2, 'gone'); rollback");
  run("begin; update mailbox set name = 'bob'; update mailbox set id = 3; commit");
  run("delete from mailbox");
  EXPECT_THAT(told(*feed, nullptr, 3),
              ElementsAre("mailbox id=1 name=ann",
                          "mailbox id=1; mailbox id=1 name=bob; mailbox id=1; mailbox id=3 name=bob", "mailbox id=3"));
}

TEST_P(wal_feed, tells_again_what_was_not_confirmed_and_nothing_else) {
  std::uint64_t first = 0;
  {
    const auto feed = open();
    run("insert into mailbox values (1, 'ann')");
    EXPECT_EQ(told(*feed, &first).size(), 1U);
    run("insert into mailbox values (2, 'bob')");
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
  run("insert into mailbox values (3, 'cid')");
  EXPECT_THAT(told(*open(second)), ElementsAre("mailbox id=3 name=cid"));
}

TEST_P(wal_feed, an_emptied_table_or_too_many_rows_are_everything) {
  const auto feed = open();
  run("insert into mailbox values (1, 'ann')");
  run("truncate mailbox");
  run("insert into mailbox select n, 'x' from generate_series(1, " + std::to_string(limits::feed_rows_max + 1) + ") n");
  EXPECT_THAT(told(*feed, nullptr, 3), ElementsAre("mailbox id=1 name=ann", "everything", "everything"));
}

TEST_P(wal_feed, a_table_that_is_filled_anew_in_one_transaction_is_everything) {
  run("insert into mailbox values (1, 'ann')");
  const auto feed = open(look().end);
  run("begin; truncate mailbox; insert into mailbox values (1, 'ann'), (2, 'bob'); commit");
  EXPECT_THAT(told(*feed), ElementsAre("everything"));
}

TEST_P(wal_feed, a_table_that_is_rewritten_is_followed_on) {
  run("insert into mailbox values (1, 'ann')");
  const auto feed = open(look().end);
  run("vacuum full mailbox");
  run("cluster mailbox using mailbox_pkey");
  run("update mailbox set name = 'anna'");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1; mailbox id=1 name=anna"));
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
}

TEST_P(wal_feed, lets_the_server_forget_what_quiet_tables_would_keep) {
  const auto feed = open();
  run("insert into mailbox values (1, 'ann')");
  std::uint64_t position = 0;
  told(*feed, &position);
  ASSERT_TRUE(feed->confirm(position).has_value());
  const std::string before = forgotten_up_to();
  // The server says how far it is when it has read on; each answer of ours may move the slot.
  for (int i = 0; i < 100 && forgotten_up_to() == before; ++i) {
    run("insert into log values ('busy'); select pg_switch_wal()");
    const auto next = feed->next(100ms);
    ASSERT_TRUE(next.has_value());
    if (*next) position = (*next)->position;
    ASSERT_TRUE(feed->confirm(position).has_value());
  }
  EXPECT_NE(forgotten_up_to(), before);
  // What we were not told we could not know of after a restart: it is kept.
  EXPECT_LE(look().confirmed, position);
}

// PostgreSQL's log has a commit before other sessions see it; waiting for a standby makes that time long.
TEST_P(wal_feed, tells_nothing_that_a_snapshot_would_not_show) {
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
  ASSERT_TRUE(eventually(
      30s, [&] { return run("select count(*) from pg_stat_activity where wait_event = 'SyncRep'") == "1\n"; }));
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

TEST_P(wal_feed, a_lost_connection_can_be_opened_again_a_missing_slot_cannot) {
  const auto feed = open();
  run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sql2ldap'");
  const auto lost = feed->next(10s);
  ASSERT_FALSE(lost.has_value());
  EXPECT_TRUE(lost.error().transient) << lost.error().text();

  run("select pg_drop_replication_slot('syncd')");
  EXPECT_EQ(look().now, model::collected::state::missing);
  const auto missing = capture_->follow(0);
  ASSERT_FALSE(missing.has_value());
  EXPECT_FALSE(missing.error().transient);
  EXPECT_THAT(missing.error().text(), HasSubstr("\"syncd\" does not exist"));
}

TEST_P(wal_feed, undone_work_and_savepoints) {
  const auto feed = open();
  run("begin; insert into mailbox values (1, 'kept'); savepoint s; insert into mailbox values (2, 'lost'); rollback to "
      "s; "
      "insert into mailbox values (3, 'kept too'); commit");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1 name=kept; mailbox id=3 name=kept too"));
}

TEST_P(wal_feed, a_key_that_changes_is_told_with_the_old_one) {
  run("insert into mailbox values (1, 'ann')");
  std::uint64_t position = 0;
  told(*open(), &position);
  const auto feed = open(position);
  run("update mailbox set id = 2");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1; mailbox id=2 name=ann"));
}

TEST_P(wal_feed, columns_that_change_in_mid_stream_are_everything) {
  const auto feed = open();
  run("insert into mailbox values (1, 'ann')");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1 name=ann"));
  run("begin; insert into mailbox values (2, 'bob'); alter table mailbox add column quota int; insert into mailbox "
      "values (3, 'cid', 7); commit");
  run("alter table mailbox drop column name; alter table mailbox rename quota to bytes; insert into mailbox values (4, "
      "8)");
  run("insert into mailbox values (5, 9)");
  EXPECT_THAT(told(*feed, nullptr, 3), ElementsAre("everything", "everything", "mailbox bytes=9 id=5"));
}

TEST_P(wal_feed, a_large_value_that_did_not_change_is_not_told) {
  run("alter table mailbox add column big text; alter table mailbox alter big set storage external");
  const auto feed = open();
  run("insert into mailbox values (1, 'ann', repeat('x', 10000))");
  run("update mailbox set name = 'bob'");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox big=" + std::string(10000, 'x') + " id=1 name=ann",
                                       "mailbox id=1; mailbox id=1 name=bob"));
}

TEST_P(wal_feed, values_of_types_that_the_database_has_made_are_told) {
  run("create domain mail_name as varchar(100); create domain local_name as mail_name; create type turned as enum "
      "('on', "
      "'off'); alter table mailbox add column who local_name, add column now turned");
  const auto feed = open();
  run("insert into mailbox values (1, 'ann', 'a', 'on')");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1 name=ann now=on who=a"));
}

TEST_P(wal_feed, large_rows_take_no_memory) {
  const auto feed = open();
  run("insert into mailbox select n, repeat('x', 4000000) from generate_series(1, 20) n");
  EXPECT_THAT(told(*feed), ElementsAre("everything"));
}

std::size_t memory_kilobytes(const std::string& which) {
  const std::string status = read_file("/proc/self/status");
  return std::stoul(status.substr(status.find(which + ":") + which.size() + 1));
}

// AddressSanitizer keeps so much of what was freed.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t quarantine_kilobytes = 256U << 10U;
#else
constexpr std::size_t quarantine_kilobytes = 0;
#endif

TEST_P(wal_feed, a_million_rows_take_no_memory) {
  const auto feed = open();
  run("insert into mailbox select n, 'somebody' from generate_series(1, 1000000) n");
  write_file("/proc/self/clear_refs", "5");  // the peak is what it is now
  const std::size_t before = memory_kilobytes("VmHWM");
  EXPECT_THAT(told(*feed), ElementsAre("everything"));
  // The rows that are kept until they are too many, and what is read at once.
  EXPECT_LT(memory_kilobytes("VmHWM"), before + (64U << 10U) + quarantine_kilobytes);
}

// More than one look brings, while nothing of it is confirmed.
TEST_F(wal_by_functions, a_backlog_is_told_in_order_whatever_waits_for_confirmation) {
  const auto feed = open();
  constexpr int transactions = 6;
  for (int i = 0; i < transactions; ++i)
    run("insert into mailbox select n, 'x' from generate_series(" + std::to_string(i * 30'000 + 1) + ", " +
        std::to_string((i + 1) * 30'000) + ") n");
  std::uint64_t last = 0;
  for (int i = 0; i < transactions; ++i) {
    const auto next = feed->next(60s);
    ASSERT_TRUE(next.has_value()) << next.error().text();
    ASSERT_TRUE(next->has_value()) << i;
    EXPECT_EQ((*next)->rows.size(), 30'000U);
    EXPECT_EQ(*(*next)->rows.front().columns.at("id"), std::to_string(i * 30'000 + 1));
    EXPECT_GT((*next)->position, last);
    last = (*next)->position;
  }
  const auto nothing = feed->next(300ms);
  ASSERT_TRUE(nothing.has_value()) << nothing.error().text();
  EXPECT_FALSE(nothing->has_value());
}

void install(const std::string& url, const sql::wal_options& options) {
  const auto statements = sql::wal_install_sql(url, options);
  ASSERT_TRUE(statements.has_value()) << statements.error().text();
  const auto done = sql::run_all(url, *statements);
  ASSERT_TRUE(done.has_value()) << done.error().text();
}

TEST_F(wal_by_functions, the_doorbell_wakes_it) {
  options_.peek_every = 1h;
  capture_ = opened(url_, options_);
  const auto feed = open();
  const auto nothing = [&] {
    const auto next = feed->next(500ms);
    return next.has_value() && (!next->has_value() || ((*next)->rows.empty() && !(*next)->everything));
  };
  EXPECT_TRUE(nothing());
  run("insert into mailbox values (1, 'ann')");
  EXPECT_TRUE(nothing());  // nobody rings yet
  install(url_, options_);
  run("insert into log values ('not followed')");
  EXPECT_TRUE(nothing());
  run("delete from mailbox where false");
  EXPECT_THAT(told(*feed), ElementsAre("mailbox id=1 name=ann"));
  run("truncate mailbox");
  EXPECT_THAT(told(*feed), ElementsAre("everything"));
}

TEST_F(wal_by_functions, it_says_so_once) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 2; ++i) EXPECT_NE(open(), nullptr);
  const std::string said = testing::internal::GetCapturedStderr();
  const auto first = said.find("SOURCE_WAL_BY_FUNCTIONS");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("SOURCE_WAL_BY_FUNCTIONS", first + 1), std::string::npos) << said;
}

TEST_P(wal_feed, who_may_not_replicate_is_told_so) {
  run("create role plain login; grant all on database mail to plain");
  std::string url = url_;
  url.replace(url.find("user=postgres"), 13, "user=plain");
  const auto refused = opened(url, options_)->follow(0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(refused.error().transient);
  EXPECT_THAT(refused.error().hint, HasSubstr("REPLICATION"));
  // A refusal of any connection is none of replication.
  run("alter role plain nologin");
  const auto unknown = opened(url, options_)->follow(0);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_THAT(unknown.error().text(), HasSubstr("not permitted to log in"));
}

TEST_F(wal_capture, what_is_installed_leaves_no_trace) {
  run("select pg_drop_replication_slot('syncd'); drop publication mapped; create table alias (address text); create "
      "table member (who int not null, what text); create unique index who on member (who); alter table member replica "
      "identity using index who");
  const std::string everything =
      "select 'trigger', tgname from pg_trigger where not tgisinternal union all select 'schema', nspname from "
      "pg_namespace where nspname !~ '^pg_toast' union all select 'function', proname from pg_proc where pronamespace "
      "not in (11, 'information_schema'::regnamespace) union all select 'identity ' || relreplident::text, relname "
      "from "
      "pg_class where relnamespace <> 99 and relkind <> 't' union all select 'index', "
      "indexrelid::regclass::text from pg_index where indisreplident union all select 'publication', pubname from "
      "pg_publication union all select 'slot', slot_name from pg_replication_slots union all select 'comment', "
      "description from pg_description where objoid > 16384 order by 1, 2";
  const auto remove = [&] {
    const auto statements = sql::wal_remove_sql(url_, {"syncd", "mapped", {}});
    ASSERT_TRUE(statements.has_value()) << statements.error().text();
    const auto done = sql::run_all(url_, statements->statements);
    ASSERT_TRUE(done.has_value()) << done.error().text();
  };
  const std::string before = run(everything);
  options_.tables = {{"", "mailbox", "m"}, {"", "alias", "a"}, {"", "member", "b"}, {"", "member", "again"}};
  options_.old_rows = {{"", "member", "b"}};
  const std::string identities =
      "select relname || relreplident::text from pg_class where relname in ('mailbox', 'alias', 'member') order by 1";

  install(url_, options_);
  install(url_, options_);  // again, as the mapping needs it now
  EXPECT_EQ(run(identities), "aliasf\nmailboxd\nmemberf\n");
  EXPECT_EQ(run("select count(*) from pg_replication_slots"), "0\n");
  EXPECT_EQ(run("select count(*) from pg_trigger where tgname = 'sql2ldap_bell' and tgenabled = 'A'"), "3\n");
  remove();
  EXPECT_EQ(run(everything), before);

  // What the daemon makes for itself goes as well; the journal beside it stays.
  capture_ = nullptr;
  ASSERT_TRUE(opened(url_, options_)->begin().has_value());
  EXPECT_EQ(run(identities), "aliasf\nmailboxd\nmemberf\n");
  ASSERT_TRUE(sql::run_all(url_, *sql::journal_install_sql(url_, {{options_.tables[0], {"id"}, {"id"}}})).has_value());
  remove();
  EXPECT_EQ(run("select count(*) from pg_class where relname = 'changes'"), "1\n");
  ASSERT_TRUE(sql::run_all(url_, sql::journal_remove_sql(url_)->statements).has_value());
  EXPECT_EQ(run(everything), before);
  EXPECT_TRUE(sql::wal_remove_sql(url_, {"syncd", "mapped", {}})->statements.empty());
}

TEST_F(wal_capture, what_others_publish_is_used_and_never_changed) {
  run("drop publication mapped; create publication mapped for table log");
  const auto lacking = capture_->begin();
  ASSERT_FALSE(lacking.has_value());
  EXPECT_THAT(lacking.error().text(), HasSubstr("does not have public.mailbox"));
  EXPECT_THAT(lacking.error().hint, HasSubstr("--publication"));
  EXPECT_EQ(run("select tablename from pg_publication_tables where pubname = 'mapped'"), "log\n");
  run("alter publication mapped add table mailbox");
  ASSERT_TRUE(capture_->begin().has_value());
  EXPECT_EQ(look().now, model::collected::state::ready) << look().reason;
  capture_ = nullptr;
  // The server releases the lock a moment after the connection has ended.
  auto statements = sql::wal_remove_sql(url_, options_);
  ASSERT_TRUE(eventually(60s, [&] {
    if (!statements) statements = sql::wal_remove_sql(url_, options_);
    return statements.has_value();
  })) << statements.error().text();
  ASSERT_TRUE(sql::run_all(url_, statements->statements).has_value());
  EXPECT_EQ(run("select count(*) from pg_publication"), "1\n");
}

TEST_F(wal_capture, is_not_removed_under_a_daemon) {
  EXPECT_EQ(look().now, model::collected::state::ready);
  const auto refused = sql::wal_remove_sql(url_, options_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().hint, HasSubstr("stop it"));
}

}  // namespace
}  // namespace sql2ldap::test
