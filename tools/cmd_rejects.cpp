// rejects list|retry|drop: rows and entries that the daemon has set aside.
#include <memory>

#include <fmt/format.h>

#include "ask_daemon.hpp"

namespace sql2ldap::tools {

namespace {

result<exit_code> list(const options& chosen) {
  S2L_TRY_ASSIGN(const json answer, ask_daemon(chosen, {{"do", "rejects"}}));
  if (chosen.json) {
    print_json(answer);
  } else {
    for (const json& one : answer["rejects"])
      print_text("{}\n  {}\n  {}; since {}, {}, next {}\n", printable_line(one["origin"].get<std::string>()),
                 printable_line(one["dn"].get<std::string>()), printable_line(one["reason"].get<std::string>()),
                 one["since"].get<std::string>(), count_of(one["tries"].get<std::uint64_t>(), "try", "tries"),
                 one["next_try"].get<std::string>());
    const auto total = answer["total"].get<std::uint64_t>();
    print_text("{}\n", total == 0 ? "nothing is set aside" : count_of(total, "reject", "rejects"));
  }
  return answer["rejects"].empty() ? exit_code::done : exit_code::differences;
}

result<exit_code> change(const options& chosen, const char* what, const char* word, const std::string& origin,
                         bool all) {
  if (origin.empty() != all)
    return fail(error_kind::usage, "neither an ORIGIN nor --all, or both",
                "name one ORIGIN, as `list` shows it, or give --all");
  S2L_TRY_ASSIGN(const json answer, ask_daemon(chosen, {{"do", what}, {"origin", origin}}));
  const auto found = answer.value(word, std::uint64_t{0});
  note_work_done();
  if (chosen.json)
    print_json(answer);
  else
    print_text("{} {}\n", count_of(found, "reject", "rejects"), word);
  if (found == 0 && !all) return fail(error_kind::usage, fmt::format("{} is not set aside", origin));
  return exit_code::done;
}

}  // namespace

void add_rejects(command_line& line) {
  command group = line.root().add_group(
      "rejects",
      "Lists, retries or drops what sql2ldap-syncd has set aside. A reject is a row that cannot become an "
      "entry, or an entry that the directory refuses; the others go on.");
  line.add_setting(line.add(group, "list", "Lists them with reasons, and when each is tried again.", {}, list),
                   "state");
  struct choice {
    std::string origin;
    bool all = false;
  };
  const auto add = [&](const char* what, const char* word, const char* text) {
    auto own = std::make_shared<choice>();
    command added = line.add(group, what, text, {},
                             [=](const options& chosen) { return change(chosen, what, word, own->origin, own->all); });
    line.add_setting(added, "state");
    added.add_value("origin", own->origin, "whose", "ORIGIN");
    added.add_flag("--all", own->all, "all of them");
  };
  add("retry", "retried", "Tries them again now, not when their time has come.");
  add("drop", "dropped", "Forgets them until their rows change: no more tries, no more listing.");
}

}  // namespace sql2ldap::tools
