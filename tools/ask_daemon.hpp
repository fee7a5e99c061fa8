// Requests to a running sql2ldap-syncd, by the control socket in its state folder.
#pragma once

#include "output.hpp"

namespace sql2ldap::tools {

// Its answer; what it refuses is an error.
[[nodiscard]] result<json> ask_daemon(const options& chosen, const json& request);

}  // namespace sql2ldap::tools
