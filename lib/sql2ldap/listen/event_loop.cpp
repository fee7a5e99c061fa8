#include <sql2ldap/listen/event_loop.hpp>

#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sql2ldap/base/log.hpp>
#include <sql2ldap/listen/detail/loop_body.hpp>

namespace sql2ldap::listen {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using action = std::shared_ptr<std::function<void()>>;

void tick(const std::shared_ptr<asio::steady_timer>& clock, std::chrono::milliseconds time, const action& what) {
  clock->expires_after(time);
  clock->async_wait([=](error_code failed) {
    if (failed) return;
    (*what)();
    tick(clock, time, what);
  });
}

void wait_for(const std::shared_ptr<asio::signal_set>& signals, const action& what) {
  signals->async_wait([=](error_code failed, int) {
    if (failed) return;
    (*what)();
    wait_for(signals, what);
  });
}

struct watched {
  watched(asio::io_context& context, std::function<void()> then) : descriptor(context), what(std::move(then)) {}
  asio::posix::stream_descriptor descriptor;
  const std::function<void()> what;
  bool over = false;
};

void wait_for(const std::shared_ptr<watched>& one) {
  one->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [one](error_code failed) {
    if (failed || one->over) return;
    one->what();
    if (!one->over) wait_for(one);
  });
}

}  // namespace

event_loop::event_loop() : body_(std::make_unique<detail::loop_body>()) {}
event_loop::~event_loop() = default;

void event_loop::post(std::function<void()> what) { asio::post(body_->context, std::move(what)); }

void event_loop::after(std::chrono::milliseconds time, std::function<void()> what) {
  const auto clock = std::make_shared<asio::steady_timer>(body_->context, time);
  clock->async_wait([clock, what = std::move(what)](error_code failed) {
    if (!failed) what();
  });
}

void event_loop::every(std::chrono::milliseconds time, std::function<void()> what) {
  tick(std::make_shared<asio::steady_timer>(body_->context), time,
       std::make_shared<std::function<void()>>(std::move(what)));
}

void event_loop::on_signal(int number, std::function<void()> what) {
  wait_for(std::make_shared<asio::signal_set>(body_->context, number),
           std::make_shared<std::function<void()>>(std::move(what)));
}

result<event_loop::watch> event_loop::on_readable(int descriptor, std::function<void()> what) {
  const auto one = std::make_shared<watched>(body_->context, std::move(what));
  error_code failed;
  one->descriptor.assign(descriptor, failed);
  if (failed) return fail(error_kind::local, "a descriptor cannot be watched: " + failed.message());
  wait_for(one);
  // The descriptor belongs to who gave it.
  return watch(nullptr, [one](const void*) {
    one->over = true;
    one->descriptor.release();
  });
}

void event_loop::run() {
  constexpr int steps_max = 64;
  bool goes_on = true;
  while (goes_on) {
    const log::gathered_lines afterwards;
    goes_on = body_->context.run_one() != 0;
    for (int steps = 1; steps < steps_max && body_->context.poll_one() != 0;) ++steps;
  }
  body_->context.restart();
}
void event_loop::stop() { body_->context.stop(); }

}  // namespace sql2ldap::listen
