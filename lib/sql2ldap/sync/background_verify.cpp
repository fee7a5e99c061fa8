#include <sql2ldap/sync/background_verify.hpp>

#include <chrono>
#include <exception>
#include <utility>

#include <sql2ldap/base/blocked_signals.hpp>
#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::sync {
namespace {

using clock = std::chrono::steady_clock;

// Rests after each piece of work for a multiple of its time.
class pace {
 public:
  void rest(const std::atomic<bool>& until) {
    const auto worked = clock::now() - since_;
    const auto end = clock::now() + limits::verify_rest_share * worked;
    while (!until && clock::now() < end)
      std::this_thread::sleep_for(std::min<clock::duration>(end - clock::now(), std::chrono::milliseconds(100)));
    since_ = clock::now();
  }

 private:
  clock::time_point since_ = clock::now();
};

}  // namespace

void background_verify::start(comparison compare) {
  stop();
  stop_asked_ = false;
  const blocked_signals in_the_thread;
  thread_ = std::thread([this, compare = std::move(compare)] {
    pace slow;
    run_options how;
    how.report = [&](const progress&) { slow.rest(stop_asked_); };
    how.stop = [this] { return stop_asked_.load(); };
    verify_findings found;
    auto compared = [&]() -> result<counts> {
      try {
        return compare(how, [&](const difference& d) {
          found.too_many = found.too_many || found.origins.size() >= limits::keys_reread_max;
          if (!found.too_many && !d.origin.empty()) found.origins.insert(d.origin);
        });
      } catch (const std::exception& problem) {  // out of memory: the daemon goes on
        return fail(error_kind::local, problem.what());
      }
    }();
    const std::lock_guard only(mutex_);
    if (compared)
      outcome_.emplace(std::move(found));
    else
      outcome_.emplace(tl::make_unexpected(std::move(compared).error()));
  });
}

std::optional<result<verify_findings>> background_verify::take() {
  {
    const std::lock_guard only(mutex_);
    if (!outcome_) return std::nullopt;
  }
  thread_.join();
  return std::exchange(outcome_, std::nullopt);
}

void background_verify::stop() {
  stop_asked_ = true;
  if (thread_.joinable()) thread_.join();
  outcome_.reset();
}

}  // namespace sql2ldap::sync
