#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <sql2ldap/config/data_files.hpp>

#include <support/temp_dir.hpp>

namespace {

using namespace sql2ldap;

class data_files : public testing::Test {
 protected:
  data_files() {
    std::filesystem::create_directory(folder_.path() / "mappings");
    std::ofstream(folder_.path() / "mappings" / "two.map") << "mapping \"two\"\n";
    std::ofstream(folder_.path() / "mappings" / "one.map") << "mapping \"one\"\n";
    std::ofstream(folder_.path() / "mappings" / "notes.txt") << "no mapping\n";
    setenv("SQL2LDAP_DATA", folder_.path().c_str(), 1);
  }
  ~data_files() override { unsetenv("SQL2LDAP_DATA"); }
  test::temp_dir folder_;
};

TEST_F(data_files, mappings_are_found_by_name) {
  EXPECT_EQ(config::shipped_mappings(), (std::vector<std::string>{"one", "two"}));
  const auto read = config::read_mapping("two");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->text, "mapping \"two\"\n");
  EXPECT_EQ(read->path, (folder_.path() / "mappings" / "two.map").string());
}

TEST_F(data_files, a_file_is_read_as_it_is_named) {
  const std::string path = (folder_.path() / "mappings" / "notes.txt").string();
  EXPECT_EQ(config::read_mapping(path)->text, "no mapping\n");
  EXPECT_FALSE(config::read_mapping("one.map"));  // of the working directory, where it is not
}

TEST_F(data_files, an_unknown_name_lists_the_known_ones) {
  const auto read = config::read_mapping("three");
  ASSERT_FALSE(read);
  EXPECT_EQ(exit_code_of(read.error()), exit_code::usage);
  EXPECT_NE(read.error().hint.find("one, two"), std::string::npos) << read.error().hint;
}

TEST_F(data_files, a_huge_file_is_refused) {
  const std::string path = (folder_.path() / "huge.map").string();
  std::ofstream(path) << std::string(2U << 20U, '#');
  EXPECT_FALSE(config::read_mapping(path));
}

TEST_F(data_files, a_program_in_its_build_folder_uses_the_source_tree) {
  unsetenv("SQL2LDAP_DATA");
  EXPECT_EQ(config::data_directory(), S2L_SOURCE_DIR);
}

}  // namespace
