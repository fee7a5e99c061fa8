// One run: a snapshot, the directory's facts, what the comparison of both gave, and the writing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/sync/compare.hpp>
#include <sql2ldap/sync/delete_limits.hpp>
#include <sql2ldap/sync/steps.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

class run {
 public:
  using facts_ptr = std::shared_ptr<const model::directory_facts>;
  // `facts` null: asks the directory.
  [[nodiscard]] static result<std::unique_ptr<run>> begin(const parties& who, const run_options& how,
                                                          facts_ptr facts = nullptr);
  // Of what compare_keys() has given, in the same snapshot.
  [[nodiscard]] static std::unique_ptr<run> of_compared(const parties& who, const run_options& how, facts_ptr facts,
                                                        model::snapshot& from, comparison found);

  [[nodiscard]] const comparison& state() const noexcept { return state_; }
  [[nodiscard]] const model::directory_facts& facts() const noexcept { return *facts_; }

  // Gives each step to `to`; what stays undone goes to the rejects the first time.
  [[nodiscard]] result<void> each_step(const step_sink& to,
                                       const std::function<void(const step_problem&)>& problem = {});
  // `done`: what was written, or would be.
  [[nodiscard]] counts totals(counts done, std::uint64_t updated) const;
  // An error of kind limit where the run goes beyond them.
  [[nodiscard]] result<void> check_limits();

  // The entries that this run deletes or turns off.
  [[nodiscard]] std::vector<counted_delete> counted_deletes() const;
  // Updates of entries for which `counts` is true.
  [[nodiscard]] result<std::uint64_t> count_updates(const std::function<bool(std::string_view origin)>& counts);
  // Of entries that are really deleted or turned off: not kept for others.
  [[nodiscard]] result<std::set<std::string>> origins_that_go();
  // These stay as they are: each becomes a problem that is `held`.
  void hold_deletes(const std::vector<std::size_t>& places);
  void hold_updates(std::function<bool(std::string_view origin)> held) { state_.holds_update = std::move(held); }
  void hold_adds(std::function<bool(std::string_view dn)> held) { state_.holds_add = std::move(held); }

  // Sees each step before it is written; its error ends the run.
  using step_watch = std::function<result<void>(step&)>;
  [[nodiscard]] result<counts> apply(const step_watch& watch,
                                     const std::function<void(const step_problem&)>& problem = {});

 private:
  [[nodiscard]] result<void> each_step_silently(const step_sink& to);
  run(const parties& who, const run_options& how, facts_ptr facts) : who_(who), how_(how), facts_(std::move(facts)) {}
  // Problems of missing and of stale entries say nothing about the differing ones.
  [[nodiscard]] std::uint64_t undone_in_place() const noexcept { return undone_ - undone_elsewhere_; }

  const parties& who_;
  const run_options& how_;
  facts_ptr facts_;
  std::unique_ptr<model::snapshot> own_snapshot_;
  model::snapshot* snapshot_ = nullptr;
  comparison state_;
  bool reported_ = false;
  std::uint64_t wanted_ = 0;
  std::uint64_t rejected_rows_ = 0;
  std::uint64_t undone_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t undone_elsewhere_ = 0;
  std::uint64_t held_updates_ = 0;
};

}  // namespace sql2ldap::sync
