// A mapping against the live tables and the live directory schema.
#pragma once

#include <sql2ldap/mapping/detail/program.hpp>

namespace sql2ldap::mapping::detail {

[[nodiscard]] diagnostics check_tables(const program& p, const model::catalog& tables);
[[nodiscard]] diagnostics check_schema(const program& p, const model::schema& schema);

}  // namespace sql2ldap::mapping::detail
