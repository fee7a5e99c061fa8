// The canonical spelling of the parts of a statement, each on one line.
#pragma once

#include <string>

#include <sql2ldap/mapping/syntax.hpp>

namespace sql2ldap::mapping::syntax::detail {

[[nodiscard]] std::string print_name(const name& n);  // in backticks where it must be
[[nodiscard]] std::string print_word(const name& n);  // keywords may stay bare
[[nodiscard]] std::string print_class(const name& n);
[[nodiscard]] std::string print_column(const column& c);
[[nodiscard]] std::string print_text(const text& t);  // "..."
[[nodiscard]] std::string print_expression(const expression& e);
[[nodiscard]] std::string print_stage(const stage& s);
[[nodiscard]] std::string print_condition(const condition& c);

}  // namespace sql2ldap::mapping::syntax::detail
