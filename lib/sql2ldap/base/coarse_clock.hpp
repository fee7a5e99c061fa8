// A clock for who asks often and counts in seconds.
#pragma once

#include <chrono>
#include <ctime>

namespace sql2ldap {

// steady_clock's time at the kernel's last tick, at most 10 ms ago (clock_gettime(2), CLOCK_MONOTONIC_COARSE).
[[nodiscard]] inline std::chrono::steady_clock::time_point coarse_now() noexcept {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
}

}  // namespace sql2ldap
