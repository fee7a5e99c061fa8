// Which rows of a table of SQLite a new row may replace. REPLACE, in a statement or as the conflict clause of a key,
// removes them without a delete trigger. https://www.sqlite.org/lang_conflict.html
#pragma once

#include <optional>
#include <string>

#include <sqlite3.h>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::sql::detail {

struct sqlite_replaced {
  // For a BEFORE INSERT or BEFORE UPDATE trigger: a condition on a row of the table, by the table's own name, against
  // NEW. It may hold for rows that stay. "" = nothing is unique.
  std::string condition;
  std::string rowid;  // the name that the number of a row has in this table; "" = WITHOUT ROWID
};
// nullopt: it cannot be computed, any row may be replaced.
[[nodiscard]] result<std::optional<sqlite_replaced>> sqlite_replaced_rows(sqlite3* database, const std::string& table);

}  // namespace sql2ldap::sql::detail
