#include <sql2ldap/sql/detail/sqlite_journal.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/journal_row.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>
#include <sql2ldap/sql/detail/sqlite_file.hpp>
#include <sql2ldap/sql/detail/sqlite_replaced.hpp>
#include <sql2ldap/sql/limits.hpp>

namespace sql2ldap::sql::detail {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto look_every = milliseconds(10);  // SQLite calls nobody; a look is a few microseconds
constexpr std::size_t columns_noted_max = 60;  // json_object() takes no more; the rest is not known
constexpr const char* trigger_events[] = {"insert", "update", "delete", "replace", "update_replace"};

result<sqlite_handle> open(const std::string& file, int mode) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, mode | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite_handle database(raw);
  if (code != SQLITE_OK || raw == nullptr)
    return fail(error_kind::source, fmt::format("cannot open {}: {}", file, raw ? sqlite3_errmsg(raw) : "no memory"));
  sqlite3_busy_timeout(raw, limits::sqlite_busy_ms_max);
  return database;
}

result<void> run(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  error what;
  what.kind = error_kind::source;
  const int code = sqlite3_errcode(database);
  what.transient = code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL;
  what.message = fmt::format("{} (running {})", sqlite3_errmsg(database), sql.substr(0, 60));
  return tl::make_unexpected(std::move(what));
}

result<std::int64_t> number(sqlite3* database, const std::string& sql) {
  S2L_TRY_ASSIGN(const auto asked, sqlite_prepare(database, sql));
  S2L_TRY(sqlite_step(asked.get()));
  return sqlite3_column_int64(asked.get(), 0);
}

result<std::set<std::string>> names(sqlite3* database, const std::string& sql) {
  S2L_TRY_ASSIGN(const auto asked, sqlite_prepare(database, sql));
  std::set<std::string> out;
  while (true) {
    S2L_TRY_ASSIGN(const bool more, sqlite_step(asked.get()));
    if (!more) return out;
    out.emplace(sqlite_text(asked.get(), 0));
  }
}

// Our tables as a version has made them that is not this one.
result<bool> is_of_earlier_version(sqlite3* database) {
  S2L_TRY_ASSIGN(const std::int64_t columns,
                 number(database,
                        "SELECT (SELECT count(*) FROM pragma_table_info('sql2ldap_changes') WHERE name = 'changed') + "
                        "(SELECT count(*) FROM pragma_table_info('sql2ldap_progress') WHERE name = 'lost')"));
  S2L_TRY_ASSIGN(const std::int64_t tables, number(database,
                                                   "SELECT count(*) FROM sqlite_master WHERE name IN "
                                                   "('sql2ldap_changes', 'sql2ldap_progress')"));
  return columns != tables;
}

std::string trigger_name(const std::string& table, const char* event) {
  return quoted_identifier("sql2ldap_" + table + "_" + event);
}

// Both ends of the table are found at once.
std::string has_room() {
  return fmt::format(
      "(SELECT coalesce(max(id), 0) FROM sql2ldap_changes) - (SELECT coalesce(min(id), 0) FROM sql2ldap_changes) < {}",
      limits::journal_rows_max);
}

// The columns whose values are noted. JSON holds no bytes: an empty object says that the column is not known.
std::string as_json(const model::table_info& table, const noted_table& noted, const std::string& row) {
  std::string out;
  std::size_t count = 0;
  for (const model::column_info& one : table.columns) {
    if (!noted.keys.contains(one.name) || ++count > columns_noted_max) continue;
    const std::string column = row + "." + quoted_identifier(one.name);
    out += fmt::format("{}{}, CASE typeof({}) WHEN 'blob' THEN json('{{}}') ELSE {} END", out.empty() ? "" : ", ",
                       quoted_literal(one.name), column, column);
  }
  return "json_object(" + out + ")";
}

// Neither a collation nor numbers that are equal may make two values the same that are read as different text.
std::string is_changed(const std::string& name) {
  const std::string column = quoted_identifier(name);
  return fmt::format("(typeof(OLD.{0}) IS NOT typeof(NEW.{0}) OR OLD.{0} IS NOT NEW.{0} COLLATE BINARY)", column);
}

