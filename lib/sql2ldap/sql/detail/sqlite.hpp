// SQLite as model::source.
#pragma once

#include <memory>
#include <string>

#include <sqlite3.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sql::detail {

// The file is opened by open_snapshot() and describe(), each time anew.
[[nodiscard]] std::unique_ptr<model::source> open_sqlite(std::string file);

struct sqlite_close {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
using sqlite_handle = std::unique_ptr<sqlite3, sqlite_close>;
struct sqlite_finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using sqlite_statement = std::unique_ptr<sqlite3_stmt, sqlite_finalize>;

[[nodiscard]] result<sqlite_statement> sqlite_prepare(sqlite3* database, const std::string& sql);
// True: a row is there. False: no more.
[[nodiscard]] result<bool> sqlite_step(sqlite3_stmt* statement);
[[nodiscard]] std::string_view sqlite_text(sqlite3_stmt* statement, int column) noexcept;

[[nodiscard]] result<model::catalog> read_sqlite_catalog(sqlite3* database);
// SQLite's types are only words; what they mean by its affinity rules, and by habit.
[[nodiscard]] model::sql_type sqlite_type_of(std::string_view declared);

}  // namespace sql2ldap::sql::detail
