#include <sql2ldap/listen/worker_pool.hpp>

#include <utility>

#include <sql2ldap/base/blocked_signals.hpp>
#include <sql2ldap/base/log.hpp>

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

std::vector<worker_pool::job> worker_pool::next_in_turn() {
  std::vector<job> out;
  while (count_ != 0 && out.size() < how_.at_once_max) {
    auto turn = waiting_.upper_bound(last_);
    if (turn == waiting_.end()) turn = waiting_.begin();
    last_ = turn->first;
    out.push_back(std::move(turn->second.front()));
    turn->second.pop_front();
    if (turn->second.empty()) waiting_.erase(turn);
    --count_;
  }
  return out;
}

void worker_pool::tell(std::vector<std::function<void()>> done) {
  loop_.post([all = std::move(done)] {
    const log::gathered_lines at_once;
    for (const auto& one : all) one();
  });
}

void worker_pool::work_on(std::vector<job> taken) {
  const auto now = clock::now();
  serve::works all;
  std::vector<std::function<void()>> done;
  std::vector<std::function<void()>> left_out;
  for (job& one : taken) {
    if (serve::has_gone(one.by) || now - one.since > how_.patience) {
      left_out.push_back(std::move(one.done));
      continue;
    }
    all.push_back(std::move(one.work));
    done.push_back(std::move(one.done));
  }
  if (!left_out.empty()) tell(std::move(left_out));
  if (all.empty()) return;
  if (how_.together)
    return how_.together(all, [&](const std::vector<std::size_t>& ended) {
      std::vector<std::function<void()>> of_these;
      for (const std::size_t i : ended) of_these.push_back(std::move(done[i]));
      tell(std::move(of_these));
    });
  for (const auto& work : all) work();
  all.clear();  // what they hold, a password for one, goes away before anybody is told
  tell(std::move(done));
}

void worker_pool::serve_jobs() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || count_ != 0; });
    if (stopping_) return;
    std::vector<job> taken = next_in_turn();
    lock.unlock();
    work_on(std::move(taken));
  }
}

}  // namespace sql2ldap::listen
