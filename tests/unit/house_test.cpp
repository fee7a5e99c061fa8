// The walls of the house: lib/CMakeLists.txt says who may include whom, and here the sources are held to it.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
const fs::path root = S2L_SOURCE_DIR;

struct source_line {
  fs::path file;
  std::size_t number;
  std::string text;
};

std::string where(const source_line& line) {
  return fs::relative(line.file, root).string() + ':' + std::to_string(line.number) + ": " + line.text;
}

bool is_source(const fs::path& file) { return file.extension() == ".hpp" || file.extension() == ".cpp"; }

std::vector<fs::path> sources_under(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    if (item.is_regular_file() && is_source(item.path())) out.push_back(item.path());
  }
  return out;
}

std::vector<source_line> lines_of(const fs::path& file) {
  std::vector<source_line> out;
  std::ifstream in(file);
  std::string text;
  while (std::getline(in, text)) out.push_back({file, out.size() + 1, text});
  return out;
}

// room -> the rooms its s2l_room line names.
std::map<std::string, std::set<std::string>> rooms_of_the_build() {
  std::map<std::string, std::set<std::string>> out;
  static const std::regex room_line(R"(^s2l_room\((\w+)\s*(?:ROOMS\s+([a-z ]*?))?\s*(?:PUBLIC|PRIVATE|\)).*)");
  for (const source_line& line : lines_of(root / "lib/CMakeLists.txt")) {
    std::smatch found;
    if (!std::regex_match(line.text, found, room_line)) continue;
    std::istringstream words(found[2].str());
    std::set<std::string>& allowed = out[found[1].str()];
    for (std::string word; words >> word;) allowed.insert(word);
  }
  return out;
}

std::string room_of(const fs::path& file) { return fs::relative(file, root / "lib/sql2ldap").begin()->string(); }

std::string included_by(const std::string& line) {
  static const std::regex include(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"].*)");
  std::smatch found;
  return std::regex_match(line, found, include) ? found[1].str() : std::string();
}

TEST(house, has_a_line_for_each_room) {
  const auto rooms = rooms_of_the_build();
  std::set<std::string> folders;
  for (const auto& item : fs::directory_iterator(root / "lib/sql2ldap")) {
    if (item.is_directory()) folders.insert(item.path().filename().string());
  }
  std::set<std::string> named;
  for (const auto& [room, allowed] : rooms) named.insert(room);
  EXPECT_EQ(named, folders);
  EXPECT_TRUE(rooms.at("base").empty());
  EXPECT_EQ(rooms.at("model"), std::set<std::string>{"base"});
}

TEST(house, rooms_include_only_what_their_line_names) {
  const auto rooms = rooms_of_the_build();
  for (const fs::path& file : sources_under(root / "lib/sql2ldap")) {
    const std::string room = room_of(file);
    for (const source_line& line : lines_of(file)) {
      const fs::path header = included_by(line.text);
      if (header.empty() || *header.begin() != "sql2ldap") continue;
      const std::string other = std::next(header.begin())->string();
      EXPECT_TRUE(other == room || rooms.at(room).count(other) == 1) << where(line);
      const bool is_private = header.string().find("/detail/") != std::string::npos;
      EXPECT_TRUE(!is_private || other == room) << where(line) << ": private to its room";
      // Only public headers are installed.
      const bool from_public = file.extension() == ".hpp" && file.parent_path().filename() != "detail";
      EXPECT_FALSE(is_private && from_public) << where(line) << ": a public header needs a private one";
    }
  }
}

// So each of them compiles by itself: the components are built without precompiled headers.
TEST(house, a_source_file_includes_its_own_public_header_first) {
  for (const fs::path& file : sources_under(root / "lib/sql2ldap")) {
    if (file.extension() != ".cpp" || file.parent_path().filename() == "detail") continue;
    if (!fs::exists(fs::path(file).replace_extension(".hpp"))) continue;
    const std::string own = fs::relative(file, root / "lib").replace_extension(".hpp").string();
    for (const source_line& line : lines_of(file)) {
      if (included_by(line.text).empty()) continue;
      EXPECT_EQ(included_by(line.text), own) << where(line);
      break;
    }
  }
}

TEST(house, third_party_headers_stay_in_their_room) {
  const std::pair<std::string, std::string> homes[] = {
      {"pqxx", "sql"},           {"libpq", "sql"},          {"sqlite3.h", "sql"},
      {"ldap.h", "ldap"},        {"lber.h", "ldap"},        {"boost/spirit", "mapping"},
      {"CLI", "tools"},          {"toml++", "config"},      {"crypt.h", "codec"},
      {"openssl", "codec"},      {"idn2.h", "codec"},       {"systemd", "control"},
      {"prometheus", "control"}, {"boost/asio", "control"},
  };
  for (const char* folder : {"lib/sql2ldap", "tools"}) {
    for (const fs::path& file : sources_under(root / folder)) {
      const std::string room = std::string(folder) == "tools" ? "tools" : room_of(file);
      for (const source_line& line : lines_of(file)) {
        const std::string header = included_by(line.text);
        for (const auto& [prefix, home] : homes) {
          if (header.compare(0, prefix.size(), prefix) == 0) {
            // A journal of our own is no source; clients are no operators.
            EXPECT_TRUE(room == home || (room == "state" && prefix == "sqlite3.h") ||
                        (room == "listen" && prefix == "boost/asio"))
                << where(line);
          }
        }
      }
    }
  }
}

// fmt::print() throws when nobody reads the output, and would end a run in the middle.
TEST(house, programs_print_by_functions_that_cannot_throw) {
  for (const fs::path& file : sources_under(root / "tools"))
    for (const source_line& line : lines_of(file))
      EXPECT_EQ(line.text.find("fmt::print("), std::string::npos)
          << where(line) << ": print_text(), print_note() or write_output()";
}

TEST(house, is_tidy) {
  const std::regex unfinished(
      "\\b(TO"
      "DO|FIX"
      "ME|XX"
      "X)\\b");
  constexpr std::size_t columns_max = 120;
  for (const char* folder : {"lib", "tools", "tests"}) {
    for (const fs::path& file : sources_under(root / folder)) {
      bool once = false;
      for (const source_line& line : lines_of(file)) {
        once = once || line.text == "#pragma once";
        std::size_t columns = 0;
        for (const char c : line.text) columns += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
        EXPECT_LE(columns, columns_max) << where(line);
        EXPECT_FALSE(std::regex_search(line.text, unfinished)) << where(line);
      }
      EXPECT_TRUE(once || file.extension() != ".hpp") << file << " has no #pragma once";
    }
  }
}

}  // namespace
