// The room `listen`: clients of all protocols, served in one thread.
//
// Gives: event_loop, worker_pool, endpoint, listening_socket, and socket_server, which carries bytes between clients
// and their serve::session. Promises: an idle client costs a descriptor and some hundred bytes; one that floods gets
// as much as others do, one chunk in its turn; one that does not read is not read from, and closed when it takes
// too little for a while or when more waits than may, of all clients together the one for whom most does; nobody is let
// in beyond the bounds, and running out of descriptors makes it wait, not spin. Leaves to others: what is said (serve),
// who may connect (modes of the sockets).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/listen/listening_socket.hpp>
#include <sql2ldap/serve/session.hpp>

namespace sql2ldap::listen {

[[nodiscard]] std::chrono::milliseconds usual_idle_time(serve::protocol of) noexcept;

struct server_bounds {
  std::size_t clients_max = limits::clients_max;
  std::size_t clients_per_socket_max = limits::clients_per_socket_max;
  std::size_t unwritten_pause = limits::client_unwritten_pause_bytes;
  std::size_t unwritten_max = limits::client_unwritten_bytes_max;
  std::size_t unwritten_of_all_max = limits::clients_unwritten_bytes_max;
  std::function<std::chrono::milliseconds(serve::protocol)> idle_max = usual_idle_time;
  std::chrono::milliseconds write_time_max = limits::client_write_time_max;  // in which it has to take all, or
  std::size_t write_least = limits::client_write_least_bytes;
  std::chrono::milliseconds sweep_every = limits::client_sweep_every;
  std::chrono::milliseconds stop_wait = limits::answer_stop_wait;
};

struct socket_status {
  std::string name;
  std::size_t clients = 0;        // connected now
  std::uint64_t accepted = 0;     // since the start
  std::uint64_t turned_away = 0;  // there were too many
  std::uint64_t cut_off = 0;      // idle, or did not read
};

// All of it in the loop's thread.
class socket_server {
 public:
  // Both outlive this. CLIENTS_FULL, CLIENTS_WAIT, CLIENT_SLOW (warnings) are told to the desk.
  socket_server(event_loop& loop, serve::desk_of_answers& desk, server_bounds bounds = {});
  socket_server(const socket_server&) = delete;
  socket_server& operator=(const socket_server&) = delete;
  ~socket_server();

  [[nodiscard]] result<void> serve(listening_socket socket);
  // Nobody is let in any more; what is asked is answered, for stop_wait at the longest. Then `stopped`.
  void stop(std::function<void()> stopped);
  [[nodiscard]] std::vector<socket_status> status() const;

 private:
  class body;
  std::shared_ptr<body> body_;
};

}  // namespace sql2ldap::listen
