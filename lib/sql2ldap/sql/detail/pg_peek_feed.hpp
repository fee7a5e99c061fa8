// Logical decoding by SQL functions, for hosts that refuse replication connections.
// https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION
//
// Each peek decodes what the slot has kept, again and again until it may forget it. So there is a peek only when the
// log has grown, at a ring of LISTEN or after a while, and the slot is moved also over what had nothing of ours.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_horizon.hpp>
#include <sql2ldap/sql/detail/pg_transactions.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

class pg_peek_feed final : public model::feed {
 public:
  [[nodiscard]] static result<std::unique_ptr<model::feed>> open(pg_handle session, const pg_address& address,
                                                                 const wal_options& options, std::uint64_t from);

  [[nodiscard]] result<std::optional<model::committed>> next(std::chrono::milliseconds patience) override;
  [[nodiscard]] result<void> confirm(std::uint64_t position) override;

 private:
  using clock = std::chrono::steady_clock;
  pg_peek_feed(pg_handle session, pg_address address, wal_options options, std::uint64_t from, pg_stream_facts facts);

  // Until a transaction is complete, or there is nothing more to read now.
  result<void> read();
  result<void> peek();
  result<void> fetch(const std::string& before);
  result<void> take_row();
  result<void> end_of_peek();
  result<void> forget();
  std::optional<model::committed> nothing_up_to();

  pg_handle session_;
  pg_address address_;
  wal_options options_;
  pg_transactions transactions_;
  std::optional<pg_transaction> complete_;
  pg_horizon horizon_;

  // The peek that is being read.
  bool open_ = false;
  pg_result batch_;
  int row_ = 0;                // of the batch
  std::size_t read_ = 0;       // messages of the peek
  bool brought_ = false;       // something that was not told yet
  std::uint64_t flushed_ = 0;  // where the log was before it
  std::size_t changes_max_ = limits::peek_changes_at_once;
  clock::time_point peek_at_;

  // Four positions of the server's log, four names.
  std::uint64_t passed_ = 0;  // what lies before was told, or is not ours
  std::uint64_t told_;        // what next() gave last
  std::uint64_t confirmed_;   // by our caller
  clock::time_point tell_passed_at_;
  std::uint64_t forgotten_;  // by the server
};

}  // namespace sql2ldap::sql::detail
