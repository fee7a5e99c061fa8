#include <sql2ldap/serve/mirror_keeper.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::serve {

using std::chrono::milliseconds;

mirror_keeper::mirror_keeper(mirror& kept, options how)
    : mirror_(kept), options_(std::move(how)), thread_([this] { run(); }) {}

mirror_keeper::~mirror_keeper() { stop(); }

void mirror_keeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (feed_) feed_->wake();
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void mirror_keeper::read_anew() {
  const std::lock_guard lock(mutex_);
  anew_ = true;
  if (feed_) feed_->wake();
}

bool mirror_keeper::feed_is_over() const {
  const std::lock_guard lock(mutex_);
  return stop_ || anew_;
}

mirror_keeper::status mirror_keeper::now() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

bool mirror_keeper::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void mirror_keeper::run() {
  milliseconds wait = limits::trouble_wait_first;
  while (!stopping()) {
    refreshed_ = false;
    const auto followed = follow();
    if (followed) continue;
    in_trouble(followed.error());
    if (refreshed_) wait = limits::trouble_wait_first;
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, wait, [this] { return stop_; });
    wait = std::min<milliseconds>(2 * wait, limits::trouble_wait_longest);
  }
}

// Until the feed ends, which is an error, or read_anew(), or stop().
result<void> mirror_keeper::follow() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(anew_, false)) cookie_.clear();
  }
  S2L_TRY_ASSIGN(auto opened, options_.open(cookie_));
  model::content_feed& feed = *opened;
  const auto put = [this](std::unique_ptr<model::content_feed> one) {
    const std::lock_guard lock(mutex_);
    std::swap(feed_, one);
  };
  put(std::move(opened));
  result<void> outcome;
  while (outcome && !feed_is_over()) {
    auto event = feed.next(limits::content_wait_longest);
    if (!event)
      outcome = tl::make_unexpected(std::move(event).error());
    else if (*event)
      outcome = take(**event);
  }
  cookie_ = feed.cookie();
  put(nullptr);
  mirror_.begin_refresh();
  return outcome;
}

result<void> mirror_keeper::take(const model::content_event& event) {
  using what = model::content_event::what;
  mirror_.apply(event);
  const bool ended = event.kind == what::refreshed || event.kind == what::refreshed_others;
  {
    const std::lock_guard lock(mutex_);
    ++status_.events;
    status_.refreshes += ended ? 1 : 0;
  }
  if (!ended) return {};
  if (auto can = mirror_.can_answer(); !can) {
    read_anew();  // who was not shown is not told of until it changes
    return can;
  }
  {
    const std::lock_guard lock(mutex_);
    status_.trouble.clear();
  }
  refreshed_ = true;
  options_.tell(log::level::info, "MIRROR_REFRESHED", fmt::format("{} entries are known", mirror_.status().entries));
  return {};
}

void mirror_keeper::in_trouble(const error& why) {
  // What the server said before such an error is nothing to build on.
  if (!why.transient) cookie_.clear();
  const std::string text = why.text();
  {
    const std::lock_guard lock(mutex_);
    if (status_.trouble == text) return;
    status_.trouble = text;
  }
  options_.tell(log::level::error, "MIRROR_TROUBLE", text);
}

}  // namespace sql2ldap::serve
