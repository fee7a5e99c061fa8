// A second sentence for a message about a fault: what the writer probably meant.
#pragma once

#include <string>
#include <string_view>

namespace sql2ldap::mapping::syntax::detail {

struct fault {
  std::string_view expected;  // in the user's words: "'=' or '?='"
  std::string_view previous;  // the token before, or empty
  std::string_view rest;      // the text from the fault on
};

[[nodiscard]] std::string hint_for(const fault& what);

}  // namespace sql2ldap::mapping::syntax::detail
