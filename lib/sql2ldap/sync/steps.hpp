// The changes of a run, one logical step after the other, in an order that a directory accepts:
// containers, then renames, adds and modifies with parents before children, then deletes with
// children before parents. Made from the comparison and read-only searches; writes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <sql2ldap/model/change.hpp>
#include <sql2ldap/sync/compare.hpp>
#include <sql2ldap/sync/diff.hpp>
#include <sql2ldap/sync/origins.hpp>
#include <sql2ldap/sync/stale.hpp>
#include <sql2ldap/sync/sync.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::sync {

// What happens to one entry; its changes are written together or not at all where the server can.
struct step {
  enum class what {
    container,  // add of an entry without origin
    add,
    update,  // rename, modify, both, or delete and add of another structural class
    remove,
    disable,   // its row is gone: turned off, and deleted another day
    make_way,  // rename to a temporary name: somebody else gets this one first
  } kind = what::add;
  std::string dn;  // wanted; for remove, disable and make_way the present one
  std::string origin;
  bool renamed = false;
  bool modified = false;
  std::vector<model::change> changes;
  std::string origin_before;          // of update, when the entry was another row's; else ""
  std::optional<model::entry> after;  // of disable, and of update unless it adds the entry anew

  [[nodiscard]] std::vector<std::string> attributes() const;  // names that change, sorted
  // What of the entry is known to stand in the directory once it is written; nullptr when nothing of the row does.
  [[nodiscard]] const model::entry* content() const noexcept;
};

using step_sink = std::function<result<void>(step)>;

struct step_problem {  // an entry that cannot be brought in step
  std::string dn;
  std::string origin;
  std::string reason{};     // "" of what is held
  bool foreign = false;     // its DN is held by an entry that is not ours
  bool stale = false;       // no row makes it, and it stays (fate::keep)
  bool held = false;        // its change goes beyond the limits (fate::hold, comparison::holds_update)
  bool is_delete = false;   // of what is held
  std::string wanted_dn{};  // of an update that is held
};

class stepper {
 public:
  stepper(const parties& who, const run_options& how, model::snapshot& from, const model::schema& schema,
          const comparison& state);

  // All steps in order; the first error of the sink, of the source or of the directory ends it.
  // Deterministic: the same two states give the same steps.
  [[nodiscard]] result<void> run(const step_sink& to, const std::function<void(const step_problem&)>& problem,
                                 const model::reject_sink& rejects);
  [[nodiscard]] std::uint64_t wanted_count() const noexcept { return wanted_; }
  [[nodiscard]] std::uint64_t rejected_count() const noexcept { return rejected_; }

 private:
  result<void> containers();
  result<void> entries(const model::reject_sink& rejects);
  result<void> deletes();
  result<void> disable(const surplus_list::item& item);
  void prune(entry_difference& d, const wanted& w, const model::entry& present) const;
  result<void> entry(const wanted& w, std::uint64_t dn_hash);
  result<void> missing(const wanted& w, std::uint64_t dn_hash);
  result<void> differing(const wanted& w, std::uint64_t dn_hash);
  result<bool> adopt(const wanted& w, std::uint64_t dn_hash);
  result<void> take_name(std::string_view dn, std::uint64_t dn_hash);
  result<void> make_way(const holder& h);
  result<std::optional<model::entry>> find_present(const wanted& w, std::string_view dn, std::string_view origin);
  [[nodiscard]] wanted_options options_of_second_pass() const;
  [[nodiscard]] bool makes_parents_of(std::size_t kind) const;
  [[nodiscard]] std::string name_now(std::string_view dn) const;
  [[nodiscard]] std::string temporary_name(const holder& h) const;
  result<const model::entry*> read(std::string_view dn, const std::vector<model::attribute_name>& attributes);
  result<bool> has_children(std::string_view dn);
  result<bool> held_by_a_stranger(std::string_view dn, std::uint64_t dn_hash);
  // Why an entry of ours cannot have this name: who has it keeps it. "" when nothing is in the way.
  result<std::string_view> obstacle_at(std::string_view dn, std::uint64_t dn_hash);
  result<bool> is_out_of_sight(const wanted& w, std::uint64_t dn_hash);
  void note_needed_parents(std::string_view dn);
  // An update of the entry with that DN, or with `wanted_dn` "" its delete.
  void hold(std::string_view dn, std::string_view origin, std::string_view wanted_dn);
  [[nodiscard]] bool is_kept_name(std::uint64_t dn_hash) const;
  result<void> bring_up_to_date_in_place(const wanted& w, const model::entry& present);
  result<void> collect_foreign_names();
  void note_rename(std::string_view from, std::string_view to);
  void cannot(const model::entry& content, std::string_view reason) const;

  const parties& who_;
  const run_options& how_;
  model::snapshot& from_;
  const model::schema& schema_;
  const comparison& state_;
  origins origins_;
  std::optional<stale_attributes> stale_;  // set: they are removed
  const step_sink* to_ = nullptr;
  const std::function<void(const step_problem&)>* problem_ = nullptr;
  std::unordered_map<std::uint64_t, std::string> renamed_;  // DN hash before -> DN after, of this run
  dn_set vacated_;                                          // names that somebody of ours left in this run
  std::vector<bool> deleted_early_;                         // by index into surplus
  dn_set needed_parents_;                                   // above entries that stay where no row wants them
  dn_set parents_of_held_;
  dn_set foreign_;
  bool foreign_known_ = false;
  std::unique_ptr<model::entry_stream> reading_;  // keeps the entry of read()
  std::uint64_t wanted_ = 0;
  std::uint64_t rejected_ = 0;
};

}  // namespace sql2ldap::sync
