// The one door to libpqxx, 6.4 (Debian 12) and 7 (Debian 13).
#pragma once

#include <memory>
#include <string>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <pqxx/pqxx>

namespace sql2ldap::sql::detail {

#if PQXX_VERSION_MAJOR < 7
using snapshot_transaction = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;
#else
using snapshot_transaction = pqxx::transaction<pqxx::isolation_level::repeatable_read, pqxx::write_policy::read_only>;
#endif

// Throws what pqxx throws.
inline std::unique_ptr<pqxx::connection> connect_once(const std::string& conninfo) {
  auto connection = std::make_unique<pqxx::connection>(conninfo);
#if PQXX_VERSION_MAJOR < 7
  // It would connect again by itself and go on without our settings and our snapshot.
  connection->inhibit_reactivation(true);
#endif
  return connection;
}

}  // namespace sql2ldap::sql::detail

#pragma GCC diagnostic pop
