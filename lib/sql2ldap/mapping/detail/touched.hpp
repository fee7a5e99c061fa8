// Which entries a row of a table has a part in, from the joins and conditions of the mapping.
#pragma once

#include <vector>

#include <sql2ldap/mapping/detail/program.hpp>
#include <sql2ldap/mapping/mapping.hpp>

namespace sql2ldap::mapping::detail {

// What touched_by() needs of a kind: made once, since a row is asked about for each change.
void find_ways(kind_program& k);

[[nodiscard]] std::vector<touched> touched_by(const program& p, const model::row_image& row);
[[nodiscard]] noted_columns noted(const program& p, const model::table_ref& table);

}  // namespace sql2ldap::mapping::detail
