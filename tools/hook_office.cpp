#include "hook_office.hpp"

#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/hooks/command.hpp>
#include <sql2ldap/state/hook_queue.hpp>

#include "desk.hpp"

namespace sql2ldap::tools {

namespace {

void tell(log::level severity, std::string_view id, const std::string& text) { log::event(severity, id, text); }

std::string utc_of(std::int64_t seconds) { return as_utc(std::chrono::system_clock::from_time_t(seconds)); }

}  // namespace

result<std::shared_ptr<hook_office>> hook_office::open(const config::settings& from) {
  hooks::runner_options how;
  S2L_TRY_ASSIGN(how.words, hooks::parse_command(from.hook));
  how.patience = from.hook_timeout;
  how.tell = tell;
  S2L_TRY_ASSIGN(auto queue, state::open_hook_queue(from.state));
  return std::shared_ptr<hook_office>(new hook_office(from, std::move(queue), std::move(how)));
}

hook_office::hook_office(config::settings from, std::unique_ptr<model::hook_queue> queue, hooks::runner_options how)
    : settings_(std::move(from)), queue_(std::move(queue)), runner_(hooks::runner::start(*queue_, std::move(how))) {}

bool hook_office::is_of(const config::settings& now) const {
  return now.hook == settings_.hook && now.hook_timeout == settings_.hook_timeout;
}

hooks::teller hook_office::teller_for(const mapping::mapping& map) {
  return {map, *queue_, [this] { runner_->wake(); }, tell};
}

void hook_office::settle(hooks::teller& teller, bool in_step) {
  const auto settled = teller.settle(in_step);
  const std::string trouble = settled ? "" : settled.error().text();
  if (!settled && trouble != trouble_) tell(log::level::error, "HOOK_QUEUE_TROUBLE", trouble);
  trouble_ = trouble;
}

result<json> hook_office::list() {
  S2L_TRY_ASSIGN(const auto failing, queue_->failing(limits::hooks_shown_max));
  json all = json::array();
  for (const model::queued_hook& one : failing)
    all.push_back({{"id", one.id},
                   {"change", one.event.change},
                   {"kind", one.event.kind},
                   {"origin", one.event.origin},
                   {"reason", one.reason},
                   {"since", utc_of(one.since)},
                   {"tries", one.tries},
                   {"next_try", utc_of(one.next_try)}});
  const auto sums = queue_->count();
  return json{{"hooks", std::move(all)}, {"total", sums.failing}, {"waiting", sums.waiting}};
}

std::optional<json> hook_office::answer(const json& request) {
  const std::string what = text_in(request, "do");
  const auto which = [&]() -> std::optional<model::queued_hook::number> {
    if (!request.contains("id")) return std::nullopt;
    const json& id = request["id"];
    return id.is_number_integer() ? id.get<model::queued_hook::number>() : 0;
  };
  const auto counted = [](const char* word) { return [word](std::size_t n) { return json{{word, n}}; }; };
  result<json> answer = json();
  if (what == "hooks") {
    answer = list();
  } else if (what == "retry-hooks") {
    answer = queue_->retry(which()).map(counted("retried"));
  } else if (what == "drop-hooks") {
    answer = queue_->drop(which()).map(counted("dropped"));
  } else {
    return std::nullopt;
  }
  runner_->wake();
  if (!answer) return json{{"error", answer.error().text()}};
  return *answer;
}

json hook_office::status_json() const {
  const auto sums = queue_->count();
  return {{"waiting", sums.waiting},
          {"failing", sums.failing},
          {"runs", runner_->runs()},
          {"failures", runner_->failures()}};
}

void hook_office::fill(control::metrics& into) const {
  const auto sums = queue_->count();
  into.gauge("sql2ldap_hooks_waiting", "Changes that the hook is still to be run for",
             static_cast<double>(sums.waiting));
  into.gauge("sql2ldap_hooks_failing", "Those of them for which it has failed", static_cast<double>(sums.failing));
  into.counter("sql2ldap_hook_runs_total", "Runs of the hook", static_cast<double>(runner_->runs()));
  into.counter("sql2ldap_hook_failures_total", "Runs of the hook that failed",
               static_cast<double>(runner_->failures()));
}

}  // namespace sql2ldap::tools
