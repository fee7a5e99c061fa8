// The changes that wait for an operator (model/held_change.hpp), while a daemon runs: which there are, what of it the
// journal does not have yet, and which an operator has released.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <sql2ldap/model/held_change.hpp>
#include <sql2ldap/sync/held_plan.hpp>
#include <sql2ldap/sync/origins.hpp>

namespace sql2ldap::sync {

class held_changes {
 public:
  // As the journal has them; `name` is that of the plan.
  void restore(model::held_list list, std::string name);

  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
  [[nodiscard]] const model::held_list& list() const noexcept { return list_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const model::held_change* find(std::string_view origin) const;
  // Whether an entry with the DN of this hash waits for its delete, and is not among `released` (origins).
  [[nodiscard]] bool keeps(std::uint64_t dn_hash, const std::set<std::string>& released) const;
  // What is held already keeps its cause, time and place.
  void add(const std::string& origin, model::held_change change);
  void remove(const std::string& origin);

  // Names all that waits now, "" when nothing does; the same as long as nothing is added.
  [[nodiscard]] std::string id() const;
  // False when no plan has this name. What is held later is not in it.
  [[nodiscard]] bool release(std::string_view id);
  [[nodiscard]] bool is_released(std::string_view origin) const;
  // Nothing is released any more.
  void end_release() noexcept { released_ = 0; }

  [[nodiscard]] held_plan summary(const origins& names) const;
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }  // another one after each change

  // Not in the journal yet.
  [[nodiscard]] bool has_pending() const noexcept { return !pending_.empty(); }
  [[nodiscard]] model::held_updates take_pending() { return std::exchange(pending_, {}); }
  // It could not be written; what was noted since is newer.
  void give_back(model::held_updates&& pending) { pending_.merge(pending); }

 private:
  void note_delete(const std::string& origin, const model::held_change& change);
  void forget_delete(const std::string& origin, const model::held_change& change);

  model::held_list list_;
  std::unordered_multimap<std::uint64_t, std::string> deletes_;  // DN hash -> origin
  std::string name_;
  std::uint64_t last_place_ = 0;
  std::uint64_t released_ = 0;  // up to this place
  std::uint64_t revision_ = 0;
  model::held_updates pending_;
};

// "delete uid=..." or "update uid=...".
[[nodiscard]] std::string line_of(const model::held_change& change);

}  // namespace sql2ldap::sync
