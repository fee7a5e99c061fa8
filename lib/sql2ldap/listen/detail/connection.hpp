// One client: its socket, what waits to be written to it, its session.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>

#include <sql2ldap/listen/socket_server.hpp>
#include <sql2ldap/serve/session.hpp>

namespace sql2ldap::listen::detail {

using client_socket = boost::asio::generic::stream_protocol::socket;
using steady = std::chrono::steady_clock;

// What all clients share.
struct client_house {
  serve::desk_of_answers& desk;
  server_bounds bounds;
  std::string chunk = std::string(limits::client_chunk_bytes, '\0');  // read into, by one at a time
  std::size_t unwritten = 0;                                          // of all
  std::function<void()> relieve{};  // cuts off those for whom most waits, until it is no more than may wait
};

class connection final : public serve::client_door, public std::enable_shared_from_this<connection> {
 public:
  connection(client_house& house, client_socket socket, const serve::session_options& how,
             std::function<void(connection&)> gone);

  void open();
  // No more requests: what is asked is still answered.
  void retire();
  void cut_off();
  void cut_off_as_slow();                                                                    // which is told to the log
  [[nodiscard]] std::size_t waits() const noexcept { return unwritten_.size() - written_; }  // bytes to be written
  // Idle for too long, or it does not take what is for it, or only drop by drop.
  [[nodiscard]] bool is_too_slow(steady::time_point now) const;

  void send(std::string bytes) override;
  void close() override;
  void ready() override;

 private:
  void turn(const std::function<void()>& what);
  void settle();
  void settle_soon();
  void read_soon();
  void read();
  void write();
  void write_soon();
  void drop_written(std::size_t count);

  client_house& house_;
  client_socket socket_;
  const serve::protocol which_;
  std::function<void(connection&)> gone_;
  std::shared_ptr<serve::session> session_;
  std::string unwritten_;
  std::size_t written_ = 0;  // of `unwritten_`, from its beginning
  steady::time_point active_ = steady::now();
  steady::time_point least_since_;  // since when it has not taken bounds.write_least bytes of what waits
  std::size_t taken_ = 0;           // since then
  bool in_turn_ = false;            // the session is being called: what it sends is written together, afterwards
  bool settling_ = false;           // soon
  bool takes_bytes_ = false;        // the session does
  bool reading_ = false;            // waits for bytes
  bool writing_ = false;            // waits for room
  bool ended_ = false;              // the client writes no more
  bool retired_ = false;
  bool closing_ = false;  // when all is written
  bool over_ = false;
};

}  // namespace sql2ldap::listen::detail
