#include <sql2ldap/listen/socket_server.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/listen/detail/connection.hpp>
#include <sql2ldap/listen/detail/loop_body.hpp>

namespace sql2ldap::listen {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using detail::client_socket;
using detail::connection;
using detail::steady;

// One for both: unix sockets and TCP.
asio::generic::stream_protocol family_of(int descriptor) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &size);
  return {at.ss_family, 0};
}

// The client has gone again; anything else, such as that there are no descriptors left, would be so at once again.
bool is_nothing(int problem) { return problem == EAGAIN || problem == ECONNABORTED || problem == EINTR; }

struct door {
  door(asio::io_context& context, listening_socket from)
      : socket(std::move(from)), family(family_of(socket.descriptor())), waiter(context, socket.descriptor()) {
    now.name = socket.name();
  }
  // The descriptor belongs to `socket`.
  ~door() { waiter.release(); }
  door(const door&) = delete;
  door& operator=(const door&) = delete;

  listening_socket socket;
  asio::generic::stream_protocol family;
  asio::posix::stream_descriptor waiter;
  socket_status now;
};

}  // namespace

std::chrono::milliseconds usual_idle_time(serve::protocol of) noexcept {
  switch (of) {
    case serve::protocol::auth_client:
    case serve::protocol::auth_userdb:
      return limits::client_idle_max;
    case serve::protocol::dict:
    case serve::protocol::socketmap:
    case serve::protocol::tcp_table:
      return limits::lookup_client_idle_max;
    case serve::protocol::query:
      break;
  }
  return limits::query_client_idle_max;
}

class socket_server::body : public std::enable_shared_from_this<body> {
 public:
  body(event_loop& loop, serve::desk_of_answers& desk, server_bounds bounds)
      : loop_(loop), context_(loop.body().context), house_{desk, std::move(bounds)} {
    house_.relieve = [this] { relieve(); };
  }

