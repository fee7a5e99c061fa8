// Bounds a call that waits on a socket and knows no time limit of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace sql2ldap::ldap::detail {

// Shuts the socket down when `time` has passed before cancel(): whoever reads it sees its end.
class hang_up_after {
 public:
  hang_up_after(int socket, std::chrono::milliseconds time);
  hang_up_after(const hang_up_after&) = delete;
  hang_up_after& operator=(const hang_up_after&) = delete;
  ~hang_up_after();

  // True when it came too late.
  bool cancel();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
  bool hung_up_ = false;
  std::thread thread_;
};

}  // namespace sql2ldap::ldap::detail
