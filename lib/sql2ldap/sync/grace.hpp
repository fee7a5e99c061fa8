// What becomes of an entry of ours that no row makes any more.
#pragma once

#include <cstdint>
#include <ctime>
#include <vector>

#include <sql2ldap/model/change.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/schema.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

enum class fate : std::uint8_t {
  remove,   // deleted now
  disable,  // turned off now
  wait,     // was turned off, and waits
  purge,    // its time is over: deleted now
  keep,     // that its row is gone is not proven, or others need it
  hold,     // goes beyond the limits: an operator decides
};

[[nodiscard]] fate fate_of(const model::entry& present, const run_options& how);

// How an entry is turned off and marked with the day, the whole of it being `present`: so that a plan is still the same
// a little later. Where the schema leaves no room for s2lEnabled, its password is replaced by one that nobody has.
[[nodiscard]] std::vector<model::modification> turning_off(const model::entry& present, const model::schema& schema,
                                                           std::time_t now);

// Whether the attribute of a marked entry is as turning_off() leaves it. When the row returns it becomes what it is in
// a new entry, also where the mapping does not own it (`?=`, or not at all).
[[nodiscard]] bool is_turned_off(const model::entry& present, model::attribute_name name);

}  // namespace sql2ldap::sync
