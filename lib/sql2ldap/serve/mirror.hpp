// A directory's content in memory: lookups in microseconds, also while the directory is down.
//
// Gives: model::entry_lookup over the attributes that are indexed, and all entries, some at a time. Promises: a
// lookup sees each entry as it was at one moment, and waits for one entry to be taken in at the longest,
// never for a refresh. While a refresh runs what is new is seen at once, and what is gone is seen until its
// end. Before the first refresh has ended, and when it is not known for longer than `age_max` that the
// mirror is like the directory, lookups are transient errors. Leaves to others: where the events come from
// (mirror_keeper).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/schema.hpp>
#include <sql2ldap/serve/detail/hash_index.hpp>
#include <sql2ldap/serve/detail/packed_entry.hpp>
#include <sql2ldap/serve/detail/writers_first_mutex.hpp>

namespace sql2ldap::serve {

struct mirror_status {
  bool refreshed = false;           // was once the whole directory: without that nothing is answered
  bool in_step = false;             // changes are told as they come
  std::chrono::milliseconds age{};  // since it was last known to be in step
  std::size_t entries = 0;
  std::size_t memory_bytes = 0;
};

class mirror : public model::entry_lookup {
 public:
  using clock = std::chrono::steady_clock;
  struct options {
    // What find() may ask for. A value that many thousands of entries share makes an index slow to fill.
    std::vector<model::attribute_name> indexed;
    std::chrono::milliseconds age_max{0};  // 0 = an answer may have any age
    std::function<clock::time_point()> now = clock::now;
  };

  mirror(options how, const model::schema& schema);  // whose matching rules say what is equal

  // From any thread. An attribute that is not indexed is an error (error_kind::usage).
  result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  // At most `entries_max` entries from `place` on, which is 0 at first and moved on; empty at the end. Who is there
  // all the while is told exactly once.
  [[nodiscard]] result<std::vector<model::entry>> list(std::size_t& place, std::size_t entries_max) const;
  [[nodiscard]] mirror_status status() const;

  // Both from one thread at a time. begin_refresh(): a feed has ended; the next one tells from its beginning which
  // entries are there.
  void begin_refresh();
  void apply(const model::content_event& event);

 private:
  using slot_number = detail::slot_number;
  struct value_index {
    model::attribute_name name;
    model::matching_rule rule;
    detail::hash_index by_value;
  };
  struct known_name {
    model::attribute_name name;
    std::optional<std::uint8_t> index;  // into indexes_
  };
  struct slot {
    detail::packed_entry content;  // empty: free
    // The writer's own.
    model::entry_uuid uuid{};
    std::uint32_t seen = 0;  // the refresh that told it last
  };
  struct indexed_value {
    std::uint64_t hash;
    std::uint8_t index;
    friend auto operator<=>(const indexed_value&, const indexed_value&) = default;
  };

  [[nodiscard]] result<void> fresh_enough() const;
  [[nodiscard]] std::optional<std::uint8_t> place_of_index(model::attribute_name name) const;
  [[nodiscard]] bool holds(const detail::packed_entry& content, std::uint8_t index, std::string_view value,
                           std::string_view normal_form) const;
  [[nodiscard]] model::entry unpacked(const detail::packed_entry& content) const;

  void heard();
  [[nodiscard]] std::uint32_t number_of(model::attribute_name name);
  [[nodiscard]] std::vector<indexed_value> indexed_values(const detail::packed_entry& content) const;
  [[nodiscard]] std::optional<slot_number> slot_of(const model::entry_uuid& uuid) const;
  [[nodiscard]] slot_number new_slot(const model::entry_uuid& uuid);
  void put(const model::entry_uuid& uuid, const model::entry& content);
  void replace(slot_number at, detail::packed_entry content);
  void remove(slot_number at);
  void end_refresh(bool others_are_gone);

  const options options_;
  mutable detail::writers_first_mutex mutex_;  // what readers see; the writer alone reads it without
  std::vector<value_index> indexes_;
  std::vector<known_name> names_;
  std::deque<slot> slots_;
  std::size_t entries_ = 0;
  std::size_t content_bytes_ = 0;

  std::vector<std::uint32_t> numbers_;  // by attribute_name::id(), 1 + the place in names_
  detail::hash_index by_uuid_;
  std::vector<slot_number> free_;
  std::uint32_t refresh_ = 1;

  std::atomic<bool> refreshed_{false};
  std::atomic<bool> in_step_{false};
  std::atomic<clock::time_point> heard_;
};

}  // namespace sql2ldap::serve
