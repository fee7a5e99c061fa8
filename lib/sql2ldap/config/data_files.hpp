// The files that come with the program: schema/ and mappings/.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::config {

// $SQL2LDAP_DATA when set, else the source tree for a program in its build folder, else
// ../share/sql2ldap beside the program, else the folder fixed at build time.
[[nodiscard]] std::filesystem::path data_directory();

// Names of the shipped mappings, sorted: "courier", "postfixadmin", ...
[[nodiscard]] std::vector<std::string> shipped_mappings();

struct mapping_file {
  std::string path;
  std::string text;
};
// A text with "/" or that ends in ".map" is a file, else the name of a shipped mapping.
[[nodiscard]] result<mapping_file> read_mapping(std::string_view name_or_file);

}  // namespace sql2ldap::config
