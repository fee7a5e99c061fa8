// A password that is stored weakly, hashed anew when its user has just shown it.
#pragma once

#include <optional>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/serve/account.hpp>

namespace sql2ldap::serve {

// nullopt: no weak value of the account is this password. The value is exchanged, so that the server refuses when
// somebody has changed it meanwhile. Takes as long as a verification and a hash.
[[nodiscard]] result<std::optional<model::change>> rehashed(const account& whose, const secret& password,
                                                            codec::hash_scheme how);

}  // namespace sql2ldap::serve
