// Work that asks, done together with what else is asked at the time, in the loop's thread, which does not wait for the
// answers.
//
// Promises: what arrives in one turn of the loop is done together; those who ask take turns; work whose asker has gone
// is left out; what has waited for `patience` ends then, undone; who is through is told at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/listen/overdue_timer.hpp>
#include <sql2ldap/serve/waiting_line.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::listen {

class gathering final : public serve::workers {
 public:
  struct bounds {
    std::size_t waiting_max = 1;
    std::chrono::milliseconds patience = std::chrono::hours(24);
    std::size_t at_once_max = 1;  // pieces of work in one group
    std::size_t groups_max = 1;   // under way
  };
  // Begins to do these, and tells of each that it ended or goes alone, perhaps before it returns. What it returns is
  // kept until all is told (serve/gathered_lookup.hpp).
  using beginner = std::function<std::shared_ptr<const void>(const serve::works& all, serve::works_listener told)>;

  // `alone` does what goes alone. Loop and workers outlive this, which is used in the loop's thread alone.
  gathering(event_loop& loop, bounds how, serve::workers& alone, beginner begin);
  gathering(const gathering&) = delete;
  gathering& operator=(const gathering&) = delete;

  [[nodiscard]] bool run(std::function<void()> work, std::function<void()> done, const serve::asker& by) override;

 private:
  struct group {
    std::vector<serve::waiting_line::job> jobs;
    std::size_t open = 0;                        // jobs of which nothing was told
    std::shared_ptr<const void> under_way = {};  // what does them
  };

  std::optional<std::chrono::milliseconds> expire();
  void begin_soon();
  void begin_some();
  void begin(const std::shared_ptr<group>& one);
  [[nodiscard]] std::shared_ptr<group> next_group();
  void told_of(group& one, std::size_t count);

  event_loop& loop_;
  const bounds how_;
  serve::workers& alone_;
  const beginner begin_;
  serve::waiting_line line_;
  std::list<std::shared_ptr<group>> groups_;
  bool begins_ = false;  // soon
  overdue_timer overdue_{loop_, [this] { return expire(); }};
};

}  // namespace sql2ldap::listen
