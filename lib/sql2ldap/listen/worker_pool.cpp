#include <sql2ldap/listen/worker_pool.hpp>

#include <utility>

#include <sql2ldap/base/blocked_signals.hpp>

namespace sql2ldap::listen {

worker_pool::worker_pool(event_loop& loop, bounds how) : loop_(loop), how_(how) {
  const blocked_signals in_the_thread;
  for (std::size_t i = 0; i < how_.threads; ++i) threads_.emplace_back([this] { serve_jobs(); });
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
    if (stopping_ || count_ >= how_.waiting_max) return false;
    waiting_[by].push_back({std::move(work), std::move(done), by, clock::now()});
    ++count_;
  }
  changed_.notify_one();
  return true;
}

worker_pool::job worker_pool::next_in_turn() {
  auto turn = waiting_.upper_bound(last_);
  if (turn == waiting_.end()) turn = waiting_.begin();
  last_ = turn->first;
  job next = std::move(turn->second.front());
  turn->second.pop_front();
  if (turn->second.empty()) waiting_.erase(turn);
  --count_;
  return next;
}

void worker_pool::serve_jobs() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || count_ != 0; });
    if (stopping_) return;
    job next = next_in_turn();
    lock.unlock();
    if (!serve::has_gone(next.by) && clock::now() - next.since <= how_.patience) next.work();
    next.work = nullptr;  // what it holds, a password for one, goes away here
    loop_.post(std::move(next.done));
  }
}

}  // namespace sql2ldap::listen
