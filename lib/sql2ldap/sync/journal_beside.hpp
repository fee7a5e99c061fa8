// A journal one of whose writes may go on beside the caller, so that nobody waits for a disk who need not. All other
// calls wait for that write first: the journal is asked by one thread at a time, and in order.
#pragma once

#include <functional>
#include <future>
#include <optional>

#include <sql2ldap/model/journal.hpp>
#include <sql2ldap/sync/beside.hpp>

namespace sql2ldap::sync {

class journal_beside final : public model::journal {
 public:
  struct record {
    model::remembered now;
    model::set_aside_list aside;
    model::agreement_changes agreed;
    model::held_updates held;
  };
  struct outcome {
    record what;
    result<void> how;
  };

  // `real` outlives this.
  journal_beside(model::journal& real, beside how) : real_(real), how_(std::move(how)) {}
  // Waits until what was begun has come to its end.
  ~journal_beside() override = default;

  // Only one at a time.
  void begin(record what);
  [[nodiscard]] bool is_writing() const noexcept { return going_on_.valid() || ended_; }
  // Once, of what was begun; nullopt: there is nothing, or (not with `wait`) it goes on.
  [[nodiscard]] std::optional<outcome> take(bool wait);

  // While the outcome of a write that failed has not been taken, these fail as it did.
  [[nodiscard]] result<std::optional<model::remembered>> recall() override;
  [[nodiscard]] result<model::set_aside_list> recall_aside() override;
  [[nodiscard]] result<model::held_list> recall_held() override;
  [[nodiscard]] result<void> remember(const model::remembered& now, const model::set_aside_list& aside,
                                      const model::agreement_changes& agreed, const model::held_updates& held) override;
  [[nodiscard]] result<void> agree(const model::agreement_changes& changed) override;
  [[nodiscard]] result<std::optional<model::agreement>> agreed_on(const std::string& origin) override;
  [[nodiscard]] result<std::optional<std::string>> origin_with(const model::entry_uuid& uuid) override;
  [[nodiscard]] result<void> forget_agreements(const std::function<bool(std::string_view origin)>& which) override;
  [[nodiscard]] result<std::vector<std::string>> agreed_without_uuid(std::size_t most) override;
  [[nodiscard]] result<void> learn_uuids(const std::map<std::string, model::entry_uuid>& uuids) override;

 private:
  [[nodiscard]] result<void> wait();

  model::journal& real_;
  beside how_;
  record what_;
  std::optional<result<void>> ended_;
  std::future<result<void>> going_on_;  // last: what it works with is still there when its end is waited for
};

}  // namespace sql2ldap::sync
