// The room `sync`: what the directory should hold against what it holds.
//
// Gives: plan (what would change), migrate (change it), verify (is it so?), why (who made this?).
// Promises: bounded memory (see compare.hpp); only entries whose s2lOrigin names this mapping are
// changed or deleted; a read that is not complete never leads to a write; an interrupted run is
// run again and ends right; nothing is written before the limits have been checked.
// Leaves to others: SQL text and LDAP messages (ports), how to show it (tools).
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/model/reject.hpp>

namespace sql2ldap::sync {

// A run stops before its first write when deletes (or changes: modifies and renames) are more than the larger of both
// numbers; a daemon holds them and goes on with the rest. An entry in whose place another one comes, for the same
// address and below the same parent, counts as a change. A first load has none of either.
struct change_limits {
  double deletes_percent = 1.0;
  std::uint64_t deletes_at_least = 5;
  double deletes_at_least_percent_max = 100.0;              // of the entries: deletes_at_least means no more than these
  std::optional<std::uint64_t> parent_deletes_max{};        // deletes of entries that others stand below of (domains)
  std::optional<std::uint64_t> deletes_below_parent_max{};  // below one of them
  std::chrono::seconds window{0};  // a daemon's: deletes within it count together; by the time of their commits
  double changes_percent = 20.0;
  std::uint64_t changes_at_least = 20;
  bool enforced = true;
};

struct counts {
  std::uint64_t wanted = 0;   // entries the mapping makes
  std::uint64_t present = 0;  // entries of ours found
  std::uint64_t equal = 0;
  std::uint64_t added = 0;
  std::uint64_t modified = 0;  // entries, not operations
  std::uint64_t renamed = 0;   // also counted in modified when attributes change with it
  std::uint64_t deleted = 0;
  std::uint64_t disabled = 0;  // their rows are gone; to be deleted when the grace is over
  std::uint64_t foreign = 0;   // wanted DNs held by entries that are not ours: rejected
  std::uint64_t rejected = 0;  // rows and refused writes
  std::uint64_t stale = 0;     // entries with attributes that the mapping does not write, where they are looked for
  [[nodiscard]] std::uint64_t differences() const noexcept { return added + modified + renamed + deleted + disabled; }
};

struct progress {
  enum class phase { reading_source, reading_directory, comparing, writing } now = phase::reading_source;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0 = not known
};

struct parties {  // who takes part; all outlive the call
  const mapping::mapping& map;
  model::source& from;
  model::directory& to;
  model::dn base;
};

struct step;

struct run_options {
  change_limits limits;
  // An entry whose row is gone is only turned off at first, and marked with the day (s2lGoneSince); so long after that
  // day it is deleted, unless its row comes back or another row wants its name. 0: it is deleted at once.
  std::chrono::seconds grace{0};
  std::function<std::time_t()> now = [] { return std::time(nullptr); };
  bool show_secrets = false;  // in plans; else a digest that never binds
  // Attributes of our schema that the mapping does not write (stale.hpp) are removed from entries of ours.
  bool prune = false;
  model::reject_sink rejects = [](const model::reject&) {};
  // Rows that `orphan skip` leaves out.
  std::function<void(std::string_view origin, std::string_view dn)> skipped = [](std::string_view, std::string_view) {};
  std::function<void(const progress&)> report = [](const progress&) {};
  std::function<bool()> stop = [] { return false; };  // asked between batches (SIGINT)
  // For those who keep account; their error ends the run. Unset: nobody does. An entry that is as its row wants it,
  // with what was read of it, entryUUID included; may be told more than once.
  std::function<result<void>(std::size_t kind, const model::entry& present, const model::schema& rules)> found_equal{};
  // The DN of the entry of this origin when it was last seen, "" = never. An entry that is known and that the directory
  // does not show is hidden by access rules, or somebody has removed it: nobody can tell, so it is not made anew under
  // another name.
  std::function<result<std::string>(std::string_view origin)> last_known_dn{};
  // Around a comparison of everything and its mending, when that comes to its end.
  std::function<void()> everything_begins{};
  std::function<result<void>()> everything_ended{};
  // A full comparison looks for such attributes, and finds some.
  std::function<void(std::string_view dn, std::string_view origin, const std::vector<std::string>& attributes)>
      on_stale{};
  // Of the keys that were asked for: no row makes this entry, and it is not there, or off for that reason.
  std::function<result<void>(const std::string& origin)> found_absent{};
  // A batch that is about to be written, and is not after an error. Of each of its steps one of the next two is told,
  // unless the run ends with an error: then nobody knows.
  std::function<result<void>(const std::vector<step>& batch)> before_write{};
  std::function<void(const step& what)> refused{};
  // A step that is in the directory now.
  std::function<result<void>(const step& done, const model::schema& rules)> written{};
  // The same for an audit trail, with the change of the source that it comes from (follow.hpp, occasion::cause).
  std::function<void(const step& done, std::string_view cause)> audit{};
  // What an operator should know and can do something about; once for each reason and connection.
  std::function<void(const std::string& message, const std::string& hint)> warn = [](const std::string&,
                                                                                     const std::string&) {};
  // Between two tries after a lost answer.
  std::function<void(std::chrono::milliseconds)> wait = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
  };
};

