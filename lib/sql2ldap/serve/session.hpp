// One client of one protocol, without its socket: bytes in, `answers` asked, bytes out.
//
// Gives: start_session() for each protocol. Promises: "try later" stays "try later" in each protocol's own words, and
// never becomes "not there"; what goes wrong is told to the log, not to the client; one client's requests are answered
// in their order (auth-client: each as soon as it can be), and it is asked for no more bytes while one is at work.
// All of one session happens in one thread; what takes its time is given to `workers`. Leaves to others: sockets, idle
// clients, how much of an answer may wait to be written. Refused logins are told after limits::wrong_password_delay, as
// dovecot does it, unless the client says that it waits itself (no-penalty).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/log.hpp>
#include <sql2ldap/serve/answers.hpp>
#include <sql2ldap/serve/login_check.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::serve {

enum class protocol { auth_client, auth_userdb, dict, socketmap, tcp_table, query };
[[nodiscard]] std::optional<protocol> protocol_of(std::string_view word) noexcept;  // "auth-client", "tcp", ...
[[nodiscard]] std::string_view word_for(protocol which) noexcept;

// What Postfix's protocols ask for.
enum class postfix_map { domains, relay_domains, aliases, mailboxes, transports, logins };
[[nodiscard]] std::optional<postfix_map> postfix_map_of(std::string_view word) noexcept;

// What all sessions share; outlives them.
struct desk_of_answers {
  answers& from;
  workers& lookups;    // no_workers when answers come from memory
  workers& slow_work;  // lists of all users
  login_check& logins;
  std::function<void(log::level, std::string_view id, const std::string& text)> tell = [](auto, auto, const auto&) {};
  // What was answered, logins left out, which login_check tells; `known` is false for "try later".
  std::function<void(protocol which, bool known)> count = [](auto, auto) {};
  codec::password_bounds bounds{};  // of a hash that is handed to dovecot, which verifies it
  bool scram = false;               // offered: for hosts where what is stored allows it for all
  // In the sessions' thread when the time has passed; without it refused logins are told at once.
  std::function<void(std::chrono::milliseconds, std::function<void()>)> after = [](auto, const auto& now) { now(); };
};

// Of dict: shared/passdb/, with the hash, shared/userdb/ and priv/sieve/.
struct dict_keys {
  bool passdb = true;
  bool userdb = true;
  bool sieve = true;
};
// Several with '+' between them, as in "userdb+sieve"; the others are not answered.
[[nodiscard]] std::optional<dict_keys> dict_keys_of(std::string_view words) noexcept;

struct session_options {
  protocol which = protocol::query;
  bool dovecot_24 = false;                 // names of userdb fields
  postfix_map map = postfix_map::aliases;  // of tcp_table, whose requests do not name one
  std::uint32_t process = 1;               // told in greetings
  std::uint32_t connection = 1;            // new for each
  dict_keys keys{};
  codec::password_bounds bounds{};  // of a hash that dovecot is to verify; as the desk has it at each request
};

class client_door {
 public:
  virtual ~client_door() = default;
  virtual void send(std::string bytes) = 0;
  virtual void close() = 0;  // when all is written; the session is not called any more
  virtual void ready() = 0;  // the session takes bytes again
};

class session {
 public:
  virtual ~session() = default;
  virtual void open() = 0;  // says what the server says first, and is ready
  virtual void feed(std::string_view bytes) = 0;
  virtual void end() = 0;                          // the client writes no more; what it asked for is still answered
  [[nodiscard]] virtual bool at_work() const = 0;  // an answer is still to come
};

// `to` outlives the session.
[[nodiscard]] std::shared_ptr<session> start_session(desk_of_answers& desk, session_options how, client_door& to);

}  // namespace sql2ldap::serve
