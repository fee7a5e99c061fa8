// The hook's command: how it is run, and when again.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/hooks/command.hpp>
#include <sql2ldap/hooks/runner.hpp>
#include <sql2ldap/state/hook_queue.hpp>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ended = hooks::outcome::how;
using std::chrono::milliseconds;

constexpr milliseconds patience{20'000};

class hook_command : public ::testing::Test {
 protected:
  std::string script(const std::string& text) {
    const auto path = folder_ / "hook";
    write_file(path, "#!/bin/sh\n" + text);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  hooks::outcome run(const std::string& text, milliseconds longest = patience) {
    return hooks::run({{script(text), "one", "two words"}, {{"SQL2LDAP_KIND", "account"}}, "{}\n"}, longest, stop_);
  }
  [[nodiscard]] std::string out() const { return folder_ / "out"; }

  temp_dir folder_;
  hooks::interruption stop_;
};

TEST_F(hook_command, has_its_input_its_words_and_an_environment_of_its_own) {
  ::setenv("S2L_SECRET", "of the daemon", 1);
  EXPECT_EQ(run("{ cat; printf '%s\\n' \"$@\"; env; pwd; } > " + out()).ended, ended::done);
  const std::string said = read_file(out());
  EXPECT_THAT(said, StartsWith("{}\none\ntwo words\n"));
  EXPECT_THAT(said, AllOf(HasSubstr("\nSQL2LDAP_KIND=account\n"), HasSubstr("\nPATH=/"), HasSubstr("\n/\n")));
  EXPECT_THAT(said, Not(HasSubstr("S2L_SECRET")));
}

TEST_F(hook_command, inherits_no_descriptor_and_no_signal) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  std::signal(SIGPIPE, SIG_IGN);
  const auto end =
      run("ls /proc/self/fd > " + out() + "; grep SigBlk /proc/self/status >> " + out() + "; kill -PIPE $$");
  ::close(leaked);
  EXPECT_EQ(end.reason, "ended by signal 13");
  // The fourth is the folder that ls reads.
  EXPECT_EQ(read_file(out()), "0\n1\n2\n3\nSigBlk:\t0000000000000000\n");
}

TEST_F(hook_command, gives_the_end_of_what_it_prints_as_the_reason) {
  const auto failed =
      run("echo begin; head -c 100000 /dev/zero | tr '\\0' x; echo; echo >&2 'no \033[1mroom'; exit 75");
  EXPECT_EQ(failed.ended, ended::failed);
  EXPECT_THAT(failed.reason,
              AllOf(StartsWith("exit code 75: "), HasSubstr("no \\x1b[1mroom"), Not(HasSubstr("begin"))));
  EXPECT_EQ(run("kill -TERM $$").reason, "ended by signal 15");
  const auto gone = hooks::run({{"/nonexistent"}, {}, ""}, patience, stop_);
  EXPECT_EQ(gone.ended, ended::failed);
  EXPECT_THAT(gone.reason, HasSubstr("No such file"));
}

TEST_F(hook_command, that_hangs_is_killed_with_all_it_has_started) {
  const auto fifo = folder_ / "fifo";
  ASSERT_EQ(run_and_capture({.arguments = {"mkfifo", fifo}}).status, 0);
  // Both would wait for a writer for ever.
  const auto killed =
      run("cat " + fifo.string() + " & echo $! > " + out() + "; cat " + fifo.string(), milliseconds(300));
  EXPECT_EQ(killed.ended, ended::failed);
  EXPECT_THAT(killed.reason, StartsWith("killed: it had not ended after 0.3 s"));
  const pid_t other = std::stoi(read_file(out()));
  EXPECT_TRUE(eventually(patience, [&] {
    const std::string stat = "/proc/" + std::to_string(other) + "/stat";
    return !std::filesystem::exists(stat) || read_file(stat).find(") Z ") != std::string::npos;
  }));
}

TEST_F(hook_command, that_leaves_somebody_behind_with_its_output_has_ended) {
  const auto fifo = folder_ / "fifo";
  ASSERT_EQ(run_and_capture({.arguments = {"mkfifo", fifo}}).status, 0);
  EXPECT_EQ(run("cat " + fifo.string() + " &").ended, ended::done);
  write_file(fifo, "");  // lets it go
}

TEST_F(hook_command, is_a_program_by_its_path_and_no_shell_text) {
  const std::string program = script("");
  EXPECT_THAT(*hooks::parse_command(program + "  -v  '$HOME'"), ElementsAre(program, "-v", "'$HOME'"));
  for (const char* wrong : {"", "hook", "./hook", "/nonexistent/hook"}) {
    const auto refused = hooks::parse_command(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().kind, error_kind::usage);
  }
}

class hook_runner : public hook_command {
 protected:
  void queue(const std::string& origin, const std::string& change) {
    const model::hook_event one{origin, change, "account", "{}"};
    ASSERT_TRUE(queue_->confirm(queue_->intend({&one, 1}, 1).value()));
  }
  std::unique_ptr<hooks::runner> start(const std::string& text) {
    hooks::runner_options how;
    how.words = {script(text)};
    how.retry_first = std::chrono::seconds(1);
    how.tell = [this](log::level, std::string_view id, const std::string& what) {
      const std::lock_guard only(mutex_);
      said_.push_back(std::string(id) + ' ' + what);
    };
    return hooks::runner::start(*queue_, how);
  }
  [[nodiscard]] bool comes_to(std::uint64_t waiting) const {
    return eventually(patience, [&] { return queue_->count().waiting == waiting; });
  }

  std::unique_ptr<model::hook_queue> queue_ = state::open_hook_queue(folder_.path()).value();
  std::mutex mutex_;
  std::vector<std::string> said_;
};

TEST_F(hook_runner, runs_what_waits_and_what_comes) {
  queue("a", "add");
  const auto runner = start("echo $SQL2LDAP_ORIGIN $SQL2LDAP_CHANGE >> " + out());
  EXPECT_TRUE(comes_to(0));
  queue("b", "add");
  queue("a", "delete");
  runner->wake();
  EXPECT_TRUE(comes_to(0));
  EXPECT_EQ(read_file(out()), "a add\nb add\na delete\n");
  EXPECT_EQ(runner->runs(), 3U);
  EXPECT_EQ(runner->failures(), 0U);
}

TEST_F(hook_runner, tries_again_what_fails_while_others_go_on) {
  queue("a", "add");
  queue("a", "delete");
  queue("b", "add");
  const auto runner = start("echo $SQL2LDAP_ORIGIN $SQL2LDAP_CHANGE >> " + out() +
                            "; test $SQL2LDAP_ORIGIN = b || test -e " + (folder_ / "mended").string());
  EXPECT_TRUE(comes_to(2));
  write_file(folder_ / "mended", "");
  EXPECT_TRUE(comes_to(0));
  const std::string ran = read_file(out());
  EXPECT_THAT(ran, StartsWith("a add\nb add\n"));
  EXPECT_THAT(ran, ::testing::EndsWith("a add\na delete\n"));
  EXPECT_GE(runner->failures(), 1U);
  const std::lock_guard only(mutex_);
  EXPECT_THAT(said_.front(), AllOf(StartsWith("HOOK_FAILED 1 add a: exit code 1"), HasSubstr("try 1")));
}

TEST_F(hook_runner, that_is_stopped_leaves_what_runs_too_long_in_the_queue) {
  const auto fifo = folder_ / "fifo";
  ASSERT_EQ(run_and_capture({.arguments = {"mkfifo", fifo}}).status, 0);
  queue("a", "add");
  auto runner = start("echo begun > " + out() + "; cat " + fifo.string());
  ASSERT_TRUE(eventually(patience, [&] { return std::filesystem::exists(out()); }));
  runner->stop(milliseconds(100));
  EXPECT_EQ(queue_->count().waiting, 1U);
  EXPECT_EQ(queue_->count().failing, 0U);
  runner = start("");
  EXPECT_TRUE(comes_to(0));
}

}  // namespace
}  // namespace sql2ldap::test
