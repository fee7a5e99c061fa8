// From an entry back to the columns of a row.
//   put.cpp         expressions and stages
//   write_back.cpp  attributes, partitions, the DN, a whole entry
#pragma once

#include <span>
#include <vector>

#include <sql2ldap/mapping/detail/engine.hpp>

namespace sql2ldap::mapping::detail {

// Do two lists hold the same values? Order and repetition have no meaning in LDAP.
[[nodiscard]] bool same_values(const list& a, const list& b);

// The way back through one expression: sets columns of `row`, which is what `r.main` looks at, so
// that the expression gives `wanted`. Afterwards it does, or the answer is false; `row` may then
// be changed in part.
[[nodiscard]] bool put(run& r, std::span<model::field> row, const expression& e, const list& wanted);

// The list that these stages turn into `wanted`, close to `old`.
[[nodiscard]] bool put_stages(run& r, const std::vector<stage>& stages, const list& wanted, const list& old, list& out);

[[nodiscard]] result<std::vector<column_write>> write_back(engine& e, std::size_t kind, const row_set& old,
                                                           const model::entry& wanted);

}  // namespace sql2ldap::mapping::detail
