// A socket that clients can connect to. Made before a daemon drops its privileges, and served after that.
//
// Promises: mode and owner of a unix socket's file are set before anybody can connect; a file that is no socket is
// never touched, nor a socket that somebody listens on; one that nobody listens on any more is replaced (under a lock:
// the file .sql2ldap.lock in the same folder stays). Addresses that others than this host could reach are refused, also
// when the socket was handed over.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/listen/endpoint.hpp>

namespace sql2ldap::listen {

class listening_socket {
 public:
  [[nodiscard]] static result<listening_socket> open(const endpoint& at);
  // One that was handed over, which listens already; its file is not ours.
  [[nodiscard]] static result<listening_socket> take_over(const endpoint& what, int descriptor);

  listening_socket(listening_socket&& other) noexcept;
  listening_socket& operator=(listening_socket&& other) noexcept;
  ~listening_socket();  // closes; removes the file when it is still ours

  [[nodiscard]] const endpoint& at() const noexcept { return at_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] std::string name() const;    // for people: "dict:/run/...", "tcp:127.0.0.1:..."
  [[nodiscard]] std::uint16_t port() const;  // of a TCP socket
  void close() noexcept;

 private:
  listening_socket(endpoint at, int descriptor) : at_(std::move(at)), descriptor_(descriptor) {}
  result<void> open_file();
  result<void> open_port();

  endpoint at_;
  int descriptor_ = -1;
  dev_t device_ = 0;  // of the file that we made
  ino_t inode_ = 0;
};

}  // namespace sql2ldap::listen
