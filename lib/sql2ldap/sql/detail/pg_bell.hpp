// The doorbell: triggers of ours NOTIFY, sessions of ours LISTEN. It only says that it is worth looking; a ring may be
// lost with its connection.
#pragma once

#include <chrono>

#include <sql2ldap/sql/detail/pg_connection.hpp>

namespace sql2ldap::sql::detail {

inline constexpr const char* bell_channel = "sql2ldap";

[[nodiscard]] result<void> pg_listen(PGconn* session, const pg_address& address);
// True when it rang. The session may not be inside a transaction: rings would be kept back until its end.
[[nodiscard]] result<bool> pg_wait_for_bell(PGconn* session, std::chrono::steady_clock::time_point until,
                                            const pg_address& address);

}  // namespace sql2ldap::sql::detail
