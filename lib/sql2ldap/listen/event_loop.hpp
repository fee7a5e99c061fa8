// One thread that waits for sockets, for time to pass, for signals, and for what other threads hand over.
//
// Promises: everything that it is given runs in the thread that runs run(), one after the other; what is left when it
// stops never runs. What is told to the log meanwhile is written when there is nothing else to do, or after some steps:
// answers go out before it. Leaves to others: work that takes longer than a millisecond (worker_pool).
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::listen {

namespace detail {
struct loop_body;
}

class event_loop {
 public:
  event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop();

  void post(std::function<void()> what);  // from any thread
  // From the loop's thread, or before it runs.
  void after(std::chrono::milliseconds time, std::function<void()> what);
  void every(std::chrono::milliseconds time, std::function<void()> what);
  void on_signal(int number, std::function<void()> what);  // each time
  // `what` whenever the descriptor can be read, or its other end is gone, until the handle goes away: in the loop's
  // thread, and before the descriptor is closed.
  using watch = std::shared_ptr<const void>;
  [[nodiscard]] result<watch> on_readable(int descriptor, std::function<void()> what);

  void run();   // also again, until
  void stop();  // from any thread

  [[nodiscard]] detail::loop_body& body() noexcept { return *body_; }  // for this room

 private:
  std::unique_ptr<detail::loop_body> body_;
};

}  // namespace sql2ldap::listen
