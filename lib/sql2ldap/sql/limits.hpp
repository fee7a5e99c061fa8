// Bounds of the component `sql`.
#pragma once

#include <cstdint>

namespace sql2ldap::limits {

// Changes that triggers note while nobody takes them; some 50 MB. Beyond it to compare everything is quicker.
inline constexpr std::uint64_t journal_rows_max = 250'000;

}  // namespace sql2ldap::limits
