#include "checkpassword_daemon.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/dovecot_client.hpp>
#include <sql2ldap/codec/line_buffer.hpp>

namespace sql2ldap::tools::checkpassword {

namespace {

namespace wire = codec::dovecot_client;

tl::unexpected<error> too_late() { return fail_transient(error_kind::local, "no answer in time"); }

class local_socket {
 public:
  explicit local_socket(clock::time_point until)
      : until_(until), descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  local_socket(const local_socket&) = delete;
  local_socket& operator=(const local_socket&) = delete;
  ~local_socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  result<void> connect(const std::string& path) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (path.size() >= sizeof at.sun_path) return fail(error_kind::usage, "a path that is too long for a socket");
    path.copy(at.sun_path, path.size());
    // Where too many wait to be let in, connect() waits as long as it takes to send.
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(until_ - clock::now()).count();
    if (left <= 0) return too_late();
    const timeval patience{left / 1'000'000, left % 1'000'000};
    if (descriptor_ < 0 || ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
      return fail_by_errno("connecting");
    return {};
  }

  result<void> send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!wait_for(descriptor_, POLLOUT, until_)) return too_late();
      const ssize_t n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EINTR && errno != EAGAIN) return fail_by_errno("asking");
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  result<void> receive(codec::line_buffer& into) {
    std::array<char, 4096> bytes;
    while (true) {
      if (!wait_for(descriptor_, POLLIN, until_)) return too_late();
      const ssize_t n = ::recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n < 0) return fail_by_errno("waiting for an answer");
      if (n == 0) return fail_transient(error_kind::directory, "the server hangs up without an answer");
      into.feed({bytes.data(), static_cast<std::size_t>(n)});
      ::explicit_bzero(bytes.data(), bytes.size());
      return {};
    }
  }

 private:
  const clock::time_point until_;
  const int descriptor_;
};

class conversation {
 public:
  // All three outlive it.
  conversation(wire::dialogue& with, const std::string& path, clock::time_point until)
      : with_(with), path_(path), to_(until) {}

  // The question, as far as it can be asked at once.
  result<void> begin() {
    return told(to_.connect(path_).and_then([this] { return to_.send(with_.opening()); }));
  }
  // To the end.
  result<void> finish() { return told(hold()); }

 private:
  result<void> hold() {
    codec::line_buffer lines(limits::dict_reply_bytes_max);
    while (true) {
      S2L_TRY(to_.receive(lines));
      while (const auto line = lines.next()) {
        S2L_TRY_ASSIGN(const wire::turn turn, with_.take(*line));
        S2L_TRY(to_.send(turn.send.reveal()));
        if (turn.over) return {};
      }
      if (lines.overflown()) return fail_transient(error_kind::directory, "an answer that is too long");
    }
  }

  result<void> told(result<void> how) const {
    if (!how) return tl::make_unexpected(std::move(how).error().within("asking sql2ldap-authd at " + path_));
    return how;
  }

  wire::dialogue& with_;
  const std::string& path_;
  local_socket to_;
};

}  // namespace

result<std::optional<answer>> ask_daemon(const options& chosen, const question& asked) {
  wire::login_dialogue login(
      {asked.name, asked.password, asked.service, asked.remote_ip, asked.secured, asked.asker_delays},
      static_cast<std::uint32_t>(::getpid()));
  wire::passdb_dialogue stored(asked.name);
  wire::user_dialogue user(asked.name, asked.service);
  std::optional<conversation> of_password;
  if (asked.why == purpose::login) of_password.emplace(login, chosen.auth, asked.until);
  if (asked.why == purpose::credentials) of_password.emplace(stored, chosen.dict, asked.until);
  conversation of_user(user, chosen.userdb, asked.until);

  // Both questions at once: somebody waits.
  if (of_password) S2L_TRY(of_password->begin());
  S2L_TRY(of_user.begin());
  std::optional<std::string> name;  // whose password it is
  if (of_password) {
    S2L_TRY(of_password->finish());
    if (login.accepted()) name = login.accepted();
    if (stored.found()) name = stored.found()->name;
    if (!name) return std::nullopt;
  }
  S2L_TRY(of_user.finish());
  if (!user.found()) {
    if (!name) return std::nullopt;
    return no_mailbox(*name);
  }
  if (name && *name != user.found()->name)
    return fail_transient(error_kind::directory, "the password is that of " + quoted_for_message(*name) +
                                                     ", the mailbox that of " + quoted_for_message(user.found()->name));
  answer out = codec::checkpassword::answer_of(user.found()->name, user.found()->fields, chosen.otherwise);
  if (stored.found()) {
    out.fields.insert(out.fields.end(), stored.found()->fields.begin(), stored.found()->fields.end());
    S2L_TRY(codec::checkpassword::add_password(out, stored.found()->password));
  }
  return out;
}

}  // namespace sql2ldap::tools::checkpassword
