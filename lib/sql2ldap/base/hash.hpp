// Digests, not cryptographic. run_*: live as long as one run, to compare two large sets in bounded memory; the seed is
// random per process, so that nobody can prepare two values with one digest. stable_*: for storage.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace sql2ldap {

struct digest128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  // Order-independent sum: the digest of a set is the sum of its members' digests.
  digest128& operator+=(digest128 other) noexcept {
    low += other.low;
    high += other.high;
    return *this;
  }
  friend auto operator<=>(const digest128&, const digest128&) = default;
};

[[nodiscard]] std::uint64_t run_hash64(std::string_view bytes) noexcept;
// `domain` keeps equal bytes of different meaning apart (attribute ids, for instance).
[[nodiscard]] digest128 run_hash128(std::string_view bytes, std::uint64_t domain = 0) noexcept;

// The same in every process and on every machine.
[[nodiscard]] std::uint64_t stable_hash64(std::string_view bytes) noexcept;

}  // namespace sql2ldap
