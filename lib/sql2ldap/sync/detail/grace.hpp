// What becomes of an entry of ours that no row makes any more.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

enum class fate : std::uint8_t {
  remove,   // deleted now
  disable,  // turned off now
  wait,     // was turned off, and waits
  purge,    // its time is over: deleted now
};

[[nodiscard]] fate fate_of(const model::entry& present, const run_options& how);

// "20261125000000Z", the day that holds this moment: so that a plan is still the same a little later.
[[nodiscard]] std::string day_text(std::time_t moment);

}  // namespace sql2ldap::sync
