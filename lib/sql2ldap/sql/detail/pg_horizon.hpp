// Which transactions a snapshot that is opened now would show. The log tells a commit a little before other sessions
// see it, and long before where it waits for a standby.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sql2ldap/sql/detail/pg_connection.hpp>

namespace sql2ldap::sql::detail {

class pg_horizon {
 public:
  // Ask again so soon, when the answer was no.
  static constexpr auto again = std::chrono::milliseconds(1);

  // `transaction`: the lower half of its number, as the log has it. Asks in the session when it must.
  [[nodiscard]] result<bool> shows(std::uint32_t transaction, PGconn* session, const pg_address& address);

 private:
  [[nodiscard]] bool has_seen(std::uint32_t transaction) const;

  // As the session saw them last; with 64 bits.
  std::uint64_t oldest_running_ = 0;
  std::uint64_t first_unused_ = 0;
  std::vector<std::uint64_t> running_;
};

}  // namespace sql2ldap::sql::detail
