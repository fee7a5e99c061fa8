// status: how far is the daemon?
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "ask_daemon.hpp"

namespace sql2ldap::tools {

namespace {

constexpr std::chrono::seconds watch_every{1};

std::string text_of(const json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? printable_line(value.get<std::string>()) : value.dump();
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
  line("held", fmt::format("since {}: {}", text_of(now["held_since"]), text_of(held["reason"])));
  line("", fmt::format("plan {}: {} to add, {} to modify, {} to rename, {} to disable, {} to delete",
                       text_of(held["plan"]), held["added"].get<std::uint64_t>(), held["modified"].get<std::uint64_t>(),
                       held["renamed"].get<std::uint64_t>(), held["disabled"].get<std::uint64_t>(),
                       held["deleted"].get<std::uint64_t>()));
  for (const json& one : held["first"]) line("", text_of(one));
  line("", fmt::format("`sql2ldap release {}` lets it go", text_of(held["plan"])));
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
  command added = line.add(line.root(), "status",
                           "Shows how far sql2ldap-syncd is. Exit code 1 when a plan is held, something is set "
                           "aside, a hook fails, a server cannot be reached, or the state cannot be written.",
                           {}, [watch](const options& chosen) { return run(chosen, *watch); });
  line.add_setting(added, "state");
  added.add_flag("--watch", *watch, "again every second; with --json one document a line");
}

}  // namespace sql2ldap::tools
