// The result codes of LDAP that decide something here (RFC 4511, 4.1.9 and appendix A).
#pragma once

namespace sql2ldap::model::result_code {

inline constexpr int time_limit_exceeded = 3;
inline constexpr int no_such_object = 32;
inline constexpr int invalid_credentials = 49;
inline constexpr int insufficient_access_rights = 50;
inline constexpr int unwilling_to_perform = 53;
inline constexpr int not_allowed_on_non_leaf = 66;
inline constexpr int entry_already_exists = 68;
inline constexpr int other = 80;

}  // namespace sql2ldap::model::result_code
