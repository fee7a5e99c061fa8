#include "wiring.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/log.hpp>
#include <sql2ldap/config/data_files.hpp>
#include <sql2ldap/sql/sources.hpp>
#include <sql2ldap/sync/dirty_keys.hpp>

namespace sql2ldap::tools {

namespace {

volatile std::sig_atomic_t stop_asked = 0;

void listen_for_stop() {
  struct sigaction what {};
  what.sa_handler = [](int) { stop_asked = 1; };
  what.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &what, nullptr);
}

}  // namespace

bool stop_was_asked() { return stop_asked != 0; }

sync::change_limits limits_of(const options& chosen) {
  const config::settings& set = chosen.settings;
  sync::change_limits out;
  const config::limit deletes = set.max_deletes.value_or(config::run_deletes_default);
  out.deletes_percent = deletes.percent;
  out.deletes_at_least = deletes.entries;
  out.changes_percent = set.max_changes.percent;
  out.changes_at_least = set.max_changes.entries;
  out.enforced = !chosen.yes;
  return out;
}

sync::change_limits daemon_limits_of(const options& chosen) {
  const config::settings& set = chosen.settings;
  sync::change_limits out = limits_of(chosen);
  if (!set.max_deletes) {
    out.deletes_percent = config::daemon_deletes_default.percent;
    out.deletes_at_least = config::daemon_deletes_default.entries;
    out.deletes_at_least_percent_max = 50;
  }
  if (set.max_domain_deletes > 0) out.parent_deletes_max = set.max_domain_deletes;
  if (set.max_deletes_per_domain > 0) out.deletes_below_parent_max = set.max_deletes_per_domain;
  out.window = set.delete_window;
  return out;
}

result<mapping::mapping> open_mapping(const options& chosen) {
  if (chosen.settings.mapping.empty())
    return fail(error_kind::usage, "no mapping configured",
                fmt::format("set --mapping NAME or FILE; `sql2ldap inspect` finds one that fits; shipped: {}",
                            fmt::join(config::shipped_mappings(), ", ")));
  S2L_TRY_ASSIGN(const auto file, config::read_mapping(chosen.settings.mapping));
  auto parsed = mapping::mapping::parse(file.text, chosen.settings.parameters);
  if (!parsed) {
    print_note("{}", mapping::render(parsed.error(), file.text, file.path));
    return fail(error_kind::mapping, fmt::format("the mapping {} cannot be used", file.path));
  }
  if (chosen.verbose > 0) print_note("{}", mapping::render(parsed->warnings(), file.text, file.path));
  return *std::move(parsed);
}

sql::location location_of(const config::settings& set) { return {set.source, set.source_timeout}; }

result<std::unique_ptr<model::source>> open_source(const options& chosen) {
  if (chosen.settings.source.empty())
    return fail(error_kind::usage, "no database configured",
                "set --source sqlite:FILE or --source postgresql://USER@HOST/DATABASE");
  return sql::open_source(location_of(chosen.settings));
}

result<ldap::options> ldap_options_of(const options& chosen) {
  const config::settings& set = chosen.settings;
  if (set.bind_dn.empty() != set.password_file.empty())
    return fail(error_kind::usage, "--bind-dn and --password-file belong together");
  ldap::options how;
  how.uri = set.directory;
  how.bind_dn = set.bind_dn;
  auto password = config::read_password(set);
  if (!password && chosen.known_password) {
    log::event(log::level::warning, "PASSWORD_KEPT", "the password from before is used: " + password.error().text());
    password = *chosen.known_password;
  }
  S2L_TRY_ASSIGN(how.password, std::move(password));
  how.start_tls = set.start_tls;
  how.ca_file = set.ca_file;
  how.check_certificate = !set.insecure;
  how.use_transactions = !set.single_writes;
  return how;
}

result<std::unique_ptr<model::directory>> open_directory(const options& chosen) {
  S2L_TRY_ASSIGN(const ldap::options how, ldap_options_of(chosen));
  return ldap::connect(how);
}

