// Gives every comment and empty line of a text to a statement of its tree.
#pragma once

#include <sql2ldap/mapping/detail/parser_state.hpp>
#include <sql2ldap/mapping/syntax.hpp>

namespace sql2ldap::mapping::syntax::detail {

void attach_comments(file& tree, std::string_view source, const parser_state& state);

}  // namespace sql2ldap::mapping::syntax::detail
