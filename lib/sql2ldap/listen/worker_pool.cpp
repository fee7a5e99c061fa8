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
  {
    const std::lock_guard only(mutex_);
    if (stopping_ || !line_.add({std::move(work), std::move(done), by})) return false;
  }
  changed_.notify_one();
  return true;
}

void worker_pool::serve_jobs() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !line_.empty(); });
    if (stopping_) return;
    serve::waiting_line::job next = line_.take();
    lock.unlock();
    if (!line_.is_in_vain(next)) next.work();
    next.work = nullptr;  // what it holds, a password for one, goes away before anybody is told
    loop_.post(std::move(next.done));
  }
}

}  // namespace sql2ldap::listen
