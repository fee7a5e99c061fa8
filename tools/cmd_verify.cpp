// verify: is the directory what the SQL tables say?
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>

#include <sql2ldap/codec/schema_definition.hpp>

#include "answer_check.hpp"
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
    case sync::difference::what::stale:
      return "stale";
  }
  return "";
}

struct verify_choice {
  bool repair = false;
  bool answers = false;
};

// The names of the directory that mail servers are put off with.
class answer_report {
 public:
  result<void> take(const both_sides& sides, const options& chosen, progress_line& progress) {
    audit::answer_audit audit;
    audit.schema = &codec::builtin_schema();
    read_directory(audit, sides);
    audit.on_progress = [&](std::uint64_t done) { progress.show({sync::progress::phase::reading_directory, done, 0}); };
    audit.is_stopped = stop_was_asked;
    audit.on_deferred = [&](const audit::deferred_name& one) {
      ++seen_;
      errors_ += is_warning(one) ? 0 : 1;
      if (chosen.json) {
        if (list_.size() < limits::rejects_kept_max) list_.push_back(as_json(one));
      } else if (seen_ <= differences_shown_max) {
        progress.clear();
        print_text("deferred  {}\n", as_text(one));
      }
    };
    S2L_TRY_ASSIGN(counts_, audit::audit_answers(audit));
    progress.clear();
    return {};
  }
  [[nodiscard]] bool all_answered() const noexcept { return errors_ == 0 && counts_.not_asked == 0; }
  [[nodiscard]] std::string summary() const {
    std::string text;
    if (seen_ > differences_shown_max)
      text = fmt::format("... and {} more\n", thousands(seen_ - differences_shown_max));
    text += fmt::format("answers: {} asked for, {} deferred\n", count_of(counts_.names, "name", "names"),
                        thousands(counts_.deferred));
    if (counts_.not_asked > 0)
      text += fmt::format("{} that share a name with others were not asked for\n",
                          count_of(counts_.not_asked, "entry", "entries"));
    return text;
  }
  [[nodiscard]] json as_document() const {
    return {
        {"names", counts_.names}, {"deferred", counts_.deferred}, {"not_asked", counts_.not_asked}, {"list", list_}};
  }

 private:
  audit::answer_counts counts_;
  std::uint64_t seen_ = 0;
  std::uint64_t errors_ = 0;
  json list_ = json::array();
};

result<exit_code> run(const options& chosen, const verify_choice& own) {
  const bool repair = own.repair;
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
  answer_report answers;
  if (own.answers) S2L_TRY(answers.take(who, chosen, progress));

  if (chosen.json) {
    json document = {{"mapping", who.map.name()}, {"source", who.from->name()},   {"directory", who.to->name()},
                     {"base", who.base.text()},   {"repaired", repair},           {"counts", as_json(*counted)},
                     {"differences", list},       {"rejects", rejects->as_json()}};
    if (own.answers) document["answers"] = answers.as_document();
    print_json(document);
  } else {
    if (seen > differences_shown_max) print_text("... and {} more\n", thousands(seen - differences_shown_max));
    print_text("verify: {}{}, {}\n{}", count_of(counted->differences(), "difference", "differences"),
               repair && counted->differences() > 0 ? " repaired" : "",
               count_of(counted->equal, "entry in step", "entries in step"), rejects->summary());
    if (counted->stale > 0)
      print_text(
          "stale: {} with attributes that the mapping does not write, and mail servers use\n"
          "  hint: `sql2ldap plan --prune` shows them, `sql2ldap migrate --prune` removes them\n",
          count_of(counted->stale, "entry", "entries"));
    if (own.answers) print_text("{}", answers.summary());
  }
  const bool in_step = (repair || counted->differences() == 0) && counted->rejected == 0 && counted->foreign == 0;
  return in_step && answers.all_answered() ? exit_code::done : exit_code::differences;
}

}  // namespace

void add_verify(command_line& line) {
  auto own = std::make_shared<verify_choice>();
  command added =
      line.add(line.root(), "verify",
               "Compares every entry with its rows. Values are equal when the matching rules of the "
               "server's schema say so. Exit "
               "code 1 when there are differences or rejected rows, or with --answers a name that is put off.",
               {.source = true, .directory = true, .limits = true, .rejects = true},
               [own](const options& chosen) { return run(chosen, *own); });
  added.add_flag("--repair", own->repair, "mend what differs; limits apply");
  added.add_flag("--answers", own->answers,
                 "also ask the lookups of mail servers for every address, login and domain in the directory, and list "
                 "those that end in \"try later\"");
}

}  // namespace sql2ldap::tools
