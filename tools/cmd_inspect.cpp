// inspect: looks at a database and says which shipped mapping fits and what it would find.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/config/data_files.hpp>
#include <sql2ldap/sql/sources.hpp>
#include <sql2ldap/sync/inspect.hpp>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

struct candidate {
  std::string name;  // as for --mapping
  config::mapping_file file;
  sync::fit fits;
};

result<std::vector<candidate>> candidates(const options& chosen, const model::catalog& tables) {
  const std::vector<std::string> names =
      chosen.settings.mapping.empty() ? config::shipped_mappings() : std::vector<std::string>{chosen.settings.mapping};
  std::vector<candidate> found;
  for (const std::string& name : names) {
    S2L_TRY_ASSIGN(auto file, config::read_mapping(name));
    // Parameters belong to a mapping that was named; others may not know them.
    auto fits = sync::fit_of(
        file.text, chosen.settings.mapping.empty() ? config::settings{}.parameters : chosen.settings.parameters,
        tables);
    if (!fits) {
      print_note("{}", mapping::render(fits.error(), file.text, file.path));
      return fail(error_kind::mapping, fmt::format("the mapping {} cannot be used", file.path));
    }
    found.push_back({name, std::move(file), *std::move(fits)});
  }
  std::stable_sort(found.begin(), found.end(), [](const candidate& a, const candidate& b) {
    return std::pair(a.fits.complete(), a.fits.columns_found) > std::pair(b.fits.complete(), b.fits.columns_found);
  });
  return found;
}

std::string shell_quoted(const std::string& text) {
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/._=@%+,-") ==
      std::string::npos)
    return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string next_flags(const options& chosen, const candidate& best) {
  std::string flags = fmt::format("--source {} --mapping {}",
                                  shell_quoted(sql::without_password(chosen.settings.source)), shell_quoted(best.name));
  for (const auto& [name, value] : best.fits.parameters)
    flags += " --param " + shell_quoted(fmt::format("{}={}", name, value));
  return flags;
}

std::string remark(const sync::scheme_count& scheme) {
  std::vector<std::string> remarks;
  if (scheme.scheme == "locked") return "no login";
  if (scheme.scheme == "CLEARTEXT") return "will be hashed";
  if (!scheme.slapd_verifies) remarks.emplace_back("slapd cannot verify it");
  if (!scheme.slapd_module.empty()) remarks.push_back(fmt::format("slapd needs the module {}", scheme.slapd_module));
  if (!scheme.dovecot_24_accepts) remarks.emplace_back("too weak for dovecot 2.4");
  return fmt::format("{}", fmt::join(remarks, "; "));
}

void print_fits(const std::vector<candidate>& list) {
  std::vector<std::vector<std::string>> rows;
  for (const candidate& one : list) {
    const sync::fit& fits = one.fits;
    rows.push_back({one.name, fmt::format("{} of {} tables", fits.tables_found, fits.tables_wanted),
                    fmt::format("{} of {} columns", fits.columns_found, fits.columns_wanted),
                    fits.complete() ? "fits" : ""});
  }
  print_text("{}", as_table(rows));
}

void print_survey(const sync::survey& found) {
  std::vector<std::vector<std::string>> rows;
  for (const sync::kind_count& kind : found.kinds)
    rows.push_back({kind.kind, count_of(kind.made, "entry", "entries"),
                    kind.rejected > 0 ? count_of(kind.rejected, "row rejected", "rows rejected") : ""});
  print_text("would make {}\n{}", count_of(found.made(), "entry", "entries"), as_table(rows));
  rows.clear();
  for (const sync::scheme_count& scheme : found.schemes)
    rows.push_back({scheme.scheme, thousands(scheme.users), remark(scheme)});
  if (!rows.empty()) print_text("passwords\n{}", as_table(rows));
}

json as_json(const candidate& one) {
  const sync::fit& fits = one.fits;
  return {{"mapping", one.name},
          {"fits", fits.complete()},
          {"parameters", fits.parameters},
          {"tables", {{"found", fits.tables_found}, {"wanted", fits.tables_wanted}}},
          {"columns", {{"found", fits.columns_found}, {"wanted", fits.columns_wanted}}},
          {"missing", fits.missing}};
}

