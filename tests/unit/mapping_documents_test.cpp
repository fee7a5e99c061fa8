// The examples of docs/mapping-language.md do what they say, and no stage is without one.
#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sql2ldap/mapping/detail/stages.hpp>
#include <support/mapping_stages.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

struct example {
  std::string expression;
  std::string left;   // of the arrow
  std::string right;  // of the arrow
  bool back = false;
};

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

std::vector<std::string> example_lines() {
  std::istringstream in(read_file(S2L_SOURCE_DIR "/docs/mapping-language.md"));
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "```examples" || (inside && line == "```"))
      inside = !inside;
    else if (inside)
      lines.push_back(line);
  }
  return lines;
}

example read(const std::string& line) {
  const auto colons = line.find(" ::");
  const auto forward = line.find(" =>", colons);
  const auto backward = line.find(" <=", colons);
  const auto arrow = std::min(forward, backward);
  if (arrow == std::string::npos) throw std::runtime_error("no example: " + line);
  return {line.substr(0, colons), trimmed(line.substr(colons + 3, arrow - colons - 3)), trimmed(line.substr(arrow + 3)),
          backward < forward};
}

// "a", NULL, "b"
std::vector<std::optional<std::string>> texts(std::string list) {
  for (auto at = list.find("NULL"); at != std::string::npos; at = list.find("NULL")) list.replace(at, 4, "null");
  std::vector<std::optional<std::string>> out;
  for (const auto& one : nlohmann::json::parse("[" + list + "]"))
    out.push_back(one.is_null() ? std::nullopt : std::optional<std::string>(one.get<std::string>()));
  return out;
}

std::vector<std::string> values(const std::string& list) {
  std::vector<std::string> out;
  for (const auto& one : texts(list)) out.push_back(one.value());
  return out;
}

void run_forward(const lens& expression, const example& e) {
  const auto columns = texts(e.left);
  const auto got = expression.get(columns.at(0), columns.size() > 1 ? columns[1] : std::nullopt);
  if (e.right.starts_with('!')) {
    EXPECT_NE(got.objection.find(values(e.right.substr(1)).at(0)), std::string::npos) << got.objection;
    EXPECT_NE(got.objection, "");
  } else {
    EXPECT_EQ(got.objection, "");
    EXPECT_EQ(got.values, values(e.right));
  }
}

void run_back(const lens& expression, const example& e) {
  const auto over = e.right.find("over ");
  const auto written = expression.put(texts(e.right.substr(over + 5)).at(0), values(trimmed(e.right.substr(0, over))));
  EXPECT_EQ(written.objection, "");
  EXPECT_EQ(written.c, texts(e.left).at(0));
}

TEST(mapping_language, examples_do_what_they_say) {
  const std::vector<std::string> lines = example_lines();
  ASSERT_FALSE(lines.empty());
  for (const std::string& line : lines) {
    SCOPED_TRACE(line);
    const example e = read(line);
    const lens expression(e.expression);
    e.back ? run_back(expression, e) : run_forward(expression, e);
  }
}

TEST(mapping_language, has_an_example_of_each_stage) {
  std::set<std::string> shown;
  for (const std::string& line : example_lines()) {
    std::string word;
    for (const char c : read(line).expression + " ") {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
        word += c;
      } else {
        shown.insert(word);
        word.clear();
      }
    }
  }
  for (const auto& stage : mapping::detail::all_stages())
    EXPECT_TRUE(shown.contains(std::string(stage.name))) << stage.name;
}

}  // namespace
}  // namespace sql2ldap::test
