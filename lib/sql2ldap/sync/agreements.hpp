// What both sides agree on, as runs find and make it: noted entry by entry, and handed to the journal. Neither side is
// the source here: a merge in either direction finds its common ancestor in what this keeps.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/journal.hpp>
#include <sql2ldap/sync/digest.hpp>
#include <sql2ldap/sync/dn_set.hpp>
#include <sql2ldap/sync/origins.hpp>
#include <sql2ldap/sync/steps.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

class agreements {
 public:
  // Both outlive this.
  agreements(const parties& who, model::journal& journal) : who_(who), journal_(journal), origins_(who.map) {}

  // Runs with these options tell what they find and make.
  void listen(run_options& how);

  // Whether this knows all that was written: not after a start or an error, where the last writes may be unknown.
  void set_current(bool current) noexcept { current_ = current; }

  // Not in the journal yet: to be written with the position that it belongs to.
  [[nodiscard]] bool has_pending() const noexcept { return !pending_.empty(); }
  [[nodiscard]] model::agreement_changes take_pending() { return std::exchange(pending_, {}); }
  // It could not be written; what was noted since is newer.
  void give_back(model::agreement_changes&& pending) { pending_.merge(pending); }

  // Asks the directory for the entryUUIDs of entries that were added: of some, or of all.
  [[nodiscard]] bool lacks_uuids() const noexcept { return lacks_uuids_; }
  [[nodiscard]] result<void> learn_some_uuids();
  [[nodiscard]] result<void> learn_all_uuids();

 private:
  [[nodiscard]] result<std::string> last_known_dn(const std::string& origin);
  [[nodiscard]] result<void> note(std::size_t kind, const model::entry& content, const model::schema& rules);
  [[nodiscard]] result<void> note(const step& done, const model::schema& rules);
  [[nodiscard]] result<void> spill();
  [[nodiscard]] result<void> forget_unseen();
  [[nodiscard]] result<std::size_t> learn(const std::string& filter);

  const parties& who_;
  model::journal& journal_;
  origins origins_;
  std::optional<digester> digester_;
  model::agreement_changes pending_;
  std::optional<dn_set> seen_;  // origins, by hash, while everything is compared
  bool lacks_uuids_ = true;     // perhaps
  bool current_ = true;
};

}  // namespace sql2ldap::sync
