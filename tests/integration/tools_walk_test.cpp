// docs/first-mapping.md: every command in it prints what stands there, and its pieces are the mapping.
#include <regex>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <support/child_process.hpp>
#include <support/sample_data.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

namespace {

using namespace sql2ldap;

std::string masked(const std::string& text) {
  const std::string times = std::regex_replace(text, std::regex(R"(\d+\.\d s\b)"), "T s");
  return std::regex_replace(times, std::regex(R"(SQLite \d[\d.]*)"), "SQLite V");
}

std::string page() { return test::read_file(S2L_SOURCE_DIR "/docs/first-mapping.md"); }

// All blocks of one kind, one after the other.
std::string blocks(const std::string& kind) {
  std::istringstream in(page());
  std::string out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "```" + kind || (inside && line == "```"))
      inside = !inside;
    else if (inside)
      out += line + "\n";
  }
  return out;
}

TEST(first_mapping, commands_print_what_the_page_shows) {
  const test::temp_dir folder;
  const test::slapd_server slapd;
  const auto made = test::run_and_capture(
      {.arguments = {"sqlite3", folder / "heimat.db"},
       .input = test::sample_text("first-mapping/schema.sql") + test::sample_text("first-mapping/rows.sql")});
  ASSERT_EQ(made.status, 0) << made.err;
  test::write_file(folder / "heimat.map", test::sample_text("first-mapping/heimat.map"));
  const std::string settings = blocks("toml");
  test::write_file(folder / "heimat.toml", std::regex_replace(settings, std::regex("ldapi:///"), slapd.ldapi()));

  std::string shown;
  std::istringstream in(blocks("console"));
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("$ ")) continue;
    const auto run = test::run_and_capture(
        {.arguments = {"sh", "-c",
                       "sql2ldap() { " S2L_BINARY_DIR "/tools/sql2ldap \"$@\"; }; " + line.substr(2) + " 2>&1"},
         .directory = folder.path()});
    shown += line + "\n" + run.out;
  }
  EXPECT_EQ(masked(shown), masked(blocks("console")));
}

TEST(first_mapping, pieces_are_the_mapping) {
  std::string pieces = blocks("text");
  const auto head = pieces.find("mapping \"heimat\"");
  ASSERT_NE(head, std::string::npos);
  const auto squeezed = [](const std::string& text) { return std::regex_replace(text, std::regex("\n+"), "\n"); };
  EXPECT_EQ(squeezed(pieces.substr(head) + pieces.substr(0, head)),
            squeezed(test::sample_text("first-mapping/heimat.map")));
}

}  // namespace
