// The room `sql`: SQL servers as model::source.
//
// Gives: open_source(), open_wal_capture(), open_journal_capture(). Promises: sources only read, captures write nothing
// but what they are named for; one consistent snapshot for all streams of it; streamed in bounded memory; values in the
// one form of model/row.hpp; passwords never in names, messages or logs. Leaves to others: which queries (mapping) and
// what rows mean (mapping).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sql {

// "sqlite:FILE", "postgresql://..." / "postgres://...", or a libpq keyword string ("host=... dbname=...").
// Passwords come by libpq's own means (.pgpass, PGPASSFILE, service file); one inside the URL works
// but is never shown.
struct location {
  // NOLINTBEGIN(google-explicit-constructor): most callers have nothing but the URL
  location(std::string source, std::chrono::milliseconds silence_max = default_timeout)
      : url(std::move(source)), timeout(silence_max) {}
  location(const char* source) : location(std::string(source)) {}
  // NOLINTEND(google-explicit-constructor)

  // Longer than a server needs to sort some million rows before it sends the first, less than the watchdog of the
  // daemon's unit waits.
  static constexpr std::chrono::minutes default_timeout{5};

  std::string url;
  // The longest silence of the server in the middle of an answer; then it is a transient error. 0 = no bound.
  std::chrono::milliseconds timeout;
};

[[nodiscard]] result<std::unique_ptr<model::source>> open_source(const location& at);

// How what is ours goes out of a database again, and what stays since it is not ours, in words for people.
struct removal {
  std::vector<std::string> statements;
  std::vector<std::string> left;
};

enum class capture_kind { wal, triggers };

// Why the changes of a relation cannot be followed by a capture: it refuses to begin.
struct follow_obstacle {
  std::string table;
  std::string message;
  std::string hint;
  bool is_table = true;  // else a view and the like: it can be read, which is all that a migration needs
};
// Empty = all of them can be followed.
[[nodiscard]] result<std::vector<follow_obstacle>> follow_obstacles(const location& at, capture_kind capture,
                                                                    const std::vector<model::table_ref>& tables);

// Logical decoding (wal_level = logical) by the plugin pgoutput, streamed: a change comes when it is
// committed. The user may replicate, and owns the tables or finds the publication made already. Where a
// replication connection is refused, the same by SQL functions: at a ring of the doorbell, or after a while.
struct wal_options {
  std::string slot;
  std::string publication;
  std::vector<model::table_ref> tables;  // what the mapping reads; aliases do not matter
  // Of these the old rows must be told whole, not by their keys alone: begin() sets REPLICA IDENTITY FULL. The
  // same for tables without a primary key, or the server would refuse the application's updates.
  std::vector<model::table_ref> old_rows{};
  std::chrono::milliseconds peek_every = limits::peek_every;  // by functions, when nothing rings
};
[[nodiscard]] result<std::unique_ptr<model::capture>> open_wal_capture(const location& at, const wal_options& options);
// The statements that make what it needs besides the slot, and the doorbell; and those that remove all of it without a
// trace, the slot too (an error while it is in use; only slot and publication of the options matter then).
[[nodiscard]] result<std::vector<std::string>> wal_install_sql(const location& at, const wal_options& options);
[[nodiscard]] result<removal> wal_remove_sql(const location& at, const wal_options& options);

// A table, and what triggers note of its changes.
struct noted_table {
  model::table_ref table;
  std::set<std::string> read{};  // an update that changes none of these columns is not noted
  std::set<std::string>
      keys{};  // the values, old and new, that are noted; of the others in `read` only whether they changed
};

// Triggers that write each change into a table of ours (schema sql2ldap, or tables sql2ldap_* in SQLite), for servers
// without logical decoding and for SQLite. Nobody who commits late is missed: read is what no open transaction can
// come before. When more rows wait than limits.hpp allows, the triggers note no more, and look() says `broken`.
[[nodiscard]] result<std::unique_ptr<model::capture>> open_journal_capture(const location& at,
                                                                           const std::vector<noted_table>& tables);
// The statements that make them, and that remove them without a trace; to be shown, or run in one transaction.
[[nodiscard]] result<std::vector<std::string>> journal_install_sql(const location& at,
                                                                   const std::vector<noted_table>& tables);
[[nodiscard]] result<removal> journal_remove_sql(const location& at);
[[nodiscard]] result<void> run_all(const location& at, const std::vector<std::string>& statements);

// The same source for open_source(), without a password that stands in it: to be shown.
[[nodiscard]] std::string without_password(std::string_view url);

enum class dialect { postgresql, sqlite };
// The SQL text of a query, for --verbose and tests; identifiers quoted, literals by column type.
[[nodiscard]] std::string render(const model::query& what, dialect engine, const model::catalog& tables);

}  // namespace sql2ldap::sql
