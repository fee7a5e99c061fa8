// The entries that a mapping makes of a source, told as a directory tells its content: for answers from the SQL tables
// themselves, to hold against those of a directory, or in its place.
//
// Everything is read at first, and again every while; told is what differs. Memory: about 150 bytes an entry.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::sync {

class source_content : public model::content_feed {
 public:
  struct options {
    model::dn base;
    std::chrono::milliseconds read_every{60'000};
    const model::schema* schema = nullptr;  // as for wanted_entries
  };

  // All three outlive this. An entry's UUID comes from its origin and is the same at all times.
  source_content(const mapping::mapping& map, model::source& from, options how);

  // A row that can no longer be mapped leaves its entry as it was. The first reading ends with `refreshed_others`, each
  // other one with `refreshed`. What a reading that broke off has not seen is not gone: it ends with the error.
  [[nodiscard]] result<std::optional<model::content_event>> next(std::chrono::milliseconds patience) override;
  [[nodiscard]] std::string cookie() const override { return {}; }  // another one begins anew
  void wake() noexcept override;

 private:
  using clock = std::chrono::steady_clock;
  struct reading {
    std::unique_ptr<model::snapshot> rows;
    std::unique_ptr<wanted_entries> entries;
    std::map<model::entry_uuid, digest128> seen;
    std::set<model::entry_uuid> unmapped;  // rows that are there, and make no entry now
  };
  [[nodiscard]] bool wait_until_due(std::chrono::milliseconds patience);
  [[nodiscard]] result<void> begin();
  [[nodiscard]] result<std::optional<model::content_event>> changed_entry();
  [[nodiscard]] model::content_event gone_or_end();

  const mapping::mapping& map_;
  model::source& from_;
  options how_;
  std::map<model::entry_uuid, digest128> told_;
  std::unique_ptr<reading> now_;  // null between two
  bool told_once_ = false;
  clock::time_point due_ = clock::now();
  std::mutex mutex_;
  std::condition_variable woken_;
  bool wake_ = false;
};

}  // namespace sql2ldap::sync
