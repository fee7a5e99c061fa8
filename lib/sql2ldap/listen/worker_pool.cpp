#include <sql2ldap/listen/worker_pool.hpp>

#include <csignal>
#include <utility>

#include <pthread.h>

namespace sql2ldap::listen {

worker_pool::worker_pool(event_loop& loop, std::size_t threads, std::size_t waiting_max)
    : loop_(loop), waiting_max_(waiting_max) {
  // Signals are for the loop.
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { serve_jobs(); });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

worker_pool::~worker_pool() {
  {
    const std::lock_guard only(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& one : threads_) one.join();
}

bool worker_pool::run(std::function<void()> work, std::function<void()> done) {
  {
    const std::lock_guard only(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back({std::move(work), std::move(done)});
  }
  changed_.notify_one();
  return true;
}

void worker_pool::serve_jobs() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    job next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next.work();
    next.work = nullptr;  // what it holds, a password for one, goes away here
    loop_.post(std::move(next.done));
  }
}

}  // namespace sql2ldap::listen
