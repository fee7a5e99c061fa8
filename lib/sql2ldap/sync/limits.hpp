// Bounds of the component `sync`.
#pragma once

#include <chrono>
#include <cstddef>

namespace sql2ldap::limits {

inline constexpr std::chrono::seconds standby_look_every{1};  // whether the other instance has gone
inline constexpr std::size_t held_examples_max = 10;          // named of a plan that waits, by status

}  // namespace sql2ldap::limits
