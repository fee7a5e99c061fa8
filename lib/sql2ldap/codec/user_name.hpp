// Which names of users, addresses and domains are taken from a client at all.
#pragma once

#include <string_view>

namespace sql2ldap::codec {

// Neither empty nor longer than limits::user_name_bytes_max, and no control characters: exim, postfix and pysieved take
// dovecot's escapes for a part of the name.
[[nodiscard]] bool is_possible_user_name(std::string_view name) noexcept;

}  // namespace sql2ldap::codec
