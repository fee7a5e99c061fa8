// A wire between a client and a server on unix sockets that can be cut and stalled.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <future>
#include <limits>
#include <list>
#include <mutex>
#include <thread>

namespace sql2ldap::test {

class stream_proxy {
 public:
  // Listens on `from`, and connects to `to` for each who comes. Throws when it cannot listen.
  stream_proxy(std::filesystem::path from, std::filesystem::path to);
  stream_proxy(const stream_proxy&) = delete;
  stream_proxy& operator=(const stream_proxy&) = delete;
  ~stream_proxy();

  void cut();           // all connections, in the middle of whatever they say
  void stall(bool on);  // nothing gets through, and no end hears of it
  // Stalls by itself as soon as the clients have sent this many bytes more, all connections together.
  void stall_after(std::int64_t bytes);
  [[nodiscard]] bool stalled() const { return stalled_; }

 private:
  struct pipe {
    int client = -1;
    int server = -1;
  };
  void accept_all();
  void carry(pipe ends);
  bool pass(int from, int to, bool is_client);

  std::filesystem::path to_;
  std::filesystem::path from_;
  int listener_ = -1;
  std::atomic<bool> over_ = false;
  std::atomic<bool> stalled_ = false;
  std::atomic<std::int64_t> until_stall_ = std::numeric_limits<std::int64_t>::max();  // bytes of the clients
  std::mutex mutex_;
  std::list<pipe> open_;
  std::list<std::future<void>> carriers_;
  std::thread acceptor_;
};

}  // namespace sql2ldap::test
