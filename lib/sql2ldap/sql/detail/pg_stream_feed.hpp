// PostgreSQL's streaming replication protocol, for logical decoding by pgoutput.
// https://www.postgresql.org/docs/current/protocol-replication.html
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_horizon.hpp>
#include <sql2ldap/sql/detail/pg_transactions.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

class pg_stream_feed : public model::feed {
 public:
  // `connection` may replicate; `session` is an ordinary one beside it.
  [[nodiscard]] static result<std::unique_ptr<model::feed>> open(pg_handle connection, pg_handle session,
                                                                 const pg_address& address, const wal_options& options,
                                                                 std::uint64_t from);

  [[nodiscard]] result<std::optional<model::committed>> next(std::chrono::milliseconds patience) override;
  [[nodiscard]] result<void> confirm(std::uint64_t position) override;

 private:
  using clock = std::chrono::steady_clock;
  pg_stream_feed(pg_handle connection, pg_handle session, pg_address address, std::uint64_t from,
                 pg_stream_facts facts);

  // When nothing of ours comes: how far that is known, from time to time.
  std::optional<model::committed> nothing_up_to();
  // True when something was there.
  result<bool> receive();
  result<void> take(std::string_view message);
  result<void> take_change(std::string_view bytes);
  result<void> wait(clock::time_point until);
  result<void> send_status(bool ask_for_answer = false);
  result<void> keep_in_touch();
  [[nodiscard]] error ended() const;
  [[nodiscard]] tl::unexpected<error> garbled(const char* what) const;

  pg_handle connection_;
  pg_handle session_;
  pg_address address_;
  pg_transactions transactions_;
  std::optional<pg_transaction> complete_;
  pg_horizon horizon_;
  // Four positions of the server's log, four names.
  std::uint64_t received_ = 0;   // the last byte that came
  std::uint64_t passed_ = 0;     // nothing of ours that has not come lies before it
  std::uint64_t told_ = 0;       // what next() gave last
  std::uint64_t confirmed_ = 0;  // by our caller
  clock::time_point tell_passed_at_;
  clock::time_point heard_;
  clock::time_point reported_;
  std::optional<clock::time_point> asked_;  // for a sign of life
};

}  // namespace sql2ldap::sql::detail
