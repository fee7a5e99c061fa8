// Answers of sql2ldap-authd, over its sockets: the password by auth-client, where the mail is by auth-userdb, what is
// stored by dict.
#pragma once

#include "checkpassword.hpp"

namespace sql2ldap::tools::checkpassword {

[[nodiscard]] result<std::optional<answer>> ask_daemon(const options& chosen, const question& asked);

}  // namespace sql2ldap::tools::checkpassword
