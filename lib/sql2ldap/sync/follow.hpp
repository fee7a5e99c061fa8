// After the first load: keeps the directory in step with the tables, change by change. A change
// only names rows; what they have a part in is read again and compared, so a change that is told
// twice, or late, does no harm. Rows and entries that cannot be brought in step are set aside, and
// tried again when what stood in their way is gone.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <sql2ldap/model/row.hpp>
#include <sql2ldap/model/set_aside.hpp>
#include <sql2ldap/sync/beside.hpp>
#include <sql2ldap/sync/compare.hpp>
#include <sql2ldap/sync/delete_limits.hpp>
#include <sql2ldap/sync/dirty_keys.hpp>
#include <sql2ldap/sync/held_changes.hpp>
#include <sql2ldap/sync/steps.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

class run;

// Why entries are compared.
struct occasion {
  std::string cause;     // for people: which change of the source, or who asked
  std::time_t time = 0;  // when it was committed: deletes count together within a window of such times
  // What goes beyond the limits is held. Else it is an error of kind limit, and nothing is written.
  bool holds = true;
};

class follower {
 public:
  // Told before anything is written of a change that also moves entries which its rows do not name: should it end
  // half-way, nobody could find these again. Its answer must be durable; an error ends the call.
  struct unfinished {
    bool everything = false;
    std::set<std::string> origins;
  };
  using spool = std::function<result<void>(const unfinished&)>;

  // `who` and `how` outlive the follower.
  follower(
      const parties& who, const run_options& how, spool to = [](const unfinished&) -> result<void> { return {}; },
      beside read_beside = in_another_thread);

  // Compares everything and mends it; limits apply. To be done first, and whenever changes may have been missed.
  [[nodiscard]] result<counts> reconcile(const occasion& at = {});
  // Brings in step what these rows, as they were and as they are, have a part in. Limits apply. After any error the
  // same rows must be given again; what else was in play is remembered. `next`: what will be given to the next call, if
  // that is known; it is read on both sides while `changed` is written.
  [[nodiscard]] result<counts> follow(std::span<const model::row_image> changed,
                                      std::vector<model::row_image> next = {}, const occasion& at = {});
  // Tries again what was set aside.
  using choice = std::function<bool(const std::string& origin, const model::set_aside& why)>;
  [[nodiscard]] result<counts> retry(
      const choice& which = [](const std::string&, const model::set_aside&) { return true; }, const occasion& at = {});

  // Compares these entries and their rows again, by origin.
  [[nodiscard]] result<counts> compare_again(const std::set<std::string>& origins, const occasion& at = {});

  // Deletes entries whose rows are gone for longer than the grace.
  [[nodiscard]] result<counts> purge(const occasion& at = {});

  // What goes beyond the limits. It waits until it is released, or its rows want it no more.
  [[nodiscard]] const held_changes& held() const noexcept { return held_; }
  [[nodiscard]] held_changes& held() noexcept { return held_; }
  // Writes what held().release() has released.
  [[nodiscard]] result<counts> write_released(const occasion& at);

  // Goes on where another follower has stopped.
  void restore(model::set_aside_list aside, std::uint64_t entries, std::set<std::string> half_done,
               model::held_list held = {}, std::string held_name = {});
  // The directory may be another one now, or have another schema.
  void ask_again();

  // By origin. Who is set aside again for the same reason keeps times, tries and `dropped`; they are the caller's.
  [[nodiscard]] const model::set_aside_list& aside() const noexcept { return aside_; }
  [[nodiscard]] model::set_aside_list& aside() noexcept { return aside_; }
  // Empty after a call that came to its end.
  [[nodiscard]] const std::set<std::string>& half_done() const noexcept { return half_done_; }
  [[nodiscard]] std::uint64_t entries() const noexcept { return present_; }

