// A mailbox and the login of its owner, as an entry of the class s2lMailAccount says.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/codec/password_cost.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::serve {

struct vacation_notice {
  bool active = false;
  std::string subject;
  std::string text;
  std::optional<std::chrono::sys_seconds> from;
  std::optional<std::chrono::sys_seconds> until;
  // Between two notices to one sender: 0 = one and no more, 1 = with each mail (PostfixAdmin's words); nullopt = as the
  // mail server likes.
  std::optional<std::chrono::seconds> interval;
};

// Who it is, and whether and how the owner logs in.
struct account {
  std::string login;  // the name by which the mail server knows the user: the uid that names the entry
  std::string dn;
  std::string domain;  // that it stands below, else that of its first address; may be empty
  // userPassword; empty when there is none, or when we may not see it. At most one more value than are looked at
  // (codec/password_cost.hpp), and of each at most one byte more.
  std::vector<secret> passwords;
  bool enabled = false;
  bool login_enabled = true;
  bool locked = false;                  // by the directory's own means, pwdAccountLockedTime
  std::vector<std::string> services;    // that it may use, in lower case; empty = all
  std::vector<std::string> allow_nets;  // that it may come from; empty = everywhere
};

// And what becomes of its mail.
struct mail_account : account {
  std::string mail;                    // the first address; empty when there is none
  std::vector<std::string> addresses;  // all of them in lower case, `mail` first; no '@domain'
  std::optional<std::uint32_t> uid;    // never 0
  std::optional<std::uint32_t> gid;
  std::string home;        // absolute, or empty
  std::string mail_store;  // "maildir:/...", or empty
  std::string transport;
  std::optional<std::uint64_t> quota_bytes;  // nullopt = no limit, which 0 says as well
  std::optional<std::uint64_t> quota_messages;
  std::optional<std::uint64_t> message_bytes_max;
  std::vector<std::string> forward_to;  // without its own addresses
  bool keep_copy = false;               // of forwarded mail; also when it forwards to itself
  vacation_notice vacation;
};

[[nodiscard]] bool is_account(const model::entry& of);
// A value that is not what its attribute says is an error of all that it is a part of, so that nobody gets a half of
// it: a date of absence that cannot be read keeps mail waiting, and nobody from logging in. Unknown attributes and
// classes do no harm.
[[nodiscard]] result<std::shared_ptr<const account>> read_account(const model::entry& from);
[[nodiscard]] result<std::unique_ptr<mail_account>> read_mail_account(const model::entry& from);
// Only `login`, `dn`, `domain` and `enabled`, for lists. One whose s2lEnabled cannot be read
// counts as on: who asks for it by name is told what is wrong.
[[nodiscard]] account read_account_name(const model::entry& from);

// The first password that dovecot can verify, under its own name of the scheme. None is an error: who could log in has
// no wrong password because nobody can see or verify the right one.
// One whose cost is beyond the bounds is none: dovecot verifies it without a bound.
[[nodiscard]] result<std::string> password_for_dovecot(const account& of, const codec::password_bounds& bounds = {});

}  // namespace sql2ldap::serve
