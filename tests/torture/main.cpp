// torture [SEED] [MINUTES]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>

#include <fmt/format.h>

#include <torture/torture.hpp>

int main(int argc, char** argv) try {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : std::random_device{}();
  const double minutes = argc > 2 ? std::atof(argv[2]) : 1;
  fmt::print("seed {}, {} minutes\n", seed, minutes);
  std::fflush(stdout);
  const auto done = sql2ldap::test::torture(seed, std::chrono::seconds(static_cast<int>(minutes * 60)), true);
  if (!done.wrong.empty()) fmt::print("{}\n", done.story);
  fmt::print("seed {}: {} transactions, {} disasters: {}\n", seed, done.transactions, done.disasters,
             done.wrong.empty() ? "in step" : done.wrong);
  return done.wrong.empty() ? 0 : 1;
} catch (const std::exception& problem) {
  fmt::print(stderr, "torture: {}\n", problem.what());
  return 2;
}