 private:
  // What a run changed for those who wait, as DN hashes.
  struct moves {
    std::unordered_set<std::uint64_t> freed;  // names that somebody gave up
    std::unordered_set<std::uint64_t> left;   // parents that a child went away from
    std::unordered_set<std::uint64_t> taken;  // names under which children may stand now
    void free(std::string_view dn);
    [[nodiscard]] bool none() const noexcept { return freed.empty() && left.empty() && taken.empty(); }
  };
  // What both sides hold of some keys; nothing is told of it, or written, yet.
  struct compared {
    std::unique_ptr<model::snapshot> from;
    dirty_keys dirty;
    bool has_grown = false;  // the comparison brought more into play
    comparison found;
  };
  // A comparison made while something else is written.
  struct ahead {
    std::vector<model::row_image> changed;
    std::optional<compared> what;
    std::future<result<void>> reading;  // last: the others are there until its end
  };
  [[nodiscard]] result<void> ask_for_facts();
  [[nodiscard]] result<std::set<std::string>> overdue();
  [[nodiscard]] result<counts> look_at(dirty_keys dirty, const occasion& at);
  [[nodiscard]] result<compared> read(std::span<const model::row_image> changed) const;
  [[nodiscard]] result<compared> begin() const;
  [[nodiscard]] result<void> compare(compared& what) const;
  [[nodiscard]] result<compared> compare_rows(std::span<const model::row_image> changed);
  [[nodiscard]] bool leaves_others_alone(const run& what, const std::vector<std::string>& names) const;
  [[nodiscard]] std::unique_ptr<ahead> look_ahead(std::vector<model::row_image> next) const;
  [[nodiscard]] result<counts> bring_in_step(compared what, std::vector<model::row_image> next, const occasion& at);
  // What a run sets aside, until it is known that the run came to its end.
  struct findings {
    std::vector<std::pair<std::string, model::set_aside>> list;
    std::unordered_set<std::string> name_taken;        // origins
    std::unordered_set<std::string> to_remove;         // origins, whether it was done or not
    std::unordered_set<std::string> deleted{};         // origins
    std::map<std::string, model::held_change> held{};  // by origin
    [[nodiscard]] bool none() const noexcept {
      return list.empty() && name_taken.empty() && to_remove.empty() && held.empty();
    }
  };
  [[nodiscard]] run_options collecting(findings& into, const occasion& at) const;
  [[nodiscard]] result<counts> apply(run& what, moves& seen, findings& into);
  [[nodiscard]] result<counts> one_pass(compared& what, moves& seen, bool first, std::vector<model::row_image> next,
                                        const occasion& at);
  [[nodiscard]] dirty_keys freed_by(const moves& seen) const;
  static void note(const step& s, moves& seen);
  void put_aside(findings&& found, const model::set_aside_list& before);
  // What of a run is held, and what its deletes count for those that come after them.
  struct limited {
    std::string cause;
    std::vector<counted_delete> deletes;
  };
  [[nodiscard]] result<limited> limit(run& what, const occasion& at);
  [[nodiscard]] std::time_t time_of(const occasion& at) const;
  void keep_held(findings& found, const limited& by, const occasion& at);
  [[nodiscard]] result<void> note_in_play(const std::vector<std::string>& names);  // origins
  void add_known(const std::string& origin, dirty_keys& to) const;
  void note_unread(std::size_t kind, std::uint64_t rows);

  const parties& who_;
  const run_options& how_;
  spool spool_;
  origins origins_;
  std::shared_ptr<const model::directory_facts> facts_;
  model::set_aside_list aside_;
  std::uint64_t present_ = 0;  // entries of ours in the directory
  std::set<std::string> half_done_;
  std::set<std::size_t> unread_;  // kinds of which rows may have keys that cannot be read; at first nobody knows
  held_changes held_;
  std::set<std::string> released_;  // while they are written, whatever has become of each
  recent_deletes recent_;
  beside read_beside_;
  bool reads_ahead_ = true;
  std::unique_ptr<ahead> ahead_;  // still true when the rows it was made for come next, and nothing else before
};

}  // namespace sql2ldap::sync
