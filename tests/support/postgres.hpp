// A PostgreSQL server of one's own: a private unix socket, no TCP, nothing kept.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

// With this a server refuses replication connections and decodes its log all the same. pg_hba.conf does not serve: for
// logical replication it has the lines of ordinary connections.
inline constexpr const char* no_replication_connections = "max_wal_senders=0";

class postgres_server {
 public:
  // initdb and start; throws when that fails. As root the server runs as another user.
  explicit postgres_server(std::vector<std::string> more_settings = {});
  ~postgres_server();

  // One for the whole test program, started by the first who asks.
  [[nodiscard]] static postgres_server& shared();

  // A new database, by template0; answers its URL. The name must be new on this server.
  std::string create_database(const std::string& name, const std::string& encoding = "UTF8");
  [[nodiscard]] std::string url(const std::string& database) const;
  // psql, stopping at the first error, which it throws; answers the unaligned output.
  std::string execute(const std::string& database, std::string_view sql) const;

  [[nodiscard]] const std::filesystem::path& socket_folder() const noexcept { return folder_.path(); }
  [[nodiscard]] const std::filesystem::path& programs() const noexcept { return programs_; }
  // One of the server's programs, as the user that it runs as.
  [[nodiscard]] command program(const std::string& name) const;
  void crash();  // ends it at once
  void start();  // starts it again with the same data

  std::vector<std::string> settings;  // "name=value", of the next start()

 private:
  temp_dir folder_;
  std::filesystem::path programs_;
  std::string user_;
  std::unique_ptr<child_process> server_;
};

}  // namespace sql2ldap::test