std::string any_changed(const model::table_info& table, const std::set<std::string>& names) {
  std::string out;
  for (const model::column_info& one : table.columns)
    if (names.contains(one.name)) out += (out.empty() ? "" : " OR ") + is_changed(one.name);
  return out.empty() ? "0" : out;
}

// The names of those that an update changes, an array in JSON.
std::string changed_names(const model::table_info& table, const std::set<std::string>& names) {
  std::string out = "''";
  for (const model::column_info& one : table.columns)
    if (names.contains(one.name))
      out += fmt::format(" || CASE WHEN {} THEN {} ELSE '' END", is_changed(one.name),
                         quoted_literal("," + nlohmann::json(one.name).dump()));
  return fmt::format("'[' || substr({}, 2) || ']'", out);
}

std::set<std::string> all_columns(const model::table_info& table) {
  std::set<std::string> out;
  for (const model::column_info& one : table.columns) out.insert(one.name);
  return out;
}

// `replaced`: see sqlite_replaced_rows().
std::vector<std::string> triggers_of(const model::table_info& table, const noted_table& noted,
                                     const std::optional<sqlite_replaced>& replaced) {
  const std::string name = quoted_identifier(table.name);
  const std::string literal = quoted_literal(table.name);
  // `from` ends with WHERE, or a condition that goes on.
  const auto trigger = [&](const char* event, const std::string& when, const std::string& values,
                           const std::string& from) {
    return fmt::format(
        "CREATE TRIGGER {} {} BEGIN UPDATE sql2ldap_progress SET lost = 1 WHERE lost = 0 AND NOT ({}); INSERT INTO "
        "sql2ldap_changes (table_name, before, after, changed) SELECT {}, {} {} {}; END",
        trigger_name(table.name, event), when, has_room(), literal, values, from, has_room());
  };
  const std::string before = as_json(table, noted, "OLD");
  const std::string after = as_json(table, noted, "NEW");
  std::vector<std::string> out{
      trigger("insert", "AFTER INSERT ON " + name, fmt::format("NULL, {}, NULL", after), "WHERE"),
      trigger("update", fmt::format("AFTER UPDATE ON {} WHEN {}", name, any_changed(table, noted.read)),
              fmt::format("{}, {}, {}", before, after, changed_names(table, noted.read)), "WHERE"),
      trigger("delete", "AFTER DELETE ON " + name, fmt::format("{}, NULL, NULL", before), "WHERE")};
  // The trigger names no column more than it must: a column that a trigger names cannot be dropped.
  const bool has_rowid = replaced && !replaced->rowid.empty();
  const std::string on_update = fmt::format(
      "BEFORE UPDATE ON {}{}", name, has_rowid ? "" : fmt::format(" WHEN {}", any_changed(table, all_columns(table))));
  if (!replaced) {  // any row may go: everything is compared
    out.push_back(trigger("replace", "BEFORE INSERT ON " + name, "NULL, NULL, NULL", "WHERE"));
    out.push_back(trigger("update_replace", on_update, "NULL, NULL, NULL", "WHERE"));
  } else if (!replaced->condition.empty()) {
    const std::string values = fmt::format("{}, NULL, NULL", as_json(table, noted, name));
    const std::string from = fmt::format("FROM {} WHERE ({}) AND", name, replaced->condition);
    // The row that is updated is noted by itself.
    const std::string is_another =
        replaced->rowid.empty() ? "" : fmt::format(" {0}.{1} IS NOT OLD.{1} AND", name, replaced->rowid);
    out.push_back(trigger("replace", "BEFORE INSERT ON " + name, values, from));
    out.push_back(trigger("update_replace", on_update, values, from + is_another));
  }
  return out;
}

// What our tables say of themselves.
struct journal_state {
  std::string history;
  std::uint64_t confirmed = 0;
  std::uint64_t end = 0;
};

