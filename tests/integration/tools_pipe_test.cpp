// Output that nobody reads: no program is ended by it, and the exit code says what was done.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <support/local_client.hpp>
#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
using testing::HasSubstr;

constexpr int report_lost = 74;

// Where standard output or error leads.
enum class lost { closed, full, no_reader };

std::string redirection(lost how, int descriptor) {
  switch (how) {
    case lost::closed:
      return std::to_string(descriptor) + ">&-";
    case lost::full:
      return std::to_string(descriptor) + ">/dev/full";
    case lost::no_reader:
      return std::to_string(descriptor) + ">&8";
  }
  return "";
}

// The program with its standard output or error lost; sh sees nothing but its exit status.
captured run_with(lost how, int descriptor, const command& program) {
  command shell = program;
  // A pipe whose reader has gone before the program begins: `true` has ended when `wait` returns.
  const std::string opening = how == lost::no_reader ? "exec 8> >(true); wait $!; " : "";
  shell.arguments = {"bash", "-c", opening + "\"$@\" " + redirection(how, descriptor) + "; exit $?", "bash"};
  shell.arguments.insert(shell.arguments.end(), program.arguments.begin(), program.arguments.end());
  return run_and_capture(shell);
}

// Of a host with one row that is rejected: what is found or done has the code 1.
class unread : public testing::Test {
 protected:
  unread() {
    sides_.tables.execute(
        "UPDATE mailbox SET password = 'no hash' WHERE username = (SELECT min(username) FROM mailbox)");
  }

  void expect_status(int status, std::string_view words, const std::vector<std::string>& more = {}) {
    for (const lost how : {lost::closed, lost::full, lost::no_reader}) {
      const captured run = run_with(how, STDOUT_FILENO, sides_.sql2ldap.typed(words, more));
      EXPECT_EQ(run.status, status) << words << ": " << static_cast<int>(how) << "\n" << run.err;
      EXPECT_THAT(run.err, HasSubstr("cannot write to standard output")) << words;
      EXPECT_EQ(run.out, "");
    }
  }
  [[nodiscard]] std::size_t entries() const { return names_in(sides_.slapd, "(s2lOrigin=*)").size(); }

  mail_host_sides sides_;
};

TEST_F(unread, reports_are_worth_trying_again) {
  // What they have found is in the output alone.
  for (const char* words : {"check", "verify", "why user1@domain0.example", "plan --json --output /dev/null"})
    expect_status(try_later, words);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(unread, plan_and_ldif_are_no_success) {
  for (const lost how : {lost::closed, lost::full, lost::no_reader})
    for (const char* words : {"plan", "migrate --ldif -"}) {
      const captured run = run_with(how, STDOUT_FILENO, sides_.sql2ldap.typed(words));
      EXPECT_EQ(run.status, try_later) << words << static_cast<int>(how) << run.err;
      EXPECT_THAT(run.err, HasSubstr("cannot write the ")) << words;
    }
}

TEST_F(unread, a_migrate_does_its_work_and_says_so) {
  for (const lost how : {lost::closed, lost::full, lost::no_reader}) {
    SCOPED_TRACE(static_cast<int>(how));
    mail_host_sides fresh;
    const captured with_rejects = run_with(how, STDOUT_FILENO, sides_.sql2ldap.typed("migrate"));
    EXPECT_EQ(with_rejects.status, differences) << with_rejects.err;
    const captured without = run_with(how, STDOUT_FILENO, fresh.sql2ldap.typed("migrate"));
    EXPECT_EQ(without.status, report_lost) << without.err;
    EXPECT_THAT(without.err, HasSubstr("the work is done, only its report is lost"));
    EXPECT_EQ(fresh.sql2ldap("verify").status, done);
  }
  EXPECT_GT(entries(), 60U);
  EXPECT_EQ(sides_.sql2ldap("verify").status, differences) << "one is rejected, the rest is in step";
}

TEST_F(unread, a_repair_goes_on_while_its_report_is_lost) {
  // Long enough that it is written out, and lost, in the middle of the work.
  ASSERT_EQ(sides_.sql2ldap("migrate").status, differences);
  sides_.tables.execute("UPDATE mailbox SET name = name || ' changed', password = password");
  const captured run = run_with(lost::no_reader, STDOUT_FILENO,
                                sides_.sql2ldap.typed("verify --repair --yes", {"--max-changes", "100%"}));
  EXPECT_EQ(run.status, differences) << run.err;
  EXPECT_THAT(sides_.sql2ldap("verify").out, HasSubstr("verify: 0 differences"));
}

TEST_F(unread, an_error_keeps_its_code) {
  const sqlite_database none("CREATE TABLE other (a)");
  const tool no_tables(none.url(), "postfixadmin", sides_.slapd.ldapi());
  const tool no_directory(sides_.tables.url(), "postfixadmin", "ldapi://nobody");
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO})
    for (const lost how : {lost::closed, lost::full, lost::no_reader})
      for (const char* words : {"plan", "migrate", "verify --json"}) {
        SCOPED_TRACE(words);
        EXPECT_EQ(run_with(how, descriptor, no_tables.typed(words)).status, no_tables(words).status);
        EXPECT_EQ(run_with(how, descriptor, no_directory.typed(words)).status, no_directory(words).status);
        EXPECT_EQ(run_with(how, descriptor, sides_.sql2ldap.typed(std::string(words) + " --no-such-flag")).status,
                  wrong_usage);
      }
}

