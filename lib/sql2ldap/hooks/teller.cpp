#include <sql2ldap/hooks/teller.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/hooks/event.hpp>

namespace sql2ldap::hooks {
namespace {

std::int64_t seconds_now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

}  // namespace

teller::teller(const mapping::mapping& map, model::hook_queue& queue, std::function<void()> due, tell to)
    : origins_(map), queue_(queue), due_(std::move(due)), tell_(std::move(to)) {}

void teller::listen(sync::run_options& how) {
  how.before_write = [this,
                      others = std::move(how.before_write)](const std::vector<sync::step>& batch) -> result<void> {
    if (others) S2L_TRY(others(batch));
    return before_write(batch);
  };
  how.written = [this, others = std::move(how.written)](const sync::step& done,
                                                        const model::schema& rules) -> result<void> {
    written(done);
    if (!others) return {};
    return others(done, rules);
  };
  how.refused = [this, others = std::move(how.refused)](const sync::step& what) {
    refused(what);
    if (others) others(what);
  };
}

result<void> teller::before_write(const std::vector<sync::step>& batch) {
  S2L_TRY(note_batch());
  std::vector<model::hook_event> events;
  std::vector<under_way> steps;
  for (const sync::step& s : batch) {
    if (s.kind == sync::step::what::make_way) moved_away_.try_emplace(s.origin, s.dn);
    const auto moved = moved_away_.find(s.origin);
    auto event = event_of(s, origins_, moved == moved_away_.end() ? std::string_view() : moved->second);
    if (!event) continue;
    if (moved != moved_away_.end()) moved_away_.erase(moved);
    events.push_back(*std::move(event));
    steps.push_back({s.origin, s.dn, 0});
  }
  return intend(std::move(events), std::move(steps));
}

result<void> teller::intend(std::vector<model::hook_event> events, std::vector<under_way> steps) {
  if (events.empty()) return {};
  // Once it is full, there must be room again for more than a handful.
  const std::size_t room = overflowing_ ? limits::hooks_queued_max / 2 : limits::hooks_queued_max;
  const bool too_many = queue_.count().waiting + events.size() > room;
  if (too_many) events = {overflow_event()};
  if (too_many && !overflowing_)
    tell_(log::level::error, "HOOK_OVERFLOW",
          fmt::format("{} changes wait for the hook, which is all that are kept: the next ones are told as one, with "
                      "the change \"overflow\"",
                      queue_.count().waiting));
  overflowing_ = too_many;
  S2L_TRY_ASSIGN(const auto ids, queue_.intend(events, seconds_now()));
  if (too_many) {
    confirmed_ = ids;  // whatever becomes of the batch
    return {};
  }
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i].id = ids[i];
  batch_ = std::move(steps);
  return {};
}

std::vector<teller::under_way>::iterator teller::find(const sync::step& what) {
  return std::find_if(batch_.begin(), batch_.end(),
                      [&](const under_way& one) { return one.origin == what.origin && one.dn == what.dn; });
}

void teller::written(const sync::step& done) {
  const auto found = find(done);
  if (found == batch_.end()) return;
  confirmed_.push_back(found->id);
  batch_.erase(found);
}

void teller::refused(const sync::step& what) {
  const auto found = find(what);
  if (found == batch_.end()) return;
  withdrawn_.push_back(found->id);
  batch_.erase(found);
}

// What was not said in time is in doubt from now on.
result<void> teller::note_batch() {
  doubtful_ = doubtful_ || !batch_.empty();
  batch_.clear();
  if (!withdrawn_.empty()) S2L_TRY(queue_.withdraw(withdrawn_));
  withdrawn_.clear();
  if (confirmed_.empty()) return {};
  S2L_TRY(queue_.confirm(confirmed_));
  confirmed_.clear();
  due_();
  return {};
}

result<void> teller::settle(bool in_step) {
  S2L_TRY(note_batch());
  if (!in_step || !doubtful_) return {};
  S2L_TRY(queue_.give_up_waiting());
  doubtful_ = false;
  due_();
  return {};
}

}  // namespace sql2ldap::hooks
