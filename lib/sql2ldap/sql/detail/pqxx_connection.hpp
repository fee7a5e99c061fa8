// A connection of libpqxx that never waits without a bound. libpqxx's own calls wait as long as the server likes, all
// but those of its pipeline; so pg_connect() connects, and each statement goes through a pipeline of its own.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pqxx_compat.hpp>

namespace sql2ldap::sql::detail {

class pqxx_connection {
 public:
  [[nodiscard]] static result<std::unique_ptr<pqxx_connection>> open(const pg_address& address);

  // BEGIN with `mode`, and the settings of each of our transactions.
  [[nodiscard]] result<void> begin(std::string_view mode);
  [[nodiscard]] result<void> commit();
  // Also of a transaction that has failed. False: the connection is of no more use.
  [[nodiscard]] bool roll_back();

  // One statement, not several. The server is given up after source-timeout without a byte. `sqlstate` (may be null):
  // of a failure.
  [[nodiscard]] result<pqxx::result> execute(const std::string& statement, std::string* sqlstate = nullptr);

 private:
  pqxx_connection(const pg_address& address, pg_handle connected);
  [[nodiscard]] result<pqxx::result> execute(const std::string& statement, std::chrono::milliseconds patience,
                                             std::string* sqlstate);
  [[nodiscard]] result<pqxx::result> ask(const std::string& statement, std::chrono::milliseconds patience);
  void give_up_unless_ready() noexcept;

  pg_address address_;
  PGconn* raw_;  // of connection_, which pqxx hides
  std::unique_ptr<pqxx_adopted> connection_;
  // pqxx's other transactions begin, commit and roll back with calls that wait.
  pqxx::nontransaction work_;
};

}  // namespace sql2ldap::sql::detail