// nullopt: they are not there.
result<std::optional<journal_state>> read_journal_state(sqlite3* database) {
  S2L_TRY_ASSIGN(const std::int64_t there,
                 number(database,
                        "SELECT count(*) FROM sqlite_master WHERE name IN ('sql2ldap_progress', "
                        "'sql2ldap_changes')"));
  if (there != 2) return std::nullopt;
  journal_state out;
  S2L_TRY_ASSIGN(const auto rows, sqlite_prepare(database,
                                                 "SELECT history, confirmed, (SELECT coalesce(max(seq), 0) FROM "
                                                 "sqlite_sequence WHERE name = 'sql2ldap_changes') FROM "
                                                 "sql2ldap_progress"));
  S2L_TRY_ASSIGN(const bool any, sqlite_step(rows.get()));
  if (!any) return std::nullopt;
  out.history = sqlite_text(rows.get(), 0);
  out.confirmed = static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 1));
  out.end = std::max(out.confirmed, static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 2)));
  return out;
}

class sqlite_journal_feed final : public model::feed {
 public:
  // `exchanged` gets the reason when another file was put in the place of the one that is followed.
  sqlite_journal_feed(sqlite_handle database, sqlite_file_watch file, std::string name, journal_state state,
                      model::catalog tables, std::uint64_t from, std::shared_ptr<std::string> exchanged)
      : database_(std::move(database)),
        file_(std::move(file)),
        name_(std::move(name)),
        state_(std::move(state)),
        exchanged_(std::move(exchanged)),
        tables_(std::move(tables)),
        read_(from) {}

  [[nodiscard]] result<std::optional<model::committed>> next(milliseconds patience) override {
    const auto until = clock::now() + patience;
    while (true) {
      S2L_TRY(check_file());
      auto looked = number(database_.get(), "PRAGMA data_version");
      if (!looked) return tl::make_unexpected(std::move(looked).error().within("following " + name_));
      const std::int64_t version = *looked;
      if (version != version_ || more_) {
        S2L_TRY(check_content());
        auto read_now = read();
        if (!read_now) return tl::make_unexpected(std::move(read_now).error().within("following " + name_));
        auto told = *std::move(read_now);
        if (!more_) version_ = version;
        if (told) return told;
      }
      const auto left = until - clock::now();
      if (left <= left.zero()) return std::nullopt;
      std::this_thread::sleep_for(std::min<clock::duration>(left, look_every));
    }
  }

  [[nodiscard]] result<void> confirm(std::uint64_t position) override {
    S2L_TRY(check_file());
    S2L_TRY(check_content());
    auto done =
        run(database_.get(),
            fmt::format("BEGIN IMMEDIATE; DELETE FROM sql2ldap_changes WHERE id <= {0}; UPDATE sql2ldap_progress SET "
                        "confirmed = max(confirmed, {0}); COMMIT",
                        position));
    if (!done) return tl::make_unexpected(std::move(done).error().within("confirming changes of " + name_));
    state_.confirmed = std::max(state_.confirmed, position);
    return {};
  }

 private:
  result<void> noted(result<void> outcome) {
    if (!outcome) *exchanged_ = outcome.error().message;
    return outcome;
  }
  result<void> check_file() { return noted(file_.check()); }

  // A copy that was written over the file leaves the name and the inode as they are. Nobody else writes what is
  // compared here, and numbers of changes only grow.
  result<void> check_content() {
    auto now = read_journal_state(database_.get());
    if (!now) return tl::make_unexpected(std::move(now).error().within("following " + name_));
    if (*now && (*now)->history == state_.history && (*now)->confirmed == state_.confirmed && (*now)->end >= read_)
      return {};
    return noted(fail_transient(error_kind::source,
                                fmt::format("another content was written over the database file {}", name_)));
  }