  void start() {
    loop_.every(house_.bounds.sweep_every, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->sweep();
    });
  }

  void serve(listening_socket socket) {
    doors_.push_back(std::make_unique<door>(context_, std::move(socket)));
    wait(*doors_.back());
  }

  void stop(std::function<void()> stopped) {
    stopped_ = std::move(stopped);
    for (const auto& one : doors_) {
      one->waiter.cancel();
      one->waiter.release();
      one->socket.close();
    }
    for (const auto& client : all_clients()) client->retire();
    loop_.after(house_.bounds.stop_wait, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      for (const auto& client : self->all_clients()) client->cut_off();
    });
    if (clients_.empty()) end();
  }

  void abandon() {
    stopping_ = true;
    for (const auto& client : all_clients()) client->cut_off();
    doors_.clear();
  }

  [[nodiscard]] std::vector<socket_status> status() const {
    std::vector<socket_status> out;
    for (const auto& one : doors_) out.push_back(one->now);
    return out;
  }

 private:
  struct guest {
    std::shared_ptr<connection> it;
    door* from;
  };

  std::vector<std::shared_ptr<connection>> all_clients() const {
    std::vector<std::shared_ptr<connection>> out;
    for (const auto& [key, one] : clients_) out.push_back(one.it);
    return out;
  }

  void wait(door& at) {
    at.waiter.async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this(), &at](error_code problem) {
      const auto self = weak.lock();
      if (self && !problem && !self->is_stopping()) self->let_in(at);
    });
  }

  [[nodiscard]] bool is_stopping() const { return stopping_ || stopped_ != nullptr; }

  // One in a turn, as everybody else.
  void let_in(door& at) {
    const int descriptor = ::accept4(at.socket.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0 && !is_nothing(errno)) return rest(at, std::generic_category().message(errno));
    if (descriptor >= 0) receive(at, descriptor);
    wait(at);
  }

  void rest(door& at, const std::string& why) {
    tell_sometimes("CLIENTS_WAIT", fmt::format("{}: nobody can be let in at the moment: {}", at.now.name, why));
    loop_.after(limits::accept_pause, [weak = weak_from_this(), &at] {
      const auto self = weak.lock();
      if (self && !self->is_stopping()) self->wait(at);
    });
  }

  void receive(door& at, int descriptor) {
    if (clients_.size() >= house_.bounds.clients_max || at.now.clients >= house_.bounds.clients_per_socket_max) {
      ::close(descriptor);
      ++at.now.turned_away;
      return tell_sometimes(
          "CLIENTS_FULL", fmt::format("{}: {} clients are connected, no more are let in", at.now.name, at.now.clients));
    }
    error_code problem;
    client_socket socket(context_);
    socket.assign(at.family, descriptor, problem);
    if (problem) {
      ::close(descriptor);
      return;
    }
    const endpoint& how = at.socket.at();
    const auto made = std::make_shared<connection>(
        house_, std::move(socket),
        serve::session_options{how.which, how.dovecot_24, how.map, static_cast<std::uint32_t>(::getpid()),
                               ++last_number_, how.keys},
        [this](connection& one) { forget(one); });
    clients_.emplace(made.get(), guest{made, &at});
    ++at.now.clients;
    ++at.now.accepted;
    made->open();
  }

  void forget(connection& one) {
    const auto found = clients_.find(&one);
    if (found == clients_.end()) return;
    --found->second.from->now.clients;
    loop_.post([kept = found->second.it] {});  // its session may be at the bottom of this call
    clients_.erase(found);
    if (stopped_ && clients_.empty()) end();
  }

  void end() {
    if (std::exchange(stopping_, true)) return;
    loop_.post(stopped_);
  }

  void sweep() {
    const auto now = steady::now();
    std::vector<guest> slow;
    for (const auto& [key, one] : clients_)
      if (one.it->is_too_slow(now)) slow.push_back(one);
    for (const guest& one : slow) {
      ++one.from->now.cut_off;
      one.it->cut_off();
    }
  }

  void relieve() {
    while (house_.unwritten > house_.bounds.unwritten_of_all_max) {
      const auto most = std::max_element(clients_.begin(), clients_.end(), [](const auto& a, const auto& b) {
        return a.second.it->waits() < b.second.it->waits();
      });
      S2L_ASSERT(most != clients_.end());
      ++most->second.from->now.cut_off;
      most->second.it->cut_off_as_slow();
    }
  }

  void tell_sometimes(std::string_view id, const std::string& text) {
    constexpr std::chrono::minutes at_least_between{1};
    auto& last = told_[std::string(id)];
    const auto now = steady::now();
    if (last != steady::time_point() && now - last < at_least_between) return;
    last = now;
    house_.desk.tell(log::level::warning, id, text);
  }

  event_loop& loop_;
  asio::io_context& context_;
  detail::client_house house_;
  std::list<std::unique_ptr<door>> doors_;
  std::unordered_map<const connection*, guest> clients_;
  std::unordered_map<std::string, steady::time_point> told_;
  std::uint32_t last_number_ = 0;
  std::function<void()> stopped_;
  bool stopping_ = false;
};

socket_server::socket_server(event_loop& loop, serve::desk_of_answers& desk, server_bounds bounds)
    : body_(std::make_shared<body>(loop, desk, std::move(bounds))) {
  body_->start();
}
socket_server::~socket_server() { body_->abandon(); }

result<void> socket_server::serve(listening_socket socket) {
  try {
    body_->serve(std::move(socket));
  } catch (const std::exception& problem) {  // the loop cannot watch it
    return fail(error_kind::local, fmt::format("cannot wait for clients: {}", problem.what()));
  }
  return {};
}

void socket_server::stop(std::function<void()> stopped) { body_->stop(std::move(stopped)); }
std::vector<socket_status> socket_server::status() const { return body_->status(); }

}  // namespace sql2ldap::listen
