// status: how far is the daemon?
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ask_daemon.hpp"

namespace sql2ldap::tools {

namespace {

constexpr std::chrono::seconds watch_every{1};

std::string text_of(const json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? printable_line(value.get<std::string>()) : value.dump();
}

// "1,302 accounts deleted, 52 aliases deleted"
std::string counted(const json& group) {
  std::vector<std::string> parts;
  for (const auto& [member, word] : {std::pair{"deletes", "delete"}, std::pair{"updates", "update"}})
    for (const auto& [kind, count] : group[member].items())
      parts.push_back(fmt::format("{} {}: {}", word, kind, thousands(count.get<std::uint64_t>())));
  return fmt::format("{}", fmt::join(parts, ", "));
}

void print_for_people(const json& now) {
  const auto line = [](std::string_view name, const std::string& text) {
    if (!text.empty()) print_text("{:<16}{}\n", name, text);
  };
  const auto number = [&](const char* name) { return now.value(name, std::uint64_t{0}); };
  line("state", fmt::format("{} since {}", text_of(now["state"]), text_of(now.value("since", json()))));
  if (!now.contains("source")) return;
  line("source", text_of(now["source"]));
  line("directory", fmt::format("{} {}", text_of(now["directory"]), text_of(now["base"])));
  line("mapping", text_of(now["mapping"]));
  line("lag", fmt::format("{:.3f} s, {} waiting", now["lag_seconds"].get<double>(),
                          count_of(number("waiting_rows"), "row", "rows")));
  line("rate", fmt::format("{:.1f} entries/s; {}", now["entries_per_second"].get<double>(),
                           count_of(number("transactions"), "transaction", "transactions")));
  line("entries", fmt::format("{}; since the start {} added, {} modified, {} renamed, {} disabled, {} deleted",
                              thousands(number("entries")), number("added"), number("modified"), number("renamed"),
                              number("disabled"), number("deleted")));
  line("rejects", fmt::format("{}", number("rejects")));
  line("retained", fmt::format("{:.1f} MiB at the source", static_cast<double>(number("retained_bytes")) / 1048576.0));
  if (const std::string proven = text_of(now["proven_in_step"]); !proven.empty())
    line("in step", fmt::format("{}, when {} found out of step and mended", proven,
                                count_of(number("found_out_of_step"), "entry was", "entries were")));
  line("compared", text_of(now["reconciled_because"]));
  line("trouble", text_of(now["trouble"]));
  line("journal", text_of(now["journal_trouble"]));
  if (const json& hooks = now["hooks"]; !hooks.is_null())
    line("hooks", fmt::format("{} waiting, {} failing", hooks["waiting"].get<std::uint64_t>(),
                              hooks["failing"].get<std::uint64_t>()));
  const json& held = now["held"];
  if (held.is_null()) return;
  const std::uint64_t deletes = held["deletes"].get<std::uint64_t>();
  const std::uint64_t updates = held["updates"].get<std::uint64_t>();
  line("held", fmt::format("plan {}: {}, {}, in {}; all else is written", text_of(held["plan"]),
                           count_of(deletes, "delete", "deletes"), count_of(updates, "update", "updates"),
                           count_of(held["domains"].get<std::uint64_t>(), "domain", "domains")));
  for (const json& group : held["groups"]) {
    line("", fmt::format("since {}: {}", text_of(group["since"]), text_of(group["cause"])));
    line("", "  " + counted(group));
  }
  for (const json& one : held["first"]) line("", "  " + text_of(one));
  if (const std::uint64_t shown = held["first"].size(); shown < deletes + updates)
    line("", fmt::format("  and {} more: `sql2ldap status --plan` lists all", thousands(deletes + updates - shown)));
  line("", fmt::format("`sql2ldap release {}` has this plan written, and nothing else", text_of(held["plan"])));
}

result<exit_code> list_plan(const options& chosen) {
  S2L_TRY_ASSIGN(const json answer, ask_daemon(chosen, {{"do", "plan"}}));
  if (chosen.json) {
    print_json(answer);
  } else {
    for (const json& one : answer["changes"]) print_text("{}\n", text_of(one));
  }
  return answer["changes"].empty() ? exit_code::done : exit_code::differences;
}

result<exit_code> run(const options& chosen, bool watch) {
  while (true) {
    S2L_TRY_ASSIGN(const json now, ask_daemon(chosen, {{"do", "status"}}));
    if (chosen.json) {
      watch ? write_output(as_line(now) + "\n") : print_json(now);
    } else {
      if (watch) write_output("\033[H\033[J");
      print_for_people(now);
    }
    if (!watch) {
      const std::string state = text_of(now["state"]);
      const bool well = (state == "following" || state == "standby") && text_of(now["journal_trouble"]).empty();
      const bool hooks_fail = now.contains("hooks") && !now["hooks"].is_null() && now["hooks"]["failing"] != 0;
      const bool none_aside = now.value("rejects", std::uint64_t{0}) == 0 && !hooks_fail;
      return well && none_aside ? exit_code::done : exit_code::differences;
    }
    if (std::fflush(stdout) != 0) return exit_code::done;  // the reader has gone
    std::this_thread::sleep_for(watch_every);
  }
}

}  // namespace

void add_status(command_line& line) {
  auto watch = std::make_shared<bool>(false);
  auto plan = std::make_shared<bool>(false);
  command added =
      line.add(line.root(), "status",
               "Shows how far sql2ldap-syncd is. Exit code 1 when a plan is held, something is set "
               "aside, a hook fails, a server cannot be reached, or the state cannot be written.",
               {}, [watch, plan](const options& chosen) { return *plan ? list_plan(chosen) : run(chosen, *watch); });
  line.add_setting(added, "state");
  added.add_flag("--plan", *plan, "list all changes of the plan that is held");
  added.add_flag("--watch", *watch, "again every second; with --json one document a line");
}

}  // namespace sql2ldap::tools
