// plan: what migrate would do, as LDIF.
#include <cstdio>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

struct plan_choice {
  std::string file_name;
  bool prune = false;
};

result<exit_code> run(const options& chosen, const plan_choice& own) {
  const std::string& file_name = own.file_name;
  if (chosen.json && file_name.empty())
    return fail(error_kind::usage, "both the plan and --json want standard output",
                "write the plan with --output FILE");
  S2L_TRY_ASSIGN(const auto who, open_both_sides(chosen));
  S2L_TRY_ASSIGN(const auto rejects, reject_list::create(chosen));
  std::unique_ptr<output_file> file;
  if (!file_name.empty()) {
    S2L_TRY_ASSIGN(file, output_file::create(file_name));
  }
  progress_line progress(chosen);
  std::ostream& out = file ? file->stream() : std::cout;
  sync::run_options how = run_options_of(chosen, *rejects, progress);
  how.prune = own.prune;
  S2L_TRY_ASSIGN(const auto counted, sync::plan(who.parties(), how, out));
  progress.clear();
  if (!out.flush()) return fail(error_kind::local, "cannot write the plan");
  if (file) S2L_TRY(file->commit());
  S2L_TRY(rejects->finish());

  if (chosen.json) {
    print_json({{"mapping", who.map.name()},
                {"source", who.from->name()},
                {"directory", who.to->name()},
                {"base", who.base.text()},
                {"plan", file_name},
                {"counts", as_json(counted)},
                {"rejects", rejects->as_json()}});
  } else {
    print_note("plan: {}\n{}", as_sentence(counted, false), rejects->summary());
  }
  const bool in_step = counted.differences() == 0 && counted.rejected == 0 && counted.foreign == 0;
  return in_step ? exit_code::done : exit_code::differences;
}

}  // namespace

void add_plan(command_line& line) {
  auto own = std::make_shared<plan_choice>();
  command added = line.add(
      line.root(), "plan",
      "Shows what migrate would do. Writes it as LDIF that ldapmodify takes, and a summary on standard error; changes "
      "nothing. Exit code 1 when there are differences.",
      {.source = true, .directory = true, .rejects = true, .secrets = true},
      [own](const options& chosen) { return run(chosen, *own); });
  add_prune(added, own->prune);
  added.add_value("--output", own->file_name, "write the plan to a file that only its owner may read", "FILE");
}

}  // namespace sql2ldap::tools
