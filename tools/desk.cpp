#include "desk.hpp"

#include <chrono>
#include <map>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::tools {

std::string as_utc(sync::time_point when) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(when)));
}

namespace {

constexpr std::chrono::seconds rate_over{10};
constexpr std::chrono::seconds request_patience{4};  // less than the socket's

double seconds_between(sync::time_point from, sync::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

json refused(const std::string& message) { return {{"error", message}}; }

json as_json(const sync::held_plan& plan) {
  json groups = json::array();
  for (const sync::held_plan::group& one : plan.groups)
    groups.push_back({{"cause", one.cause},
                      {"since", as_utc(std::chrono::system_clock::from_time_t(one.since))},
                      {"deletes", one.deletes},
                      {"updates", one.updates}});
  return {{"plan", plan.id},         {"deletes", plan.deletes}, {"updates", plan.updates},
          {"domains", plan.parents}, {"groups", groups},        {"first", plan.examples}};
}

}  // namespace

std::string_view word_for(sync::keep_status::phase now) {
  using phase = sync::keep_status::phase;
  switch (now) {
    case phase::starting:
      return "starting";
    case phase::standby:
      return "standby";
    case phase::reconciling:
      return "reconciling";
    case phase::following:
      return "following";
    case phase::held:
      return "held";
    case phase::trouble:
      return "trouble";
  }
  return "";
}

void desk::lay_out(const sync::keep_status& now) {
  const std::lock_guard only(mutex_);
  status_ = now;
  const auto time = std::chrono::system_clock::now();
  const sync::counts& done = now.done;
  if (samples_.empty() || samples_.back().when + std::chrono::seconds(1) <= time)
    samples_.push_back({time, now.transactions, done.differences()});
  while (samples_.size() > 1 && samples_.front().when + rate_over < time) samples_.pop_front();
}

void desk::visit(sync::keeper& keeper) {
  lay_out(keeper.status());
  while (true) {
    std::shared_ptr<question> next;
    {
      const std::lock_guard only(mutex_);
      if (questions_.empty()) return;
      next = std::move(questions_.front());
      questions_.pop_front();
    }
    json answer = reply(keeper, next->asked);
    const std::lock_guard only(mutex_);
    next->answered = std::move(answer);
    next->done = true;
    answered_.notify_all();
  }
}

json desk::reply(sync::keeper& keeper, const json& request) {
  const std::string what = text_in(request, "do");
  const std::string origin = text_in(request, "origin");
  if (what == "release") {
    const std::string plan = text_in(request, "plan");
    const auto& held = keeper.status().held;
    if (!held) return refused("no plan is held");
    if (!keeper.release(plan)) return refused(fmt::format("plan {} is held, not {}", held->id, plan));
    return {{"released", plan}};
  }
  if (what == "retry") return {{"retried", keeper.retry(origin)}};
  if (what == "drop") return {{"dropped", keeper.drop(origin)}};
  if (what == "verify") {
    keeper.compare_everything("an operator asked for it");
    return {{"verify", "started"}};
  }
  if (what == "plan") {
    json lines = json::array();
    std::map<std::uint64_t, std::string> by_place;
    for (const auto& [name, change] : keeper.held()) by_place.emplace(change.place, sync::line_of(change));
    for (auto& [place, line] : by_place) lines.push_back(std::move(line));
    return {{"plan", keeper.status().held ? keeper.status().held->id : ""}, {"changes", lines}};
  }
  if (what == "rejects") {
    json list = json::array();
    for (const auto& [name, why] : keeper.aside()) {
      if (why.skipped || why.dropped) continue;
      if (list.size() == limits::rejects_shown_max) break;
      list.push_back({{"origin", name},
                      {"dn", why.dn},
                      {"reason", why.reason},
                      {"since", as_utc(std::chrono::system_clock::from_time_t(why.since))},
                      {"tries", why.tries},
                      {"next_try", as_utc(std::chrono::system_clock::from_time_t(why.next_try))}});
    }
    return {{"rejects", list}, {"total", keeper.status().rejects}};
  }
  return refused(fmt::format("unknown request \"{}\"", what));
}

json desk::status_json() const {
  const auto now = std::chrono::system_clock::now();
  const sync::keep_status& s = status_;
  const auto optional_time = [](const std::optional<sync::time_point>& when) {
    return when ? json(as_utc(*when)) : json(nullptr);
  };
  json out = facts_;
  out["state"] = word_for(s.now);
  out["since"] = as_utc(s.since);
  out["lag_seconds"] = s.behind_since ? std::max(0.0, seconds_between(*s.behind_since, now)) : 0.0;
  out["waiting_rows"] = s.waiting_rows;
  double rate = 0;
  if (samples_.size() > 1) {
    const double passed = seconds_between(samples_.front().when, now);
    rate = passed > 0 ? static_cast<double>(s.done.differences() - samples_.front().entries) / passed : 0;
  }
  out["entries_per_second"] = rate;
  out["transactions"] = s.transactions;
  out["entries"] = s.done.present;
  out["added"] = s.done.added;
  out["modified"] = s.done.modified;
  out["renamed"] = s.done.renamed;
  out["deleted"] = s.done.deleted;
  out["disabled"] = s.done.disabled;
  out["rejects"] = s.rejects;
  out["positions"] = {
      {"received", s.at.received}, {"spooled", s.at.spooled}, {"applied", s.at.applied}, {"confirmed", s.at.confirmed}};
  out["history"] = s.history;
  out["retained_bytes"] = s.retained_bytes;
  out["proven_in_step"] = optional_time(s.proven_at);
  out["found_out_of_step"] = s.found_out_of_step;
  out["reconciled_because"] = s.reconciled_because;
  out["held"] = s.held ? as_json(*s.held) : json(nullptr);
  out["trouble"] = s.trouble;
  out["journal_trouble"] = s.journal_trouble;
  out["hooks"] = hooks_ ? hooks_->status_json() : json(nullptr);
  return out;
}

std::string desk::answer(const std::string& request) {
  const json asked = json::parse(request, nullptr, false);
  if (!asked.is_object()) return as_line(refused("a request is a JSON object"));
  if (hooks_)
    if (const auto answered = hooks_->answer(asked)) return as_line(*answered);
  std::unique_lock only(mutex_);
  if (text_in(asked, "do") == "status") return as_line(status_json());
  const auto mine = std::make_shared<question>(question{asked, {}, false});
  questions_.push_back(mine);
  if (!answered_.wait_for(only, request_patience, [&] { return mine->done; })) {
    std::erase(questions_, mine);
    return as_line(refused("the daemon is busy comparing; ask again"));
  }
  return as_line(mine->answered);
}

void desk::fill(control::metrics& into) {
  const std::lock_guard only(mutex_);
  const json now = status_json();
  using phase = sync::keep_status::phase;
  for (const phase one :
       {phase::starting, phase::standby, phase::reconciling, phase::following, phase::held, phase::trouble})
    into.gauge("sql2ldap_state", "1 for the state that the daemon is in", status_.now == one ? 1 : 0,
               {"state", std::string(word_for(one))});
  into.gauge("sql2ldap_lag_seconds", "Age of the oldest change that is not applied", now["lag_seconds"].get<double>());
  into.gauge("sql2ldap_waiting_rows", "Changed rows that wait", now["waiting_rows"].get<double>());
  into.gauge("sql2ldap_entries", "Entries of ours in the directory", now["entries"].get<double>());
  into.gauge("sql2ldap_rejects", "Rows and entries that are set aside", now["rejects"].get<double>());
  into.gauge("sql2ldap_retained_bytes", "Changes that the source keeps for us", now["retained_bytes"].get<double>());
  into.gauge("sql2ldap_journal_trouble", "1 while the journal cannot be written",
             status_.journal_trouble.empty() ? 0 : 1);
  if (status_.proven_at)
    into.gauge("sql2ldap_proven_timestamp_seconds", "When all entries were last compared",
               static_cast<double>(std::chrono::system_clock::to_time_t(*status_.proven_at)));
  into.gauge("sql2ldap_found_out_of_step",
             "Entries that the last comparison of everything found out of step, and mended",
             static_cast<double>(status_.found_out_of_step));
  into.counter("sql2ldap_transactions_total", "SQL transactions applied", now["transactions"].get<double>());
  for (const char* what : {"added", "modified", "renamed", "disabled", "deleted"})
    into.counter("sql2ldap_changes_total", "Entries changed", now[what].get<double>(), {"kind", what});
  if (hooks_) hooks_->fill(into);
}

}  // namespace sql2ldap::tools
