#include <sql2ldap/serve/waiting_line.hpp>

#include <algorithm>
#include <utility>

namespace sql2ldap::serve {

using steady = std::chrono::steady_clock;

bool waiting_line::add(job one) {
  if (count_ >= max_) return false;
  one.since = steady::now();
  waiting_[one.by].push_back(std::move(one));
  ++count_;
  return true;
}

bool waiting_line::has_room(const std::string& lane) const {
  if (lane.empty()) return true;
  const auto found = running_.find(lane);
  return found == running_.end() || found->second < workers::lane_max;
}

std::optional<waiting_line::job> waiting_line::take() {
  auto turn = waiting_.upper_bound(last_);
  for (std::size_t i = 0; i < waiting_.size(); ++i, ++turn) {
    if (turn == waiting_.end()) turn = waiting_.begin();
    jobs& own = turn->second;
    const auto found = std::find_if(own.begin(), own.end(), [&](const job& waiting) { return has_room(waiting.lane); });
    if (found == own.end()) continue;
    last_ = turn->first;
    job out = std::move(*found);
    own.erase(found);
    if (own.empty()) waiting_.erase(turn);
    --count_;
    if (!out.lane.empty()) ++running_[out.lane];
    return out;
  }
  return std::nullopt;
}

void waiting_line::leave(const std::string& lane) {
  const auto found = running_.find(lane);
  if (found != running_.end() && --found->second == 0) running_.erase(found);
}

std::vector<waiting_line::job> waiting_line::take_overdue() {
  std::vector<job> out;
  const auto now = steady::now();
  for (auto turn = waiting_.begin(); turn != waiting_.end();) {
    jobs& own = turn->second;
    while (!own.empty() && now - own.front().since >= patience_) {
      out.push_back(std::move(own.front()));
      own.pop_front();
      --count_;
    }
    turn = own.empty() ? waiting_.erase(turn) : std::next(turn);
  }
  return out;
}

std::optional<std::chrono::milliseconds> waiting_line::next_overdue_in() const {
  if (empty()) return std::nullopt;
  auto first = steady::time_point::max();
  for (const auto& [by, own] : waiting_) first = std::min(first, own.front().since);
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(first + patience_ - steady::now(), steady::duration(0)));
}

bool waiting_line::is_in_vain(const job& one) const {
  return has_gone(one.by) || steady::now() - one.since > patience_;
}

}  // namespace sql2ldap::serve
