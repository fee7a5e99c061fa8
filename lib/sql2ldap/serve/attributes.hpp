// The attributes that answers are made of: for who makes entries, and for who keeps them for lookups.
#pragma once

#include <string_view>
#include <vector>

#include <sql2ldap/model/attribute_name.hpp>
#include <sql2ldap/model/lookup.hpp>

namespace sql2ldap::serve {

// Entries are looked up by these.
[[nodiscard]] const std::vector<model::attribute_name>& looked_up_attributes();
// All that is read of an entry; nothing else need be fetched.
[[nodiscard]] const std::vector<model::attribute_name>& read_attributes();
[[nodiscard]] const std::vector<model::attribute_name>& attributes_of(model::entry_part part);
// Entries of none of these object classes are passed over.
[[nodiscard]] const std::vector<std::string_view>& read_classes();

}  // namespace sql2ldap::serve
