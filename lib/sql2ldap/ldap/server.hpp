// The room `ldap`: an LDAP server as model::directory, by libldap.
//
// Gives: connect(). Promises: every call ends within its time limit, also against a mute server;
// certificates are checked unless told otherwise; values are bytes, never cut at NUL; a lost
// connection is reopened on the next call, an unknown outcome of a write is said to be unknown;
// one operation in flight in a transaction unless the server is known to have two threads, and one
// transaction at a time (slapd 2.5 crashes otherwise). Leaves to others: what to write (sync).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::ldap {

struct options {
  std::string uri = "ldapi:///";  // ldap://, ldaps://, ldapi://
  std::string bind_dn;            // "" = SASL EXTERNAL on ldapi, anonymous elsewhere
  secret password;
  bool start_tls = false;  // only for ldap://
  std::string ca_file;     // "" = the system's
  bool check_certificate = true;
  bool use_transactions = true;  // when offered
  std::chrono::milliseconds connect_time_max{10'000};
  std::chrono::milliseconds answer_time_max{60'000};
};

// Connects and binds; the error says which of both failed. libldap writes to servers that are gone:
// when the process has left SIGPIPE to its default, which is to die, it is ignored from now on.
[[nodiscard]] result<std::unique_ptr<model::directory>> connect(const options& how);

}  // namespace sql2ldap::ldap
