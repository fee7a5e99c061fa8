// Which file a connection of SQLite reads. A file that is put in its place by rename is not seen by who has the old one
// open: the old one is read, and written, as if nothing had happened.
#pragma once

#include <optional>
#include <string>

#include <sys/stat.h>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::sql::detail {

class sqlite_file_watch {
 public:
  // Of the file that has this name at this moment: call it before the database is opened, and check() after it.
  [[nodiscard]] static result<sqlite_file_watch> begin(const std::string& file);
  // A transient error that names the file, when the name does not lead to that file any more.
  [[nodiscard]] result<void> check();
  [[nodiscard]] ino_t inode() const noexcept { return main_.inode; }

 private:
  struct identity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const identity&, const identity&) = default;
  };
  explicit sqlite_file_watch(std::string file) : file_(std::move(file)) {}
  [[nodiscard]] static std::optional<identity> identity_of(const std::string& file);

  std::string file_;
  std::string wal_file_;
  identity main_;
  std::optional<identity> wal_;  // once it was there: SQLite keeps it while a connection is open
};

}  // namespace sql2ldap::sql::detail