  // SQLite writers come one after the other, so the numbers are in the order of the commits.
  result<std::optional<model::committed>> read() {
    S2L_TRY_ASSIGN(const std::int64_t lost, number(database_.get(), "SELECT lost FROM sql2ldap_progress"));
    // look() says what it means, and begin() mends it.
    if (lost != 0) return fail_transient(error_kind::source, overflowed_text());
    S2L_TRY_ASSIGN(
        const auto rows,
        sqlite_prepare(database_.get(),
                       fmt::format("SELECT id, at, table_name, before, after, changed FROM sql2ldap_changes WHERE id > "
                                   "{} ORDER BY id LIMIT {}",
                                   read_, limits::journal_rows_at_once)));
    std::optional<model::committed> out;
    std::size_t count = 0;
    while (true) {
      S2L_TRY_ASSIGN(const bool more, sqlite_step(rows.get()));
      if (!more) break;
      ++count;
      if (!out) {
        out.emplace();
        out->time =
            std::chrono::system_clock::time_point(std::chrono::microseconds(sqlite3_column_int64(rows.get(), 1)));
      }
      read_ = static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 0));
      out->position = read_;
      const std::string table(sqlite_text(rows.get(), 2));
      if (sqlite3_column_type(rows.get(), 3) == SQLITE_NULL && sqlite3_column_type(rows.get(), 4) == SQLITE_NULL)
        out->everything = true;
      for (model::row_image& image : journal_rows("", table, tables_.find("", table), sqlite_text(rows.get(), 3),
                                                  sqlite_text(rows.get(), 4), sqlite_text(rows.get(), 5)))
        out->rows.push_back(std::move(image));
    }
    if (out && out->everything) out->rows.clear();
    more_ = count == limits::journal_rows_at_once;
    return out;
  }

  sqlite_handle database_;
  sqlite_file_watch file_;
  std::string name_;
  journal_state state_;
  std::shared_ptr<std::string> exchanged_;
  model::catalog tables_;
  std::uint64_t read_;
  std::int64_t version_ = -1;
  bool more_ = false;
};

// Of each table its definition and those of its indexes.
result<std::string> sqlite_stamps(sqlite3* database, const std::vector<model::table_ref>& tables) {
  std::set<std::string> each;
  for (const model::table_ref& table : tables) each.insert(table.table);
  std::string out;
  for (const std::string& table : each) {
    S2L_TRY_ASSIGN(const auto definitions,
                   names(database,
                         "SELECT coalesce(sql, name) FROM sqlite_master WHERE type <> 'trigger' AND tbl_name "
                         "= " +
                             quoted_literal(table) + " COLLATE NOCASE"));
    out += fmt::format("{:016x} {}\n", stable_hash64(fmt::format("{}", fmt::join(definitions, "\n"))), table);
  }
  return out;
}

class sqlite_journal final : public model::capture {
 public:
  sqlite_journal(std::string file, std::vector<noted_table> tables)
      : file_(std::move(file)), tables_(std::move(tables)) {}

  [[nodiscard]] result<model::collected> look() override {
    S2L_TRY_ASSIGN(auto watch, sqlite_file_watch::begin(file_));
    S2L_TRY_ASSIGN(const sqlite_handle database, open(file_, SQLITE_OPEN_READWRITE));
    auto seen = look_into(database.get(), watch.inode());
    if (!seen) return tl::make_unexpected(std::move(seen).error().within("looking at " + file_));
    S2L_TRY(watch.check());
    return seen;
  }

  [[nodiscard]] result<void> begin() override {
    S2L_TRY_ASSIGN(auto statements, sqlite_journal_install(file_, tables_));
    // A copy of the file from before has another history.
    statements.emplace_back("DELETE FROM sql2ldap_changes");
    statements.emplace_back(
        "UPDATE sql2ldap_progress SET history = lower(hex(randomblob(8))), confirmed = max(confirmed, coalesce((SELECT "
        "seq FROM sqlite_sequence WHERE name = 'sql2ldap_changes'), 0)), lost = 0");
    S2L_TRY(sqlite_run_all(file_, statements));
    exchanged_->clear();
    return {};
  }

  [[nodiscard]] result<std::unique_ptr<model::feed>> follow(std::uint64_t from) override {
    S2L_TRY_ASSIGN(auto watch, sqlite_file_watch::begin(file_));
    S2L_TRY_ASSIGN(sqlite_handle database, open(file_, SQLITE_OPEN_READWRITE));
    S2L_TRY_ASSIGN(model::catalog tables, read_sqlite_catalog(database.get()));
    S2L_TRY_ASSIGN(auto state, read_journal_state(database.get()));
    if (!state)
      return fail_transient(error_kind::source, fmt::format("the tables of the journal are not in {} any more", file_));
    S2L_TRY(watch.check());
    return std::unique_ptr<model::feed>(std::make_unique<sqlite_journal_feed>(
        std::move(database), std::move(watch), file_, *std::move(state), std::move(tables), from, exchanged_));
  }

