// What a server says of itself: root DSE (RFC 4512, 5.1), "who am I" (RFC 4532), subschema.
#pragma once

#include <sql2ldap/ldap/detail/pool.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::ldap::detail {

// Of slapd (docs/decisions/0007). False also where we may not see it.
[[nodiscard]] result<bool> has_two_threads(const std::shared_ptr<pool>& lines);
[[nodiscard]] result<model::directory_facts> read_facts(const std::shared_ptr<pool>& lines);

}  // namespace sql2ldap::ldap::detail
