// Threads for work that may take its time, with a queue that has an end.
//
// Promises: `done` runs in the loop's thread; what waits when the pool goes away is dropped, what runs is waited for.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::listen {

class worker_pool final : public serve::workers {
 public:
  // The loop outlives this.
  worker_pool(event_loop& loop, std::size_t threads, std::size_t waiting_max);
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool() override;

  [[nodiscard]] bool run(std::function<void()> work, std::function<void()> done) override;

 private:
  struct job {
    std::function<void()> work;
    std::function<void()> done;
  };
  void serve_jobs();

  event_loop& loop_;
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sql2ldap::listen
