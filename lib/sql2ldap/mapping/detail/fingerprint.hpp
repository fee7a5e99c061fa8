// 32 hex digits that tell one mapping from another.
#pragma once

#include <string>
#include <vector>

#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/mapping/syntax.hpp>

namespace sql2ldap::mapping::detail {

// BLAKE2b-128 of the canonical text without its comments, and of the parameters in force.
[[nodiscard]] std::string fingerprint_of(syntax::file tree, const std::vector<parameter_info>& parameters);

}  // namespace sql2ldap::mapping::detail
