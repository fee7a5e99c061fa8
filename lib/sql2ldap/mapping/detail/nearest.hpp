// "did you mean ...?" for names that do not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sql2ldap::mapping::detail {

// The name with the fewest edits, letter case aside, when they are few for its length; else empty.
[[nodiscard]] std::string nearest(std::string_view wrong, const std::vector<std::string>& names);
// "did you mean `x`?" or empty.
[[nodiscard]] std::string suggestion(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace sql2ldap::mapping::detail
