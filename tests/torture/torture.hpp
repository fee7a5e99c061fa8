// Real servers, random traffic over all tables that are mapped, random disasters; in the end both sides must agree.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sql2ldap::test {

struct torture_result {
  std::string wrong;  // "" = all is well
  std::string story;  // what was done, and the daemon's log
  int transactions = 0;
  int disasters = 0;
};
// One seed makes one sequence of statements and disasters; when they meet is up to the machine.
[[nodiscard]] torture_result torture(std::uint64_t seed, std::chrono::seconds time, bool aloud = false);

}  // namespace sql2ldap::test
