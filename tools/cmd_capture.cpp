// capture install|remove: what sql2ldap-syncd needs in the database to be told of changes.
#include <memory>

#include <fmt/format.h>

#include <sql2ldap/sql/sources.hpp>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

result<exit_code> show_or_run(const options& chosen, const std::vector<std::string>& statements, bool print,
                              std::string_view word) {
  if (print) {
    write_output("BEGIN;\n");
    for (const std::string& sql : statements) write_output(sql + ";\n");
    write_output("COMMIT;\n");
    return exit_code::done;
  }
  S2L_TRY(sql::run_all(location_of(chosen.settings), statements));
  note_work_done();
  print_text("{}: {}\n", word, count_of(statements.size(), "statement", "statements"));
  return exit_code::done;
}

result<std::vector<std::string>> install_sql(const options& chosen) {
  const config::settings& set = chosen.settings;
  S2L_TRY_ASSIGN(const auto map, open_mapping(chosen));
  S2L_TRY_ASSIGN(const auto from, open_source(chosen));
  S2L_TRY_ASSIGN(const bool journal, captures_by_journal(set));
  if (journal) return sql::journal_install_sql(location_of(set), noted_tables_of(map));
  S2L_TRY_ASSIGN(const auto how, wal_options_of(set, map, *from));
  return sql::wal_install_sql(location_of(set), how);
}

result<sql::removal> remove_sql(const options& chosen) {
  const config::settings& set = chosen.settings;
  S2L_TRY(open_source(chosen));
  S2L_TRY_ASSIGN(const bool journal, captures_by_journal(set));
  return journal ? sql::journal_remove_sql(location_of(set))
                 : sql::wal_remove_sql(location_of(set), {set.slot, set.publication, {}});
}

result<exit_code> install(const options& chosen, bool print) {
  S2L_TRY_ASSIGN(const auto statements, install_sql(chosen));
  return show_or_run(chosen, statements, print, "installed");
}

result<exit_code> remove(const options& chosen, bool print) {
  S2L_TRY_ASSIGN(const sql::removal ours, remove_sql(chosen));
  S2L_TRY_ASSIGN(const exit_code code, show_or_run(chosen, ours.statements, print, "removed"));
  for (const std::string& thing : ours.left) print_note("left: {}\n", thing);
  return code;
}

}  // namespace

void add_capture(command_line& line) {
  command group = line.root().add_group(
      "capture",
      "Installs or removes what sql2ldap-syncd needs in the database. With --capture wal: the publication, old rows "
      "that are told whole where joins need them, and triggers that wake a daemon which reads the log by SQL "
      "functions. With --capture journal: triggers that note the keys of each row that is changed, whoever changes "
      "it, in a table beside those that the mapping reads.");
  const auto add = [&](const char* name, const char* text, auto run) {
    auto print = std::make_shared<bool>(false);
    command added = line.add(group, name, text, {.source = true, .json = false},
                             [=](const options& chosen) { return run(chosen, *print); });
    for (const char* key : {"capture", "slot", "publication"}) line.add_setting(added, key);
    added.add_flag("--print", *print, "show the SQL, and run nothing");
  };
  add("install", "Installs it, or installs it again as the mapping needs it now. Never the slot: the daemon makes it.",
      install);
  add("remove",
      "Removes all of it without a trace. With --capture wal the slot as well, and tables get their own replica "
      "identity back; the daemon must be stopped. What belongs to others, or depends on ours, is left and named.",
      remove);
}

}  // namespace sql2ldap::tools
