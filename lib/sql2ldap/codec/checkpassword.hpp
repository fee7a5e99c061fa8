// The checkpassword interface (https://cr.yp.to/checkpwd/interface.html) and what dovecot 2.3 makes of it: the record
// on descriptor 3, the answer on descriptor 4 or in the environment of checkpassword-reply, the exit status.
//
// Leaves to others: descriptors, processes, the check itself. Fields of the answer that are told without a value are
// true to dovecot whatever they say, "no" as well: leave them out instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>

namespace sql2ldap::codec::checkpassword {

struct input {
  std::string user;
  secret password;
  std::string timestamp;  // empty from dovecot
};
// `bytes`: all of descriptor 3, at most limits::checkpassword_bytes_max. "login NUL password NUL timestamp NUL", and
// what follows is for others.
[[nodiscard]] result<input> parse(std::string_view bytes);

// Not told by the input: a lookup comes with an empty password, which is not one to be checked.
enum class purpose {
  login,        // check the password
  user_lookup,  // userdb: no password
  credentials,  // passdb: the stored password is wanted
};
// By the presence of AUTHORIZED and CREDENTIALS_LOOKUP in the environment.
[[nodiscard]] purpose purpose_of(bool authorized, bool credentials_lookup) noexcept;

enum class outcome { accepted, refused, trouble };  // refused: a wrong password, or an unknown user
// 0/1/111 for a login, 2/3/111 for a lookup: dovecot takes 0 for a failure there, and 1 for trouble.
[[nodiscard]] int exit_status(purpose what, outcome how) noexcept;
// Called wrongly: 2, which would mean "found" for a lookup, where it is 111.
[[nodiscard]] int misuse_status(purpose what) noexcept;

struct answer {
  std::string user;
  std::string uid;  // without them dovecot would deliver mail as its own user
  std::string gid;
  std::string home;  // empty = none
  // "userdb_mail", "userdb_quota_rule", ...; for `credentials` "password" with its {SCHEME}.
  std::vector<std::pair<std::string, std::string>> fields;
};
// A user with what a userdb has: uid, gid, home, and others, which become userdb_...; `otherwise`: where it has no
// owner.
struct owner {
  std::string uid;
  std::string gid;
};
[[nodiscard]] answer answer_of(std::string user, const std::vector<std::pair<std::string, std::string>>& userdb,
                               const owner& otherwise);
// With what is stored. error_kind::input: a password without its {SCHEME}, which dovecot would have to guess.
[[nodiscard]] result<void> add_password(answer& to, const secret& password);
// For descriptor 4. error_kind::input: a name of a field that is none, or no user.
[[nodiscard]] result<secret> record(const answer& what);
// What to set (nullopt: to unset) before checkpassword-reply, or the program of another mail server, is executed: USER,
// HOME, userdb_uid, userdb_gid, the fields, EXTRA that lists them, and AUTHORIZED=2 for a lookup. error_kind::input:
// what the environment, or checkpassword-reply, cannot carry.
using environment = std::vector<std::pair<std::string, std::optional<std::string>>>;
[[nodiscard]] result<environment> reply_environment(const answer& what, purpose why);

}  // namespace sql2ldap::codec::checkpassword