 private:
  result<model::collected> look_into(sqlite3* database, ino_t inode) {
    model::collected out;
    out.keeps_confirmed = true;
    S2L_TRY_ASSIGN(out.tables, sqlite_stamps(database, names_of(tables_)));
    S2L_TRY_ASSIGN(const auto state, read_journal_state(database));
    if (!state) return out;
    S2L_TRY_ASSIGN(const bool earlier, is_of_earlier_version(database));
    if (earlier) {
      out.now = model::collected::state::broken;
      out.reason = "what notes the changes was made by another version";
      return out;
    }
    out.history = fmt::format("journal {} in file {}", state->history, inode);
    out.confirmed = state->confirmed;
    out.end = state->end;
    S2L_TRY_ASSIGN(const std::int64_t kept,
                   number(database,
                          "SELECT coalesce(sum(coalesce(length(before), 0) + coalesce(length(after), 0)), 0) FROM "
                          "sql2ldap_changes"));
    out.retained_bytes = static_cast<std::uint64_t>(kept);
    out.now = model::collected::state::broken;
    out.reason = *exchanged_;
    if (!out.reason.empty()) return out;
    S2L_TRY_ASSIGN(const auto obstacles, sqlite_follow_obstacles(file_, names_of(tables_)));
    if (!obstacles.empty()) {
      out.reason = obstacles.front().message;
      return out;
    }
    S2L_TRY_ASSIGN(const auto wanted, sqlite_journal_install(file_, tables_));
    S2L_TRY_ASSIGN(const auto installed, names(database, "SELECT sql FROM sqlite_master WHERE type = 'trigger'"));
    for (const std::string& sql : wanted)
      if (sql.starts_with("CREATE TRIGGER") && !installed.contains(sql))
        out.reason = "a table has not the triggers that it should have: " + sql.substr(0, sql.find(" ON "));
    S2L_TRY_ASSIGN(const std::int64_t lost, number(database, "SELECT lost FROM sql2ldap_progress"));
    if (lost != 0) out.reason = overflowed_text();
    if (out.reason.empty()) out.now = model::collected::state::ready;
    return out;
  }

  std::string file_;
  std::vector<noted_table> tables_;
  // Why the file is not the one that was followed; until all is begun anew.
  std::shared_ptr<std::string> exchanged_ = std::make_shared<std::string>();
};

}  // namespace

result<std::vector<follow_obstacle>> sqlite_follow_obstacles(const std::string& file,
                                                             const std::vector<model::table_ref>& tables) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READONLY));
  std::vector<follow_obstacle> out;
  std::set<std::string> seen;
  for (const model::table_ref& table : tables) {
    if (!seen.insert(table.table).second) continue;
    const std::string literal = quoted_literal(table.table);
    S2L_TRY_ASSIGN(const auto views,
                   names(database.get(), "SELECT name FROM sqlite_master WHERE type = 'view' AND name = " + literal +
                                             " COLLATE NOCASE"));
    S2L_TRY_ASSIGN(const auto virtual_tables,
                   names(database.get(),
                         "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE "
                         "VIRTUAL %' AND name = " +
                             literal + " COLLATE NOCASE"));
    if (!views.empty())
      out.push_back({table.table, table.table + " is a view: its changes cannot be followed",
                     "a mapping can read it, but sql2ldap-syncd cannot follow it: map the tables behind it", false});
    if (!virtual_tables.empty())
      out.push_back({table.table, table.table + " is a virtual table: its changes cannot be followed",
                     "a mapping can read it, but sql2ldap-syncd cannot follow it: map the tables behind it", false});
  }
  return out;
}

