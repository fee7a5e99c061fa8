// The keys by name, for the file reader.
#pragma once

#include <string>
#include <string_view>

#include <sql2ldap/config/settings.hpp>

namespace sql2ldap::config::detail {

[[nodiscard]] const key* find_key(std::string_view name) noexcept;  // nullptr when there is none
[[nodiscard]] std::string suggestion_for(std::string_view name);

}  // namespace sql2ldap::config::detail
