// hooks list|retry|drop: changes for which the daemon's hook has failed.
#include <cstdint>
#include <memory>

#include <fmt/format.h>

#include "ask_daemon.hpp"

namespace sql2ldap::tools {

namespace {

result<exit_code> list(const options& chosen) {
  S2L_TRY_ASSIGN(const json answer, ask_daemon(chosen, {{"do", "hooks"}}));
  const auto total = answer["total"].get<std::uint64_t>();
  if (chosen.json) {
    print_json(answer);
  } else {
    for (const json& one : answer["hooks"])
      print_text("{} {} {}\n  {}; since {}, {}, next {}\n", one["id"].get<std::int64_t>(),
                 one["change"].get<std::string>(), printable_line(one["origin"].get<std::string>()),
                 printable_line(one["reason"].get<std::string>()), one["since"].get<std::string>(),
                 count_of(one["tries"].get<std::uint64_t>(), "try", "tries"), one["next_try"].get<std::string>());
    print_text("{} failing, {} waiting\n", count_of(total, "hook", "hooks"), answer["waiting"].get<std::uint64_t>());
  }
  return total == 0 ? exit_code::done : exit_code::differences;
}

result<exit_code> change(const options& chosen, const char* request, const char* word, std::int64_t id, bool all) {
  if ((id == 0) != all)
    return fail(error_kind::usage, "neither an ID nor --all, or both",
                "name one ID, as `list` shows it, or give --all");
  json asked{{"do", request}};
  if (!all) asked["id"] = id;
  S2L_TRY_ASSIGN(const json answer, ask_daemon(chosen, asked));
  const auto found = answer.value(word, std::uint64_t{0});
  note_work_done();
  if (chosen.json)
    print_json(answer);
  else
    print_text("{} {}\n", count_of(found, "hook", "hooks"), word);
  if (found == 0 && !all) return fail(error_kind::usage, fmt::format("no hook that has failed has the ID {}", id));
  return exit_code::done;
}

}  // namespace

void add_hooks(command_line& line) {
  command group =
      line.root().add_group("hooks",
                            "Lists, retries or drops changes for which the hook of sql2ldap-syncd has failed. "
                            "The directory has these changes; "
                            "only the command that is to be told of them did not end with exit code 0.");
  line.add_setting(line.add(group, "list", "Lists them with reasons, and when each is tried again.", {}, list),
                   "state");
  struct choice {
    std::int64_t id = 0;
    bool all = false;
  };
  const auto add = [&](const char* what, const char* request, const char* word, const char* text) {
    auto own = std::make_shared<choice>();
    command added = line.add(group, what, text, {},
                             [=](const options& chosen) { return change(chosen, request, word, own->id, own->all); });
    line.add_setting(added, "state");
    added.add_value("id", own->id, "which one", "ID");
    added.add_flag("--all", own->all, "all of them");
  };
  add("retry", "retry-hooks", "retried", "Runs the hook for them again now, not when their time has come.");
  add("drop", "drop-hooks", "dropped", "Forgets them: the hook is never run for these changes; later ones go on.");
}

}  // namespace sql2ldap::tools
