// capture install|remove: the triggers that write changes down, for `sql2ldap-syncd --capture journal`.
#include <memory>

#include <fmt/format.h>

#include <sql2ldap/sql/sources.hpp>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

result<exit_code> show_or_run(const options& chosen, const std::vector<std::string>& statements, bool print,
                              std::string_view word) {
  if (print) {
    fmt::print("BEGIN;\n");
    for (const std::string& sql : statements) fmt::print("{};\n", sql);
    fmt::print("COMMIT;\n");
    return exit_code::done;
  }
  S2L_TRY(sql::run_all(chosen.settings.source, statements));
  fmt::print("{}: {}\n", word, count_of(statements.size(), "statement", "statements"));
  return exit_code::done;
}

result<exit_code> install(const options& chosen, bool print) {
  S2L_TRY_ASSIGN(const auto map, open_mapping(chosen));
  S2L_TRY_ASSIGN(const auto statements, sql::journal_install_sql(chosen.settings.source, tables_of(map)));
  return show_or_run(chosen, statements, print, "installed");
}

result<exit_code> remove(const options& chosen, bool print) {
  S2L_TRY_ASSIGN(const auto statements, sql::journal_remove_sql(chosen.settings.source));
  return show_or_run(chosen, statements, print, "removed");
}

}  // namespace

void add_capture(command_line& line) {
  CLI::App* group = line.root()->add_subcommand(
      "capture",
      "Installs or removes the triggers for sql2ldap-syncd --capture journal. They write each change of the "
      "tables that the mapping reads into a table beside them, whoever makes it.");
  const auto add = [&](const char* name, const char* text, auto run) {
    auto print = std::make_shared<bool>(false);
    CLI::App* command = line.add(group, name, text, {.source = true, .json = false},
                                 [=](const options& chosen) { return run(chosen, *print); });
    command->add_flag("--print", *print, "show the SQL, and run nothing");
  };
  add("install", "Installs them, or installs them again as the mapping needs them now.", install);
  add("remove", "Removes all of them, and the tables that they fill, without a trace.", remove);
}

}  // namespace sql2ldap::tools
