#include <sql2ldap/sql/detail/sqlite_file.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::sql::detail {
namespace {

constexpr std::size_t name_bytes_shown = 300;

std::string shown(const std::string& file) { return quoted_for_message(file, name_bytes_shown); }

}  // namespace

std::optional<sqlite_file_watch::identity> sqlite_file_watch::identity_of(const std::string& file) {
  struct stat seen {};
  if (::stat(file.c_str(), &seen) != 0) return std::nullopt;
  return identity{seen.st_dev, seen.st_ino};
}

result<sqlite_file_watch> sqlite_file_watch::begin(const std::string& file) {
  sqlite_file_watch out(file);
  const auto main = identity_of(file);
  if (!main)
    return fail(error_kind::source,
                fmt::format("cannot find the database file {}: {}", shown(file), std::strerror(errno)),
                "check the file name in sqlite:FILE and the permissions");
  out.main_ = *main;
  // SQLite puts it beside the file that a symbolic link leads to.
  std::error_code problem;
  const std::filesystem::path real = std::filesystem::canonical(file, problem);
  out.wal_file_ = (problem ? file : real.string()) + "-wal";
  out.wal_ = identity_of(out.wal_file_);
  return out;
}

result<void> sqlite_file_watch::check() {
  const auto main = identity_of(file_);
  if (!main)
    return fail_transient(error_kind::source, fmt::format("the database file {} is not there any more", shown(file_)));
  if (*main != main_)
    return fail_transient(
        error_kind::source,
        fmt::format("the database file {} was replaced by another file while it was read", shown(file_)));
  const auto wal = identity_of(wal_file_);
  if (!wal_) {
    wal_ = wal;
  } else if (wal != wal_) {
    return fail_transient(
        error_kind::source,
        fmt::format("the file {} was replaced or removed while the database was read", shown(wal_file_)));
  }
  return {};
}

}  // namespace sql2ldap::sql::detail
