// A client of a unix socket or a loopback port, with patience.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sql2ldap::test {

class local_client {
 public:
  // Throws when nobody listens.
  explicit local_client(const std::string& path);
  explicit local_client(std::uint16_t port);  // of 127.0.0.1
  local_client(local_client&& other) noexcept;
  local_client(const local_client&) = delete;
  local_client& operator=(const local_client&) = delete;
  ~local_client();

  // All of it; false when the other side has gone.
  bool send(std::string_view bytes);
  // What fits at the moment; the count.
  std::size_t send_some(std::string_view bytes);
  void half_close();
  // Until `end` has been read, the other side has closed, or the time is over; what was read.
  std::string read_until(std::string_view end, std::chrono::milliseconds patience = std::chrono::seconds(20));
  // What has come, or else comes first; empty when the other side has closed, or the time is over.
  std::string read_some(std::chrono::milliseconds patience = std::chrono::seconds(20));
  // Until the other side closes; throws when it does not.
  std::string read_all(std::chrono::milliseconds patience = std::chrono::seconds(20));
  std::string ask(std::string_view bytes, std::string_view end) {
    send(bytes);
    return read_until(end);
  }

 private:
  bool read_more(std::chrono::steady_clock::time_point until);

  int socket_ = -1;
  std::string read_;
  bool closed_ = false;
};

// Does anybody listen there?
[[nodiscard]] bool somebody_listens(const std::string& path);
[[nodiscard]] bool somebody_listens(std::uint16_t port);  // of 127.0.0.1

// Of 127.0.0.1; nobody listens there at the moment.
[[nodiscard]] int unused_port();

}  // namespace sql2ldap::test
