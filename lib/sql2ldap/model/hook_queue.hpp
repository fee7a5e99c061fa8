// The changes that an operator's command is still to be told of, kept beyond the program's own life.
//
// A change is intended before the directory is written and confirmed afterwards; what a crash leaves in between is
// doubtful, and told all the same. Those of one origin are told in the order of their changes, the others do not wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::model {

struct hook_event {
  std::string origin;    // of the entry; "" for one that stands for more changes than could be kept
  std::string change;    // one word: "add", "modify", "rename", "delete", "overflow"
  std::string kind;      // of the mapping; "" for the overflow
  std::string document;  // what the command is told, a JSON object

  friend bool operator==(const hook_event&, const hook_event&) = default;
};

struct queued_hook {
  using number = std::int64_t;
  number id = 0;  // grows with the order of the changes, and is never used again
  hook_event event;
  bool confirmed = false;  // false: the directory was to be written, and nobody knows whether it was
  // Seconds since 1970.
  std::int64_t since = 0;
  std::int64_t next_try = 0;
  std::uint32_t tries = 0;  // that failed
  std::string reason;       // of the last one
};

// From any thread.
class hook_queue {
 public:
  virtual ~hook_queue() = default;

  // ---- who writes to the directory ----
  // All or none, and durable when it returns. One without origin takes the place of an earlier one that does not run.
  [[nodiscard]] virtual result<std::vector<queued_hook::number>> intend(std::span<const hook_event> events,
                                                                        std::int64_t now) = 0;
  [[nodiscard]] virtual result<void> confirm(std::span<const queued_hook::number> ids) = 0;
  [[nodiscard]] virtual result<void> withdraw(std::span<const queued_hook::number> ids) = 0;
  // Of those neither confirmed nor withdrawn nobody will hear any more: they are due, in doubt.
  [[nodiscard]] virtual result<void> give_up_waiting() = 0;

  // ---- who runs the command ----
  // The first that is due; it counts as running until done() or failed().
  [[nodiscard]] virtual result<std::optional<queued_hook>> take(std::int64_t now) = 0;
  // When there may be one; nullopt: when another is due that is not now.
  [[nodiscard]] virtual result<std::optional<std::int64_t>> next_due() = 0;
  [[nodiscard]] virtual result<void> done(queued_hook::number id) = 0;
  // Later ones of its origin wait as long.
  [[nodiscard]] virtual result<void> failed(queued_hook::number id, const std::string& reason,
                                            std::int64_t next_try) = 0;
  // As if it had not been taken.
  virtual void put_back(queued_hook::number id) = 0;

  // ---- operators ----
  [[nodiscard]] virtual result<std::vector<queued_hook>> failing(std::size_t most) = 0;
  // Of those that have failed, one by number or all; how many there were. One that runs now is not dropped.
  [[nodiscard]] virtual result<std::size_t> retry(std::optional<queued_hook::number> which) = 0;
  [[nodiscard]] virtual result<std::size_t> drop(std::optional<queued_hook::number> which) = 0;
  struct sums {
    std::uint64_t waiting = 0;  // those that have failed among them
    std::uint64_t failing = 0;
  };
  [[nodiscard]] virtual sums count() const noexcept = 0;
};

}  // namespace sql2ldap::model
