// Ends the waiting of work that workers do not come to: in the loop's thread, when its time is over, whatever the
// workers do.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <sql2ldap/listen/event_loop.hpp>

namespace sql2ldap::listen {

class overdue_timer {
 public:
  // `expire` ends what is overdue, and says when to call it again; nullopt: when start() is called.
  using action = std::function<std::optional<std::chrono::milliseconds>()>;
  // The loop outlives this. `expire` runs in the loop's thread, where this is destroyed as well.
  overdue_timer(event_loop& loop, action expire) : loop_(loop), body_(std::make_shared<body>()) {
    body_->expire = std::move(expire);
  }
  overdue_timer(const overdue_timer&) = delete;
  overdue_timer& operator=(const overdue_timer&) = delete;

  // Something waits. From any thread.
  void start() {
    if (body_->runs.exchange(true)) return;
    loop_.post([&loop = loop_, weak = std::weak_ptr(body_)] { step(loop, weak); });
  }

 private:
  struct body {
    action expire;
    std::atomic<bool> runs = false;
  };
  static void step(event_loop& loop, const std::weak_ptr<body>& weak) {
    const auto self = weak.lock();
    if (!self) return;
    self->runs = false;  // before it looks, so that what is added meanwhile starts it again
    const auto next = self->expire();
    if (next && !self->runs.exchange(true)) loop.after(*next, [&loop, weak] { step(loop, weak); });
  }

  event_loop& loop_;
  std::shared_ptr<body> body_;
};

}  // namespace sql2ldap::listen
