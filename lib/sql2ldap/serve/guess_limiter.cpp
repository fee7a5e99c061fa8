#include <sql2ldap/serve/guess_limiter.hpp>

#include <algorithm>
#include <utility>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::serve {

namespace {

std::string key_of_address(std::string_view address) { return "a" + std::string(address); }
// No address has a blank.
std::string key_of_name(std::string_view name, std::string_view address) {
  return "n" + std::string(address) + ' ' + ascii_lowered(name);
}

}  // namespace

guess_limiter::guess_limiter(options how) : how_(std::move(how)) {}

bool guess_limiter::may_try(std::string_view name, std::string_view address) {
  const auto below = [&](const std::string& key, double most) { return most <= 0 || now_owed(key, most) + 1 <= most; };
  return below(key_of_name(name, address), how_.wrong_per_name_max) &&
         (address.empty() || below(key_of_address(address), how_.wrong_per_address_max));
}

void guess_limiter::wrong(std::string_view name, std::string_view address) {
  add(key_of_name(name, address), how_.wrong_per_name_max);
  if (!address.empty()) add(key_of_address(address), how_.wrong_per_address_max);
}

void guess_limiter::right(std::string_view name, std::string_view address) {
  const auto found = places_.find(key_of_name(name, address));
  if (found == places_.end()) return;
  tallies_.erase(found->second);
  places_.erase(found);
}

double guess_limiter::now_owed(const std::string& key, double wrong_max) {
  const auto found = places_.find(key);
  if (found == places_.end()) return 0;
  const tally& one = *found->second;
  const std::chrono::duration<double> passed = how_.now() - one.at;
  const double paid = wrong_max * passed.count() / static_cast<double>(std::max<long>(how_.forgotten_after.count(), 1));
  return std::max(0.0, one.wrong - paid);
}

void guess_limiter::add(std::string key, double wrong_max) {
  if (wrong_max <= 0) return;
  const double wrong = std::min(now_owed(key, wrong_max) + 1, wrong_max);
  if (const auto found = places_.find(key); found != places_.end()) {
    tallies_.splice(tallies_.begin(), tallies_, found->second);
  } else {
    if (places_.size() >= how_.kept_max) {
      places_.erase(tallies_.back().of);
      tallies_.pop_back();
    }
    tallies_.push_front({key, 0, {}});
    places_.emplace(std::move(key), tallies_.begin());
  }
  tallies_.front().wrong = wrong;
  tallies_.front().at = how_.now();
}

}  // namespace sql2ldap::serve
