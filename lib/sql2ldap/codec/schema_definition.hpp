// Schema definitions in the text form of RFC 4512, 4.1, as a subschema entry holds them.
#pragma once

#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::codec {

[[nodiscard]] result<model::attribute_type> parse_attribute_type(std::string_view definition);
[[nodiscard]] result<model::object_class> parse_object_class(std::string_view definition);

// core, cosine, inetorgperson, misc as far as mail hosts use them, and our own: for writing LDIF
// and for tests without a server.
[[nodiscard]] const model::schema& builtin_schema();

}  // namespace sql2ldap::codec
