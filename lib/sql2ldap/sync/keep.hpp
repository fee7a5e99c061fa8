// Keeps a directory in step with a source for as long as it runs: finds out what it may have missed, follows the
// changes, applies them in the order of their commits, remembers how far it came, and only then lets the source forget.
//
// Promises: after a crash at any point, a lost journal, a lost or foreign slot, it gets back in step by itself, by
// comparing everything where it cannot know, and says so; nothing is confirmed that is not applied and written down;
// deletes and updates that go beyond the limits wait for release() or for their rows to come back, all else goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/model/journal.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/sync/agreements.hpp>
#include <sql2ldap/sync/background_verify.hpp>
#include <sql2ldap/sync/beside.hpp>
#include <sql2ldap/sync/follow.hpp>
#include <sql2ldap/sync/held_plan.hpp>
#include <sql2ldap/sync/journal_beside.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

using time_point = std::chrono::system_clock::time_point;

// Of the capture, each behind the one before.
struct positions {
  std::uint64_t received = 0;   // the feed has told it
  std::uint64_t spooled = 0;    // taken to be applied, as one with those before it
  std::uint64_t applied = 0;    // in the directory
  std::uint64_t confirmed = 0;  // written down, and the source may forget it
};

struct keep_status {
  enum class phase { starting, standby, reconciling, following, held, trouble } now = phase::starting;
  time_point since;
  std::string reconciled_because;  // the last time; "" = not since the start
  positions at;
  std::string history;
  std::optional<time_point> behind_since;  // commit of the oldest change that waits; nullopt = none is known
  std::uint64_t waiting_rows = 0;
  std::uint64_t transactions = 0;  // applied since the start
  counts done;                     // since the start; `present` is now
  std::uint64_t rejects = 0;       // set aside and not dropped
  std::uint64_t retained_bytes = 0;
  std::optional<held_plan> held;
  std::optional<time_point> proven_at;  // when all was last compared
  std::uint64_t found_out_of_step = 0;  // entries, by the last comparison of everything; they are mended
  std::string trouble;                  // "" = none
  std::string journal_trouble;
};

struct keep_options {
  std::function<time_point()> clock = [] { return std::chrono::system_clock::now(); };
  // An event with its ID, for the log.
  std::function<void(log::level, std::string_view id, const std::string& text)> tell = [](log::level, std::string_view,
                                                                                          const std::string&) {};
  std::function<void(const keep_status&)> watch = [](const keep_status&) {};  // after each turn
  // How the journal is written and the next rows are read, while changes are followed.
  beside work_beside = in_another_thread;
  std::size_t rows_at_once = limits::feed_rows_at_once;               // of several transactions
  std::size_t transactions_singly = limits::transactions_singly_max;  // more that wait are applied as one
  std::uint64_t retained_bytes_warning = std::uint64_t{1} << 30U;
};

class keeper {
 public:
  // All outlive the keeper.
  keeper(const parties& who, const run_options& how, model::capture& capture, model::journal& journal,
         keep_options options);

  // Does what there is to do and waits for changes, at most `patience`. After an error (whatever its kind) the
  // next turn begins again where it is safe.
  [[nodiscard]] result<void> turn(std::chrono::milliseconds patience);
  // Turns until `stop`, waiting longer and longer between errors; `idle` waits, less when it is stopped. Errors that
  // nobody has had a chance to mend (the first turn, not transient) end it.
  [[nodiscard]] result<void> run(const std::function<bool()>& stop,
                                 const std::function<void(std::chrono::milliseconds)>& idle);
  // Writes down and confirms what is applied.
  [[nodiscard]] result<void> settle();

  // Exactly what `held_plan::id` names is written in the next turn; false when no plan has that name.
  [[nodiscard]] bool release(const std::string& plan_id);
  void compare_everything(std::string because) { everything_because_ = std::move(because); }
  // A comparison of everything beside us has found these; what is out of step is mended.
  void check(verify_findings found);
  // Of those set aside, by origin; "" = all. How many there were.
  std::size_t retry(const std::string& origin);
  std::size_t drop(const std::string& origin);

  [[nodiscard]] const keep_status& status() const noexcept { return status_; }
  [[nodiscard]] const model::set_aside_list& aside() const noexcept { return follower_.aside(); }
  [[nodiscard]] const model::held_list& held() const noexcept { return follower_.held().list(); }

 private:
  [[nodiscard]] result<void> begin();
  [[nodiscard]] result<void> look();
  [[nodiscard]] std::string why_everything(const model::collected& now) const;
  // The mapping against the tables as they are now.
  [[nodiscard]] result<void> check_mapping();
  [[nodiscard]] result<void> reconcile();
  [[nodiscard]] result<void> gather(std::chrono::milliseconds patience);
  [[nodiscard]] result<void> apply_waiting();
  [[nodiscard]] std::size_t end_of_piece(std::size_t from) const;
  [[nodiscard]] std::vector<model::row_image> next_piece(std::size_t from) const;
  // The first of those that wait; false: they are too much together. `next`: what the next call will get.
  [[nodiscard]] result<bool> apply(std::size_t transactions, std::vector<model::row_image> next);
  void note_if_current(bool turned);
  [[nodiscard]] bool has_time();
  [[nodiscard]] std::set<std::string> due_aside(std::int64_t now) const;
  [[nodiscard]] result<void> retry_aside();
  [[nodiscard]] result<void> write_down();
  [[nodiscard]] result<void> remember();
  [[nodiscard]] journal_beside::record unwritten();
  void note_written(journal_beside::record&& what, const result<void>& how);
  void end_writing(bool wait);
  [[nodiscard]] bool is_written() const;
  [[nodiscard]] result<void> confirm();
  [[nodiscard]] result<void> learn_uuids();
  [[nodiscard]] result<void> check_found();
  [[nodiscard]] result<void> purge();
  [[nodiscard]] result<void> spool(const follower::unfinished& what);
  void proven(std::uint64_t differences);
  [[nodiscard]] result<void> write_released();
  void note_held();
  void done(const counts& what);
  void let_go();
  void forget_waiting();
  void note_aside();
  void enter(keep_status::phase now);
  [[nodiscard]] std::int64_t seconds_now() const;

  const parties& who_;
  run_options how_;
  model::capture& capture_;
  journal_beside journal_;
  keep_options options_;
  agreements agreements_;
  follower follower_;

  bool recalled_ = false;
  model::remembered memory_;
  std::optional<model::remembered> written_;  // what the journal has
  model::set_aside_list written_aside_;
  std::unique_ptr<model::feed> feed_;
  std::string everything_because_;  // not "": everything is to be compared first
  std::optional<verify_findings> to_check_;
  std::deque<model::committed> waiting_;
  std::size_t singly_ = 0;           // the first of them, which are too much together
  std::uint64_t held_revision_ = 0;  // of what status_.held shows
  bool has_release_ = false;
  time_point next_write_;
  time_point next_look_;
  time_point next_learning_;
  time_point next_purge_;
  time_point current_from_;  // before that the version store may lack our own last writes
  time_point next_pause_;    // of a backlog
  keep_status status_;
};

}  // namespace sql2ldap::sync
