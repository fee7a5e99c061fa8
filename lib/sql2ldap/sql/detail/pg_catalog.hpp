// What PostgreSQL says of its tables.
#pragma once

#include <string>

#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/sql/detail/pqxx_connection.hpp>

namespace sql2ldap::sql::detail {

struct pg_tables {
  model::catalog catalog;
  std::string oids;   // of the tables, as an array literal
  std::string stamp;  // another one when a column of these tables has changed
};
// Tables, partitioned tables (without their partitions), views, materialized views and foreign
// tables; those of the search path first, in its order. In the transaction that the connection is in.
[[nodiscard]] result<pg_tables> read_pg_tables(pqxx_connection& connection);
// The stamp as it is now. One quick query: a catalog that was read before is good while it stays the same.
[[nodiscard]] result<std::string> read_pg_stamp(pqxx_connection& connection, const std::string& oids);

}  // namespace sql2ldap::sql::detail
