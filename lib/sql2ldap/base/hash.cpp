#include <sql2ldap/base/hash.hpp>

#include <array>

#include <sodium.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sql2ldap {

namespace {

// XXH3 with a secret of full length is the variant whose collisions cannot be made without it.
struct process_secret {
  alignas(64) std::array<unsigned char, XXH_SECRET_DEFAULT_SIZE> bytes;
  process_secret() noexcept { randombytes_buf(bytes.data(), bytes.size()); }
};

const process_secret& run_secret() noexcept {
  static const process_secret secret;
  return secret;
}

// The finisher of MurmurHash3: spreads `domain` over all bits.
std::uint64_t spread(std::uint64_t x) noexcept {
  x ^= x >> 33U;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33U;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33U);
}

}  // namespace

std::uint64_t run_hash64(std::string_view bytes) noexcept {
  const process_secret& secret = run_secret();
  return XXH3_64bits_withSecret(bytes.data(), bytes.size(), secret.bytes.data(), secret.bytes.size());
}

digest128 run_hash128(std::string_view bytes, std::uint64_t domain) noexcept {
  const process_secret& secret = run_secret();
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret.bytes.data(), secret.bytes.size());
  if (domain == 0) return {hash.low64, hash.high64};
  // Adding the domain to both halves and mixing again keeps the sums of sets of different domains apart.
  const std::uint64_t low = spread(hash.low64 + spread(domain));
  return {low, spread(hash.high64 ^ low)};
}

std::uint64_t stable_hash64(std::string_view bytes) noexcept { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace sql2ldap
