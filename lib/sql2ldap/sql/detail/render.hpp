// model::query as SQL text, in two dialects.
#pragma once

#include <string>
#include <vector>

#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/query.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] std::string render_query(const model::query& what, dialect engine, const model::catalog& tables);
// The type of each result column; `other` for what the catalog does not know.
[[nodiscard]] std::vector<model::sql_type> result_types(const model::query& what, const model::catalog& tables);

[[nodiscard]] std::string quoted_identifier(std::string_view name);
[[nodiscard]] std::string quoted_literal(std::string_view text);  // no NUL in it

// A function of ours in SQLite connections: the value in the form that rows have (timestamp.hpp).
inline constexpr const char* sqlite_timestamp_function = "sql2ldap_timestamp";
// The same: a text with the letters of ASCII in lower case. SQLite's own lower() is another one when it is built with
// ICU.
inline constexpr const char* sqlite_lower_function = "sql2ldap_lower";

}  // namespace sql2ldap::sql::detail
