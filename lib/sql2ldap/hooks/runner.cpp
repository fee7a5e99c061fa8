#include <sql2ldap/hooks/runner.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/blocked_signals.hpp>
#include <sql2ldap/hooks/command.hpp>
#include <sql2ldap/hooks/event.hpp>

namespace sql2ldap::hooks {
namespace {

using std::chrono::system_clock;

constexpr std::uint32_t doublings_max = 20;  // by then the wait is at its longest

std::int64_t seconds_now() { return system_clock::to_time_t(system_clock::now()); }

class one_by_one final : public runner {
 public:
  one_by_one(model::hook_queue& queue, runner_options options) : queue_(queue), options_(std::move(options)) {
    const blocked_signals in_the_thread;
    thread_ = std::thread([this] { work(); });
  }
  ~one_by_one() override { stop(std::chrono::milliseconds(0)); }

  void wake() override {
    const std::lock_guard only(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  void stop(std::chrono::milliseconds patience) override {
    {
      std::unique_lock only(mutex_);
      stopping_ = true;
      changed_.notify_all();
      if (!changed_.wait_for(only, patience, [this] { return ended_; })) interruption_.raise();
    }
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::uint64_t runs() const noexcept override { return runs_; }
  [[nodiscard]] std::uint64_t failures() const noexcept override { return failures_; }

 private:
  void work() {
    while (!stops()) {
      auto worked = run_next();
      if (worked && *worked) {
        trouble_.clear();
        continue;
      }
      if (!worked) say_trouble(worked.error());
      wait(worked ? queue_.next_due() : tl::make_unexpected(std::move(worked).error()));
    }
    const std::lock_guard only(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  // False: nothing is due.
  result<bool> run_next() {
    S2L_TRY_ASSIGN(const std::optional<model::queued_hook> next, queue_.take(seconds_now()));
    if (!next) return false;
    const outcome end = run(command_for(*next), options_.patience, interruption_);
    if (end.ended == outcome::how::interrupted) {
      queue_.put_back(next->id);
      return true;
    }
    ++runs_;
    auto noted = end.ended == outcome::how::done ? queue_.done(next->id) : note_failure(*next, end.reason);
    if (!noted) {
      queue_.put_back(next->id);  // and is run again: better twice than never
      return tl::make_unexpected(std::move(noted).error());
    }
    return true;
  }

  [[nodiscard]] command command_for(const model::queued_hook& what) const {
    return {options_.words,
            {{"SQL2LDAP_CHANGE", what.event.change},
             {"SQL2LDAP_KIND", what.event.kind},
             {"SQL2LDAP_ORIGIN", what.event.origin}},
            told_document(what)};
  }

  result<void> note_failure(const model::queued_hook& what, const std::string& reason) {
    ++failures_;
    const auto doublings = std::min(what.tries, doublings_max);
    const auto wait = std::min<std::chrono::seconds>(options_.retry_first * (1U << doublings), options_.retry_longest);
    options_.tell(log::level::warning, "HOOK_FAILED",
                  fmt::format("{} {} {}: {}; try {}, the next in {} s", what.id, what.event.change, what.event.origin,
                              reason, what.tries + 1, wait.count()));
    return queue_.failed(what.id, reason, seconds_now() + wait.count());
  }

  void say_trouble(const error& what) {
    if (trouble_ == what.text()) return;
    trouble_ = what.text();
    options_.tell(log::level::error, "HOOK_QUEUE_TROUBLE", trouble_);
  }

  // Until the time comes, or somebody wakes us; after an error for a while.
  void wait(const result<std::optional<std::int64_t>>& due) {
    std::unique_lock only(mutex_);
    const auto called = [this] { return woken_ || stopping_; };
    if (!due)
      changed_.wait_for(only, limits::trouble_wait_longest, called);
    else if (*due)
      changed_.wait_until(only, system_clock::from_time_t(**due), called);
    else
      changed_.wait(only, called);
    woken_ = false;
  }

  [[nodiscard]] bool stops() {
    const std::lock_guard only(mutex_);
    return stopping_;
  }

  model::hook_queue& queue_;
  const runner_options options_;
  const interruption interruption_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  std::atomic<std::uint64_t> runs_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  std::string trouble_;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace

std::unique_ptr<runner> runner::start(model::hook_queue& queue, runner_options options) {
  return std::make_unique<one_by_one>(queue, std::move(options));
}

}  // namespace sql2ldap::hooks
