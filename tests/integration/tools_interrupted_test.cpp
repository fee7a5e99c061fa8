// A migrate that ends in the middle, for whatever reason: it is run again and ends right.
#include <csignal>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <support/postgres.hpp>
#include <support/stream_proxy.hpp>
#include <support/tool.hpp>

namespace {

using namespace sql2ldap;
using namespace sql2ldap::test;
using testing::HasSubstr;

constexpr mail_host thousands{.seed = 2, .domains = 20, .alias_domains = 2, .users = 3000, .aliases = 300};
constexpr auto patience = std::chrono::seconds(60);

// The wire to slapd stalls when a share of the entries has been sent, so that the program cannot be done before it is
// interrupted, however busy the machine is.
class interrupted : public testing::Test {
 protected:
  // Starts a migrate and waits until it has written about this share of the entries.
  child_process& migrate_until(double share) {
    const captured all = sides_.sql2ldap("migrate --ldif -");
    EXPECT_EQ(all.status, done) << all.err;
    wire_.stall_after(static_cast<std::int64_t>(share * static_cast<double>(all.out.size())));
    std::string socket = folder_ / "wire";
    replace_all(socket, "/", "%2F");
    const tool through_the_wire(sides_.tables.url(), "postfixadmin", "ldapi://" + socket);
    program_ = std::make_unique<child_process>(through_the_wire.typed("migrate"), folder_ / "out", folder_ / "err");
    if (!eventually(patience, [&] { return wire_.stalled() || !program_->running(); }) || !program_->running())
      throw std::runtime_error("the migrate is over before it is interrupted: " + errors());
    return *program_;
  }
  [[nodiscard]] std::string errors() const { return read_file(folder_ / "err"); }
  void expect_mended_by_the_next_run() {
    sides_.slapd.revive();
    EXPECT_LT(names_in(sides_.slapd, "(objectClass=s2lMailAccount)").size(), thousands.users);
    const captured again = sides_.sql2ldap("migrate");
    EXPECT_EQ(again.status, done) << again.out << again.err;
    EXPECT_EQ(names_in(sides_.slapd, "(objectClass=s2lMailAccount)").size(), thousands.users);
    const captured verified = sides_.sql2ldap("verify");
    EXPECT_EQ(verified.status, done) << verified.out << verified.err;
    EXPECT_THAT(verified.out, HasSubstr("verify: 0 differences"));
  }

  temp_dir folder_;
  mail_host_sides sides_{thousands};
  stream_proxy wire_{folder_ / "wire", sides_.slapd.folder() / "ldapi"};

 private:
  std::unique_ptr<child_process> program_;
};

class killed : public interrupted, public testing::WithParamInterface<double> {};

TEST_P(killed, ends_right_in_the_next_run) {
  EXPECT_EQ(migrate_until(GetParam()).stop(SIGKILL, patience), 128 + SIGKILL);
  expect_mended_by_the_next_run();
}

// Shares of the entries that have been sent when it is killed.
INSTANTIATE_TEST_SUITE_P(at, killed, testing::Values(0.01, 0.33, 0.66),
                         [](const auto& share) { return std::to_string(share.index); });

TEST_F(interrupted, by_sigterm_finishes_the_batch) {
  child_process& program = migrate_until(0.2);
  program.send_signal(SIGTERM);
  wire_.stall(false);
  EXPECT_EQ(program.wait(patience), try_later);
  EXPECT_THAT(errors(), HasSubstr("stopped on request"));
  EXPECT_THAT(errors(), HasSubstr("run it again"));
  expect_mended_by_the_next_run();
}

TEST_F(interrupted, by_a_crash_of_slapd) {
  child_process& program = migrate_until(0.2);
  sides_.slapd.crash();
  wire_.stall(false);
  EXPECT_EQ(program.wait(patience), try_later);
  EXPECT_THAT(errors(), HasSubstr("sql2ldap: error: ldapi://"));
  sides_.slapd.start();
  expect_mended_by_the_next_run();
}

// ---- the SQL side ends in the middle ----------------------------------------------------------

class broken_read : public testing::Test {
 protected:
  void SetUp() override {
    static int databases = 0;
    database_ = "broken_read" + std::to_string(++databases);
    url_ = server_.create_database(database_);
    server_.execute(database_, postfixadmin_text(small_host, sql_engine::postgresql));
    const captured loaded = sql2ldap("migrate");
    ASSERT_EQ(loaded.status, done) << loaded.out << loaded.err;
    before_ = slapd_.slapcat();
    // Whoever took a short read for the whole would delete all of these.
    ASSERT_GT(names_in(slapd_, "(objectClass=s2lManaged)").size(), 70U);
  }
  captured sql2ldap(std::string_view words) const { return tool(url_, "postfixadmin", slapd_.ldapi())(words); }
  void execute(const std::string& sql) const { server_.execute(database_, sql); }
  // Each command that reads the tables fails, and nothing is written, limits or not.
  void expect_failure(int status, const std::vector<std::string>& says) const {
    for (const char* words : {"migrate", "migrate --yes", "verify --repair --yes", "plan", "verify"}) {
      const captured run = sql2ldap(words);
      EXPECT_EQ(run.status, status) << words << "\n" << run.out << run.err;
      for (const std::string& text : says) EXPECT_THAT(run.err, HasSubstr(text)) << words;
    }
    EXPECT_EQ(slapd_.slapcat(), before_);
  }

