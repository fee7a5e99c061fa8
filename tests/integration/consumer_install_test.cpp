// `cmake --install` into an empty prefix, then a project of somebody else that knows nothing but the prefix.
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <sql2ldap/version.hpp>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace {

using namespace sql2ldap;
namespace fs = std::filesystem;

// Value of a CMake cache entry of the build that this test belongs to.
std::string cached(const std::string& name) {
  std::ifstream in(S2L_BINARY_DIR "/CMakeCache.txt");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":")) return line.substr(line.find('=') + 1);
  return "";
}

class installed : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::temp_dir();
    const auto done = test::run_and_capture(
        {.arguments = {"cmake", "--install", S2L_BINARY_DIR, "--prefix", (*folder_ / "prefix").string()}});
    ASSERT_EQ(done.status, 0) << done.out << done.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static fs::path prefix() { return *folder_ / "prefix"; }

  static inline test::temp_dir* folder_ = nullptr;
};

TEST_F(installed, a_project_of_ten_lines_builds_and_runs) {
  const std::string build = (*folder_ / "build").string();
  const std::string sanitizers = cached("SQL2LDAP_SANITIZE");
  const auto configured = test::run_and_capture(
      {.arguments = {"cmake", "-S", S2L_SOURCE_DIR "/tests/consumer", "-B", build, "-G", "Ninja",
                     "-DCMAKE_PREFIX_PATH=" + prefix().string(), "-DCMAKE_CXX_COMPILER=" + cached("CMAKE_CXX_COMPILER"),
                     sanitizers.empty() ? "-DCMAKE_CXX_FLAGS=" : "-DCMAKE_CXX_FLAGS=-fsanitize=" + sanitizers}});
  ASSERT_EQ(configured.status, 0) << configured.out << configured.err;
  const auto built = test::run_and_capture({.arguments = {"cmake", "--build", build}}, std::chrono::minutes(5));
  ASSERT_EQ(built.status, 0) << built.out << built.err;

  const auto run =
      test::run_and_capture({.arguments = {build + "/consumer", S2L_SOURCE_DIR "/mappings/postfixadmin.map"}});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(std::regex_match(run.out, std::regex(std::string(version) + " postfixadmin [1-9][0-9]* 1\n"))) << run.out;
}

TEST_F(installed, every_public_header_is_there_and_no_private_one) {
  const fs::path source = fs::path(S2L_SOURCE_DIR) / "lib";
  std::size_t headers = 0;
  for (const auto& item : fs::recursive_directory_iterator(source)) {
    if (item.path().extension() != ".hpp") continue;
    const fs::path name = fs::relative(item.path(), source);
    const bool is_private = name.parent_path().filename() == "detail";
    EXPECT_EQ(fs::exists(prefix() / "include" / name), !is_private) << name;
    headers += is_private ? 0 : 1;
  }
  EXPECT_GT(headers, 20U);
  EXPECT_TRUE(fs::exists(prefix() / "include/sql2ldap/version.hpp"));
}

// What a public header includes is installed as well: each is preprocessed by itself, with the installed tree alone.
TEST_F(installed, each_header_finds_what_it_includes) {
  const fs::path include = prefix() / "include";
  std::vector<std::string> preprocessor{
      cached("CMAKE_CXX_COMPILER"), "-std=c++20", "-M", "-MF", "/dev/null", "-x", "c++", "-I", include.string()};
  std::vector<std::string> alone{preprocessor.front(), "-std=c++20", "-fsyntax-only", "-x", "c++", "-I",
                                 include.string()};
  const std::size_t fixed = alone.size();
  for (const auto& item : fs::recursive_directory_iterator(include)) {
    if (item.path().extension() != ".hpp") continue;
    const fs::path name = fs::relative(item.path(), include);
    preprocessor.push_back(item.path().string());
    // A header with a source file is the first one that this includes (house_test.cpp), and so compiles by itself.
    const fs::path source = fs::path(S2L_SOURCE_DIR) / "lib" / name;
    if (!fs::exists(fs::path(source).replace_extension(".cpp"))) alone.push_back(item.path().string());
  }
  EXPECT_GT(alone.size(), fixed + 10);
  for (const auto& arguments : {preprocessor, alone}) {
    const auto done = test::run_and_capture({.arguments = arguments}, std::chrono::minutes(5));
    EXPECT_EQ(done.status, 0) << done.err;
  }
}

TEST_F(installed, the_program_finds_its_mappings_beside_itself) {
  EXPECT_TRUE(fs::exists(prefix() / "share/sql2ldap/schema/sql2ldap.ldif"));
  const auto shown =
      test::run_and_capture({.arguments = {(prefix() / "bin/sql2ldap").string(), "mapping", "check", "vexim"}});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_NE(shown.out.find((prefix() / "share/sql2ldap/mappings/vexim.map").string()), std::string::npos) << shown.out;
}

TEST_F(installed, checkpassword_finds_the_one_that_asks_the_directory) {
  const auto tried =
      test::run_and_capture({.arguments = {(prefix() / "sbin/sql2ldap-checkpassword").string(), "--directory", "true"},
                             .environment = {{"ORIG_UID", "0"}}});
  EXPECT_EQ(tried.status, 2) << "descriptor 3 is closed";
  EXPECT_EQ(tried.err.find("cannot run"), std::string::npos) << tried.err;
  EXPECT_NE(test::read_file(prefix() / "share/man/man8/sql2ldap-checkpassword.8").find(".SH NAME"), std::string::npos);
}

TEST_F(installed, configuration_to_copy_is_there) {
  for (const char* file : {"authd.toml", "dovecot-2.3/sql2ldap-dict.conf.ext", "dovecot-2.4/91-sql2ldap-mail.conf",
                           "exim/exim4.conf", "postfix/main.cf", "pysieved/pysieved.ini"})
    EXPECT_TRUE(fs::exists(prefix() / "share/sql2ldap/operate" / file)) << file;
}

TEST_F(installed, there_is_a_man_page_for_each_command) {
  for (const char* page : {"sql2ldap", "sql2ldap-inspect", "sql2ldap-plan", "sql2ldap-mapping-fmt"}) {
    const fs::path file = prefix() / "share/man/man1" / (std::string(page) + ".1");
    ASSERT_TRUE(fs::exists(file)) << file;
    const auto shown = test::read_file(file);
    EXPECT_NE(shown.find(".SH NAME"), std::string::npos) << page;
    EXPECT_NE(shown.find(std::string("\n") + page + " \\- "), std::string::npos) << page;
  }
}

}  // namespace
