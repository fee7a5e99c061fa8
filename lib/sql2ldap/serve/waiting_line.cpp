#include <sql2ldap/serve/waiting_line.hpp>

#include <utility>

namespace sql2ldap::serve {

bool waiting_line::add(job one) {
  if (count_ >= max_) return false;
  one.since = std::chrono::steady_clock::now();
  waiting_[one.by].push_back(std::move(one));
  ++count_;
  return true;
}

waiting_line::job waiting_line::take() {
  auto turn = waiting_.upper_bound(last_);
  if (turn == waiting_.end()) turn = waiting_.begin();
  last_ = turn->first;
  job out = std::move(turn->second.front());
  turn->second.pop_front();
  if (turn->second.empty()) waiting_.erase(turn);
  --count_;
  return out;
}

bool waiting_line::is_in_vain(const job& one) const {
  return has_gone(one.by) || std::chrono::steady_clock::now() - one.since > patience_;
}

}  // namespace sql2ldap::serve
