// What sql2ldap-checkpassword and the program that asks the directory for it have in common: arguments, descriptor 3,
// the environment, the exit status, the program that is run afterwards. codec/checkpassword.hpp has the interface.
//
// Linked without the library's larger rooms: a login starts this program.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/codec/checkpassword.hpp>

namespace sql2ldap::tools::checkpassword {

using codec::checkpassword::answer;
using codec::checkpassword::purpose;
using clock = std::chrono::steady_clock;

struct options {
  std::string auth = "/run/sql2ldap-authd/auth";
  std::string userdb = "/run/sql2ldap-authd/userdb";
  std::string dict = "/run/sql2ldap-authd/dict";
  std::chrono::seconds timeout{10};  // for all of it, until the program is run
  codec::checkpassword::owner otherwise;
  std::string service = "checkpassword";  // where the environment has none
  bool keep_user = false;
  bool directory = false;
  std::string directory_uri;  // "" = as the settings say
  std::string config;
  bool help = false;
  bool version = false;
  char** program = nullptr;  // what is run afterwards, with its arguments
};

struct question {
  purpose why = purpose::login;
  std::string name;  // a possible one
  secret password;   // of a login, and not empty
  std::string service;
  std::string remote_ip;  // empty = unknown
  bool secured = false;
  bool asker_delays = false;  // who starts us slows down who guesses
  clock::time_point until;    // then it is too late for an answer
};
// nullopt: refused, or not there. An error: try later.
using answerer = std::function<result<std::optional<answer>>(const options&, const question&)>;
// Somebody who may log in, and whose mail is nowhere, is not to be told that the password is wrong.
[[nodiscard]] tl::unexpected<error> no_mailbox(std::string_view name);
[[nodiscard]] tl::unexpected<error> fail_by_errno(std::string_view doing);  // try later

// All below answer with the exit status. What goes wrong is one line on standard error, which dovecot writes into its
// log; a refusal is none.
[[nodiscard]] int run(const options& chosen, const answerer& ask);  // unless the program is run
// The program `name` in place of this one, which handles SIGPIPE again as it was handled when this one began. Comes
// back only when that fails.
void replace_program(const char* name, char** arguments) noexcept;
// --help and --version are answered, others go to `work`.
[[nodiscard]] int start(int argc, char** argv, const std::function<int(const options&)>& work);

// False when the time is over before the descriptor is ready for `events` (poll).
[[nodiscard]] bool wait_for(int descriptor, short events, clock::time_point until);

}  // namespace sql2ldap::tools::checkpassword
