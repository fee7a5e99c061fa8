// The demo does what README.md's first screen says, digits of times and versions aside.
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace {

using namespace sql2ldap;

// What differs from run to run and from one Debian to the next.
std::string masked(const std::string& text) {
  const std::string times = std::regex_replace(text, std::regex(R"(\d+\.\d s\b)"), "T s");
  return std::regex_replace(times, std::regex(R"(SQLite \d[\d.]*)"), "SQLite V");
}

// The first ```console block of the README.
std::string readme_block() {
  const std::string readme = test::read_file(S2L_SOURCE_DIR "/README.md");
  const std::string fence = "```console\n";
  const auto begin = readme.find(fence);
  const auto end = readme.find("```\n", begin + fence.size());
  return begin == std::string::npos || end == std::string::npos
             ? ""
             : readme.substr(begin + fence.size(), end - begin - fence.size());
}

TEST(demo, prints_what_the_readme_shows) {
  const auto run = test::run_and_capture({.arguments = {S2L_SOURCE_DIR "/demo/run", S2L_BINARY_DIR "/tools/sql2ldap"}});
  ASSERT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(masked("$ ./dev demo\n" + run.out), masked(readme_block()));
}

}  // namespace
