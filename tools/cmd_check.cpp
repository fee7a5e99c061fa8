// check: everything that would go wrong, before the first write.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/schema_definition.hpp>

#include "answer_check.hpp"
#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

using severity = sync::finding::severity;

constexpr std::size_t names_shown_max = 10;  // of each list, where --list does not ask for all

std::string_view word_for(severity level) {
  switch (level) {
    case severity::note:
      return "note";
    case severity::warning:
      return "warning";
    case severity::error:
      return "error";
  }
  return "";
}

// Tables that sql2ldap-syncd would refuse. A view is an error to it alone: a migration only reads.
result<std::vector<sync::finding>> check_capture(const options& chosen, const mapping::mapping& map) {
  bool triggers = true;  // SQLite has nothing else
  if (!chosen.settings.source.starts_with("sqlite:")) {
    S2L_TRY_ASSIGN(triggers, captures_by_journal(chosen.settings));
  }
  S2L_TRY_ASSIGN(
      const auto obstacles,
      sql::follow_obstacles(location_of(chosen.settings),
                            triggers ? sql::capture_kind::triggers : sql::capture_kind::wal, tables_of(map)));
  std::vector<sync::finding> out;
  for (const sql::follow_obstacle& one : obstacles)
    out.push_back({one.is_table ? severity::error : severity::warning, one.table, one.message, one.hint});
  return out;
}

// Lists that can be long: the findings name the first of each.
class name_lists {
 public:
  // `chosen`: the list that is printed as a whole, a line for each name; "" = none.
  explicit name_lists(std::string chosen) : chosen_(std::move(chosen)) {}

  void add(const std::string& list, const json& item, const std::vector<std::string>& cells) {
    json& items = lists_[list];
    if (items.size() < limits::rejects_kept_max) items.push_back(item);
    if (list == chosen_) print_text("{}\n", fmt::join(cells, "\t"));
  }
  void add_to(json& document) const {
    for (const char* name : {"deferred", "circular", "locked"})
      document[name] = lists_.contains(name) ? lists_[name] : json::array();
  }

 private:
  std::string chosen_;
  json lists_ = json::object();
};

// A mail that waits and bounces days later is an error of the migration.
severity level_of(const audit::deferred_name& one) { return is_warning(one) ? severity::warning : severity::error; }

class answer_findings {
 public:
  answer_findings(std::vector<sync::finding>& into, name_lists& lists) : into_(into), lists_(lists) {}

  result<void> take(const both_sides& sides) {
    audit::answer_audit audit;
    audit.schema = &codec::builtin_schema();
    S2L_TRY(read_rows(audit, sides));
    audit.on_deferred = [this](const audit::deferred_name& one) { take(one); };
    audit.on_long_list = [this](const audit::long_list& one) {
      if (++long_lists_ > names_shown_max) return;
      add(severity::warning, printable_line(one.address),
          fmt::format(
              "{} targets are {} bytes, and Postfix takes {} through a socketmap: it would be told to try later",
              thousands(one.targets), thousands(one.bytes), thousands(limits::socketmap_reply_bytes_max)),
          "let lists of that length be expanded by a list manager, or by exim, which takes longer ones");
    };
    audit.on_circular = [this](const audit::circular_alias& one) { take(one); };
    S2L_TRY_ASSIGN(const audit::answer_counts counts, audit::audit_answers(audit));
    for (const auto& [level, seen] : deferred_)
      if (seen > names_shown_max)
        add(level, "answers", fmt::format("{} more names end in \"try later\"", thousands(seen - names_shown_max)),
            "`sql2ldap check --list deferred` lists all");
    if (counts.circular > circular_)
      add(severity::warning, "answers",
          fmt::format("{} more aliases lead to themselves", thousands(counts.circular - circular_)),
          "`sql2ldap check --list circular` lists all");
    if (long_lists_ > names_shown_max)
      add(severity::warning, "answers",
          fmt::format("{} more lists are longer than that", thousands(long_lists_ - names_shown_max)), "");
    if (counts.not_asked > 0)
      add(severity::error, "answers",
          fmt::format("{} entries share names with others, and not all of them were asked for",
                      thousands(counts.not_asked + audit::limits::entries_kept_max)),
          "does the mapping give the same address to many entries?");
    return {};
  }

