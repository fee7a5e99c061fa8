// The definitions that a directory of a mail host has: RFC 4512, 4517, 4519, 4524, 2798, 2307, the mail routing
// attributes of OpenLDAP's misc.schema, and our own (schema/sql2ldap.schema).
#pragma once

#include <span>
#include <string_view>

namespace sql2ldap::codec::detail {

extern const std::span<const std::string_view> builtin_attribute_types;
extern const std::span<const std::string_view> builtin_object_classes;

}  // namespace sql2ldap::codec::detail
