// What both captures share in putting their things into a database and taking them out again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/model/query.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] std::string pg_table_name(const model::table_ref& table);  // quoted
[[nodiscard]] std::vector<model::table_ref> each_once(std::vector<model::table_ref> tables);

[[nodiscard]] result<pg_handle> pg_connect_to_write(const pg_address& address);
[[nodiscard]] result<void> pg_run_all(std::string_view url, const std::vector<std::string>& statements);

inline constexpr const char* make_schema_sql = "CREATE SCHEMA IF NOT EXISTS sql2ldap";
// Statements that drop those of our triggers and of these things in our schema which are there, and the schema when
// nothing else is in it. `functions` and `tables` are names without schema.
[[nodiscard]] result<std::vector<std::string>> pg_drop_sql(PGconn* session, const pg_address& address,
                                                           const std::vector<std::string>& triggers,
                                                           const std::vector<std::string>& functions,
                                                           const std::vector<std::string>& tables);

}  // namespace sql2ldap::sql::detail