TEST_F(unread, standard_error_changes_nothing) {
  for (const lost how : {lost::closed, lost::full, lost::no_reader}) {
    EXPECT_EQ(run_with(how, STDERR_FILENO, sides_.sql2ldap.typed("plan -vv")).status, differences);
    EXPECT_EQ(run_with(how, STDERR_FILENO, sides_.sql2ldap.typed("check -vv")).status, sides_.sql2ldap("check").status);
  }
  EXPECT_EQ(run_with(lost::no_reader, STDERR_FILENO, sides_.sql2ldap.typed("migrate -vv")).status, differences);
  EXPECT_GT(entries(), 60U);
}

// A descriptor that is closed is the next one that is opened: nothing may be printed into a file or a connection.
TEST_F(unread, nothing_is_printed_into_a_file_that_took_the_place) {
  const temp_dir folder;
  command program = sides_.sql2ldap.typed("plan", {"--output", folder / "plan", "--rejects", folder / "rejects"});
  command shell = program;
  shell.arguments = {"sh", "-c", "\"$@\" <&- >&- 2>&-; exit $?", "sh"};
  shell.arguments.insert(shell.arguments.end(), program.arguments.begin(), program.arguments.end());
  EXPECT_EQ(run_and_capture(shell).status, differences);
  EXPECT_EQ(read_file(folder / "plan").find("plan:"), std::string::npos);
  EXPECT_EQ(read_file(folder / "rejects").find("rejected"), std::string::npos);
  EXPECT_NE(read_file(folder / "plan"), "");
}

// Daemons whose log nobody reads go on, and end in good order.
class unread_log : public unread {
 protected:
  // Its program takes the place of the shell, so that the signal of stop() reaches it.
  static command daemon_with(lost how, const std::vector<std::string>& words) {
    const std::string opening = how == lost::no_reader ? "exec 8> >(true); wait $!; " : "";
    command out{.arguments = {"bash", "-c", opening + "exec \"$@\" " + redirection(how, STDERR_FILENO), "bash"}};
    out.arguments.insert(out.arguments.end(), words.begin(), words.end());
    return out;
  }
  temp_dir folder_;
};

TEST_F(unread_log, syncd_keeps_both_sides_in_step) {
  for (const lost how : {lost::closed, lost::full, lost::no_reader}) {
    SCOPED_TRACE(static_cast<int>(how));
    const std::string state = folder_ / ("state" + std::to_string(static_cast<int>(how)));
    std::vector<std::string> words =
        sides_.sql2ldap.typed("", {"--state", state, "--capture", "journal", "-v"}).arguments;
    words.front() = S2L_BINARY_DIR "/tools/sql2ldap-syncd";
    child_process daemon(daemon_with(how, words));
    ASSERT_TRUE(eventually(std::chrono::seconds(60), [&] {
      return run_and_capture({.arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "status", "--state", state}})
                 .out.find("following") != std::string::npos;
    }));
    EXPECT_EQ(daemon.stop(SIGTERM), 0);
    EXPECT_GT(entries(), 60U);
  }
}

