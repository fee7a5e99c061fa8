#include <sql2ldap/sql/detail/sqlite_journal.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/journal_row.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>

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

std::string trigger_name(const std::string& table, const char* event) {
  return quoted_identifier("sql2ldap_" + table + "_" + event);
}

// JSON holds no bytes: an empty object says that the column is not known.
std::string as_json(const model::table_info& table, const std::string& row) {
  std::string out;
  std::size_t noted = 0;
  const auto add = [&](const std::string& name) {
    const std::string column = row + "." + quoted_identifier(name);
    out += fmt::format("{}{}, CASE typeof({}) WHEN 'blob' THEN json('{{}}') ELSE {} END", out.empty() ? "" : ", ",
                       quoted_literal(name), column, column);
    ++noted;
  };
  for (const std::string& name : table.primary_key) add(name);
  for (const model::column_info& column : table.columns) {
    const bool is_key = std::ranges::find(table.primary_key, column.name) != table.primary_key.end();
    if (!is_key && noted < columns_noted_max) add(column.name);
  }
  return "json_object(" + out + ")";
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

std::vector<std::string> triggers_of(const model::table_info& table) {
  const std::string name = quoted_identifier(table.name);
  const std::string into = "INSERT INTO sql2ldap_changes (table_name, before, after) ";
  const auto trigger = [&](const char* event, const std::string& when, const std::string& values) {
    return fmt::format("CREATE TRIGGER {} {} ON {} BEGIN {}{}; END", trigger_name(table.name, event), when, name, into,
                       values);
  };
  const std::string literal = quoted_literal(table.name);
  const std::string before = as_json(table, "OLD");
  const std::string after = as_json(table, "NEW");
  std::vector<std::string> out{
      trigger("insert", "AFTER INSERT", fmt::format("VALUES ({}, NULL, {})", literal, after)),
      trigger("update", "AFTER UPDATE", fmt::format("VALUES ({}, {}, {})", literal, before, after)),
      trigger("delete", "AFTER DELETE", fmt::format("VALUES ({}, {}, NULL)", literal, before))};
  if (const std::string replaced = same_keys(table); !replaced.empty()) {
    const std::string rows =
        fmt::format("SELECT {}, {}, NULL FROM {} t WHERE {}", literal, as_json(table, "t"), name, replaced);
    out.push_back(trigger("replace", "BEFORE INSERT", rows));
    out.push_back(trigger("update_replace", "BEFORE UPDATE", rows));
  }
  return out;
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
    S2L_TRY_ASSIGN(
        const auto rows,
        sqlite_prepare(database_.get(),
                       fmt::format("SELECT id, at, table_name, before, after FROM sql2ldap_changes WHERE id > "
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
      for (model::row_image& image :
           journal_rows("", table, tables_.find("", table), sqlite_text(rows.get(), 3), sqlite_text(rows.get(), 4)))
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
  sqlite_journal(std::string file, std::vector<model::table_ref> tables)
      : file_(std::move(file)), tables_(std::move(tables)) {}

  [[nodiscard]] result<model::collected> look() override {
    S2L_TRY_ASSIGN(const sqlite_handle database, open(file_, SQLITE_OPEN_READWRITE));
    model::collected out;
    S2L_TRY_ASSIGN(const std::int64_t there,
                   number(database.get(), "SELECT count(*) FROM sqlite_master WHERE name = 'sql2ldap_progress'"));
    if (there == 0) return out;
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
      out.reason = "a table has not the triggers that it should have: " + sql.substr(0, sql.find(" BEGIN"));
    }
    return out;
  }

  [[nodiscard]] result<void> begin() override {
    S2L_TRY_ASSIGN(const auto statements, sqlite_journal_install(file_, tables_));
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
  std::vector<model::table_ref> tables_;
};

}  // namespace

result<std::vector<std::string>> sqlite_journal_install(const std::string& file,
                                                        const std::vector<model::table_ref>& tables) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READWRITE));
  S2L_TRY_ASSIGN(const model::catalog catalog, read_sqlite_catalog(database.get()));
  std::vector<std::string> out{
      "CREATE TABLE IF NOT EXISTS sql2ldap_changes (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL DEFAULT "
      "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)), table_name TEXT NOT NULL, before TEXT, after "
      "TEXT)",
      "CREATE TABLE IF NOT EXISTS sql2ldap_progress (history TEXT NOT NULL, confirmed INTEGER NOT NULL)",
      "INSERT INTO sql2ldap_progress SELECT lower(hex(randomblob(8))), 0 WHERE NOT EXISTS (SELECT 1 FROM "
      "sql2ldap_progress)"};
  std::set<std::string> seen;
  for (const model::table_ref& table : tables) {
    if (!seen.insert(table.table).second) continue;
    const model::table_info* known = catalog.find("", table.table);
    if (known == nullptr) return fail(error_kind::source, fmt::format("there is no table {} in {}", table.table, file));
    for (const char* event : trigger_events)
      out.push_back("DROP TRIGGER IF EXISTS " + trigger_name(known->name, event));
    for (std::string& sql : triggers_of(*known)) out.push_back(std::move(sql));
  }
  return out;
}

result<std::vector<std::string>> sqlite_journal_remove(const std::string& file) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READWRITE));
  S2L_TRY_ASSIGN(const auto triggers,
                 names(database.get(),
                       "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%INSERT INTO "
                       "sql2ldap_changes%'"));
  std::vector<std::string> out;
  for (const std::string& name : triggers) out.push_back("DROP TRIGGER " + quoted_identifier(name));
  S2L_TRY_ASSIGN(const auto tables, names(database.get(),
                                          "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN "
                                          "('sql2ldap_changes', 'sql2ldap_progress')"));
  for (const std::string& name : tables) out.push_back("DROP TABLE " + quoted_identifier(name));
  return out;
}

result<void> sqlite_run_all(const std::string& file, const std::vector<std::string>& statements) {
  S2L_TRY_ASSIGN(const sqlite_handle database, open(file, SQLITE_OPEN_READWRITE));
  S2L_TRY(run(database.get(), "BEGIN IMMEDIATE"));
  for (const std::string& sql : statements) S2L_TRY(run(database.get(), sql));
  return run(database.get(), "COMMIT");
}

std::unique_ptr<model::capture> open_sqlite_journal(std::string file, std::vector<model::table_ref> tables) {
  return std::make_unique<sqlite_journal>(std::move(file), std::move(tables));
}

}  // namespace sql2ldap::sql::detail
