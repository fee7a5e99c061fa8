#include <support/stream_proxy.hpp>

#include <array>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace sql2ldap::test {
namespace {

constexpr int look_every_ms = 20;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof out.sun_path) throw std::runtime_error("socket path too long: " + text);
  text.copy(out.sun_path, text.size());
  return out;
}

}  // namespace

stream_proxy::stream_proxy(std::filesystem::path from, std::filesystem::path to)
    : to_(std::move(to)), from_(std::move(from)) {
  const sockaddr_un address = address_of(from_);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 64) != 0)
    throw std::system_error(errno, std::generic_category(), "listening on " + from_.string());
  acceptor_ = std::thread([this] { accept_all(); });
}

stream_proxy::~stream_proxy() {
  over_ = true;
  stalled_ = false;
  acceptor_.join();
  cut();
  carriers_.clear();
  ::close(listener_);
}

void stream_proxy::cut() {
  const std::lock_guard only(mutex_);
  for (const pipe& one : open_) {
    ::shutdown(one.client, SHUT_RDWR);
    ::shutdown(one.server, SHUT_RDWR);
  }
}

void stream_proxy::stall(bool on) {
  until_stall_ = std::numeric_limits<std::int64_t>::max();
  stalled_ = on;
}

void stream_proxy::stall_after(std::int64_t bytes) { until_stall_ = bytes; }

void stream_proxy::accept_all() {
  while (!over_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, look_every_ms) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(to_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(client);
      ::close(server);
      continue;
    }
    // There are tens of thousands in an hour.
    carriers_.remove_if(
        [](const auto& one) { return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    const std::lock_guard only(mutex_);
    open_.push_back({client, server});
    carriers_.push_back(std::async(std::launch::async, [this, ends = open_.back()] { carry(ends); }));
  }
}

void stream_proxy::carry(pipe ends) {
  while (true) {
    if (stalled_ && !over_) {
      ::poll(nullptr, 0, look_every_ms);
      continue;
    }
    std::array<pollfd, 2> ready{pollfd{ends.client, POLLIN, 0}, pollfd{ends.server, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), look_every_ms) < 0) continue;
    if (stalled_ && !over_) continue;
    if (ready[0].revents != 0 && !pass(ends.client, ends.server, true)) break;
    if (ready[1].revents != 0 && !pass(ends.server, ends.client, false)) break;
  }
  const std::lock_guard only(mutex_);
  open_.remove_if([&](const pipe& one) { return one.client == ends.client; });
  ::close(ends.client);
  ::close(ends.server);
}

bool stream_proxy::pass(int from, int to, bool is_client) {
  std::array<char, 65536> bytes{};
  const ssize_t got = ::recv(from, bytes.data(), bytes.size(), 0);
  for (ssize_t sent = 0; got > 0 && sent < got;) {
    const ssize_t more = ::send(to, bytes.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  if (is_client && got > 0 && until_stall_.fetch_sub(got) <= got) stalled_ = true;
  return got > 0;
}

}  // namespace sql2ldap::test
