// The room `serve`: what dovecot, exim and sieve are to be told of users, addresses and domains.
//
// Gives: `answers`, and entry_answers, which makes them of a directory's entries. Promises: three answers, never two:
// found, nullopt for "not there", and an error for "try later", whose text is for the log; nobody is ever
// answered with another one's data: two entries for one name are an error (where a password is proved next, whose
// login a name is goes before whose address it is). Names come as clients send them, any bytes. From any thread. Leaves
// to others: where entries come from (model::entry_lookup), how servers ask (their protocols), the check of passwords
// (codec/password.hpp or a bind).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/serve/account.hpp>
#include <sql2ldap/serve/domain.hpp>
#include <sql2ldap/serve/sieve_script.hpp>
#include <sql2ldap/serve/userdb.hpp>

namespace sql2ldap::serve {

namespace detail {
struct login_name;
}

struct login_request {
  std::string_view name;     // login or any address of the account; also one of an alias domain
  std::string_view service;  // imap, pop3, smtp (or submission), sieve (or managesieve), lmtp...; empty = unknown
  std::string_view from;     // IP address of the client; empty = unknown
  // What login_name_in() makes of the name (detail/address.hpp), where the asker has it; not kept.
  const std::optional<detail::login_name>* name_as_read = nullptr;
  // When a login began of which a password is proved next: its name is first of all whose login it is, and its domain
  // may be one that was on a moment ago. nullopt: who asks proves nothing.
  std::optional<std::chrono::steady_clock::time_point> login_began{};
};

struct login_answer {
  enum class verdict {
    allowed,        // if the password is right
    disabled,       // the account, or its domain
    no_login,       // mail comes in, nobody logs in; also when the directory has locked it
    wrong_service,  // not one that the account may use, or unknown while only some are allowed
    wrong_network,  // not where the account may come from, or unknown while only some are allowed
  } now = verdict::disabled;
  std::shared_ptr<const account> who;  // never nullptr
};

// What becomes of mail to an address.
struct mail_route {
  enum class what {
    deliver,   // to `user`
    redirect,  // to `targets`; with `keep_copy` also to `user`
    members,   // to `targets`; with `members_only` from these alone
    refuse,    // with `text`, which may be empty
    discard,
    command,  // the entry wants a program run, which nobody is told by us: the mail server must not accept the mail
    relay,    // to another host, by `transport`
    unknown,  // nobody has this address in a domain of ours
    not_ours,
  } kind = what::not_ours;
  std::string user;  // login name, as for userdb
  // The address of `user` where the one that was asked for has more to it, behind a separator that dovecot does not
  // take off by itself: dovecot's own is '+'. Else empty.
  std::string deliver_as;
  std::vector<std::string> targets;  // addresses, or names of users of the host
  bool keep_copy = false;
  bool members_only = false;
  std::string text;
  std::string transport;  // of the account, else of its domain; empty = as the mail server likes
  std::optional<std::uint64_t> message_bytes_max;

  friend bool operator==(const mail_route&, const mail_route&) = default;
};

class answers {
 public:
  virtual ~answers() = default;

  // passdb. nullopt: nobody has that name.
  [[nodiscard]] virtual result<std::optional<login_answer>> account_for_login(const login_request& who) = 0;
  // They are about to be asked for: what is slow about finding them may begin. At most
  // model::entry_lookup::expected_max.
  virtual void expect_logins(std::span<const std::string_view> /*names*/) {}
  // userdb, by the same names. Of every account that takes mail, whether it may log in or not; nullopt for others.
  [[nodiscard]] virtual result<std::optional<userdb>> userdb_of(std::string_view name) = 0;
  // Forwards and absence notices as a script; nullopt when there is nothing to do, or no such user.
  [[nodiscard]] virtual result<std::optional<sieve_script>> sieve_of(std::string_view name) = 0;
  // One step: addresses among the targets are to be asked for again by the mail server, which knows loops when it sees
  // them.
  [[nodiscard]] virtual result<mail_route> route(std::string_view address) = 0;
  // nullopt: not ours, or not in force.
  [[nodiscard]] virtual result<std::optional<mail_domain>> domain(std::string_view name) = 0;
  // The names that userdb_of() has an answer for, each once, in no order, until `tell` answers false.
  [[nodiscard]] virtual result<void> users(const std::function<bool(std::string_view login)>& tell) = 0;
};

}  // namespace sql2ldap::serve
