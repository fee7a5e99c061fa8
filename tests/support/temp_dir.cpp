#include <support/temp_dir.hpp>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

namespace sql2ldap::test {
namespace {

constexpr std::size_t parent_path_bytes_max = 40;

std::string parent_folder() {
  const char* wanted = std::getenv("TMPDIR");
  const std::string parent = wanted == nullptr || *wanted == '\0' ? "/tmp" : wanted;
  return parent.size() > parent_path_bytes_max ? "/tmp" : parent;
}

}  // namespace

temp_dir::temp_dir() {
  std::string name = parent_folder() + "/s2l-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
  path_ = name;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

std::string read_file(const std::filesystem::path& file) {
  const std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

}  // namespace sql2ldap::test
