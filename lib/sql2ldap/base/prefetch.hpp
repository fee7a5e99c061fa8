// Memory that is about to be read is brought near meanwhile.
#pragma once

namespace sql2ldap {

// Any address, also one that is not ours.
inline void prefetch(const void* where) noexcept {
  __builtin_prefetch(where);
  // g++ (12 to 14) drops calls of a function that only fetches, as one without effects.
  asm volatile("");
}

}  // namespace sql2ldap
