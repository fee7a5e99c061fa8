// One place where answers come from: a directory, mirrored or asked each time, or the SQL source.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/serve/answers.hpp>
#include <sql2ldap/serve/login_check.hpp>
#include <sql2ldap/serve/mirror.hpp>
#include <sql2ldap/serve/mirror_keeper.hpp>

#include "command_line.hpp"

namespace sql2ldap::tools {

class answer_source {
 public:
  virtual ~answer_source() = default;
  // From any thread.
  [[nodiscard]] virtual serve::answers& answers() = 0;
  // Does any account show a password? Also yes when there is no account.
  [[nodiscard]] virtual result<bool> shows_passwords() = 0;
  struct mirrored {
    serve::mirror_status is;
    serve::mirror_keeper::status kept;
  };
  // nullopt: each question is asked of a server, which may take its time.
  [[nodiscard]] virtual std::optional<mirrored> mirror() const = 0;
};

// All that the settings say is looked at, and passwords are read; nothing is begun.
struct answer_plan {
  // `filled`, each time that a mirror was read to its end; from a thread of the source.
  using opener = std::function<std::unique_ptr<answer_source>(std::function<void()> filled)>;
  opener first;
  opener second;  // to compare with; empty = none
  serve::login_check::prover prove;
  bool needs_passwords = true;  // in the entries
  bool scram = false;           // offered
};
[[nodiscard]] result<answer_plan> plan_answers(const options& chosen);

}  // namespace sql2ldap::tools