// Writes the changes as LDIF that ldapmodify takes, with a header of comments (mapping, its
// fingerprint, base, counts) and a closing "# end of plan" line.
[[nodiscard]] result<counts> plan(const parties& who, const run_options& how, std::ostream& ldif);

// Plans, checks the limits, applies. Refused writes become rejects; the rest goes on.
[[nodiscard]] result<counts> migrate(const parties& who, const run_options& how);

// Applies exactly the plan in `ldif_file`: makes the plan again and goes on only when both say
// the same, else error_kind::changed with the first difference.
[[nodiscard]] result<counts> migrate_plan(const parties& who, const run_options& how, const std::string& ldif_file);

struct ldif_options {
  model::dn base;
  bool base_entry = true;  // write the base itself first, so that an empty database can be filled
};
// For `slapadd -q`: content records, no directory needed.
[[nodiscard]] result<counts> write_ldif(const mapping::mapping& map, model::source& from, const ldif_options& options,
                                        const run_options& how, std::ostream& out);

struct difference {
  enum class what {
    missing,
    surplus,
    differs,
    renamed,
    foreign,
    stale,  // in step, and with `attributes` that the mapping does not write; counted apart
  } kind = what::differs;
  std::string dn;
  std::string origin;
  std::vector<std::string> attributes;  // names only
};
// Full compare. Each difference goes to `each`; with `repair` they are also mended, limits apply.
[[nodiscard]] result<counts> verify(const parties& who, const run_options& how, bool repair,
                                    const std::function<void(const difference&)>& each);

// Which rows and which lines made or blocked each attribute of the entries that have `address` as
// a key, in their DN or among their values.
struct explanation {
  std::string kind;
  std::string table;
  std::string key;
  std::string dn;      // "" when rejected
  std::string reject;  // reason, "" when made
  std::vector<mapping::trace> attributes;
  std::vector<std::string> directory;  // what the directory holds: "attr: value" that differ, or "absent"
};
[[nodiscard]] result<std::vector<explanation>> why(const mapping::mapping& map, model::source& from,
                                                   model::directory* to, const model::dn& base,
                                                   const std::string& address);

// Everything that would go wrong, before the first write: the mapping against tables, schema, and
// the data itself (duplicates after folding, hashes slapd or dovecot 2.4 will not take, rejects).
struct finding {
  enum class severity { note, warning, error } level = severity::warning;
  std::string where;  // "mailbox.password", "schema", "acl"
  std::string message;
  std::string hint;
};
// An account whose stored password nobody can verify.
struct locked_account {
  std::string name;  // its login, else its DN
  std::string dn;
  std::string stored;  // "mailbox.password: CRAM-MD5"; the scheme, no value
};
struct check_options {
  bool write_test = false;  // writes an entry below the base and removes it; else nothing is written
  std::function<void(const locked_account&)> on_locked = [](const locked_account&) {};
};
[[nodiscard]] result<std::vector<finding>> check(const mapping::mapping& map, model::source& from, model::directory* to,
                                                 const model::dn& base, const check_options& options = {});

}  // namespace sql2ldap::sync
