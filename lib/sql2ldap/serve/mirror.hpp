// A directory's content in memory: lookups in microseconds, also while the directory is down.
//
// Gives: model::entry_lookup over the attributes that are indexed, and all entries, some at a time. Promises: a
// lookup sees each entry as it was at one moment, and waits for one entry to be taken in at the longest,
// never for a refresh. While a refresh runs what is new is seen at once, and what is gone is seen until its
// end. Before the first refresh has ended, when it is not known for longer than `age_max` that the mirror is like the
// directory, and while no entry with an indexed value is in it (a directory that shows nothing to us tells of none),
// lookups are transient errors. Leaves to others: where the events come from
// (mirror_keeper).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <sql2ldap/base/coarse_clock.hpp>
#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::serve {

struct mirror_status {
  bool refreshed = false;           // was once the whole directory: without that nothing is answered
  bool in_step = false;             // changes are told as they come
  std::chrono::milliseconds age{};  // since it was last known to be in step
  std::size_t entries = 0;
  std::size_t memory_bytes = 0;
};

// "Try later", where a content has nothing of ours: who it is hidden from sees the same.
[[nodiscard]] tl::unexpected<error> nothing_seen();

class mirror : public model::entry_lookup {
 public:
  using clock = std::chrono::steady_clock;
  struct options {
    // What find() may ask for. A value that many thousands of entries share makes an index slow to fill.
    std::vector<model::attribute_name> indexed;
    std::chrono::milliseconds age_max{0};  // 0 = an answer may have any age
    std::function<clock::time_point()> now = coarse_now;
  };

  mirror(options how, const model::schema& schema);  // whose matching rules say what is equal
  ~mirror() override;

  // From any thread. An attribute that is not indexed is an error (error_kind::usage).
  result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  // What has any of these, at one moment.
  result<std::vector<std::vector<model::entry>>> find_each(std::span<const model::value_assertion> asked) override;
  void expect(model::attribute_name name, std::span<const std::string_view> values) override;
  [[nodiscard]] std::optional<std::uint64_t> version() const override;
  // At most `entries_max` entries from `place` on, which is 0 at first and moved on; empty at the end. Who is there
  // all the while is told exactly once.
  [[nodiscard]] result<std::vector<model::entry>> list(std::size_t& place, std::size_t entries_max) const;
  [[nodiscard]] mirror_status status() const;
  [[nodiscard]] result<void> can_answer() const;  // or why all lookups are errors at the moment

  // Both from one thread at a time. begin_refresh(): a feed has ended; the next one tells from its beginning which
  // entries are there.
  void begin_refresh();
  void apply(const model::content_event& event);

 private:
  class body;
  std::unique_ptr<body> body_;
};

}  // namespace sql2ldap::serve
