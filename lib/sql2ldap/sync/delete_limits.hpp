// Which deletes are daily life, and which are too many. Removing a customer with his eighty mailboxes is daily life;
// a tree that is emptied within a minute is not. Counted are the entries that their rows no longer make, over a window
// of time, written or held: in all, the parents of others (domains) among them, and below one parent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

struct counted_delete {
  std::size_t place = 0;  // in comparison::surplus
  std::string origin;
  bool is_replaced = false;  // by an entry of another kind at the same address: a change, and no delete
  bool is_parent = false;    // of entries of other kinds
  std::string parent;        // DN of the parent entry, for a parent its own; "" where the kind has none
};

struct delete_counts {
  std::uint64_t all = 0;
  std::uint64_t parents = 0;
  std::map<std::string, std::uint64_t> below;  // by DN of the parent entry

  void add(const counted_delete& one);
  void add(const delete_counts& more);
};

class recent_deletes {
 public:
  void add(std::time_t time, delete_counts counts);
  void clear() { recent_.clear(); }
  // Within `window` before that time.
  [[nodiscard]] delete_counts within(std::chrono::seconds window, std::time_t time);

 private:
  std::deque<std::pair<std::time_t, delete_counts>> recent_;
};

struct excess {
  std::string message;              // which limit, with both numbers
  std::vector<std::size_t> places;  // in comparison::surplus, of what exceeds it and of what depends on that
};
// Of deletes that are about to be written. `recent`: what counts with them; `present`: entries of ours in the
// directory.
[[nodiscard]] std::optional<excess> beyond_delete_limits(const std::vector<counted_delete>& deletes,
                                                         const delete_counts& recent, const change_limits& limits,
                                                         std::uint64_t present);

[[nodiscard]] std::uint64_t allowed_updates(const change_limits& limits, std::uint64_t entries);
// max(percent of `entries`, the smaller of `at_least` and its share of `entries`).
[[nodiscard]] std::uint64_t allowed_deletes(const change_limits& limits, std::uint64_t entries);

}  // namespace sql2ldap::sync
