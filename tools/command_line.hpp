// The command line: what all commands have in common. Each command is one file that adds itself.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/config/settings.hpp>

namespace CLI {
class App;
}

namespace sql2ldap::tools {

struct options {
  config::settings settings;  // the file, then the flags
  bool json = false;
  bool yes = false;
  bool show_secrets = false;
  bool no_directory = false;
  int verbose = 0;
  std::string rejects_file;
  std::optional<secret> known_password;  // of the same password file, when that cannot be read any more
};

// Groups of flags that a command has.
struct flags {
  bool source = false;  // with the mapping and its parameters
  bool directory = false;
  bool limits = false;
  bool rejects = false;
  bool secrets = false;
  bool json = true;
  bool daemon = false;   // of sql2ldap-syncd
  bool answers = false;  // of sql2ldap-authd, whose table in the file counts then
};

using action = std::function<result<exit_code>(const options&)>;

// A command of a command line, which outlives it. What is given goes to `into`, which outlives both.
class command {
 public:
  explicit command(CLI::App& app) noexcept : app_(&app) {}

  // A command that has commands only.
  command add_group(const std::string& name, const std::string& text);
  void add_flag(const std::string& name, bool& into, const std::string& text, const std::string& not_with = "");
  // "--name VALUE"; without dashes an argument that may be left out.
  void add_value(const std::string& name, std::string& into, const std::string& text, const std::string& value_name);
  void add_value(const std::string& name, std::int64_t& into, const std::string& text, const std::string& value_name);
  // An argument that must be there.
  void add_argument(const std::string& name, std::string& into, const std::string& text,
                    const std::string& value_name = "TEXT");
  [[nodiscard]] CLI::App& app() const noexcept { return *app_; }

 private:
  CLI::App* app_;
};

class command_line {
 public:
  // A program with commands; with set_action() it has none.
  command_line(const std::string& program, const std::string& text);
  command_line(const command_line&) = delete;
  command_line& operator=(const command_line&) = delete;
  ~command_line();

  // The program itself, a daemon, with these flags. An error that ends it is an event of its log.
  void set_action(flags common, action run);
  // A command with its common flags; its own are added to the answer.
  command add(command parent, const std::string& name, const std::string& text, flags common, action run);
  void add_setting(command to, std::string_view key);  // one flag of the settings
  void add_no_directory(command to, const std::string& text);
  [[nodiscard]] command root() noexcept { return command(*app_); }
  // The options again, with the file as it is now.
  [[nodiscard]] result<options> reload() const;
  // Parses, runs, reports an error; returns the exit status of the process.
  int run(int argc, char** argv);

 private:
  void add_settings(command to, flags common);
  void dress(command what, flags common, action run);
  result<void> finish_settings(options& into) const;

  std::unique_ptr<CLI::App> app_;
  options options_;
  std::string settings_file_;
  std::string settings_table_;
  std::map<std::string, std::vector<std::string>> given_;  // key of the settings -> values in order
  action chosen_;
  bool is_daemon_ = false;  // whose log has its errors
};

void add_inspect(command_line& line);
void add_check(command_line& line);
void add_plan(command_line& line);
void add_migrate(command_line& line);
void add_verify(command_line& line);
void add_why(command_line& line);
void add_lookup(command_line& line);
void add_mapping(command_line& line);
void add_capture(command_line& line);
void add_status(command_line& line);
void add_release(command_line& line);
void add_rejects(command_line& line);
void add_hooks(command_line& line);

// --prune, of the commands that show or write changes.
void add_prune(command to, bool& into);

// "PROGRAM: error: ..." with its hint on standard error, and as JSON on standard output when asked.
exit_code report(std::string_view program, const error& problem, bool as_json);
// The body of main(): what nobody has handled (memory that is used up) ends as an error as well; no core dump is made.
int run_program(const std::string& program, const std::function<int()>& body);

}  // namespace sql2ldap::tools
