// What PostgreSQL says of its tables.
#pragma once

#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/sql/detail/pqxx_compat.hpp>

namespace sql2ldap::sql::detail {

// Tables, partitioned tables (without their partitions), views, materialized views and foreign
// tables; those of the search path first, in its order. Throws what pqxx throws.
[[nodiscard]] model::catalog read_pg_catalog(pqxx::transaction_base& transaction);

}  // namespace sql2ldap::sql::detail
