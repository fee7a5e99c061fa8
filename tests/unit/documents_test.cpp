// What the documents and comments promise, compared with the code.
#include <filesystem>
#include <fstream>
#include <iterator>
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

std::string content_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files_under(std::initializer_list<const char*> folders, const std::set<std::string>& extensions) {
  std::vector<fs::path> out;
  for (const char* folder : folders)
    for (const auto& item : fs::recursive_directory_iterator(root / folder))
      if (item.is_regular_file() && extensions.count(item.path().extension().string()) == 1) out.push_back(item.path());
  return out;
}

std::vector<std::vector<std::string>> all_matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::vector<std::string>> out;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), pattern); it != std::sregex_iterator(); ++it)
    out.emplace_back(it->begin(), it->end());
  return out;
}

std::string shown(const fs::path& file) { return fs::relative(file, root).string(); }

// ---- docs/messages.md -------------------------------------------------------------------------

// IDs are the string literals in capitals of the calls that log: event(), tell(), and those that call them.
std::map<std::string, std::string> events_in_the_code() {
  static const std::regex call(R"re(\b(?:event|tell\w*)_?\s*\([^;{]*?"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)")re");
  static const std::regex in_text(R"re("(?:warning|error|info) ([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+) )re");
  std::map<std::string, std::string> out;
  for (const fs::path& file : files_under({"lib", "tools"}, {".cpp", ".hpp"})) {
    const std::string text = content_of(file);
    for (const std::regex* pattern : {&call, &in_text})
      for (const auto& match : all_matches(text, *pattern)) out.emplace(match[1], shown(file));
  }
  return out;
}

// ID -> its paragraph. Several IDs may share one.
std::map<std::string, std::string> events_in_the_document() {
  static const std::regex id(R"(\*\*([A-Z][A-Z0-9_]*)\*\*)");
  std::map<std::string, std::string> out;
  std::istringstream in(content_of(root / "docs/messages.md"));
  std::string paragraph;
  const auto end_paragraph = [&] {
    if (!paragraph.starts_with("**")) paragraph.clear();
    for (const auto& match : all_matches(paragraph, id))
      EXPECT_TRUE(out.emplace(match[1], paragraph).second) << match[1] << " has two paragraphs";
    paragraph.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (line.empty())
      end_paragraph();
    else
      paragraph += line + ' ';
  }
  end_paragraph();
  return out;
}

TEST(messages_document, has_a_paragraph_for_each_event_of_the_code_and_no_other) {
  const auto code = events_in_the_code();
  const auto document = events_in_the_document();
  EXPECT_GT(code.size(), 40U) << "the pattern no longer finds the calls";
  for (const auto& [id, file] : code)
    EXPECT_EQ(document.count(id), 1U) << file << " logs " << id << ": not in the list";
  for (const auto& [id, paragraph] : document) EXPECT_EQ(code.count(id), 1U) << id << " is logged nowhere";
}

TEST(messages_document, says_level_and_meaning_of_each_event) {
  static const std::regex begin(
      R"(^\*\*[A-Z0-9_]+\*\*(, \*\*[A-Z0-9_]+\*\*)* \((debug|info|warning|error)[^)]*\)\. [A-Z].*)");
  for (const auto& [id, paragraph] : events_in_the_document()) {
    EXPECT_TRUE(std::regex_match(paragraph, begin)) << paragraph;
    EXPECT_GT(paragraph.size(), id.size() + 40) << paragraph;
  }
}

// Also the IDs that other documents name.
TEST(messages_document, has_each_event_that_another_document_names) {
  static const std::regex id(
      "\\b((?:SYNC|SOURCE|STATE|HOOK|ANSWERS?|CLIENTS?|MIRROR|PASSWORDS?|RELOAD|REHASH)_[A-Z_]+)\\b");
  const auto document = events_in_the_document();
  for (const fs::path& file : files_under({"docs", "operate"}, {".md", ".toml", ".service", ".conf", ".json"}))
    for (const auto& match : all_matches(content_of(file), id))
      EXPECT_EQ(document.count(match[1]), 1U) << shown(file) << " names " << match[1];
}

// ---- README.md: what it promises --------------------------------------------------------------

