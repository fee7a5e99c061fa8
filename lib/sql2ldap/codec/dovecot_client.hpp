// The client's side of three of dovecot's protocols, for one question each: is this the password (auth-client), where
// is this user's mail (auth-userdb), what is stored for this user (dict).
//
// Gives: dialogues. Send opening(), give each line of the server to take() and send what it says, until it is over.
// Promises: a password is only sent to a server that has greeted as an auth-client server of version 1 with PLAIN; "no"
// is only what the server says in so many words: anything else, also an answer to another request, is an error.
// Values come unescaped. Leaves to others: sockets, time limits, and which names are asked for (codec/user_name.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>

namespace sql2ldap::codec::dovecot_client {

using field_list = std::vector<std::pair<std::string, std::string>>;  // in the server's order

struct turn {
  secret send;  // may be empty
  bool over = false;
};

class dialogue {
 public:
  virtual ~dialogue() = default;
  [[nodiscard]] virtual std::string opening() const = 0;
  // Without its LF. Errors are of kind directory and transient, and hold no secret; nothing is asked after one.
  [[nodiscard]] virtual result<turn> take(std::string_view line) = 0;
};

struct login {
  std::string name;
  secret password;
  std::string service;
  std::string remote_ip;    // empty = unknown
  bool secured = false;     // TLS, or from this host
  bool no_penalty = false;  // who asks slows down who guesses
};

class login_dialogue final : public dialogue {
 public:
  login_dialogue(login who, std::uint32_t process) : who_(std::move(who)), process_(process) {}
  [[nodiscard]] std::string opening() const override;
  [[nodiscard]] result<turn> take(std::string_view line) override;
  // The user's own name; nullopt: refused, for whatever reason.
  [[nodiscard]] const std::optional<std::string>& accepted() const noexcept { return accepted_; }

 private:
  [[nodiscard]] secret request() const;
  result<turn> take_greeting(std::string_view line, const std::vector<std::string_view>& parts);
  result<turn> take_verdict(std::string_view line, const std::vector<std::string_view>& parts);

  login who_;
  std::uint32_t process_;
  bool version_known_ = false;
  bool offers_plain_ = false;
  bool asked_ = false;
  std::optional<std::string> accepted_;
};

class user_dialogue final : public dialogue {
 public:
  user_dialogue(std::string name, std::string service) : name_(std::move(name)), service_(std::move(service)) {}
  [[nodiscard]] std::string opening() const override;
  [[nodiscard]] result<turn> take(std::string_view line) override;
  struct user {
    std::string name;   // which may be another than was asked for
    field_list fields;  // uid, gid, home, mail, ...; a name without a value has "yes"
  };
  [[nodiscard]] const std::optional<user>& found() const noexcept { return found_; }

 private:
  std::string name_;
  std::string service_;
  bool version_known_ = false;
  std::optional<user> found_;
};

// Of shared/passdb/NAME: a flat JSON object, its members as dovecot's dict passdb takes them.
class passdb_dialogue final : public dialogue {
 public:
  explicit passdb_dialogue(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string opening() const override;
  [[nodiscard]] result<turn> take(std::string_view line) override;
  struct stored {
    std::string name;  // which may be another than was asked for
    secret password;   // {SCHEME}..., maybe empty
    field_list fields;
  };
  [[nodiscard]] const std::optional<stored>& found() const noexcept { return found_; }

 private:
  std::string name_;
  std::optional<stored> found_;
};

}  // namespace sql2ldap::codec::dovecot_client
