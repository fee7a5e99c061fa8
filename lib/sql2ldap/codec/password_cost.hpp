// The cost of verifying a stored password, known from its text and from the length of the password that is tried.
//
// Whoever may change a password chooses the cost of its hash. Without a bound some logins of such an account keep
// all threads busy for hours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sql2ldap::codec {

// Estimated for one core of a server processor of about 2020; measured with libxcrypt 4.4.33, libsodium 1.0.18 and
// OpenSSL 3.0. Another processor takes half or twice the time.
struct password_cost {
  double seconds = 0;
  double memory_bytes = 0;
};

// A second admits bcrypt up to cost 13, SHA512-CRYPT up to a million rounds, PBKDF2-SHA256 up to two million
// iterations; 256 MiB admits ARGON2ID with t=4 and yescrypt up to cost 9.
struct password_bounds {
  double seconds_max = 1;                         // for all values of an account together
  double memory_bytes_max = 256.0 * (1U << 20U);  // at once
};

[[nodiscard]] constexpr bool is_within(const password_bounds& bounds, const password_cost& cost) noexcept {
  return cost.seconds <= bounds.seconds_max && cost.memory_bytes <= bounds.memory_bytes_max;
}

inline constexpr std::size_t stored_password_bytes_max = 4096;  // a longer value is not verified
inline constexpr std::size_t stored_passwords_max = 16;         // values of one account that are looked at

// The cost of verify_password(). nullopt: it cannot be computed, or nothing here verifies such a value.
[[nodiscard]] std::optional<password_cost> password_cost_of(std::string_view stored, std::size_t clear_bytes = 16);

}  // namespace sql2ldap::codec
