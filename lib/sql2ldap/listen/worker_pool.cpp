#include <sql2ldap/listen/worker_pool.hpp>

#include <utility>

#include <sql2ldap/base/blocked_signals.hpp>

namespace sql2ldap::listen {

worker_pool::worker_pool(event_loop& loop, bounds how) : loop_(loop), line_(how.waiting_max, how.patience) {
  const blocked_signals in_the_thread;
  for (std::size_t i = 0; i < how.threads; ++i) threads_.emplace_back([this] { serve_jobs(); });
}

worker_pool::~worker_pool() {
  {
    const std::lock_guard only(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& one : threads_) one.join();
}

bool worker_pool::run(std::function<void()> work, std::function<void()> done, const serve::asker& by) {
  return add({std::move(work), std::move(done), by});
}

bool worker_pool::run_in_lane(const std::string& lane, std::function<void()> work, std::function<void()> done,
                              const serve::asker& by) {
  return add({std::move(work), std::move(done), by, lane});
}

bool worker_pool::add(serve::waiting_line::job job) {
  {
    const std::lock_guard only(mutex_);
    if (stopping_ || !line_.add(std::move(job))) return false;
  }
  changed_.notify_one();
  overdue_.start();
  return true;
}

std::optional<std::chrono::milliseconds> worker_pool::expire() {
  std::vector<serve::waiting_line::job> overdue;
  std::optional<std::chrono::milliseconds> next;
  {
    const std::lock_guard only(mutex_);
    overdue = line_.take_overdue();
    next = line_.next_overdue_in();
  }
  for (serve::waiting_line::job& job : overdue) {
    job.work = nullptr;  // what it holds, a password for one, goes away before anybody is told
    job.done();
  }
  return next;
}

void worker_pool::serve_jobs() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto next = line_.take();
    if (!next) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    if (!line_.is_in_vain(*next)) next->work();
    next->work = nullptr;  // as above
    loop_.post(std::move(next->done));
    lock.lock();
    line_.leave(next->lane);
  }
}

}  // namespace sql2ldap::listen
