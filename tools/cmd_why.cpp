// why ADDRESS: which rows and which line of the mapping made or blocked each attribute.
#include <cstdio>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

json as_json(const sync::explanation& one) {
  json attributes = json::array();
  for (const mapping::trace& trace : one.attributes) {
    json inputs = json::object();
    for (const auto& [column, value] : trace.inputs) inputs[column] = value;
    attributes.push_back({{"attribute", trace.attribute},
                          {"line", trace.line},
                          {"expression", trace.expression},
                          {"inputs", inputs},
                          {"values", trace.values},
                          {"objection", trace.objection}});
  }
  return {
      {"kind", one.kind},         {"table", one.table},        {"key", one.key}, {"dn", one.dn}, {"reject", one.reject},
      {"attributes", attributes}, {"directory", one.directory}};
}

void print(const sync::explanation& one) {
  print_text("{} from {} {}\n", one.kind, one.table, printable_line(one.key));
  if (one.reject.empty())
    print_text("  dn: {}\n", printable_line(one.dn));
  else
    print_text("  rejected: {}\n", printable_line(one.reject));
  for (const mapping::trace& trace : one.attributes) {
    const std::string values = trace.values.empty() ? "-" : fmt::format("{}", fmt::join(trace.values, ", "));
    print_text("  {}: {}\n", trace.attribute, printable_line(values));
    print_text("      line {}: {}\n", trace.line, trace.expression);
    for (const auto& [column, value] : trace.inputs) print_text("      {} is {}\n", column, printable_line(value));
    if (!trace.objection.empty()) print_text("      {}\n", printable_line(trace.objection));
  }
  for (const std::string& held : one.directory) print_text("  directory: {}\n", printable_line(held));
}

result<exit_code> run(const options& chosen, const std::string& address) {
  S2L_TRY_ASSIGN(const auto who, open_both_sides(chosen));
  S2L_TRY_ASSIGN(const auto found, sync::why(who.map, *who.from, who.to.get(), who.base, address));
  if (chosen.json) {
    json list = json::array();
    for (const sync::explanation& one : found) list.push_back(as_json(one));
    print_json({{"address", address}, {"entries", list}});
  } else if (found.empty()) {
    print_text("no row that the mapping reads has {} as a key or among its values\n", address);
  }
  if (!chosen.json)
    for (const sync::explanation& one : found) print(one);
  return found.empty() ? exit_code::differences : exit_code::done;
}

}  // namespace

void add_why(command_line& line) {
  auto address = std::make_shared<std::string>();
  command added = line.add(
      line.root(), "why",
      "Explains the entries that have something to do with an address. Tells which rows and which line of the mapping "
      "made or blocked each attribute. Exit code 1 when there are none.",
      {.source = true, .directory = true}, [address](const options& chosen) { return run(chosen, *address); });
  added.add_argument("ADDRESS", *address, "address, login name or domain");
  line.add_no_directory(added, "explain without asking the directory");
}

}  // namespace sql2ldap::tools
