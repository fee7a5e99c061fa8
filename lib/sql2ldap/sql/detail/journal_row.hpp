// A row as a trigger wrote it down, in JSON.
#pragma once

#include <string>
#include <string_view>

#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/row.hpp>

namespace sql2ldap::sql::detail {

// Columns whose JSON is not surely the text that a query would give (times, bytes, floating point, or when `table`
// does not know them) are left out: not known.
[[nodiscard]] model::row_image journal_row(const std::string& schema, const std::string& name,
                                           const model::table_info* table, std::string_view json);

}  // namespace sql2ldap::sql::detail
