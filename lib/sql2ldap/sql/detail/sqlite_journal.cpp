#include <sql2ldap/sql/detail/sqlite_journal.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/journal_row.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>
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

// INSERT OR REPLACE removes rows without a word to triggers: who has a key of the new row is noted before.
std::string same_keys(const model::table_info& table) {
  std::vector<std::string> any;
  const auto add = [&](const std::vector<std::string>& key) {
    std::vector<std::string> all;
    for (const std::string& column : key) all.push_back(fmt::format("t.{0} = NEW.{0}", quoted_identifier(column)));
    if (!all.empty()) any.push_back(fmt::format("({})", fmt::join(all, " AND ")));
  };
  add(table.primary_key);
  for (const auto& key : table.unique_keys) add(key);
  return fmt::format("{}", fmt::join(any, " OR "));
}

std::vector<std::string> triggers_of(const model::table_info& table, const noted_table& noted) {
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
  if (const std::string replaced = same_keys(table); !replaced.empty()) {
    const std::string values = fmt::format("{}, NULL, NULL", as_json(table, noted, "t"));
    const std::string from = fmt::format("FROM {} t WHERE ({}) AND", name, replaced);
    out.push_back(trigger("replace", "BEFORE INSERT ON " + name, values, from));
    // An update that leaves its keys alone takes no other row's place.
    std::set<std::string> keys(table.primary_key.begin(), table.primary_key.end());
    for (const auto& key : table.unique_keys) keys.insert(key.begin(), key.end());
    out.push_back(trigger("update_replace", fmt::format("BEFORE UPDATE ON {} WHEN {}", name, any_changed(table, keys)),
                          values, from));
  }
  return out;
}

std::string overflowed_text() {
  return fmt::format("more than {} changes were not taken in time, and no more were noted", limits::journal_rows_max);
}

class sqlite_journal_feed final : public model::feed {
 public:
  sqlite_journal_feed(sqlite_handle database, model::catalog tables, std::uint64_t from)
      : database_(std::move(database)), tables_(std::move(tables)), read_(from) {}

  [[nodiscard]] result<std::optional<model::committed>> next(milliseconds patience) override {
    const auto until = clock::now() + patience;
    while (true) {
      S2L_TRY_ASSIGN(const std::int64_t version, number(database_.get(), "PRAGMA data_version"));
      if (version != version_ || more_) {
        S2L_TRY_ASSIGN(auto told, read());
        if (!more_) version_ = version;
        if (told) return told;
      }
      const auto left = until - clock::now();
      if (left <= left.zero()) return std::nullopt;
      std::this_thread::sleep_for(std::min<clock::duration>(left, look_every));
    }
  }

  [[nodiscard]] result<void> confirm(std::uint64_t position) override {
    return run(
        database_.get(),
        fmt::format("BEGIN IMMEDIATE; DELETE FROM sql2ldap_changes WHERE id <= {0}; UPDATE sql2ldap_progress SET "
                    "confirmed = max(confirmed, {0}); COMMIT",
                    position));
  }

 private:
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
      for (model::row_image& image : journal_rows("", table, tables_.find("", table), sqlite_text(rows.get(), 3),
                                                  sqlite_text(rows.get(), 4), sqlite_text(rows.get(), 5)))
        out->rows.push_back(std::move(image));
    }
    more_ = count == limits::journal_rows_at_once;
    return out;
  }

  sqlite_handle database_;
  model::catalog tables_;
  std::uint64_t read_;
  std::int64_t version_ = -1;
  bool more_ = false;
};

class sqlite_journal final : public model::capture {
 public:
  sqlite_journal(std::string file, std::vector<noted_table> tables)
      : file_(std::move(file)), tables_(std::move(tables)) {}

  [[nodiscard]] result<model::collected> look() override {
    S2L_TRY_ASSIGN(const sqlite_handle database, open(file_, SQLITE_OPEN_READWRITE));
    model::collected out;
    S2L_TRY_ASSIGN(const std::int64_t there,
                   number(database.get(), "SELECT count(*) FROM sqlite_master WHERE name = 'sql2ldap_progress'"));
    if (there == 0) return out;
    S2L_TRY_ASSIGN(const bool earlier, is_of_earlier_version(database.get()));
    if (earlier) {
      out.now = model::collected::state::broken;
      out.reason = "what notes the changes was made by another version";
      return out;
    }
    S2L_TRY_ASSIGN(const auto history, names(database.get(), "SELECT history FROM sql2ldap_progress"));
    out.history = history.empty() ? "" : "journal " + *history.begin();
    S2L_TRY_ASSIGN(const std::int64_t confirmed, number(database.get(), "SELECT confirmed FROM sql2ldap_progress"));
    S2L_TRY_ASSIGN(const std::int64_t end, number(database.get(),
                                                  "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = "
                                                  "'sql2ldap_changes'"));
    S2L_TRY_ASSIGN(const std::int64_t kept,
                   number(database.get(),
                          "SELECT coalesce(sum(coalesce(length(before), 0) + coalesce(length(after), 0)), 0) FROM "
                          "sql2ldap_changes"));
    out.confirmed = static_cast<std::uint64_t>(confirmed);
    out.end = static_cast<std::uint64_t>(std::max(end, confirmed));
    out.retained_bytes = static_cast<std::uint64_t>(kept);
    S2L_TRY_ASSIGN(const auto wanted, sqlite_journal_install(file_, tables_));
    S2L_TRY_ASSIGN(const auto installed, names(database.get(), "SELECT sql FROM sqlite_master WHERE type = 'trigger'"));
    out.now = model::collected::state::ready;
    for (const std::string& sql : wanted) {
      if (!sql.starts_with("CREATE TRIGGER") || installed.contains(sql)) continue;
      out.now = model::collected::state::broken;
      out.reason = "a table has not the triggers that it should have: " + sql.substr(0, sql.find(" ON "));
    }
    S2L_TRY_ASSIGN(const std::int64_t lost, number(database.get(), "SELECT lost FROM sql2ldap_progress"));
    if (lost != 0) {
      out.now = model::collected::state::broken;
      out.reason = overflowed_text();
    }
    return out;
  }

  [[nodiscard]] result<void> begin() override {
    S2L_TRY_ASSIGN(auto statements, sqlite_journal_install(file_, tables_));
    statements.emplace_back("DELETE FROM sql2ldap_changes");
    statements.emplace_back("UPDATE sql2ldap_progress SET lost = 0");
    return sqlite_run_all(file_, statements);
  }

  [[nodiscard]] result<std::unique_ptr<model::feed>> follow(std::uint64_t from) override {
    S2L_TRY_ASSIGN(sqlite_handle database, open(file_, SQLITE_OPEN_READWRITE));
    S2L_TRY_ASSIGN(model::catalog tables, read_sqlite_catalog(database.get()));
    return std::unique_ptr<model::feed>(
        std::make_unique<sqlite_journal_feed>(std::move(database), std::move(tables), from));
  }

 private:
  std::string file_;
  std::vector<noted_table> tables_;
};

}  // namespace

result<std::vector<std::string>> sqlite_journal_install(const std::string& file,
                                                        const std::vector<noted_table>& tables) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READWRITE));
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
    for (std::string& sql : triggers_of(*known, noted)) out.push_back(std::move(sql));
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
