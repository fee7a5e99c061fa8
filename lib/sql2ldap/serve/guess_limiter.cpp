#include <sql2ldap/serve/guess_limiter.hpp>

#include <algorithm>
#include <utility>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/serve/detail/address.hpp>
#include <sql2ldap/serve/networks.hpp>

namespace sql2ldap::serve {

namespace {

// In one spelling.
void append_plain(std::string& to, std::string_view name, const std::optional<detail::login_name>& as_read) {
  if (as_read)
    to += as_read->text;
  else
    to += ascii_lowered(name);
}

}  // namespace

guess::guess(std::string_view name, std::string_view login, std::string_view from)
    : guess(of_name(name, detail::login_name_in(name), from)) {
  is_of(login);
}

guess guess::of_name(std::string_view name, const std::optional<detail::login_name>& as_read, std::string_view from) {
  guess made;
  const std::string network = network_of_client(from);
  made.where_ = 'n' + network + ' ';
  made.name_.reserve(made.where_.size() + name.size());
  made.name_ = made.where_;
  append_plain(made.name_, name, as_read);
  if (!network.empty()) made.network_ = 'a' + network;
  return made;
}

void guess::is_of(std::string_view login) {
  if (login.empty()) return;
  login_ = 'l';
  if (std::string_view(name_).substr(where_.size()) == login) {
    login_ += login;
    return;
  }
  std::string other = where_;
  append_plain(other, login, detail::login_name_in(login));
  login_.append(other, where_.size());
  if (other != name_) name_of_login_ = std::move(other);
}

template <typename Each>
void guess::for_each_name(Each each) const {
  each(name_);
  if (!name_of_login_.empty()) each(name_of_login_);
}

guess_limiter::guess_limiter(options how) : how_(std::move(how)) {}

void guess_limiter::change(options how) {
  const std::lock_guard alone(mutex_);
  how_ = std::move(how);
}

template <typename Each>
void guess_limiter::for_each_account(const guess& what, Each each) const {
  what.for_each_name([&](const std::string& name) { each({name, how_.wrong_per_name_max}); });
  if (!what.network_.empty()) each({what.network_, how_.wrong_per_address_max});
}

bool guess_limiter::may_try(const guess& what) const {
  const std::lock_guard alone(mutex_);
  bool full = false;
  for_each_account(what, [&](const account& one) { full = full || is_full(one); });
  return !full;
}

bool guess_limiter::is_guessed(const guess& what) const {
  const std::lock_guard alone(mutex_);
  return !what.login_.empty() && is_full({what.login_, how_.wrong_per_login_max});
}

void guess_limiter::wrong(const guess& what) {
  const std::lock_guard alone(mutex_);
  for_each_account(what, [this](const account& one) { add(one); });
  if (!what.login_.empty()) add({what.login_, how_.wrong_per_login_max});
}

void guess_limiter::right(const guess& what) {
  const std::lock_guard alone(mutex_);
  what.for_each_name([this](const std::string& name) {
    const auto found = places_.find(name);
    if (found == places_.end()) return;
    tallies_.erase(found->second);
    places_.erase(found);
  });
}

std::size_t guess_limiter::size() const {
  const std::lock_guard alone(mutex_);
  return places_.size();
}

bool guess_limiter::is_full(const account& one) const { return one.wrong_max > 0 && now_owed(one) + 1 > one.wrong_max; }

double guess_limiter::now_owed(const account& one) const {
  const auto found = places_.find(one.key);
  if (found == places_.end()) return 0;
  const std::chrono::duration<double> passed = how_.now() - found->second->at;
  const double paid =
      one.wrong_max * passed.count() / static_cast<double>(std::max<long>(how_.forgotten_after.count(), 1));
  return std::max(0.0, found->second->wrong - paid);
}

void guess_limiter::add(const account& to) {
  if (to.wrong_max <= 0) return;
  const double wrong = std::min(now_owed(to) + 1, to.wrong_max);
  if (const auto found = places_.find(to.key); found != places_.end()) {
    tallies_.splice(tallies_.begin(), tallies_, found->second);
  } else {
    if (places_.size() >= how_.kept_max) {
      places_.erase(tallies_.back().of);
      tallies_.pop_back();
    }
    tallies_.push_front({to.key, 0, {}});
    places_.emplace(to.key, tallies_.begin());
  }
  tallies_.front().wrong = wrong;
  tallies_.front().at = how_.now();
}

}  // namespace sql2ldap::serve
