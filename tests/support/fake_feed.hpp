// A capture of changes and a journal in memory, which lose and break on demand.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/model/journal.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::test {

class fake_capture : public model::capture {
 public:
  std::function<bool()> cut = [] { return false; };    // each call: a connection that is lost
  std::string tables;                                  // as look() describes them
  std::function<bool()> crash = [] { return false; };  // before and after a confirmation: throws `crashed`

  // One transaction of the application.
  void commit(std::vector<model::row_image> rows, std::chrono::system_clock::time_point when);
  // Each ends the feeds that are open.
  void drop();
  void move_on();  // somebody else has read what was for us
  void fail_over();
  void put_back_older_copy();  // what was confirmed last is not confirmed in it; it may have as many changes
  [[nodiscard]] bool is_collecting() const noexcept { return slot_.has_value(); }
  [[nodiscard]] std::size_t unconfirmed() const noexcept { return kept_.size(); }

  [[nodiscard]] result<model::collected> look() override;
  [[nodiscard]] result<void> begin() override;
  [[nodiscard]] result<std::unique_ptr<model::feed>> follow(std::uint64_t from) override;

 private:
  friend class fake_feed;
  std::optional<std::uint64_t> slot_;  // confirmed
  std::deque<model::committed> kept_;
  std::uint64_t end_ = 1000;
  int timeline_ = 1;
  bool keeps_confirmed_ = false;
  int feeds_ended_ = 0;
};

class fake_journal : public model::journal {
 public:
  enum class fault { none, full, crash_before, crash_after };
  std::function<fault()> on_write = [] { return fault::none; };

  void lose();  // the folder is gone
  [[nodiscard]] result<std::optional<model::remembered>> recall() override { return now_; }
  [[nodiscard]] result<model::set_aside_list> recall_aside() override { return aside_; }
  [[nodiscard]] result<model::held_list> recall_held() override { return held_; }
  [[nodiscard]] result<void> remember(const model::remembered& now, const model::set_aside_list& aside,
                                      const model::agreement_changes& agreed, const model::held_updates& held) override;
  [[nodiscard]] result<void> agree(const model::agreement_changes& changed) override;
  [[nodiscard]] result<std::optional<model::agreement>> agreed_on(const std::string& origin) override;
  [[nodiscard]] result<std::optional<std::string>> origin_with(const model::entry_uuid& uuid) override;
  [[nodiscard]] result<void> forget_agreements(const std::function<bool(std::string_view origin)>& which) override;
  [[nodiscard]] result<std::vector<std::string>> agreed_without_uuid(std::size_t most) override;
  [[nodiscard]] result<void> learn_uuids(const std::map<std::string, model::entry_uuid>& uuids) override;

  [[nodiscard]] const std::map<std::string, model::agreement>& agreed() const noexcept { return agreed_; }

 private:
  // What `change` does is there when a crash comes after it.
  [[nodiscard]] result<void> write(const std::function<void()>& change);

  std::optional<model::remembered> now_;
  model::set_aside_list aside_;
  model::held_list held_;
  std::map<std::string, model::agreement> agreed_;
};

}  // namespace sql2ldap::test
