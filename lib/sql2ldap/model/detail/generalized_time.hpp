// GeneralizedTime (RFC 4517, 3.3.13) in one form: "YYYYMMDDHHMMSS[.fraction]Z".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::model::detail {

// nullopt when it is none. Minutes and seconds that are left out are 0; a fraction loses the zeros at its end.
[[nodiscard]] std::optional<std::string> generalized_time_in_utc(std::string_view text);

}  // namespace sql2ldap::model::detail
