// PgBouncer in front of a PostgreSQL server of a test.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <support/child_process.hpp>
#include <support/postgres.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

class pgbouncer {
 public:
  // In front of all databases of the server; `pool_mode` and `pool_size` as in its configuration.
  pgbouncer(const postgres_server& server, const std::string& pool_mode, int pool_size = 5);
  pgbouncer(const pgbouncer&) = delete;
  pgbouncer& operator=(const pgbouncer&) = delete;
  ~pgbouncer();

  [[nodiscard]] std::string url(const std::string& database) const;
  // Through the pooler, as an application does; answers the unaligned output, or throws what psql says.
  std::string execute(const std::string& database, std::string_view sql) const;

 private:
  const postgres_server& server_;
  temp_dir folder_;
  std::unique_ptr<child_process> program_;
};

}  // namespace sql2ldap::test