TEST_F(unread_log, authd_answers) {
  ASSERT_EQ(sides_.sql2ldap("migrate").status, differences);
  for (const lost how : {lost::closed, lost::full, lost::no_reader}) {
    SCOPED_TRACE(static_cast<int>(how));
    const std::string socket = folder_ / ("query" + std::to_string(static_cast<int>(how)));
    child_process daemon(
        daemon_with(how, {S2L_BINARY_DIR "/tools/sql2ldap-authd", "--directory", sides_.slapd.ldapi(), "--base",
                          std::string(slapd_server::suffix), "--no-mirror", "-v", "--listen", "query:" + socket}));
    ASSERT_TRUE(eventually(std::chrono::seconds(60), [&] { return somebody_listens(socket); }));
    EXPECT_THAT(local_client(socket).ask("domain domain0.example\n", "\n"), testing::StartsWith("yes"));
    EXPECT_EQ(daemon.stop(SIGTERM), 0);
  }
}

TEST_F(unread_log, checkpassword_keeps_its_exit_codes) {
  const std::string program = S2L_BINARY_DIR "/tools/sql2ldap-checkpassword";
  for (const lost how : {lost::closed, lost::full, lost::no_reader}) {
    SCOPED_TRACE(static_cast<int>(how));
    EXPECT_EQ(run_and_capture(daemon_with(how, {program, "--no-such-option"})).status, 2);
    // Nobody listens: try later.
    command asked = daemon_with(how, {program, "--auth", folder_ / "none", "true"});
    asked.arguments[2] += " 3< <(printf 'name\\000password\\000\\000')";
    asked.environment = {{"ORIG_UID", "0"}};
    EXPECT_EQ(run_and_capture(asked).status, 111);
  }
}

// What each program answers about itself.
TEST(unread_help, is_no_success) {
  for (const char* name :
       {"sql2ldap", "sql2ldap-syncd", "sql2ldap-authd", "sql2ldap-checkpassword", "sql2ldap-checkpassword-directory"})
    for (const char* flag : {"--help", "--version"})
      for (const lost how : {lost::closed, lost::full, lost::no_reader}) {
        const command program{.arguments = {std::string(S2L_BINARY_DIR "/tools/") + name, flag}};
        const bool is_checkpassword = std::string(name).find("checkpassword") != std::string::npos;
        EXPECT_EQ(run_with(how, STDOUT_FILENO, program).status, is_checkpassword ? 111 : try_later)
            << name << ' ' << flag << ' ' << static_cast<int>(how);
        EXPECT_EQ(run_with(how, STDERR_FILENO, program).status, 0) << name << ' ' << flag;
      }
}

// What rows hold drives no terminal and forges no line of a report.
TEST_F(unread, nor_is_a_terminal_driven_by_rows) {
  sides_.tables.execute(
      "UPDATE mailbox SET username = 'x' || char(27) || '[2J' || char(10) || 'verify: 0 differences' || char(8232) || "
      "'@domain0.example' WHERE username = (SELECT max(username) FROM mailbox); "
      "UPDATE mailbox SET name = 'x' || char(27) || '[2J' || char(10) || 'verify: 0' || char(8232) WHERE username = "
      "'user0@domain0.example'");
  for (const char* words : {"check", "plan", "migrate", "verify", "why user0@domain0.example"}) {
    const captured run = sides_.sql2ldap(words);
    for (const std::string& text : {run.out, run.err}) {
      EXPECT_THAT(text, testing::Not(HasSubstr("\x1b"))) << words;
      EXPECT_THAT(text, testing::Not(HasSubstr("\u2028"))) << words;
    }
    EXPECT_THAT(run.out + run.err, HasSubstr(R"(\x1b[2J)")) << words;
    if (std::string_view(words) != "verify") {
      EXPECT_THAT("\n" + run.out + run.err, testing::Not(HasSubstr("\nverify: 0"))) << words;
    }
  }
}

}  // namespace