result<std::vector<std::string>> sqlite_journal_install(const std::string& file,
                                                        const std::vector<noted_table>& tables) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READWRITE));
  S2L_TRY_ASSIGN(const auto obstacles, sqlite_follow_obstacles(file, names_of(tables)));
  if (!obstacles.empty())
    return fail(error_kind::source, fmt::format("{}: {}", file, obstacles.front().message), obstacles.front().hint);
  S2L_TRY_ASSIGN(const model::catalog catalog, read_sqlite_catalog(database.get()));
  std::vector<std::string> out;
  // It held whole rows, with hashes in them. Another table is another history, so that everything is compared.
  S2L_TRY_ASSIGN(const bool earlier, is_of_earlier_version(database.get()));
  if (earlier) out = {"DROP TABLE IF EXISTS sql2ldap_changes", "DROP TABLE IF EXISTS sql2ldap_progress"};
  for (const char* sql :
       {"CREATE TABLE IF NOT EXISTS sql2ldap_changes (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL "
        "DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)), table_name TEXT NOT NULL, before "
        "TEXT, after TEXT, changed TEXT)",
        "CREATE TABLE IF NOT EXISTS sql2ldap_progress (history TEXT NOT NULL, confirmed INTEGER NOT NULL, lost INTEGER "
        "NOT NULL)",
        "INSERT INTO sql2ldap_progress SELECT lower(hex(randomblob(8))), 0, 0 WHERE NOT EXISTS (SELECT 1 FROM "
        "sql2ldap_progress)"})
    out.emplace_back(sql);
  std::set<std::string> seen;
  for (const noted_table& noted : tables) {
    const model::table_ref& table = noted.table;
    if (!seen.insert(table.table).second) continue;
    const model::table_info* known = catalog.find("", table.table);
    if (known == nullptr) return fail(error_kind::source, fmt::format("there is no table {} in {}", table.table, file));
    for (const char* event : trigger_events)
      out.push_back("DROP TRIGGER IF EXISTS " + trigger_name(known->name, event));
    S2L_TRY_ASSIGN(const auto replaced, sqlite_replaced_rows(database.get(), known->name));
    for (std::string& sql : triggers_of(*known, noted, replaced)) out.push_back(std::move(sql));
  }
  return out;
}

result<removal> sqlite_journal_remove(const std::string& file) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READWRITE));
  const std::string writes_ours = "type = 'trigger' AND sql LIKE '%INTO sql2ldap_changes%'";
  const std::string has_our_name = "name LIKE 'sql2ldap\\_%' ESCAPE '\\'";
  removal out;
  S2L_TRY_ASSIGN(const auto triggers,
                 names(database.get(), "SELECT name FROM sqlite_master WHERE " + writes_ours + " AND " + has_our_name));
  for (const std::string& name : triggers) out.statements.push_back("DROP TRIGGER " + quoted_identifier(name));
  S2L_TRY_ASSIGN(const auto others,
                 names(database.get(), "SELECT name FROM sqlite_master WHERE type = 'trigger' AND (" + writes_ours +
                                           ") <> (" + has_our_name + ")"));
  for (const std::string& name : others) out.left.push_back("the trigger " + name);
  S2L_TRY_ASSIGN(const auto tables, names(database.get(),
                                          "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN "
                                          "('sql2ldap_changes', 'sql2ldap_progress')"));
  for (const std::string& name : tables) out.statements.push_back("DROP TABLE " + quoted_identifier(name));
  return out;
}

result<void> sqlite_run_all(const std::string& file, const std::vector<std::string>& statements) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READWRITE));
  // What is dropped or deleted may hold hashes.
  S2L_TRY(run(database.get(), "PRAGMA secure_delete = ON"));
  S2L_TRY(run(database.get(), "BEGIN IMMEDIATE"));
  for (const std::string& sql : statements) S2L_TRY(run(database.get(), sql));
  return run(database.get(), "COMMIT");
}

std::unique_ptr<model::capture> open_sqlite_journal(std::string file, std::vector<noted_table> tables) {
  return std::make_unique<sqlite_journal>(std::move(file), std::move(tables));
}

}  // namespace sql2ldap::sql::detail
