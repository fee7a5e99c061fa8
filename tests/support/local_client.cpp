#include <support/local_client.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace sql2ldap::test {

namespace {

int connected(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path) throw std::runtime_error("the path is too long: " + path);
  std::memcpy(to.sun_path, path.data(), path.size());
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return made;
  ::close(made);
  return -1;
}

int connected(std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return made;
  ::close(made);
  return -1;
}

bool close_connected(int made) {
  if (made >= 0) ::close(made);
  return made >= 0;
}

}  // namespace

local_client::local_client(const std::string& path) : socket_(connected(path)) {
  if (socket_ < 0) throw std::runtime_error("nobody listens on " + path);
}

local_client::local_client(std::uint16_t port) : socket_(connected(port)) {
  if (socket_ < 0) throw std::runtime_error("nobody listens on the port");
}

local_client::local_client(local_client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), read_(std::move(other.read_)), closed_(other.closed_) {}

local_client::~local_client() {
  if (socket_ >= 0) ::close(socket_);
}

bool local_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::size_t local_client::send_some(std::string_view bytes) {
  const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

void local_client::half_close() { ::shutdown(socket_, SHUT_WR); }

bool local_client::read_more(std::chrono::steady_clock::time_point until) {
  if (closed_) return false;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  pollfd one{socket_, POLLIN, 0};
  if (::poll(&one, 1, static_cast<int>(std::max<long>(left, 0))) <= 0) return false;
  std::array<char, 65536> bytes{};
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  closed_ = count <= 0;
  if (count > 0) read_.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::string local_client::read_until(std::string_view end, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::size_t looked = 0;
  while (true) {
    const auto found = read_.find(end, looked);
    if (found != std::string::npos) {
      std::string out = read_.substr(0, found + end.size());
      read_.erase(0, out.size());
      return out;
    }
    looked = read_.size() < end.size() ? 0 : read_.size() - end.size();
    if (!read_more(until)) return std::exchange(read_, {});
  }
}

std::string local_client::read_some(std::chrono::milliseconds patience) {
  if (read_.empty()) (void)read_more(std::chrono::steady_clock::now() + patience);
  return std::exchange(read_, {});
}

std::string local_client::read_all(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (read_more(until)) {
  }
  if (!closed_) throw std::runtime_error("the other side did not close; it said: " + read_);
  return std::exchange(read_, {});
}

bool somebody_listens(const std::string& path) { return close_connected(connected(path)); }
bool somebody_listens(std::uint16_t port) { return close_connected(connected(port)); }

int unused_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found = ::bind(socket, generic, length) == 0 && ::getsockname(socket, generic, &length) == 0;
  ::close(socket);
  if (!found) throw std::runtime_error("no free loopback port");
  return ntohs(address.sin_port);
}

}  // namespace sql2ldap::test
