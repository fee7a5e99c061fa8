// Threads for work that may take its time, with a queue that has an end.
//
// Promises: those who ask take turns; work whose asker has gone, or that has waited for longer than `patience`, is left
// out; `done` runs in the loop's thread; what waits when the pool goes away is dropped, what runs is waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::listen {

class worker_pool final : public serve::workers {
 public:
  struct bounds {
    std::size_t threads = 1;
    std::size_t waiting_max = 1;
    std::chrono::milliseconds patience = std::chrono::hours(24);
    // A thread takes as many as wait, and no more than this; `together` does them, one after the other unless told.
    std::size_t at_once_max = 1;
    std::function<void(const serve::works&, const serve::ended_listener&)> together{};
  };
  // The loop outlives this.
  worker_pool(event_loop& loop, bounds how);
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool() override;

  [[nodiscard]] bool run(std::function<void()> work, std::function<void()> done, const serve::asker& by = {}) override;

 private:
  using clock = std::chrono::steady_clock;
  struct job {
    std::function<void()> work;
    std::function<void()> done;
    serve::asker by;
    clock::time_point since;
  };
  void serve_jobs();
  std::vector<job> next_in_turn();
  void work_on(std::vector<job> taken);
  void tell(std::vector<std::function<void()>> done);

  event_loop& loop_;
  const bounds how_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<serve::asker, std::deque<job>, std::owner_less<serve::asker>> waiting_;
  std::size_t count_ = 0;  // of all that waits
  serve::asker last_;      // who had a turn
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sql2ldap::listen
