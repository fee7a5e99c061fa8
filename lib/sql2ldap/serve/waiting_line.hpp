// Work that waits for its turn, in a line with an end.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::serve {

// For one thread at a time, but is_in_vain().
class waiting_line {
 public:
  struct job {
    std::function<void()> work;
    std::function<void()> done;
    asker by;
    std::chrono::steady_clock::time_point since{};
  };
  waiting_line(std::size_t max, std::chrono::milliseconds patience) : max_(max), patience_(patience) {}

  // False: it is full.
  [[nodiscard]] bool add(job one);
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  // Those who ask take turns. Not of an empty line.
  [[nodiscard]] job take();
  // Whose asker has gone, or that has waited for longer than `patience`, is left out.
  [[nodiscard]] bool is_in_vain(const job& one) const;

 private:
  const std::size_t max_;
  const std::chrono::milliseconds patience_;
  std::map<asker, std::deque<job>, std::owner_less<asker>> waiting_;
  std::size_t count_ = 0;  // of all that waits
  asker last_;             // who had a turn
};

}  // namespace sql2ldap::serve
