// One schedule a seed: those from 1 on, as many as SQL2LDAP_SCHEDULES says, or the one of SQL2LDAP_SEED.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

namespace sql2ldap::test {

// "" when each was; `simulate` tells what went wrong.
[[nodiscard]] inline std::string run_schedules(const std::function<std::string(std::uint64_t seed)>& simulate,
                                               std::uint64_t usual = 1000) {
  const auto number_in = [](const char* name) -> std::uint64_t {
    const char* given = std::getenv(name);
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 0;
  };
  if (const std::uint64_t seed = number_in("SQL2LDAP_SEED"); seed != 0) return simulate(seed);
  const std::uint64_t wanted = number_in("SQL2LDAP_SCHEDULES");
  for (std::uint64_t seed = 1; seed <= (wanted != 0 ? wanted : usual); ++seed)
    if (const std::string wrong = simulate(seed); !wrong.empty())
      return wrong + "\nrun again with SQL2LDAP_SEED=" + std::to_string(seed);
  return "";
}

}  // namespace sql2ldap::test
