// Where mail goes, in the words of Postfix's tables and of exim's redirect router.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/serve/answers.hpp>
#include <sql2ldap/serve/session.hpp>

namespace sql2ldap::serve::detail {

// nullopt: not found.
[[nodiscard]] result<std::optional<std::string>> postfix_value(answers& from, postfix_map map, std::string_view key);
// The data of a redirect router; nullopt where it is to decline.
[[nodiscard]] result<std::optional<std::string>> exim_redirect(answers& from, std::string_view address);

}  // namespace sql2ldap::serve::detail
