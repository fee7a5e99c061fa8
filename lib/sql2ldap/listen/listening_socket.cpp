#include <sql2ldap/listen/listening_socket.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace sql2ldap::listen {

namespace {

std::string reason() { return std::generic_category().message(errno); }

tl::unexpected<error> failed(const std::string& where, std::string_view step) {
  const std::string_view hint = errno == EACCES || errno == EPERM
                                    ? "sockets are made by who starts us, before it becomes `user`: may it write to "
                                      "that folder, and give files away?"
                                    : "";
  return fail(error_kind::local, fmt::format("cannot listen on {}: {}: {}", where, step, reason()), std::string(hint));
}

class held_descriptor {
 public:
  explicit held_descriptor(int number) noexcept : number_(number) {}
  held_descriptor(const held_descriptor&) = delete;
  held_descriptor& operator=(const held_descriptor&) = delete;
  ~held_descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

// Held while a socket is put in its place: of two that are started at once one sees the other's. A folder in which no
// file can be made has no room for a socket either, and bind() says why.
class place_lock {
 public:
  explicit place_lock(const std::filesystem::path& socket)
      : file_(::open((socket.parent_path() / ".sql2ldap.lock").c_str(), O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC,
                     0600)) {
    while (file_.get() >= 0 && ::flock(file_.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
  }

 private:
  held_descriptor file_;
};

// With this mode for the file, so that it never has another. The umask is the process's: before there are threads.
int bind_with_mode(int socket, const sockaddr_un& address, mode_t mode) {
  const mode_t before = ::umask(~mode & 0777U);
  const int outcome = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(before);
  return outcome;
}

result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.size() >= sizeof out.sun_path)
    return fail(error_kind::usage, fmt::format("the path {} is too long for a socket: {} bytes are possible", path,
                                               sizeof out.sun_path - 1));
  std::memcpy(out.sun_path, path.data(), path.size());
  return out;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

enum class listener { nobody, somebody, unknown };

// Somebody whose queue is full is somebody.
listener listens_on(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return listener::unknown;
  const bool connected = ::connect(probe, generic(address), sizeof address) == 0;
  const int problem = errno;
  ::close(probe);
  if (connected || problem == EAGAIN) return listener::somebody;
  return problem == ECONNREFUSED ? listener::nobody : listener::unknown;
}

result<void> make_room(const std::string& path, const sockaddr_un& address) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return errno == ENOENT ? result<void>() : failed(path, "looking");
  if (!S_ISSOCK(facts.st_mode))
    return fail(error_kind::usage, fmt::format("{} is there, and is no socket", path),
                "it is not touched: remove it, or choose another path");
  switch (listens_on(address)) {
    case listener::somebody:
      return fail(error_kind::usage, fmt::format("another process listens on {}", path),
                  "does this daemon run already? stop that process, or choose another path");
    case listener::unknown:
      return failed(path, "asking whether somebody listens there");
    case listener::nobody:
      break;
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed(path, "removing the old socket");
  return {};
}

constexpr uid_t unchanged = static_cast<uid_t>(-1);

result<uid_t> user_id(const std::string& name) {
  if (name.empty()) return unchanged;
  const passwd* const found = ::getpwnam(name.c_str());
  if (found == nullptr)
    return fail(error_kind::usage, fmt::format("there is no user {}", name),
                "user= names who a socket belongs to: getent passwd knows who there is");
  return found->pw_uid;
}

result<gid_t> group_id(const std::string& name) {
  if (name.empty()) return unchanged;
  const ::group* const found = ::getgrnam(name.c_str());
  if (found == nullptr)
    return fail(error_kind::usage, fmt::format("there is no group {}", name),
                "group= names who may connect to a socket: getent group knows which there are");
  return found->gr_gid;
}

struct any_address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

// That nobody can reach who is not on this host.
bool is_loopback(const sockaddr_storage& address) {
  constexpr std::uint32_t loopback_net = 127;
  if (address.ss_family == AF_INET)
    return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24U == loopback_net;
  return address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

tl::unexpected<error> not_for_this_host_alone(const std::string& what) {
  return fail(error_kind::usage, fmt::format("{} is no address of this host alone", what),
              "127.0.0.1 or [::1]: what is told is not for others, and nobody is asked for a password");
}

std::optional<any_address> address_of(const std::string& text, std::uint16_t port) {
  any_address out;
  auto& four = reinterpret_cast<sockaddr_in&>(out.bytes);
  auto& six = reinterpret_cast<sockaddr_in6&>(out.bytes);
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    out.size = sizeof four;
  } else if (::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    out.size = sizeof six;
  } else {
    return std::nullopt;
  }
  return out;
}

}  // namespace

result<listening_socket> listening_socket::open(const endpoint& at) {
  listening_socket made(at, -1);
  S2L_TRY(at.path.empty() ? made.open_port() : made.open_file());
  return made;
}

result<void> listening_socket::open_file() {
  S2L_TRY_ASSIGN(const sockaddr_un address, address_of(at_.path));
  S2L_TRY_ASSIGN(const uid_t owner, user_id(at_.user));
  S2L_TRY_ASSIGN(const gid_t group, group_id(at_.group));
  const place_lock alone(at_.path);
  S2L_TRY(make_room(at_.path, address));
  descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) return failed(at_.path, "making a socket");
  if (bind_with_mode(descriptor_, address, at_.mode) != 0) return failed(at_.path, "making its file");
  // From here on by the file itself: something else may have been put under its name.
  const held_descriptor file(::open(at_.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) return failed(at_.path, "looking at its file");
  device_ = facts.st_dev;
  inode_ = facts.st_ino;
  if (::fchownat(file.get(), "", owner, group, AT_EMPTY_PATH) != 0) return failed(at_.path, "giving it to its owner");
  if (::listen(descriptor_, SOMAXCONN) != 0) return failed(at_.path, "listening");
  return {};
}

result<void> listening_socket::open_port() {
  const auto address = address_of(at_.address, at_.port);
  if (!address || !is_loopback(address->bytes)) return not_for_this_host_alone(at_.address);
  descriptor_ = ::socket(address->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) return failed(name(), "making a socket");
  const int yes = 1;
  ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address->bytes), address->size) != 0)
    return failed(name(), "taking the port");
  if (::listen(descriptor_, SOMAXCONN) != 0) return failed(name(), "listening");
  return {};
}

