#include <sql2ldap/config/data_files.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap::config {

namespace fs = std::filesystem;

fs::path data_directory() {
  if (const char* chosen = std::getenv("SQL2LDAP_DATA"); chosen != nullptr && *chosen != '\0') return chosen;
  std::error_code problem;
  const fs::path program = fs::read_symlink("/proc/self/exe", problem);
  if (program.native().starts_with(S2L_BUILD_DIR "/")) return S2L_BUILD_DATA_DIR;
  const fs::path beside = program.parent_path().parent_path() / "share" / "sql2ldap";
  return fs::is_directory(beside, problem) ? beside : fs::path(S2L_DATA_DIR);
}

std::vector<std::string> shipped_mappings() {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator at(data_directory() / "mappings", problem), end; !problem && at != end;
       at.increment(problem))
    if (at->path().extension() == ".map") names.push_back(at->path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

result<mapping_file> read_mapping(std::string_view name_or_file) {
  mapping_file read;
  const bool by_name = name_or_file.find('/') == std::string_view::npos && !name_or_file.ends_with(".map");
  read.path = by_name ? (data_directory() / "mappings" / fmt::format("{}.map", name_or_file)).string()
                      : std::string(name_or_file);
  std::ifstream in(read.path, std::ios::binary);
  if (!in) {
    if (by_name)
      return fail(error_kind::usage, fmt::format("no mapping is called {}", quoted_for_message(name_or_file)),
                  fmt::format("shipped ones: {}; a file is written with its folder, as in ./my.map",
                              fmt::join(shipped_mappings(), ", ")));
    return fail(error_kind::usage, fmt::format("cannot read the mapping {}", read.path));
  }
  read.text.resize(limits::mapping_text_bytes_max + 1);
  in.read(read.text.data(), static_cast<std::streamsize>(read.text.size()));
  read.text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail(error_kind::usage, fmt::format("cannot read the mapping {}", read.path));
  if (read.text.size() > limits::mapping_text_bytes_max)
    return fail(error_kind::usage,
                fmt::format("the mapping {} is longer than {} bytes", read.path, limits::mapping_text_bytes_max));
  return read;
}

}  // namespace sql2ldap::config
