// Connections to PostgreSQL through libpq, and what its errors mean to us.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>

namespace sql2ldap::sql::detail {

// Where to connect. The only place that knows the password; redacted() keeps it out of messages.
class pg_address {
 public:
  [[nodiscard]] static result<pg_address> parse(std::string_view url);

  [[nodiscard]] const secret& conninfo() const noexcept { return conninfo_; }  // libpq's keyword form
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string redacted(std::string text) const;
  // `url` itself where it has no password, else libpq's keyword form with all the rest of it.
  [[nodiscard]] std::string without_password(std::string_view url) const;

 private:
  secret conninfo_;
  secret password_;
  bool conninfo_has_secret_ = false;
  std::string open_words_;  // of the conninfo, those that are no secret
  std::string name_;
};

struct pg_close {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using pg_handle = std::unique_ptr<PGconn, pg_close>;
struct pg_clear {
  void operator()(PGresult* reply) const noexcept { PQclear(reply); }
};
using pg_result = std::unique_ptr<PGresult, pg_clear>;

// Connected, with session_settings() done.
enum class pg_use { queries, replication };
// `sqlstate` (may be null): of a refusal; "" when the server was not reached.
[[nodiscard]] result<pg_handle> pg_connect(const pg_address& address, pg_use use = pg_use::queries,
                                           std::string* sqlstate = nullptr);
inline constexpr const char* may_not_replicate_hint = "ALTER ROLE ... REPLICATION for the user of the source";
// A place in the server's log (LSN), as PostgreSQL writes it.
[[nodiscard]] std::string pg_position_text(std::uint64_t position);
// For statements that answer no rows, or whose rows do not matter.
[[nodiscard]] result<void> pg_run(PGconn* connection, const std::string& sql, const pg_address& address);
// The rows of a query, as text; NULL as "".
using pg_rows = std::vector<std::vector<std::string>>;
[[nodiscard]] result<pg_rows> pg_ask(PGconn* connection, const std::string& sql, const pg_address& address);
[[nodiscard]] std::uint64_t pg_number(const std::string& text) noexcept;

// A name that one session at a time may have (an advisory lock). It goes with the connection, whatever happens to us.
class pg_lead {
 public:
  // True: we have it, as the server just said. False: somebody else has.
  [[nodiscard]] result<bool> take(const std::string& name, const pg_address& address);
  [[nodiscard]] PGconn* connection() const noexcept { return connection_.get(); }  // while we have it

 private:
  pg_handle connection_;
};

// What went wrong last; `reply` may be null when there is none.
[[nodiscard]] error pg_failure(PGconn* connection, const PGresult* reply, const pg_address& address);
// `sqlstate` empty: the connection itself failed.
[[nodiscard]] error pg_error(std::string_view sqlstate, std::string message, const pg_address& address);

// SQL that gives every session of ours the same value forms (model/row.hpp) and no time-outs.
[[nodiscard]] const std::string& session_settings();

}  // namespace sql2ldap::sql::detail
