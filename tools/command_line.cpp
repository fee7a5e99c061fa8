#include "command_line.hpp"

#include <algorithm>
#include <exception>
#include <ios>
#include <memory>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <sql2ldap/base/core_dumps.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/base/printable.hpp>
#include <sql2ldap/base/standard_streams.hpp>
#include <sql2ldap/version.hpp>

#include "output.hpp"

namespace sql2ldap::tools {

namespace {

constexpr const char* exit_codes = R"(Exit codes:
  0   done, or both sides in step
  1   differences, rejected rows, or stopped by a limit
  2   wrong command line, settings or mapping
  3   the SQL side failed
  4   the directory failed
  74  done, but the report could not be written
  75  try again later: connection lost, server busy, interrupted,
      or the output could not be written)";

// The first sentence of a command's text says what it is for; the list of commands shows no more.
std::string first_sentence(const std::string& text) { return text.substr(0, text.find(". ")); }

// CLI11 writes "-h,--help"; help2man and readers want a blank there.
class help_format : public CLI::Formatter {
 public:
  help_format() { column_width(26); }
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    if (positional) return CLI::Formatter::make_option_name(option, positional);
    std::string name = option->get_name(false, true);
    if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
    return name;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    return option->get_option_text().empty() ? fmt::format(" {}", option->get_type_name()) : option->get_option_text();
  }
  std::string make_subcommand(const CLI::App* command) const override {
    std::ostringstream out;
    CLI::detail::format_help(out, command->get_name(), first_sentence(command->get_description()), get_column_width());
    return out.str();
  }
};

bool wanted(flags common, config::key_group group) {
  switch (group) {
    case config::key_group::source:
      return common.source;
    case config::key_group::directory:
      return common.directory;
    case config::key_group::limits:
      return common.limits;
    case config::key_group::state:
      return common.directory && !common.answers;
    case config::key_group::daemon:
      return common.daemon;
    case config::key_group::answers:
      return common.answers;
  }
  return false;
}

}  // namespace

command command::add_group(const std::string& name, const std::string& text) {
  return command(*app_->add_subcommand(name, text));
}

void command::add_flag(const std::string& name, bool& into, const std::string& text, const std::string& not_with) {
  CLI::Option* flag = app_->add_flag(name, into, text);
  if (!not_with.empty()) flag->excludes(app_->get_option(not_with));
}

void command::add_value(const std::string& name, std::string& into, const std::string& text,
                        const std::string& value_name) {
  app_->add_option(name, into, text)->type_name(value_name);
}

void command::add_value(const std::string& name, std::int64_t& into, const std::string& text,
                        const std::string& value_name) {
  app_->add_option(name, into, text)->type_name(value_name);
}

void command::add_argument(const std::string& name, std::string& into, const std::string& text,
                           const std::string& value_name) {
  app_->add_option(name, into, text)->required()->type_name(value_name);
}

command_line::command_line(const std::string& program, const std::string& text)
    : app_(std::make_unique<CLI::App>(text, program)) {
  app_->formatter(std::make_shared<help_format>());
  app_->set_version_flag("--version", fmt::format("{} {}", program, version), "print the version");
  app_->set_help_flag("-h,--help", "print this text");
  app_->footer(exit_codes);
}

command_line::~command_line() = default;

void command_line::set_action(flags common, action run) {
  is_daemon_ = true;
  dress(root(), common, std::move(run));
}

command command_line::add(command parent, const std::string& name, const std::string& text, flags common, action run) {
  parent.app().require_subcommand(1);
  CLI::App* made = parent.app().add_subcommand(name, text);
  made->footer(exit_codes);
  dress(command(*made), common, std::move(run));
  return command(*made);
}

void command_line::dress(command what, flags common, action run) {
  add_settings(what, common);
  if (common.rejects)
    what.add_value("--rejects", options_.rejects_file, "write the rejected rows to a file, tab-separated", "FILE");
  if (common.limits) what.add_flag("--yes", options_.yes, "go on where --max-deletes or --max-changes would stop");
  if (common.secrets)
    what.add_flag("--show-secrets", options_.show_secrets, "password hashes as they are, not as digests");
  if (common.json) what.add_flag("--json", options_.json, "one JSON document on standard output");
  what.app().add_flag("-v,--verbose", options_.verbose, "say more on standard error; twice: debugging");
  what.app().callback([this, run = std::move(run)] { chosen_ = run; });
}