result<listening_socket> listening_socket::take_over(const endpoint& what, int descriptor) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
    return fail(error_kind::usage,
                fmt::format("what is handed over for {} is no socket that listens", serve::word_for(what.which)));
  listening_socket made(what, descriptor);
  sockaddr_storage at{};
  socklen_t length = sizeof at;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &length) != 0) return failed(made.name(), "looking");
  if ((at.ss_family == AF_UNIX) == (what.which == serve::protocol::tcp_table))
    return fail(error_kind::usage, fmt::format("{} is not spoken on such a socket", serve::word_for(what.which)));
  if (at.ss_family != AF_UNIX && !is_loopback(at)) return not_for_this_host_alone("what is handed over for tcp");
  if (at.ss_family == AF_UNIX) {
    const auto& local = reinterpret_cast<const sockaddr_un&>(at);
    made.at_.path = std::string(local.sun_path, ::strnlen(local.sun_path, sizeof local.sun_path));
  }
  return made;
}

listening_socket::listening_socket(listening_socket&& other) noexcept
    : at_(std::move(other.at_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      device_(other.device_),
      inode_(std::exchange(other.inode_, 0)) {}

listening_socket& listening_socket::operator=(listening_socket&& other) noexcept {
  std::swap(at_, other.at_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

listening_socket::~listening_socket() { close(); }

void listening_socket::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  struct stat facts {};
  if (inode_ != 0 && ::lstat(at_.path.c_str(), &facts) == 0 && facts.st_dev == device_ && facts.st_ino == inode_)
    ::unlink(at_.path.c_str());
  inode_ = 0;
}

std::string listening_socket::name() const {
  const std::string_view word = serve::word_for(at_.which);
  if (at_.which != serve::protocol::tcp_table) return fmt::format("{}:{}", word, at_.path);
  return fmt::format("{}:{}:{}", word, at_.address.empty() ? "handed over" : at_.address,
                     at_.port != 0 ? at_.port : port());
}

std::uint16_t listening_socket::port() const {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &size) != 0) return 0;
  if (at.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(at).sin_port);
  return at.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6&>(at).sin6_port) : 0;
}

}  // namespace sql2ldap::listen