// "suite.name" of the tests in one file.
std::set<std::string> tests_in(const fs::path& file) {
  static const std::regex test(R"(\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\))");
  static const std::regex property(R"(\bRC_GTEST_(?:FIXTURE_)?PROP\(\s*(\w+)\s*,\s*(\w+)\s*,)");
  std::set<std::string> out;
  const std::string text = content_of(file);
  for (const std::regex* pattern : {&test, &property})
    for (const auto& match : all_matches(text, *pattern)) out.insert(match[1] + '.' + match[2]);
  return out;
}

std::vector<std::string> promises_of_the_readme() {
  std::vector<std::string> out;
  std::istringstream in(content_of(root / "README.md"));
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) inside = line == "## What it promises";
    if (!inside || line.empty() || line.starts_with("#")) continue;
    if (line.starts_with("- "))
      out.push_back(line);
    else if (line.starts_with("  ") && !out.empty())
      out.back() += line;
  }
  return out;
}

TEST(readme, each_promise_names_tests_that_exist) {
  static const std::regex named(R"(`(\w+\.\w+)` \((tests/[\w/]+\.cpp)\))");
  const auto promises = promises_of_the_readme();
  EXPECT_GE(promises.size(), 6U);
  for (const std::string& promise : promises) {
    const auto tests = all_matches(promise, named);
    EXPECT_FALSE(tests.empty()) << "no test holds: " << promise;
    for (const auto& match : tests) {
      ASSERT_TRUE(fs::exists(root / match[2])) << match[2] << " of: " << promise;
      EXPECT_EQ(tests_in(root / match[2]).count(match[1]), 1U) << match[2] << " has no test " << match[1];
    }
  }
}

// ---- names of files in comments and documents -------------------------------------------------

bool names_a_file(const std::string& name, const fs::path& from) {
  for (const fs::path& base : {from.parent_path(), root, root / "lib/sql2ldap", root / "lib", root / "docs",
                               root / "tests", root / "build/generated"})
    if (fs::exists(base / name)) return true;
  // A decision is named by its number.
  if (name.starts_with("docs/decisions/"))
    for (const auto& item : fs::directory_iterator(root / "docs/decisions"))
      if (item.path().string().starts_with((root / name).string())) return true;
  // What lies in another folder of the same component.
  for (const fs::path& base : {from.parent_path() / "detail", from.parent_path().parent_path()})
    if (fs::exists(base / name)) return true;
  return false;
}

// Where a name without a folder may lie: names are unique enough to be found by.
std::set<std::string> file_names() {
  std::set<std::string> out{"settings.hpp"};
  for (const fs::path& file :
       files_under({"lib", "tools", "tests", "bench", "cmake", "docs", "operate", "schema", "mappings", "demo"},
                   {".cpp", ".hpp", ".c", ".md", ".in", ".cmake", ".txt", ".map", ".ldif", ".schema", ".conf", ".toml",
                    ".pl", ".service", ".json", ".sql"}))
    out.insert(file.filename().string());
  return out;
}

// Line by line: the text after "//".
TEST(comments, name_only_files_that_exist) {
  static const std::regex comment(R"(^(?:[^"]|"[^"]*")*?//(.*)$)");
  static const std::regex file_name(R"((?:^|[\s("'`])((?:[\w.-]+/)*[\w-]+\.(?:hpp|cpp|md|cmake))(?![\w*/]))");
  const auto known = file_names();
  std::size_t found = 0;
  for (const fs::path& file : files_under({"lib", "tools", "tests", "bench"}, {".cpp", ".hpp", ".c"})) {
    std::istringstream in(content_of(file));
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      const auto at = line.find("//");
      if (at == std::string::npos || line.find("http") != std::string::npos) continue;
      for (const auto& match : all_matches(line.substr(at + 2), file_name)) {
        ++found;
        const std::string& name = match[1];
        const bool has_folder = name.find('/') != std::string::npos;
        EXPECT_TRUE(names_a_file(name, file) || (!has_folder && known.count(name) == 1))
            << shown(file) << ':' << number << " names " << name << ": " << line;
      }
    }
  }
  EXPECT_GT(found, 10U);
}

TEST(documents, name_only_files_that_exist) {
  static const std::regex file_name(
      R"((?:^|[\s(`])((?:lib|tools|tests|docs|cmake|operate|schema|mappings|bench|demo)/[\w./-]*\w|)"
      R"([\w/-]+\.(?:hpp|cpp))(?![\w*/<{]))");
  const auto known = file_names();
  std::vector<fs::path> files = files_under({"docs"}, {".md"});
  files.push_back(root / "README.md");
  for (const fs::path& file : files) {
    std::istringstream in(content_of(file));
    for (std::string line; std::getline(in, line);)
      for (const auto& match : all_matches(line, file_name)) {
        const std::string& name = match[1];
        EXPECT_TRUE(names_a_file(name, file) || known.count(name) == 1) << shown(file) << " names " << name;
      }
  }
}

