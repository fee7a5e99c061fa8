// What the trigger captures of all engines share: a row as a trigger wrote it down, in JSON; tables; the limit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/query.hpp>
#include <sql2ldap/model/row.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

// Columns whose JSON is not surely the text that a query would give (times, bytes, floating point, or when `table`
// does not know them) are left out: not known.
// Both images of a change, as far as there are two: "" = none. `changed`: the columns that an update has changed, an
// array of names; "" = not known.
[[nodiscard]] std::vector<model::row_image> journal_rows(const std::string& schema, const std::string& name,
                                                         const model::table_info* table, std::string_view before,
                                                         std::string_view after, std::string_view changed);

[[nodiscard]] std::vector<model::table_ref> names_of(const std::vector<noted_table>& tables);

// The reason when changes were not noted because nobody took them (limits::journal_rows_max).
[[nodiscard]] std::string overflowed_text();

}  // namespace sql2ldap::sql::detail
