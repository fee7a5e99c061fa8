// Threads for work that may take its time, with a queue that has an end.
//
// Promises: those who ask take turns; work whose asker has gone is left out; work that has waited for `patience` is
// left out, and its `done` called then, though all threads are busy; `done` runs in the loop's thread; what waits when
// the pool goes away is dropped, what runs is waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/listen/overdue_timer.hpp>
#include <sql2ldap/serve/waiting_line.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::listen {

class worker_pool final : public serve::workers {
 public:
  struct bounds {
    std::size_t threads = 1;
    std::size_t waiting_max = 1;
    std::chrono::milliseconds patience = std::chrono::hours(24);
  };
  // The loop outlives this.
  worker_pool(event_loop& loop, bounds how);
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool() override;

  [[nodiscard]] bool run(std::function<void()> work, std::function<void()> done, const serve::asker& by = {}) override;
  [[nodiscard]] bool run_in_lane(const std::string& lane, std::function<void()> work, std::function<void()> done,
                                 const serve::asker& by) override;

 private:
  void serve_jobs();
  [[nodiscard]] bool add(serve::waiting_line::job job);
  std::optional<std::chrono::milliseconds> expire();

  event_loop& loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  serve::waiting_line line_;
  bool stopping_ = false;
  overdue_timer overdue_{loop_, [this] { return expire(); }};
  std::vector<std::thread> threads_;
};

}  // namespace sql2ldap::listen
