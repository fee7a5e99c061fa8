// An attribute type may have several names (RFC 4512, 2.5.1): a mapping says `surname`, the server
// answers `sn`.
#pragma once

#include <string_view>
#include <vector>

#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::sync {

// The name itself first, then the other names of its type.
[[nodiscard]] inline std::vector<model::attribute_name> all_names(model::attribute_name name,
                                                                  const model::schema& schema) {
  std::vector<model::attribute_name> out = {name};
  const bool has_options = name.text().find(';') != std::string::npos;
  const model::attribute_type* type = has_options ? nullptr : schema.find_attribute(name);
  if (type == nullptr) return out;
  for (const std::string& other : type->names)
    if (const model::attribute_name n(other); !(n == name)) out.push_back(n);
  return out;
}

[[nodiscard]] inline std::vector<std::string_view> values_by_any_name(const model::entry& e, model::attribute_name name,
                                                                      const model::schema& schema) {
  std::vector<std::string_view> out = e.values_of(name);
  if (!out.empty()) return out;
  for (const model::attribute_name n : all_names(name, schema)) {
    out = e.values_of(n);
    if (!out.empty()) break;
  }
  return out;
}

}  // namespace sql2ldap::sync
