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

// The text of the first block of the README of this kind.
std::string readme_block(const std::string& kind) {
  const std::string readme = test::read_file(S2L_SOURCE_DIR "/README.md");
  const std::string fence = "\n```" + kind + "\n";
  const auto begin = readme.find(fence);
  const auto end = readme.find("\n```\n", begin + fence.size());
  if (begin == std::string::npos || end == std::string::npos) throw std::runtime_error("README.md has no " + kind);
  return readme.substr(begin + fence.size(), end + 1 - begin - fence.size());
}

TEST(demo, prints_what_the_readme_shows) {
  const auto run = test::run_and_capture({.arguments = {S2L_SOURCE_DIR "/demo/run", S2L_BINARY_DIR "/tools/sql2ldap"}});
  ASSERT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(masked("$ ./dev demo\n" + run.out), masked(readme_block("console")));
}

TEST(demo, the_mapping_of_the_readme_makes_its_entry) {
  const test::temp_dir folder;
  // Where the accounts go.
  const std::string domains =
      "mapping \"postfixadmin\"\n"
      "table domain = \"domain\"\ntable mailbox = \"mailbox\"\ntable alias_domain = \"alias_domain\"\n"
      "entry domain from domain o {\n  key o.domain\n  under \"ou=domains\"\n"
      "  rdn associatedDomain = o.domain | idna\n  class s2lMailDomain\n  s2lEnabled = o.active | flag\n}\n";
  test::write_file(folder / "readme.map", domains + readme_block("text"));
  const auto made = test::run_and_capture({.arguments = {"sqlite3", folder / "mail.db"},
                                           .input = test::read_file(S2L_SOURCE_DIR "/demo/postfixadmin.sql")});
  ASSERT_EQ(made.status, 0) << made.err;
  const auto run = test::run_and_capture(
      {.arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "migrate", "--source", "sqlite:" + (folder / "mail.db").string(),
                     "--mapping", folder / "readme.map", "--base", "dc=example,dc=org", "--ldif", "-"}});
  const std::string entry = readme_block("ldif");
  const std::string name = entry.substr(0, entry.find('\n') + 1);
  const auto begin = run.out.find(name);
  ASSERT_NE(begin, std::string::npos) << run.err;
  const std::string got = run.out.substr(begin, run.out.find("\n\n", begin) + 1 - begin);
  const std::regex hash(R"((userPassword: \{CRYPT\}\$6\$).*)");
  EXPECT_EQ(std::regex_replace(got, hash, "$1..."), entry);
}

}  // namespace