 private:
  void add(severity level, std::string where, std::string message, std::string hint) {
    into_.push_back({level, std::move(where), std::move(message), std::move(hint)});
  }
  void take(const audit::deferred_name& one) {
    lists_.add("deferred", as_json(one),
               {printable_line(one.name), fmt::format("{}", fmt::join(one.lookups, ",")), printable_line(one.reason)});
    if (++deferred_[level_of(one)] > names_shown_max) return;
    add(level_of(one), printable_line(one.name),
        fmt::format("mail servers would be told to try later ({}): {}", fmt::join(one.lookups, ", "),
                    printable_line(one.reason)),
        "");
  }
  void take(const audit::circular_alias& one) {
    lists_.add("circular", {{"address", one.address}, {"dn", one.dn}},
               {printable_line(one.address), printable_line(one.dn)});
    if (circular_ == names_shown_max) return;
    ++circular_;
    add(severity::warning, printable_line(one.address),
        "the alias leads to itself, and there is no mailbox of that name: its mail goes in a circle",
        "make the mailbox, or take the address out of its own targets");
  }

  std::vector<sync::finding>& into_;
  name_lists& lists_;
  std::map<severity, std::uint64_t> deferred_;  // a name once for each reason
  std::uint64_t circular_ = 0;
  std::uint64_t long_lists_ = 0;
};

void print(const std::vector<sync::finding>& findings) {
  for (const sync::finding& one : findings) {
    print_text("{}: {}: {}\n", word_for(one.level), printable_line(one.where), printable_line(one.message));
    if (!one.hint.empty()) print_text("  hint: {}\n", printable_line(one.hint));
  }
}

json as_json(const std::vector<sync::finding>& findings) {
  json list = json::array();
  for (const sync::finding& one : findings)
    list.push_back(
        {{"level", word_for(one.level)}, {"where", one.where}, {"message", one.message}, {"hint", one.hint}});
  return list;
}

result<exit_code> run(const options& chosen, const std::string& list, bool write_test) {
  if (!list.empty() && list != "deferred" && list != "circular" && list != "locked")
    return fail(error_kind::usage, fmt::format("--list has no list {}", list), "deferred, circular or locked");
  if (!list.empty() && chosen.json)
    return fail(error_kind::usage, "--list and --json both want standard output", "--json has all lists");
  S2L_TRY_ASSIGN(const auto who, open_both_sides(chosen));
  name_lists lists(list);
  sync::check_options how;
  how.write_test = write_test;
  how.on_locked = [&lists](const sync::locked_account& one) {
    lists.add("locked", {{"name", one.name}, {"dn", one.dn}, {"stored", one.stored}},
              {printable_line(one.name), printable_line(one.stored), printable_line(one.dn)});
  };
  S2L_TRY_ASSIGN(auto findings, sync::check(who.map, *who.from, who.to.get(), who.base, how));
  // Tables that do not fit cannot be read.
  const bool readable = std::none_of(findings.begin(), findings.end(), [](const sync::finding& one) {
    return one.where == "source" && one.level == severity::error;
  });
  if (readable) {
    S2L_TRY_ASSIGN(auto obstacles, check_capture(chosen, who.map));
    std::move(obstacles.begin(), obstacles.end(), std::back_inserter(findings));
    S2L_TRY(answer_findings(findings, lists).take(who));
  }

  const auto count = [&](severity level) {
    return static_cast<std::uint64_t>(
        std::count_if(findings.begin(), findings.end(), [&](const sync::finding& one) { return one.level == level; }));
  };
  const std::uint64_t errors = count(severity::error);
  const std::uint64_t warnings = count(severity::warning);
  if (chosen.json) {
    json document = {
        {"mapping", who.map.name()}, {"errors", errors}, {"warnings", warnings}, {"findings", as_json(findings)}};
    lists.add_to(document);
    print_json(document);
  } else if (list.empty()) {
    print(findings);
    print_text("{}, {}\n", count_of(errors, "error", "errors"), count_of(warnings, "warning", "warnings"));
  }
  return errors > 0 ? exit_code::differences : exit_code::done;
}

}  // namespace

void add_check(command_line& line) {
  auto list = std::make_shared<std::string>();
  const auto write_test = std::make_shared<bool>(false);
  command added =
      line.add(line.root(), "check",
               "Tells what would go wrong, before the first write. Compares the mapping with the live "
               "tables, the live LDAP schema and the data, and the tables with what --capture can follow, and asks the "
               "lookups of mail servers for every address, login and domain that the mapping would make. Writes "
               "nothing, unless --write-test is given. Exit code 1 when there is an error.",
               {.source = true, .directory = true},
               [list, write_test](const options& chosen) { return run(chosen, *list, *write_test); });
  added.add_value("--list", *list,
                  "print one list whole, tab-separated: deferred (names that mail servers would be put off with), "
                  "circular (aliases of themselves), locked (accounts without a usable password)",
                  "LIST");
  line.add_no_directory(added, "check the SQL side only");
  added.add_flag("--write-test", *write_test, "write an entry with each attribute of the mapping, and remove it",
                 "--no-directory");
  line.add_setting(added, "capture");
}

}  // namespace sql2ldap::tools
