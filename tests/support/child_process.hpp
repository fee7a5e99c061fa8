// Programs that a test starts, and that never outlive it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sql2ldap::test {

struct command {
  std::vector<std::string> arguments{};              // the first is the program, looked up in PATH
  std::map<std::string, std::string> environment{};  // on top of ours
  std::string input{};                               // standard input; always a file, never the terminal
  std::string user{};                                // run as this user when we are root; "" = as we are
  std::filesystem::path directory{};                 // "" = where we are
};

class child_process {
 public:
  // Standard output and error go into files ("" = ours). Throws when the program cannot be run.
  explicit child_process(const command& what, const std::filesystem::path& output = {},
                         const std::filesystem::path& errors = {});
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();  // kills it when it still runs

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool running();
  // The exit code, 128 + signal number when a signal ended it, nullopt when it still runs.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds timeout);
  void send_signal(int number) const;
  // Stops all its threads (SIGSTOP) and returns when they stand, or it has ended; SIGCONT wakes them.
  void freeze() const;
  // Asks with a signal, then kills.
  int stop(int signal_number, std::chrono::milliseconds patience = std::chrono::seconds(10));

 private:
  child_process(const command& what, int output, int errors);
  friend struct captured run_and_capture(const command&, std::chrono::milliseconds);
  void start(const command& what, int output, int errors);

  pid_t pid_ = -1;
  int process_handle_ = -1;  // pidfd
  std::optional<int> status_;
};

struct captured {
  int status = 0;  // as child_process::wait
  std::string out;
  std::string err;
};
// Throws when it takes longer than `timeout`.
[[nodiscard]] captured run_and_capture(const command& what,
                                       std::chrono::milliseconds timeout = std::chrono::minutes(2));

// Asks again and again until the answer is yes (true) or `timeout` has passed (false). For states
// of other programs that send no event.
[[nodiscard]] bool eventually(std::chrono::milliseconds timeout, const std::function<bool()>& question);

}  // namespace sql2ldap::test
