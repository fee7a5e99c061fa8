// The tables that are followed as PostgreSQL's catalogue describes them, with their partitions. A change of this
// description is no change of a row: neither the server's log nor a trigger reports it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sql2ldap/model/query.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

struct pg_relation {
  std::string oid;
  std::string name;  // schema and name, quoted for SQL
  std::string schema;
  std::string table;
  char kind = 'r';         // pg_class.relkind
  char persistence = 'p';  // 'p' permanent, 'u' unlogged, 't' temporary
  char identity = 'd';     // replica identity: 'd' primary key, 'i' index, 'f' full, 'n' nothing
  // Only an index that is valid and checked at once can identify a row.
  bool has_primary_key = false;
  bool has_identity_index = false;
  std::string stamp;  // another text when columns, types or the storage have changed

  [[nodiscard]] bool is_partitioned() const noexcept { return kind == 'p'; }
};

struct pg_followed_table {
  pg_relation root;
  std::vector<pg_relation> descendants;  // of all levels: partitions, or children by INHERITS
};

[[nodiscard]] std::vector<std::string> root_names(const std::vector<pg_followed_table>& of);

// In the order of `tables`, each once. An error when one is not there.
[[nodiscard]] result<std::vector<pg_followed_table>> pg_followed_tables(PGconn* session, const pg_address& address,
                                                                        const std::vector<model::table_ref>& tables);

// For model::collected::tables.
[[nodiscard]] std::string pg_stamps(const std::vector<pg_followed_table>& tables);

// Why the changes of a table cannot be followed, so that nothing may be set up for it; empty = all can be.
[[nodiscard]] std::vector<follow_obstacle> pg_follow_obstacles(const std::vector<pg_followed_table>& tables,
                                                               capture_kind capture);
// All of them as one error.
[[nodiscard]] result<void> pg_refuse_obstacles(const std::vector<follow_obstacle>& obstacles,
                                               const pg_address& address);

}  // namespace sql2ldap::sql::detail
