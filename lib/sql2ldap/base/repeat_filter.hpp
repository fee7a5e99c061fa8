// Keeps a log short: an event about a subject once in a while, and only about so many subjects.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace sql2ldap {

// From any thread. Time is cut into windows of `interval`, each of which forgets what was before.
class repeat_filter {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  explicit repeat_filter(std::chrono::steady_clock::duration interval, std::size_t subjects_max = 1000)
      : interval_(interval), subjects_max_(subjects_max) {}

  // True at the first call for a subject in a window, unless there were too many others.
  [[nodiscard]] bool is_due(std::string_view subject, time_point now) {
    const std::lock_guard alone(mutex_);
    if (seen_.empty() || now - since_ >= interval_) {
      seen_.clear();
      since_ = now;
    }
    return seen_.size() < subjects_max_ && seen_.emplace(subject).second;
  }

 private:
  const std::chrono::steady_clock::duration interval_;
  const std::size_t subjects_max_;
  std::mutex mutex_;
  time_point since_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace sql2ldap
