// verify: is the directory what the SQL tables say?
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

constexpr std::uint64_t differences_shown_max = 50;

std::string_view word_for(sync::difference::what kind) {
  switch (kind) {
    case sync::difference::what::missing:
      return "missing";
    case sync::difference::what::surplus:
      return "surplus";
    case sync::difference::what::differs:
      return "differs";
    case sync::difference::what::renamed:
      return "renamed";
    case sync::difference::what::foreign:
      return "foreign";
  }
  return "";
}

result<exit_code> run(const options& chosen, bool repair) {
  S2L_TRY_ASSIGN(const auto who, open_both_sides(chosen));
  S2L_TRY_ASSIGN(const auto rejects, reject_list::create(chosen));
  progress_line progress(chosen);
  json list = json::array();
  std::uint64_t seen = 0;
  const auto each = [&](const sync::difference& one) {
    ++seen;
    if (chosen.json) {
      if (list.size() < limits::rejects_kept_max)
        list.push_back(
            {{"what", word_for(one.kind)}, {"dn", one.dn}, {"origin", one.origin}, {"attributes", one.attributes}});
    } else if (seen <= differences_shown_max) {
      progress.clear();
      print_text("{:<8}  {}{}{}\n", word_for(one.kind), printable_line(one.dn), one.attributes.empty() ? "" : "  ",
                 fmt::join(one.attributes, " "));
    }
  };
  auto counted = sync::verify(who.parties(), run_options_of(chosen, *rejects, progress), repair, each);
  progress.clear();
  S2L_TRY(rejects->finish());
  if (!counted) return tl::make_unexpected(std::move(counted).error());
  if (repair) note_work_done();

  if (chosen.json) {
    print_json({{"mapping", who.map.name()},
                {"source", who.from->name()},
                {"directory", who.to->name()},
                {"base", who.base.text()},
                {"repaired", repair},
                {"counts", as_json(*counted)},
                {"differences", list},
                {"rejects", rejects->as_json()}});
  } else {
    if (seen > differences_shown_max) print_text("... and {} more\n", thousands(seen - differences_shown_max));
    print_text("verify: {}{}, {}\n{}", count_of(counted->differences(), "difference", "differences"),
               repair && counted->differences() > 0 ? " repaired" : "",
               count_of(counted->equal, "entry in step", "entries in step"), rejects->summary());
  }
  const bool in_step = (repair || counted->differences() == 0) && counted->rejected == 0 && counted->foreign == 0;
  return in_step ? exit_code::done : exit_code::differences;
}

}  // namespace

void add_verify(command_line& line) {
  auto repair = std::make_shared<bool>(false);
  command added = line.add(line.root(), "verify",
                           "Compares every entry with its rows. Values are equal when the matching rules of the "
                           "server's schema say so. Exit "
                           "code 1 when there are differences or rejected rows.",
                           {.source = true, .directory = true, .limits = true, .rejects = true},
                           [repair](const options& chosen) { return run(chosen, *repair); });
  added.add_flag("--repair", *repair, "mend what differs; limits apply");
}

}  // namespace sql2ldap::tools
