// For people: the ways of the attributes, and how one row went them.
#pragma once

#include <string>
#include <vector>

#include <sql2ldap/mapping/detail/engine.hpp>

namespace sql2ldap::mapping::detail {

[[nodiscard]] std::string shown(const program& p);
[[nodiscard]] std::vector<trace> explain(engine& e, std::size_t kind, const row_set& rows);
// The parent of what the last make() made, from the key alone.
// "" when the row gives no key for it.
[[nodiscard]] std::string parent_origin(engine& e, std::size_t kind, const row_set& rows);
[[nodiscard]] bool make_parent(engine& e, std::size_t kind, const row_set& rows, model::entry& out, model::reject& why);

}  // namespace sql2ldap::mapping::detail
