// release: has a plan written that the limits hold.
#include <memory>

#include <fmt/format.h>

#include "ask_daemon.hpp"

namespace sql2ldap::tools {

void add_release(command_line& line) {
  auto plan = std::make_shared<std::string>();
  const auto run = [plan](const options& chosen) -> result<exit_code> {
    S2L_TRY_ASSIGN(const json answer, ask_daemon(chosen, {{"do", "release"}, {"plan", *plan}}));
    note_work_done();
    if (chosen.json)
      print_json(answer);
    else
      print_text("plan {} will be written now\n", *plan);
    return exit_code::done;
  };
  command added = line.add(line.root(), "release",
                           "Has sql2ldap-syncd write a plan that goes beyond the limits. `sql2ldap status` shows "
                           "the plan and its name. What is held after that has another name, and is not written.",
                           {}, run);
  line.add_setting(added, "state");
  added.add_argument("plan", *plan, "the plan's name", "PLAN");
}

}  // namespace sql2ldap::tools