void command_line::add_settings(command to, flags common) {
  if (!common.source && !common.directory) return;
  to.add_value("--config", settings_file_, "TOML file with any of the settings below", "FILE");
  if (common.answers) settings_table_ = "authd";
  for (const config::key& key : config::keys())
    if (wanted(common, key.group)) add_setting(to, key.name);
}

void command_line::add_setting(command to, std::string_view key_name) {
  const auto keys = config::keys();
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const config::key& k) { return k.name == key_name; });
  S2L_ASSERT(key != keys.end());
  const std::string name(key_name);
  const std::string help(key->help);
  if (key->kind == config::key_kind::flag) {
    const std::string unusual = key->usually ? "false" : "true";
    to.app().add_flag_callback((key->usually ? "--no-" : "--") + name, [=, this] { given_[name] = {unusual}; }, help);
    return;
  }
  to.app()
      .add_option("--" + name, given_[name], help)
      ->type_name(std::string(key->value_name))
      ->expected(1)
      ->allow_extra_args(false)  // what follows is an argument of its own
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_prune(command to, bool& into) {
  to.add_flag(
      "--prune", into,
      "also remove attributes of the mail schema that the mapping does not write (verify names them); counted as "
      "changes by --max-changes");
}

void command_line::add_no_directory(command to, const std::string& text) {
  to.add_flag("--no-directory", options_.no_directory, text);
}

result<options> command_line::reload() const {
  options fresh = options_;
  fresh.settings = {};
  S2L_TRY(finish_settings(fresh));
  return fresh;
}

result<void> command_line::finish_settings(options& into) const {
  if (!settings_file_.empty()) S2L_TRY(config::load_settings(into.settings, settings_file_, settings_table_));
  for (const auto& [name, values] : given_)
    for (const std::string& value : values) {
      auto set = config::set(into.settings, name, value);
      if (!set) return tl::make_unexpected(std::move(set).error().within("reading the flag --" + name));
    }
  return {};
}

int command_line::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) {  // --help and --version
      std::ostringstream text;
      app_->exit(problem, text, text);
      write_output(text.str());
      return exit_status(app_->get_name(), exit_code::done);
    }
    std::string asked = app_->get_name();
    for (const CLI::App* at = app_.get(); !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      asked += ' ' + at->get_name();
    }
    return static_cast<int>(
        report(app_->get_name(), fail(error_kind::usage, problem.what(), asked + " --help").value(), false));
  }
  log::set_level(options_.verbose > 1   ? log::level::debug
                 : options_.verbose > 0 ? log::level::info
                                        : log::level::warning);
  auto done = finish_settings(options_).and_then([this] { return chosen_(options_); });
  if (done) return exit_status(app_->get_name(), *done);
  if (!is_daemon_) return exit_status(app_->get_name(), report(app_->get_name(), done.error(), options_.json));
  log::event(log::level::error, "DAEMON_FAILED", done.error().text());
  return static_cast<int>(exit_code_of(done.error()));
}

int run_program(const std::string& program, const std::function<int()>& body) {
  forbid_core_dumps();
  prepare_standard_streams();
  std::ios::sync_with_stdio(false);
  try {
    return body();
  } catch (const std::exception& problem) {  // out of memory and the like
    return exit_status(program, report(program, fail(error_kind::local, problem.what()).value(), false));
  }
}

exit_code report(std::string_view program, const error& problem, bool as_json) {
  std::string text = printable_line(problem.message);
  if (!problem.context.empty()) text += " " + printable_line(fmt::format("({})", fmt::join(problem.context, ", ")));
  print_note("{}: error: {}\n", program, text);
  if (!problem.hint.empty()) print_note("  hint: {}\n", printable_line(problem.hint));
  const exit_code code = exit_code_of(problem);
  if (as_json) {
    print_json({{"error", {{"message", text}, {"hint", problem.hint}, {"transient", problem.transient}}},
                {"exit", static_cast<int>(code)}});
  }
  return code;
}

}  // namespace sql2ldap::tools
