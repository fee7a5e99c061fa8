// Work that waits for its turn, in a line with an end.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::serve {

// For one thread at a time, but is_in_vain().
class waiting_line {
 public:
  struct job {
    std::function<void()> work;
    std::function<void()> done;
    asker by;
    std::string lane{};  // of which workers::lane_max jobs run at once; empty: any number
    std::chrono::steady_clock::time_point since{};
  };
  waiting_line(std::size_t max, std::chrono::milliseconds patience) : max_(max), patience_(patience) {}

  // False: it is full.
  [[nodiscard]] bool add(job one);
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  // Those who ask take turns. nullopt: the line is empty, or the lanes of all that waits are full.
  [[nodiscard]] std::optional<job> take();
  // The work of a job that was taken from this lane is over.
  void leave(const std::string& lane);
  // All that have waited for `patience`.
  [[nodiscard]] std::vector<job> take_overdue();
  // Until the first of them has; nullopt: the line is empty.
  [[nodiscard]] std::optional<std::chrono::milliseconds> next_overdue_in() const;
  // Whose asker has gone, or that has waited for longer than `patience`, is left out.
  [[nodiscard]] bool is_in_vain(const job& one) const;

 private:
  using jobs = std::deque<job>;
  [[nodiscard]] bool has_room(const std::string& lane) const;

  const std::size_t max_;
  const std::chrono::milliseconds patience_;
  std::map<asker, jobs, std::owner_less<asker>> waiting_;
  std::size_t count_ = 0;                       // of all that waits
  asker last_;                                  // who had a turn
  std::map<std::string, std::size_t> running_;  // by lane
};

}  // namespace sql2ldap::serve
