// The server's side of dovecot's client protocol of authentication (auth-client, version 1), as exim, postfix, pysieved
// and dovecot's own programs speak it. https://doc.dovecot.org/developer_manual/design/auth_protocol/
//
// Gives: greeting() and, for each connection, a session: bytes in, requests out, answers to bytes. Promises: what
// dovecot's server does with a broken line, a second request under one number, or a parameter after `resp` (the
// connection ends); a number may be used again at once, an answer to a request that is cancelled meanwhile gives no
// bytes. Of limits::auth_requests_max requests at once the one that waits for its client since longest makes room for
// another. Leaves to others: SASL (codec/sasl.hpp), delays, time limits, sockets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/codec/line_buffer.hpp>
#include <sql2ldap/codec/settled.hpp>

namespace sql2ldap::codec::dovecot_auth {

struct mechanism {
  std::string name;                // upper case
  std::vector<std::string> flags;  // "plaintext": postfix keeps it from connections that are not encrypted
};
// To be sent in ONE write as soon as a client is there: pysieved reads once, exim takes MECH before SPID for the sign
// of the right socket. `cookie` is 16 random bytes.
[[nodiscard]] std::string greeting(const std::vector<mechanism>& mechanisms, std::uint32_t process,
                                   std::uint32_t connection, std::string_view cookie);

struct ticket {  // which request an answer is for
  std::uint32_t id = 0;
  std::uint64_t serial = 0;
  friend bool operator==(const ticket&, const ticket&) = default;
};

struct authenticate {
  ticket of;
  std::string mechanism;  // one of those offered
  std::string service;
  std::optional<secret> initial_response;  // decoded; an empty one is not the same as none
  bool secured = false;                    // TLS, or from this host
  bool valid_client_certificate = false;
  bool no_penalty = false;  // the client itself slows down who guesses
  std::string remote_ip;
  std::string local_ip;
  std::string remote_port;
  std::string local_port;
  std::string session_id;
};
struct continuation {
  ticket of;
  secret response;  // decoded
};
struct cancel {  // also when the session itself has ended a request that was given out
  ticket of;
};
using request = std::variant<authenticate, continuation, cancel>;

enum class failure { wrong_password, temporary, not_authorized, user_disabled, password_expired };

class session {
 public:
  // `mechanisms`: the names of those that the greeting offers.
  explicit session(std::vector<std::string> mechanisms);

  void feed(std::string_view bytes) { lines_.feed(bytes); }
  [[nodiscard]] decoded<request> next();

  [[nodiscard]] settled challenge(ticket of, std::string_view bytes);
  // `final_data`: the last word of the mechanism (SCRAM). Who cannot take it together with OK gets it as a challenge,
  // and OK when the client has answered that. `asked_as`: the name as the client gave it, where that is another.
  [[nodiscard]] settled success(ticket of, std::string_view user, std::string_view final_data = {},
                                std::string_view asked_as = {});
  // A temporary failure ends the connection of a client of version 1.0 or 1.1: exim takes any FAIL for a wrong
  // password.
  [[nodiscard]] settled refuse(ticket of, failure what, std::string_view user, std::string_view reason = {});

 private:
  enum class state { working, challenged, last_word };
  struct running {
    std::uint64_t serial = 0;
    state now = state::working;
    bool takes_final_data = false;
    std::string ok;  // to be sent after the last word
  };
  using outcome = tl::expected<request, settled>;

  std::optional<outcome> take(std::string_view line);
  std::optional<outcome> take_version(std::string_view line);
  std::optional<outcome> take_process(std::string_view text);
  std::optional<outcome> take_authenticate(std::string_view line);
  outcome take_continuation(const std::vector<std::string_view>& fields);
  std::optional<outcome> take_cancel(const std::vector<std::string_view>& fields);
  running* find(ticket of);
  bool make_room();
  void end(std::map<std::uint32_t, running>::iterator which);

  line_buffer lines_;
  std::vector<std::string> mechanisms_;
  std::map<std::uint32_t, running> running_;
  std::optional<ticket> ended_;  // by ourselves, of which our user is to be told
  std::uint64_t last_serial_ = 0;
  std::optional<std::uint32_t> minor_;
  bool process_known_ = false;
  bool closed_ = false;
};

}  // namespace sql2ldap::codec::dovecot_auth
