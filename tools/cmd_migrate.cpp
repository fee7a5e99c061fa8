// migrate: brings the directory in step, or writes LDIF for slapadd.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <ostream>

#include <fmt/format.h>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

struct migrate_options {
  std::string plan_file;
  std::string ldif_file;
  bool no_base_entry = false;
  bool prune = false;
};

exit_code code_of(const sync::counts& counted) {
  return counted.rejected == 0 && counted.foreign == 0 ? exit_code::done : exit_code::differences;
}

result<exit_code> run_online(const options& chosen, const migrate_options& own) {
  S2L_TRY_ASSIGN(const auto who, open_both_sides(chosen));
  S2L_TRY_ASSIGN(const auto rejects, reject_list::create(chosen));
  progress_line progress(chosen);
  sync::run_options how = run_options_of(chosen, *rejects, progress);
  how.prune = own.prune;
  const auto began = std::chrono::steady_clock::now();
  auto counted =
      own.plan_file.empty() ? sync::migrate(who.parties(), how) : sync::migrate_plan(who.parties(), how, own.plan_file);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  progress.clear();
  S2L_TRY(rejects->finish());
  if (!counted) return tl::make_unexpected(std::move(counted).error());
  note_work_done();

  if (chosen.json) {
    print_json({{"mapping", who.map.name()},
                {"source", who.from->name()},
                {"directory", who.to->name()},
                {"base", who.base.text()},
                {"seconds", seconds},
                {"counts", as_json(*counted)},
                {"rejects", rejects->as_json()}});
  } else {
    print_text("migrate: {} in {:.1f} s\n{}", as_sentence(*counted, true), seconds, rejects->summary());
  }
  return code_of(*counted);
}

result<exit_code> run_ldif(const options& chosen, const migrate_options& own) {
  const bool to_stdout = own.ldif_file == "-";
  if (chosen.json && to_stdout)
    return fail(error_kind::usage, "both the LDIF and --json want standard output", "write the LDIF to a file");
  if (chosen.settings.base.empty())
    return fail(error_kind::usage, "--ldif needs --base DN", "no directory is asked, so nothing else can tell it");
  S2L_TRY_ASSIGN(const auto map, open_mapping(chosen));
  S2L_TRY_ASSIGN(const auto from, open_source(chosen));
  S2L_TRY_ASSIGN(const auto base, open_base(chosen, nullptr));
  S2L_TRY_ASSIGN(const auto rejects, reject_list::create(chosen));
  std::unique_ptr<output_file> file;
  if (!to_stdout) {
    S2L_TRY_ASSIGN(file, output_file::create(own.ldif_file));
  }
  progress_line progress(chosen);
  std::ostream& out = file ? file->stream() : std::cout;
  S2L_TRY_ASSIGN(const auto counted, sync::write_ldif(map, *from, {.base = base, .base_entry = !own.no_base_entry},
                                                      run_options_of(chosen, *rejects, progress), out));
  progress.clear();
  if (!out.flush()) return fail(error_kind::local, "cannot write the LDIF");
  if (file) S2L_TRY(file->commit());
  S2L_TRY(rejects->finish());
  if (chosen.json) {
    print_json({{"mapping", map.name()},
                {"source", from->name()},
                {"base", base.text()},
                {"ldif", own.ldif_file},
                {"counts", as_json(counted)},
                {"rejects", rejects->as_json()}});
  } else {
    print_note("ldif: {}, {} rejected\n{}", count_of(counted.wanted, "entry", "entries"), thousands(counted.rejected),
               rejects->summary());
  }
  return code_of(counted);
}

result<exit_code> run(const options& chosen, const migrate_options& own) {
  if (!own.ldif_file.empty() && own.prune) return fail(error_kind::usage, "--prune and --ldif do not go together");
  if (!own.ldif_file.empty() && !own.plan_file.empty())
    return fail(error_kind::usage, "--plan and --ldif do not go together");
  return own.ldif_file.empty() ? run_online(chosen, own) : run_ldif(chosen, own);
}

}  // namespace

void add_migrate(command_line& line) {
  auto own = std::make_shared<migrate_options>();
  command added = line.add(
      line.root(), "migrate",
      "Brings the directory in step with the SQL tables. Adds, changes, renames and deletes entries that this mapping "
      "owns, none else. Can be interrupted and run again at any time. Asks nothing; stops before the first write when "
      "a "
      "limit says so. Exit code 1 when rows were rejected or a limit stopped it.",
      {.source = true, .directory = true, .limits = true, .rejects = true},
      [own](const options& chosen) { return run(chosen, *own); });
  added.add_value("--plan", own->plan_file, "apply exactly this plan; refuse when either side has changed since",
                  "FILE");
  added.add_value("--ldif", own->ldif_file, "write LDIF for `slapadd -q` instead of talking to a server; - is stdout",
                  "FILE|-");
  add_prune(added, own->prune);
  added.add_flag("--no-base-entry", own->no_base_entry, "with --ldif: the base entry is already there");
}

}  // namespace sql2ldap::tools
