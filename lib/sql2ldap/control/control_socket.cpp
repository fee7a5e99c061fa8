#include <sql2ldap/control/control_socket.hpp>

#include <thread>
#include <utility>

#include <sys/stat.h>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <sql2ldap/base/blocked_signals.hpp>
#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::control {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using local = asio::local::stream_protocol;

constexpr std::size_t socket_path_bytes_max = 107;  // sun_path, without its NUL

result<void> check_path(const std::filesystem::path& socket) {
  if (socket.string().size() <= socket_path_bytes_max) return {};
  return fail(error_kind::usage,
              fmt::format("the path {} is too long for a socket: {} bytes are possible", socket.string(),
                          socket_path_bytes_max),
              "a shorter --state");
}

// One client: read a line, answer it, close.
class conversation : public std::enable_shared_from_this<conversation> {
 public:
  conversation(local::socket socket, const control_server::handler& answer)
      : socket_(std::move(socket)), deadline_(socket_.get_executor()), answer_(answer) {}

  void start() {
    deadline_.expires_after(limits::control_time_max);
    deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
      error_code ignored;
      if (!cancelled) self->socket_.close(ignored);
    });
    asio::async_read_until(socket_, asked_, '\n', [self = shared_from_this()](error_code failed, std::size_t length) {
      if (failed) return self->end();
      const auto* bytes = static_cast<const char*>(self->asked_.data().data());
      self->reply_ = self->answer_(std::string(bytes, length - 1)) + "\n";
      asio::async_write(self->socket_, asio::buffer(self->reply_), [self](error_code, std::size_t) { self->end(); });
    });
  }

 private:
  void end() { deadline_.cancel(); }

  local::socket socket_;
  asio::steady_timer deadline_;
  const control_server::handler& answer_;
  asio::streambuf asked_{limits::control_request_bytes_max};
  std::string reply_;
};

class server final : public control_server {
 public:
  server(std::filesystem::path path, handler answer)
      : path_(std::move(path)), answer_(std::move(answer)), acceptor_(context_) {}
  ~server() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  result<void> start() {
    error_code failed;
    acceptor_.open(local(), failed);
    const mode_t before = ::umask(0177);  // from its first moment
    if (!failed) acceptor_.bind(local::endpoint(path_.string()), failed);
    ::umask(before);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed)
      return fail(error_kind::local, fmt::format("cannot listen on {}: {}", path_.string(), failed.message()));
    accept();
    const blocked_signals in_the_thread;
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code failed, local::socket socket) {
      if (failed == asio::error::operation_aborted) return;
      if (failed) return accept_later();
      std::make_shared<conversation>(std::move(socket), answer_)->start();
      accept();
    });
  }
  // Without a descriptor to spare each attempt fails at once.
  void accept_later() {
    pause_.expires_after(limits::accept_pause);
    pause_.async_wait([this](error_code stopped) {
      if (!stopped) accept();
    });
  }

  std::filesystem::path path_;
  handler answer_;
  asio::io_context context_;
  local::acceptor acceptor_;
  asio::steady_timer pause_{context_};
  std::thread thread_;
};

}  // namespace

result<std::unique_ptr<control_server>> control_server::listen(const std::filesystem::path& socket, handler answer) {
  S2L_TRY(check_path(socket));
  if (ask(socket, "", limits::control_time_max))
    return fail(error_kind::usage, fmt::format("another process listens on {}", socket.string()));
  std::error_code ignored;
  std::filesystem::remove(socket, ignored);
  auto made = std::make_unique<server>(socket, std::move(answer));
  S2L_TRY(made->start());
  return made;
}

result<std::string> ask(const std::filesystem::path& socket, const std::string& request,
                        std::chrono::milliseconds patience) {
  S2L_TRY(check_path(socket));
  asio::io_context context;
  local::socket connection(context);
  error_code failed;
  connection.connect(local::endpoint(socket.string()), failed);
  if (failed)
    return fail(error_kind::local, fmt::format("nobody answers on {}: {}", socket.string(), failed.message()),
                "does sql2ldap-syncd run, with this --state?");
  const std::string line = request + "\n";
  asio::streambuf reply;
  bool complete = false;
  asio::async_write(connection, asio::buffer(line), [&](error_code broken, std::size_t) {
    if (broken) return;
    asio::async_read_until(connection, reply, '\n', [&](error_code ended, std::size_t) { complete = !ended; });
  });
  context.run_for(patience);
  if (!complete) return fail_transient(error_kind::local, fmt::format("no answer on {}", socket.string()));
  const auto* bytes = static_cast<const char*>(reply.data().data());
  return std::string(bytes, reply.size() - 1);
}

}  // namespace sql2ldap::control
