// The server's side of dovecot's master protocol (auth-userdb and auth-master, version 1) as far as it looks users up:
// USER, PASS, LIST and CACHE-FLUSH, as lda, lmtp, doveadm and pysieved ask.
// https://doc.dovecot.org/developer_manual/design/auth_protocol/
//
// Promises: a request without a service, and any line that is broken or unknown, ends the connection, as dovecot does
// it; REQUEST, by which dovecot's own logins are finished, is answered with a failure; a name that nobody can have is
// not found. Leaves to others: who exists. `not found` bounces mail, `trouble` lets it wait: never take one for the
// other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <sql2ldap/codec/line_buffer.hpp>
#include <sql2ldap/codec/settled.hpp>

namespace sql2ldap::codec::dovecot_userdb {

// To be sent in ONE write as soon as a client is there: pysieved reads once.
[[nodiscard]] std::string greeting(std::uint32_t process);

struct find_user {  // USER: what delivery needs
  std::uint32_t id = 0;
  std::string name;
  std::string service;
};
struct find_login {  // PASS: the fields of a login, without the password
  std::uint32_t id = 0;
  std::string name;
  std::string service;
};
struct list_users {
  std::uint32_t id = 0;
  std::string mask;  // empty = all; dovecot 2.3 gives all in any case and lets the client choose
};
struct flush_cache {
  std::uint32_t id = 0;
  std::vector<std::string> names;  // none = all
};
using request = std::variant<find_user, find_login, list_users, flush_cache>;

class session {
 public:
  session();
  void feed(std::string_view bytes) { lines_.feed(bytes); }
  [[nodiscard]] decoded<request> next();

 private:
  using outcome = tl::expected<request, settled>;
  std::optional<outcome> take(std::string_view line);

  line_buffer lines_;
  bool version_known_ = false;
  bool closed_ = false;
};

// Names as dovecot's userdb has them: uid, gid, home (which come first, wherever they stand), mail, quota_rule, ...
// Names may repeat. An answer that is longer than dovecot's client takes becomes `trouble`.
using fields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string user_found(std::uint32_t id, std::string_view name, const fields& what);
[[nodiscard]] std::string login_found(std::uint32_t id, std::string_view name, const fields& what);
[[nodiscard]] std::string not_found(std::uint32_t id);
[[nodiscard]] std::string trouble(std::uint32_t id, std::string_view reason);  // the administrator sees the reason
[[nodiscard]] std::string listed(std::uint32_t id, std::string_view name);
[[nodiscard]] std::string list_done(std::uint32_t id);
[[nodiscard]] std::string list_broken(std::uint32_t id);  // some may be missing
[[nodiscard]] std::string cache_flushed(std::uint32_t id, std::size_t entries);

}  // namespace sql2ldap::codec::dovecot_userdb
