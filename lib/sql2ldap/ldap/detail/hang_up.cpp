#include <sql2ldap/ldap/detail/hang_up.hpp>

#include <sys/socket.h>

namespace sql2ldap::ldap::detail {

hang_up_after::hang_up_after(int socket, std::chrono::milliseconds time)
    : thread_([this, socket, deadline = std::chrono::steady_clock::now() + time] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_until(lock, deadline, [this] { return cancelled_; })) return;
        hung_up_ = true;
        ::shutdown(socket, SHUT_RDWR);
      }) {}

hang_up_after::~hang_up_after() {
  cancel();
  thread_.join();
}

bool hang_up_after::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_one();
  return hung_up_;
}

}  // namespace sql2ldap::ldap::detail