TEST(documents, link_only_to_files_that_exist) {
  static const std::regex link(R"(\]\(([^)#:]+)(?:#[^)]*)?\))");
  std::vector<fs::path> files = files_under({"docs"}, {".md"});
  files.push_back(root / "README.md");
  for (const fs::path& file : files)
    for (const auto& match : all_matches(content_of(file), link))
      EXPECT_TRUE(fs::exists(file.parent_path() / match[1])) << shown(file) << " links to " << match[1];
}

// ---- docs/architecture.md ---------------------------------------------------------------------

// Commands and main functions speak for themselves; what they share is in the table.
TEST(architecture_document, has_the_shared_files_of_tools) {
  const std::string document = content_of(root / "docs/architecture.md");
  static const std::regex row(R"(\n\| ((?:`\w+`(?:, )?)+) \|)");
  static const std::regex name_in_row(R"(`(\w+)`)");
  const std::size_t begin = document.find("## Programs");
  ASSERT_NE(begin, std::string::npos);
  std::set<std::string> listed;
  for (const auto& line : all_matches(document.substr(begin, document.find("\n## ", begin + 1) - begin), row))
    for (const auto& match : all_matches(line[1], name_in_row)) listed.insert(match[1]);
  std::set<std::string> shared;
  for (const fs::path& file : files_under({"tools"}, {".hpp"})) shared.insert(file.stem().string());
  for (const std::string& name : shared) EXPECT_EQ(listed.count(name), 1U) << "tools/" << name << ".hpp is not listed";
  for (const std::string& name : listed) EXPECT_EQ(shared.count(name), 1U) << name << " is listed and not there";
}

// A login runs through tools/ as well: it is optimized as the library is.
TEST(build, optimizes_the_programs_as_the_library) {
  static const std::regex optimized(R"( (-O\w+) )");
  static const std::regex of_file(R"re("command": "([^\n]*)",\s*"file": "([^"]*)")re");
  std::map<std::string, std::set<std::string>> flags;
  for (const auto& match : all_matches(content_of(fs::path(S2L_BINARY_DIR) / "compile_commands.json"), of_file)) {
    const std::string file = fs::relative(match[2], root).string();
    for (const char* folder : {"lib", "tools"})
      if (file.starts_with(std::string(folder) + '/'))
        for (const auto& flag : all_matches(match[1], optimized)) flags[folder].insert(flag[1]);
  }
  EXPECT_EQ(flags["tools"], flags["lib"]);
}

// ---- ./dev ------------------------------------------------------------------------------------

TEST(dev_script, each_label_of_its_help_is_one_of_the_tests) {
  static const std::regex labels(R"(LABEL: ([a-z ]+)\))");
  const auto match = all_matches(content_of(root / "dev"), labels);
  ASSERT_EQ(match.size(), 1U);
  std::istringstream words(match[0][1]);
  const std::string build = content_of(root / "tests/CMakeLists.txt");
  for (std::string label; words >> label;) {
    if (label == "smoke") {
      EXPECT_NE(build.find("APPEND labels smoke"), std::string::npos);
      continue;
    }
    bool has_tests = false;
    ASSERT_TRUE(fs::is_directory(root / "tests" / label)) << label;
    for (const auto& item : fs::directory_iterator(root / "tests" / label))
      has_tests = has_tests || item.path().extension() == ".cpp";
    EXPECT_TRUE(has_tests) << label;
  }
}

TEST(dev_script, its_tools_have_their_settings) {
  EXPECT_TRUE(fs::exists(root / ".clang-format"));
  EXPECT_TRUE(fs::exists(root / ".clang-tidy")) << "./dev tidy would check by defaults";
  const std::string dev = content_of(root / "dev");
  const bool formats_mappings = dev.find("mapping fmt --") != std::string::npos;
  static const std::regex help(R"(\n\./dev fmt [^\n]*mapping)");
  EXPECT_EQ(std::regex_search(dev, help), formats_mappings) << "the help of `fmt` and what it does";
}

}  // namespace
