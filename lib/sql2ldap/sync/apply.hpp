// Steps to a directory: in transactions where it has them, else one by one. Refused steps become
// rejects and the rest goes on; after a lost answer what happened is read back before anything is
// written again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sql2ldap/sync/dn_set.hpp>
#include <sql2ldap/sync/origins.hpp>
#include <sql2ldap/sync/steps.hpp>
#include <sql2ldap/sync/sync.hpp>
#include <sql2ldap/sync/trial_entry.hpp>

namespace sql2ldap::sync {

// Adds what a step does to the sums.
void count_step(counts& sums, const step& done);

// A clear-text value never reaches a server: it is replaced by its hash.
[[nodiscard]] result<void> hash_clear_text(step& what);

// How many changes of a batch, from its beginning, a directory shows to be done. `read` gives the
// entry of a DN with all attributes, or nullopt when it is not there.
using entry_reader = std::function<result<std::optional<model::entry>>(std::string_view dn)>;
[[nodiscard]] result<std::size_t> changes_done(const std::vector<model::change>& batch, const model::schema& schema,
                                               const entry_reader& read);

class applier {
 public:
  applier(const parties& who, const run_options& how, const model::directory_facts& facts);

  // Collects; writes whenever a batch is full. Errors: the directory is gone for good, or the
  // operator stopped the run. What was written stays.
  [[nodiscard]] result<void> push(step what);
  [[nodiscard]] result<void> finish();
  void set_total(std::uint64_t steps) noexcept { total_ = steps; }
  [[nodiscard]] const counts& done() const noexcept { return done_; }

 private:
  [[nodiscard]] result<void> flush();
  [[nodiscard]] result<void> write(std::vector<step>& steps, bool& atomic, std::size_t& refusals);
  [[nodiscard]] result<bool> bring_into_use(const std::vector<model::change>& changes, bool atomic);
  void warn_of_trial(const trial_entry& trial, const model::refusal& no);
  [[nodiscard]] result<void> expect_room(const model::refusal& no);
  [[nodiscard]] error with_room_hint(error why) const;
  [[nodiscard]] result<void> after_lost_answer(std::vector<step>& steps, bool atomic);
  [[nodiscard]] result<std::optional<model::entry>> read(std::string_view dn);
  [[nodiscard]] result<void> note_replaced(const std::vector<step>& steps);
  [[nodiscard]] result<std::string> put_back(const std::string& origin);
  void drop_below_refused(std::vector<step>& steps);
  void refuse(const step& what, const std::string& reason);
  [[nodiscard]] std::string reason_of(const step& what, const model::refusal& no) const;
  [[nodiscard]] result<void> settle_refusal(std::vector<step>& steps, std::size_t at, const model::refusal& no);
  [[nodiscard]] result<void> finished(const step& what);

  const parties& who_;
  const run_options& how_;
  const model::directory_facts& facts_;
  origins origins_;
  std::vector<step> batch_;
  std::size_t batch_operations_ = 0;
  bool batch_fits_transaction_ = true;  // all of its changes do, or else none
  bool batch_makes_containers_ = false;
  dn_set refused_;  // names of entries that could not be added
  // By origin: entries of this batch that are deleted to be added with another structural class.
  std::map<std::string, model::entry> replaced_;
  counts done_;
  std::uint64_t total_ = 0;
  std::uint64_t steps_done_ = 0;
};

}  // namespace sql2ldap::sync
