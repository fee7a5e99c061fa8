// A folder of one's own that goes away with its owner.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sql2ldap::test {

class temp_dir {
 public:
  // Below $TMPDIR, or /tmp when that is too long: a unix socket's path must fit into 108 bytes.
  temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& file, std::string_view bytes);
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace sql2ldap::test
