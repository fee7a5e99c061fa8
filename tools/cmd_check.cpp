// check: everything that would go wrong, before the first write.
#include <cstdio>

#include <fmt/format.h>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

std::string_view word_for(sync::finding::severity level) {
  switch (level) {
    case sync::finding::severity::note:
      return "note";
    case sync::finding::severity::warning:
      return "warning";
    case sync::finding::severity::error:
      return "error";
  }
  return "";
}

result<exit_code> run(const options& chosen) {
  S2L_TRY_ASSIGN(const auto who, open_both_sides(chosen));
  S2L_TRY_ASSIGN(const auto findings, sync::check(who.map, *who.from, who.to.get(), who.base));
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const sync::finding& one : findings) {
    errors += one.level == sync::finding::severity::error ? 1 : 0;
    warnings += one.level == sync::finding::severity::warning ? 1 : 0;
  }
  const exit_code code = errors > 0 ? exit_code::differences : exit_code::done;
  if (chosen.json) {
    json list = json::array();
    for (const sync::finding& one : findings)
      list.push_back(
          {{"level", word_for(one.level)}, {"where", one.where}, {"message", one.message}, {"hint", one.hint}});
    print_json({{"mapping", who.map.name()}, {"errors", errors}, {"warnings", warnings}, {"findings", list}});
    return code;
  }
  for (const sync::finding& one : findings) {
    print_text("{}: {}: {}\n", word_for(one.level), printable_line(one.where), printable_line(one.message));
    if (!one.hint.empty()) print_text("  hint: {}\n", printable_line(one.hint));
  }
  print_text("{}, {}\n", count_of(errors, "error", "errors"), count_of(warnings, "warning", "warnings"));
  return code;
}

}  // namespace

void add_check(command_line& line) {
  command added = line.add(line.root(), "check",
                           "Tells what would go wrong, before the first write. Compares the mapping with the live "
                           "tables, the live LDAP schema "
                           "and the data. Writes nothing. Exit code 1 when there is an error.",
                           {.source = true, .directory = true}, run);
  line.add_no_directory(added, "check the SQL side only");
}

}  // namespace sql2ldap::tools
