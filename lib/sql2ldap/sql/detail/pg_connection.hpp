// Connections to PostgreSQL through libpq, and what its errors mean to us. pqxx_connection.hpp builds on these.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

// Where to connect. The only place that knows the password; redacted() keeps it out of messages.
class pg_address {
 public:
  [[nodiscard]] static result<pg_address> parse(const location& at);

  [[nodiscard]] const secret& conninfo() const noexcept { return conninfo_; }  // libpq's keyword form
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string redacted(std::string text) const;
  // `url` itself where it has no password, else libpq's keyword form with all the rest of it.
  [[nodiscard]] std::string without_password(std::string_view url) const;
  // The longest silence of the server in the middle of an answer; 0 = no bound.
  [[nodiscard]] std::chrono::milliseconds timeout() const noexcept { return timeout_; }
  // The same where there is nothing to compute: connecting, the begin and the end of a transaction.
  [[nodiscard]] std::chrono::milliseconds prompt_timeout() const noexcept;

 private:
  secret conninfo_;
  secret password_;
  bool conninfo_has_secret_ = false;
  std::string open_words_;  // of the conninfo, those that are no secret
  std::string name_;
  std::chrono::milliseconds timeout_{0};
};

struct pg_close {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using pg_handle = std::unique_ptr<PGconn, pg_close>;
struct pg_clear {
  void operator()(PGresult* reply) const noexcept { PQclear(reply); }
};
using pg_result = std::unique_ptr<PGresult, pg_clear>;

// A connection on which the server, and not only a pooler before it, has answered. Nothing is set in its session: a
// pooler may give that to another client after each transaction.
enum class pg_use { queries, replication };
// `sqlstate` (may be null): of a refusal; "" when the server was not reached.
[[nodiscard]] result<pg_handle> pg_connect(const pg_address& address, pg_use use = pg_use::queries,
                                           std::string* sqlstate = nullptr);
inline constexpr const char* may_not_replicate_hint = "ALTER ROLE ... REPLICATION for the user of the source";
// A place in the server's log (LSN), as PostgreSQL writes it.
[[nodiscard]] std::string pg_position_text(std::uint64_t position);

// What each of our transactions sets for itself: the same value forms on all connections (model/row.hpp), no time-outs
// of the server's, and an error instead of rows that row level security would hide.
using pg_settings = std::vector<std::pair<std::string_view, std::string>>;  // values without quotes
[[nodiscard]] pg_settings pg_settings_of(PGconn* connection);
// BEGIN with `mode`, and these settings.
[[nodiscard]] std::string pg_begin_sql(PGconn* connection, std::string_view mode);

// For transactions that take strong locks: whoever wants a table after us waits as long as we do for it. A try that
// fails does no harm and is made again.
inline const std::string pg_short_locks_sql = "SET LOCAL lock_timeout = '5s'; ";

// Waits for bytes of an answer, and ends when the server is silent for longer than `patience` (0 = no bound): that is a
// transient error, and the connection is of no more use.
class pg_silence {
 public:
  pg_silence(PGconn* connection, const pg_address& address, std::chrono::milliseconds patience)
      : connection_(connection), address_(address), patience_(patience) {}

  // Until there is something to read, and takes it; also when `events` of poll() says that the socket takes more.
  [[nodiscard]] result<void> wait(short events);

 private:
  PGconn* connection_;
  const pg_address& address_;
  std::chrono::milliseconds patience_;
  std::chrono::steady_clock::time_point heard_ = std::chrono::steady_clock::now();
};

// One message to the server and the whole answer, or its beginning where COPY begins: of several results the last that
// has rows, else the last. `patience` as of pg_silence. `sqlstate` (may be null): of a failure.
[[nodiscard]] result<pg_result> pg_exec(PGconn* connection, const std::string& sql, const pg_address& address,
                                        std::chrono::milliseconds patience, std::string* sqlstate = nullptr);
[[nodiscard]] result<pg_result> pg_exec(PGconn* connection, const std::string& sql, const pg_address& address);
// The next message of a COPY; empty = there is no more, the result comes by pg_next_result(). Owned by libpq.
struct pg_message_free {
  void operator()(char* message) const noexcept { PQfreemem(message); }
};
using pg_message = std::unique_ptr<char, pg_message_free>;
[[nodiscard]] result<pg_message> pg_copy_message(PGconn* connection, const pg_address& address, int& length);
[[nodiscard]] result<pg_result> pg_next_result(PGconn* connection, const pg_address& address);

// Statements in a transaction of their own, for those that answer no rows, or whose rows do not matter.
[[nodiscard]] result<void> pg_run(PGconn* connection, const std::string& sql, const pg_address& address);
// The rows of a query in a read-only transaction of its own, as text; NULL as "".
using pg_rows = std::vector<std::vector<std::string>>;
[[nodiscard]] result<pg_rows> pg_ask(PGconn* connection, const std::string& sql, const pg_address& address);
[[nodiscard]] pg_rows pg_rows_of(const PGresult* reply);
[[nodiscard]] std::uint64_t pg_number(const std::string& text) noexcept;

// An error where the connection goes through a pooler that gives each transaction another session, so that locks,
// LISTEN and cursors would be left to strangers. `purpose` is what the session is needed for.
[[nodiscard]] result<void> pg_require_session(PGconn* connection, const pg_address& address, std::string_view purpose);
// A connection whose session is proven to be its own, for what lasts longer than a transaction: the server does not end
// it for being idle.
[[nodiscard]] result<pg_handle> pg_connect_session(const pg_address& address, std::string_view purpose);

// A name that one session at a time may have (an advisory lock). It goes with the connection, whatever happens to us.
class pg_lead {
 public:
  // True: we have it, as the server just said. False: somebody else has.
  [[nodiscard]] result<bool> take(const std::string& name, const pg_address& address);
  [[nodiscard]] PGconn* connection() const noexcept { return connection_.get(); }  // while we have it

 private:
  pg_handle connection_;
  std::string backend_;  // the server's process that has the lock
};

// What went wrong last; `reply` may be null when there is none.
[[nodiscard]] error pg_failure(PGconn* connection, const PGresult* reply, const pg_address& address);
// The same from libpq's text alone, in the form of PQERRORS_VERBOSE. `sqlstate` (may be null) is "" where the
// connection itself failed.
[[nodiscard]] error pg_failure(std::string_view verbose, const pg_address& address, std::string* sqlstate = nullptr);
// `sqlstate` empty: the connection itself failed.
[[nodiscard]] error pg_error(std::string_view sqlstate, std::string message, const pg_address& address);

}  // namespace sql2ldap::sql::detail
