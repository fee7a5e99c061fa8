// What both captures share in putting their things into a database and taking them out again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/model/query.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] std::string pg_table_name(const model::table_ref& table);  // quoted
[[nodiscard]] std::vector<model::table_ref> each_once(std::vector<model::table_ref> tables);

// Statements for pg_run_all() begin with it, for all tables of the application that they alter; none: "". Who waited
// for one table with a lock on another would make the application wait, and fail where it locks them the other way
// round.
[[nodiscard]] std::string pg_lock_sql(const std::vector<std::string>& tables);

// In one transaction, which is begun again until no table is locked.
[[nodiscard]] result<void> pg_run_all(const location& at, const std::vector<std::string>& statements);

// Default privileges may let PUBLIC into a new schema.
inline constexpr const char* make_schema_sql[] = {"CREATE SCHEMA IF NOT EXISTS sql2ldap",
                                                  "REVOKE ALL ON SCHEMA sql2ldap FROM PUBLIC"};

// What is to be in our schema, and to run on tables of the application.
struct pg_things {
  std::vector<std::string> triggers;
  std::vector<std::string> functions;  // these and the next without the schema
  std::vector<std::string> tables;
  std::vector<std::string> sequences{};
};

// A statement that fails, with a reason for people, unless all that stands in our schema belongs to the role that runs
// it, nobody else may create there, and nothing of others hangs on it: no trigger, rule, policy, default, constraint,
// index or child. What we put into a table with a stranger's trigger would run it with our rights. To be run between
// make_schema_sql and all that uses the schema, and again before rows are written. `triggers`: names of ours on tables
// of the application, which must run functions of our schema.
[[nodiscard]] std::string pg_guard_sql(const std::vector<std::string>& triggers);
// Fails unless the table of our schema has exactly these columns ("name type, name type").
[[nodiscard]] std::string pg_columns_guard_sql(const std::string& table, const std::string& columns);
// PUBLIC has no right on what is in our schema.
[[nodiscard]] std::vector<std::string> pg_revoke_sql();

// Statements that drop those of these things which are there and belong to the role that asks, and the schema when
// nothing else is in it; in `left` what is not ours. No statement drops what depends on ours.
[[nodiscard]] result<removal> pg_drop_sql(PGconn* session, const pg_address& address, const pg_things& ours);

}  // namespace sql2ldap::sql::detail
