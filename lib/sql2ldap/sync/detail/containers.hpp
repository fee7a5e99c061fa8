// Entries that nobody's row makes: the base and the levels between it and the entries.
#pragma once

#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::sync {

// By the type of the first RDN: ou, o, dc (dcObject with organization) or cn; others are an error.
[[nodiscard]] result<model::entry> container_entry(const model::dn& name);

// "ou=domains" and the like of all kinds with the levels above them, below `base`, parents first,
// each once; the base itself first when asked.
[[nodiscard]] result<std::vector<model::entry>> container_entries(const mapping::mapping& map, const model::dn& base,
                                                                  bool with_base);

}  // namespace sql2ldap::sync
