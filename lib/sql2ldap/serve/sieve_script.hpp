// Forwards and absence notices of an account as a Sieve script (RFC 5228, 3894, 5230, 5260, 6131).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/serve/account.hpp>

namespace sql2ldap::serve {

struct sieve_script {
  std::string text;  // UTF-8, lines end with LF
  std::string id;    // hexadecimal digits; another text has another one

  friend bool operator==(const sieve_script&, const sieve_script&) = default;
};

struct sieve_options {
  enum class engine {
    pigeonhole,
    exim,  // knows no dates: notices are left out of the script outside of their time
  } of = engine::pigeonhole;
  bool forwards = true;  // no, where the mail server forwards by route(): mail would be forwarded twice
  bool notices = true;
  // Intervals to the second; dovecot: sieve_extensions = +vacation-seconds. Without it they are whole days, one at
  // least.
  bool vacation_seconds = false;
  // For targets without a domain, as Postfix has its $myorigin; without it such a target is an error.
  std::string local_domain;
};

// nullopt when there is nothing to do. `now` matters for exim alone.
[[nodiscard]] result<std::optional<sieve_script>> render_sieve(const mail_account& of, const sieve_options& how,
                                                               std::chrono::sys_seconds now);

}  // namespace sql2ldap::serve
