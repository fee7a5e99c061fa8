// One run of a program: never through a shell, with an environment of its own, and never longer than allowed.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::hooks {

// The words of a setting: a program by its absolute path and its arguments, with blanks between them. Nothing is quoted
// or expanded. Errors of kind usage: no absolute path, or nothing there that this user may run.
[[nodiscard]] result<std::vector<std::string>> parse_command(std::string_view text);

struct command {
  std::vector<std::string> words;
  std::map<std::string, std::string> environment;  // besides PATH and LANG, all that it sees
  std::string input;
};

// Ends a run from another thread, before it begins or while it lasts.
class interruption {
 public:
  interruption();
  ~interruption();
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;
  void raise() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return handle_; }

 private:
  int handle_;
};

struct outcome {
  enum class how { done, failed, interrupted } ended = how::failed;
  std::string reason;  // of a failure: one line, with the end of what the program has printed
};

// In the program's own process group, from "/", with signals as a new process has them, and standard input, output and
// error alone. Its end is the end of the run, whoever it has left behind; after `patience`, or when it is interrupted,
// the whole group is killed.
[[nodiscard]] outcome run(const command& what, std::chrono::milliseconds patience, const interruption& stop);

}  // namespace sql2ldap::hooks
