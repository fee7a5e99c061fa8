// One place where answers come from: a directory, mirrored or asked each time, or the SQL source.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/serve/answers.hpp>
#include <sql2ldap/serve/login_check.hpp>
#include <sql2ldap/serve/mirror.hpp>
#include <sql2ldap/serve/mirror_keeper.hpp>
#include <sql2ldap/serve/workers.hpp>

#include "command_line.hpp"

namespace sql2ldap::tools {

class answer_source {
 public:
  virtual ~answer_source() = default;
  // From any thread.
  [[nodiscard]] virtual serve::answers& answers() = 0;
  // Does pieces of work that ask answers(), in the loop's thread, without waiting, for as long as the handle is kept.
  // What they ask may be asked as one, so each may be begun anew (serve/gathered_lookup.hpp).
  [[nodiscard]] virtual std::shared_ptr<const void> answer_together(const serve::works& all,
                                                                    serve::works_listener told);
  // Or why not: nothing is to be known, or seen, at the moment. May take its time, as the next.
  [[nodiscard]] virtual result<void> can_answer() = 0;
  // Does any account show a password? Also yes when there is no account.
  [[nodiscard]] virtual result<bool> shows_passwords() = 0;
  struct mirrored {
    serve::mirror_status is;
    serve::mirror_keeper::status kept;
  };
  // For what is in memory: entries may be shown otherwise by now.
  virtual void read_anew() = 0;
  // Else each question is asked of a server, which may take its time.
  [[nodiscard]] virtual bool in_memory() const noexcept = 0;
  // nullopt: not in memory.
  [[nodiscard]] virtual std::optional<mirrored> mirror() const = 0;
};

// All that the settings say is looked at, and passwords are read; nothing is begun.
struct answer_plan {
  struct surroundings {
    std::function<void()> filled = [] {};  // each time that a mirror was read to its end; from a thread of the source
    // Of the daemon, which outlive the source. Without them nothing is answered together.
    listen::event_loop* loop = nullptr;
    serve::workers* waiting = nullptr;
  };
  using opener = std::function<std::unique_ptr<answer_source>(const surroundings& in)>;
  opener first;
  opener second;  // to compare with; empty = none
  serve::login_check::prover prove;
  bool needs_passwords = true;  // in the entries
  codec::password_bounds bounds{};
  bool scram = false;  // offered
  serve::guess_limiter::options guesses{};
  // Stores a password that was right just now under a better scheme, where it is to be; empty = never. Takes its time.
  std::function<void(const serve::account& whose, const secret& password)> rehash;
};
[[nodiscard]] result<answer_plan> plan_answers(const options& chosen);
// Whether the directory shows this identity the password of any account; true where there is no account.
[[nodiscard]] result<bool> shows_passwords(const options& chosen);
[[nodiscard]] codec::password_bounds bounds_of(const config::settings& set);

}  // namespace sql2ldap::tools