result<model::dn> open_base(const options& chosen, model::directory* to) {
  if (!chosen.settings.base.empty()) {
    auto base = model::dn::parse(chosen.settings.base);
    if (!base) return tl::make_unexpected(std::move(base).error().within("reading --base"));
    return base;
  }
  if (to == nullptr) return model::dn{};
  S2L_TRY_ASSIGN(const auto facts, to->describe());
  if (facts.naming_contexts.size() == 1) return model::dn::parse(facts.naming_contexts.front());
  return fail(error_kind::usage,
              facts.naming_contexts.empty()
                  ? "the directory does not say what it holds"
                  : fmt::format("the directory holds {}", fmt::join(facts.naming_contexts, " and ")),
              "choose with --base DN");
}

std::vector<model::table_ref> tables_of(const mapping::mapping& map) {
  std::vector<model::table_ref> tables;
  for (const mapping::table_use& use : map.tables()) tables.push_back({use.schema, use.table, use.table});
  return tables;
}

std::vector<sql::noted_table> noted_tables_of(const mapping::mapping& map) {
  std::vector<sql::noted_table> out;
  for (model::table_ref& table : tables_of(map)) {
    mapping::noted_columns columns = map.noted(table);
    out.push_back({std::move(table), std::move(columns.read), std::move(columns.keys)});
  }
  return out;
}

result<bool> captures_by_journal(const config::settings& set) {
  if (set.capture == "journal") return true;
  if (set.capture != "wal")
    return fail(error_kind::usage, fmt::format("unknown capture {}", set.capture),
                "--capture wal or --capture journal");
  if (set.source.starts_with("sqlite:"))
    return fail(error_kind::usage, "SQLite has no log that tells its changes", "--capture journal");
  return false;
}

result<sql::wal_options> wal_options_of(const config::settings& set, const mapping::mapping& map, model::source& from) {
  sql::wal_options how{set.slot, set.publication, tables_of(map)};
  S2L_TRY_ASSIGN(const model::catalog catalog, from.describe());
  for (const model::table_ref& table : how.tables) {
    const model::table_info* known = catalog.find(table.schema, table.table);
    if (known != nullptr && sync::needs_old_rows(map, *known)) how.old_rows.push_back(table);
  }
  return how;
}

result<std::unique_ptr<model::capture>> open_capture(const options& chosen, const both_sides& sides) {
  const config::settings& set = chosen.settings;
  S2L_TRY_ASSIGN(const bool journal, captures_by_journal(set));
  if (journal) return sql::open_journal_capture(location_of(set), noted_tables_of(sides.map));
  S2L_TRY_ASSIGN(const auto how, wal_options_of(set, sides.map, *sides.from));
  return sql::open_wal_capture(location_of(set), how);
}

result<both_sides> open_both_sides(const options& chosen) {
  S2L_TRY_ASSIGN(auto map, open_mapping(chosen));
  S2L_TRY_ASSIGN(auto from, open_source(chosen));
  std::unique_ptr<model::directory> to;
  if (!chosen.no_directory) {
    S2L_TRY_ASSIGN(to, open_directory(chosen));
  }
  S2L_TRY_ASSIGN(auto base, open_base(chosen, to.get()));
  return both_sides{std::move(map), std::move(from), std::move(to), std::move(base)};
}

sync::run_options run_options_of(const options& chosen, reject_list& rejects, progress_line& progress) {
  listen_for_stop();
  sync::run_options how;
  how.limits = limits_of(chosen);
  how.show_secrets = chosen.show_secrets;
  how.grace = chosen.settings.soft_delete;
  how.rejects = rejects.sink();
  how.report = [&progress](const sync::progress& now) { progress.show(now); };
  how.stop = stop_was_asked;
  how.warn = [&progress](const std::string& message, const std::string& hint) {
    progress.clear();
    print_note("sql2ldap: warning: {}\n", printable_line(message));
    if (!hint.empty()) print_note("  hint: {}\n", printable_line(hint));
  };
  return how;
}

}  // namespace sql2ldap::tools
