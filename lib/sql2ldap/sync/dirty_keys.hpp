// Which entries may be out of step: some keys of each kind, or everything.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sync {

class dirty_keys {
 public:
  explicit dirty_keys(std::size_t kinds) : keys_(kinds) {}

  // False when it was in there already.
  bool add(std::size_t kind, mapping::key_values key) {
    const bool added = keys_[kind].insert(std::move(key)).second;
    size_ += added ? 1 : 0;
    return added;
  }
  void add(const dirty_keys& others);
  // Some row of the kind may have a key that cannot be read.
  void add_unread(std::size_t kind) { unread_.insert(kind); }
  [[nodiscard]] const std::set<std::size_t>& unread() const noexcept { return unread_; }
  void add_everything() noexcept { everything_ = true; }

  [[nodiscard]] bool everything() const noexcept { return everything_; }
  [[nodiscard]] bool contains(std::size_t kind, const mapping::key_values& key) const {
    return everything_ || keys_[kind].contains(key);
  }
  [[nodiscard]] bool overlaps(const dirty_keys& other) const;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0 && !everything_; }
  [[nodiscard]] const std::set<mapping::key_values>& of(std::size_t kind) const noexcept { return keys_[kind]; }

 private:
  std::vector<std::set<mapping::key_values>> keys_;  // by kind
  std::set<std::size_t> unread_;                     // kinds
  std::size_t size_ = 0;
  bool everything_ = false;
};

// The entries that a row has a part in; `after` is the tables after the row changed.
[[nodiscard]] result<void> add_touched(const mapping::mapping& map, const model::row_image& row, model::snapshot& after,
                                       dirty_keys& out);

// Whether, of an old row of this table, more than the primary key must be told: else everything is to be compared.
[[nodiscard]] bool needs_old_rows(const mapping::mapping& map, const model::table_info& table);

}  // namespace sql2ldap::sync