  postgres_server& server_ = postgres_server::shared();
  slapd_server slapd_{quick_slapd()};
  std::string database_;
  std::string url_;
  std::string before_;
};

TEST_F(broken_read, by_a_terminated_backend) {
  // The lock on a table that only accounts need stops the reader after the domains.
  const auto close = [](PGconn* one) { PQfinish(one); };
  const std::unique_ptr<PGconn, decltype(close)> locker(PQconnectdb(url_.c_str()), close);
  const std::unique_ptr<PGresult, decltype(&PQclear)> locked(
      PQexec(locker.get(), "BEGIN; LOCK TABLE vacation IN ACCESS EXCLUSIVE MODE"), &PQclear);
  ASSERT_EQ(PQresultStatus(locked.get()), PGRES_COMMAND_OK) << PQerrorMessage(locker.get());

  const temp_dir folder;
  child_process program(tool(url_, "postfixadmin", slapd_.ldapi()).typed("migrate --yes"), folder / "out",
                        folder / "err");
  ASSERT_TRUE(eventually(patience, [&] {
    return server_.execute(database_,
                           "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                           "application_name = 'sql2ldap' AND wait_event_type = 'Lock' AND datname = '" +
                               database_ + "'") == "t\n";
  }));
  EXPECT_EQ(program.wait(patience), try_later);
  EXPECT_THAT(read_file(folder / "err"), HasSubstr("sql2ldap: error: postgresql://"));
  EXPECT_EQ(slapd_.slapcat(), before_);
}

TEST_F(broken_read, by_a_row_that_cannot_be_computed) {
  execute(
      "ALTER TABLE mailbox RENAME TO mailbox_rows;"
      "CREATE VIEW mailbox AS SELECT username, password, name, maildir, local_part, domain, active, "
      "  quota / CASE WHEN username = 'user55@domain1.example' THEN 0 ELSE 1 END AS quota FROM mailbox_rows");
  expect_failure(source_failed, {"division by zero", "mailbox"});
}

TEST_F(broken_read, by_a_missing_right) {
  execute(
      "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;"
      "REVOKE SELECT ON mailbox FROM reader");
  const auto user = url_.find("user=postgres");
  url_.replace(user, 13, "user=reader");
  expect_failure(source_failed, {"permission denied for table mailbox", "GRANT SELECT"});
  execute("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM reader");
}

TEST_F(broken_read, by_a_missing_table) {
  execute("DROP TABLE vacation CASCADE");
  expect_failure(source_failed, {"\"vacation\" does not exist", "sql2ldap inspect"});
}

TEST_F(broken_read, by_a_missing_column) {
  execute("ALTER TABLE mailbox RENAME COLUMN quota TO quota_bytes");
  expect_failure(source_failed, {"quota does not exist", "table mailbox", "sql2ldap inspect"});
}

TEST_F(broken_read, by_a_database_that_is_not_there) {
  url_.replace(url_.find(database_), database_.size(), "nowhere");
  expect_failure(source_failed, {"database \"nowhere\" does not exist", "check the name of the database"});
}

// ---- the LDAP side answers in part -------------------------------------------------------------

TEST(size_limit, of_the_sync_identity_stops_every_command) {
  mail_host_sides sides;
  ASSERT_EQ(sides.sql2ldap("migrate").status, done);
  const std::string before = sides.slapd.slapcat();
  sides.slapd.modify(
      "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcLimits\n"
      "olcLimits: {0}dn.exact=\"" +
      slapd_server::external_dn() + "\" size=20\n");
  for (const char* words : {"migrate", "migrate --yes", "verify --repair --yes", "plan", "verify"}) {
    const captured run = sides.sql2ldap(words);
    EXPECT_EQ(run.status, directory_failed) << words << "\n" << run.out << run.err;
    EXPECT_THAT(run.err, HasSubstr("Size limit exceeded"));
    EXPECT_THAT(run.err, HasSubstr("olcLimits: size=unlimited"));
  }
  EXPECT_EQ(sides.slapd.slapcat(), before);
}

}  // namespace