json as_json(const sync::survey& found) {
  json kinds = json::array();
  for (const sync::kind_count& kind : found.kinds)
    kinds.push_back({{"kind", kind.kind}, {"table", kind.table}, {"made", kind.made}, {"rejected", kind.rejected}});
  json schemes = json::array();
  for (const sync::scheme_count& scheme : found.schemes)
    schemes.push_back({{"scheme", scheme.scheme},
                       {"users", scheme.users},
                       {"slapd_verifies", scheme.slapd_verifies},
                       {"slapd_module", scheme.slapd_module},
                       {"dovecot_24_accepts", scheme.dovecot_24_accepts}});
  return {{"kinds", kinds}, {"passwords", schemes}, {"reject_reasons", found.reasons}};
}

void print_help_for_unknown(const model::catalog& tables, const candidate* best) {
  // What a mapping lacks says something only when it has most of what it wants.
  if (best != nullptr && best->fits.columns_found * 2 >= best->fits.columns_wanted) {
    print_text("{} lacks\n", best->name);
    for (const std::string& missing : best->fits.missing) print_text("  {}\n", missing);
  }
  print_text("tables here\n");
  std::vector<std::vector<std::string>> rows;
  for (const model::table_info& table : tables.tables) {
    std::vector<std::string> columns;
    for (const model::column_info& column : table.columns) columns.push_back(column.name);
    rows.push_back({table.name, fmt::format("{}", fmt::join(columns, " "))});
  }
  print_text("{}", as_table(rows));
  print_text(
      "no shipped mapping fits; docs/first-mapping.md shows how to write one, docs/mapping-language.md has every "
      "stage;\n"
      "the text of one, to begin with:\n"
      "  sql2ldap mapping fmt {}\n",
      best != nullptr ? best->name : "postfixadmin");
}

result<exit_code> run(const options& chosen) {
  S2L_TRY_ASSIGN(const auto from, open_source(chosen));
  S2L_TRY_ASSIGN(const auto tables, from->describe());
  S2L_TRY_ASSIGN(const auto list, candidates(chosen, tables));
  const candidate* best = list.empty() ? nullptr : &list.front();
  const bool fits = best != nullptr && best->fits.complete();

  std::optional<sync::survey> found;
  if (fits) {
    const auto map = mapping::mapping::parse(best->file.text, best->fits.parameters);
    S2L_ASSERT(map.has_value());  // fit_of() has parsed the same
    S2L_TRY_ASSIGN(found, sync::take_survey(*map, *from));
  }
  const exit_code code = fits ? exit_code::done : exit_code::differences;
  if (chosen.json) {
    json document = {{"source", from->name()},      {"engine", tables.engine},        {"version", tables.version},
                     {"encoding", tables.encoding}, {"tables", tables.tables.size()}, {"mappings", json::array()}};
    for (const candidate& one : list) document["mappings"].push_back(as_json(one));
    if (found) document["survey"] = as_json(*found);
    print_json(document);
    return code;
  }
  print_text("{}: {} {}, {}\n", from->name(), tables.engine, tables.version,
             count_of(tables.tables.size(), "table", "tables"));
  print_fits(list);
  if (!fits) {
    print_help_for_unknown(tables, best);
    return code;
  }
  print_survey(*found);
  const std::string flags = next_flags(chosen, *best);
  print_text("next\n");
  for (const char* command : {"check", "plan", "migrate"}) print_text("  sql2ldap {} {}\n", command, flags);
  return code;
}

}  // namespace

void add_inspect(command_line& line) {
  line.add(
      line.root(), "inspect",
      "Looks at a database and finds the mapping that fits. Tells what that would make of the rows, which kinds of "
      "passwords there are, and what to do next. Reads only. Exit code 1 when no mapping fits.",
      {.source = true}, run);
}

}  // namespace sql2ldap::tools
