#include <sql2ldap/sql/detail/pg_connection.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include <poll.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct options_free {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using connection_options = std::unique_ptr<PQconninfoOption, options_free>;

std::string value_of(const connection_options& options, std::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  return {};
}

void append_setting(std::string& conninfo, std::string_view keyword, std::string_view value) {
  if (!conninfo.empty()) conninfo += ' ';
  conninfo += std::string(keyword) + "='";
  for (const char c : value) {
    if (c == '\'' || c == '\\') conninfo += '\\';
    conninfo += c;
  }
  conninfo += '\'';
}

// libpq tells the SQLSTATE of a refused connection only inside the verbose text:
// "... FATAL:  28P01: password authentication failed" and a line "LOCATION: ...".
std::string sqlstate_in(std::string_view message) {
  for (std::size_t at = message.find(":  "); at != std::string_view::npos; at = message.find(":  ", at + 1)) {
    const std::string_view code = message.substr(at + 3, 6);
    if (code.size() == 6 && code[5] == ':' && code.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5)
      return std::string(code.substr(0, 5));
  }
  return {};
}

std::string one_line(std::string_view message) {
  std::string text;
  for (const std::string_view line : split(message, '\n')) {
    const std::string_view content = trimmed(line);
    if (content.empty() || content.starts_with("LOCATION:")) continue;
    if (!text.empty()) text += "; ";
    text += content;
  }
  return text;
}

bool is_secret(std::string_view keyword) { return keyword == "password" || keyword == "sslpassword"; }

result<void> wait_for(PGconn* connection, PostgresPollingStatusType direction, clock::time_point deadline,
                      const pg_address& address) {
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock::now());
    pollfd socket{PQsocket(connection), static_cast<short>(direction == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    return fail_transient(error_kind::source, "no answer from " + address.name() + " in time",
                          "the server is stopped or overloaded, or a pooler before it has no connection to spare");
  }
}

result<pg_result> next_result(PGconn* connection, pg_silence& waiting) {
  while (PQisBusy(connection) != 0) S2L_TRY(waiting.wait(POLLIN));
  return pg_result(PQgetResult(connection));
}

result<void> send(PGconn* connection, const std::string& sql, const pg_address& address, pg_silence& waiting) {
  if (PQsendQuery(connection, sql.c_str()) == 0) return tl::make_unexpected(pg_failure(connection, nullptr, address));
  while (true) {
    const int left = PQflush(connection);
    if (left == 0) return {};
    if (left < 0) return tl::make_unexpected(pg_failure(connection, nullptr, address));
    S2L_TRY(waiting.wait(static_cast<short>(POLLIN | POLLOUT)));
  }
}

std::string sqlstate_of(const PGresult* reply) {
  const char* code = PQresultErrorField(reply, PG_DIAG_SQLSTATE);
  return code == nullptr ? "" : code;
}

// Words of the server come in any language; the file of its source that raises the error does not.
constexpr const char* row_security_file = "rls.c";

error about_hidden_rows(error what) {
  what.message += ": the user of the source may not see all rows";
  what.hint =
      "ALTER ROLE ... BYPASSRLS for the user of the source, or let it be the owner of the table, without FORCE ROW "
      "LEVEL SECURITY; rows that a policy hides would be taken for rows that are gone";
  return what;
}

constexpr const char* backend_sql = "SELECT pg_catalog.pg_backend_pid()";

// Which process of the server answers.
result<std::string> backend_of(PGconn* connection, const pg_address& address) {
  S2L_TRY_ASSIGN(const pg_result reply, pg_exec(connection, backend_sql, address, address.prompt_timeout()));
  return pg_rows_of(reply.get()).at(0).at(0);
}

constexpr const char* pooler_hint =
    "let --source name the PostgreSQL server itself, or a pool with pool_mode = session";

tl::unexpected<error> no_session(const pg_address& address, std::string_view purpose) {
  return fail(error_kind::source,
              fmt::format("{}: a pooler gives each transaction another session of the server, and {} needs a session "
                          "of its own",
                          address.name(), purpose),
              pooler_hint);
}

}  // namespace

result<pg_address> pg_address::parse(const location& at) {
  const std::string& url = at.url;
  // libpq's own reason is not shown: it quotes the text, password included.
  const connection_options options(PQconninfoParse(url.c_str(), nullptr));
  if (!options)
    return fail(error_kind::usage, "the source is not a valid PostgreSQL URL or connection string",
                "postgresql://USER@HOST/DATABASE or \"host=HOST dbname=DATABASE user=USER\"; special characters in a "
                "URL as %XX");
  pg_address address;
  std::string conninfo;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) {
      append_setting(conninfo, option->keyword, option->val);
      if (is_secret(option->keyword))
        address.conninfo_has_secret_ = true;
      else
        append_setting(address.open_words_, option->keyword, option->val);
    }
  const auto unless_given = [&](std::string_view keyword, const std::string& value) {
    if (value_of(options, keyword).empty()) append_setting(conninfo, keyword, value);
  };
  unless_given("connect_timeout", std::to_string(limits::sql_connect_seconds_max));
  unless_given("fallback_application_name", "sql2ldap");
  // A host that is gone is found out long before the time-out for a silent one; the system's own default is two hours.
  unless_given("keepalives_idle", "30");
  unless_given("keepalives_interval", "10");
  unless_given("keepalives_count", "3");
  address.conninfo_ = secret(std::move(conninfo));
  address.timeout_ = at.timeout;
  address.password_ = secret(value_of(options, "password"));

  const connection_options defaults(PQconndefaults());
  const auto given_or_default = [&](std::string_view keyword) {
    const std::string given = value_of(options, keyword);
    return given.empty() ? value_of(defaults, keyword) : given;
  };
  std::string host = given_or_default("host");
  if (host.empty()) host = given_or_default("hostaddr");
  if (host.starts_with('/')) host.clear();
  const std::string port = value_of(options, "port");
  std::string database = given_or_default("dbname");
  if (database.empty()) database = given_or_default("user");
  address.name_ = "postgresql://" + host + (port.empty() ? "" : ":" + port) + "/" + database;
  return address;
}

milliseconds pg_address::prompt_timeout() const noexcept {
  constexpr milliseconds most = std::chrono::seconds(limits::sql_connect_seconds_max);
  return timeout_.count() == 0 ? most : std::min(most, timeout_);
}

std::string pg_address::without_password(std::string_view url) const {
  return conninfo_has_secret_ ? open_words_ : std::string(url);
}

std::string pg_address::redacted(std::string text) const {
  const std::string_view password = password_.reveal();
  if (password.empty()) return text;
  for (std::size_t at = text.find(password); at != std::string::npos; at = text.find(password, at + 3))
    text.replace(at, password.size(), "***");
  return text;
}

pg_settings pg_settings_of(PGconn* connection) {
  const int version = PQserverVersion(connection);
  const char* encoding = PQparameterStatus(connection, "server_encoding");
  // A database in SQL_ASCII holds anything: there the bytes come as they are, and we check them.
  const bool any_bytes = encoding != nullptr && std::string_view(encoding) == "SQL_ASCII";
  pg_settings out = {{"row_security", "off"},
                     {"client_encoding", any_bytes ? "SQL_ASCII" : "UTF8"},
                     {"statement_timeout", "0"},
                     {"lock_timeout", fmt::format("{}s", limits::sql_lock_seconds_max)},
                     {"idle_in_transaction_session_timeout", "0"},
                     {"TimeZone", "UTC"},
                     {"DateStyle", "ISO, YMD"},
                     {"IntervalStyle", "postgres"},
                     {"bytea_output", "hex"},
                     {"extra_float_digits", "3"},
                     {"standard_conforming_strings", "on"}};
  if (version >= 170000) out.emplace_back("transaction_timeout", "0");
  // JIT costs more than it saves in plain reading.
  if (version >= 110000) out.emplace_back("jit", "off");
  return out;
}

std::string pg_begin_sql(PGconn* connection, std::string_view mode) {
  std::string sql = fmt::format("BEGIN {}", mode);
  for (const auto& [name, value] : pg_settings_of(connection))
    fmt::format_to(std::back_inserter(sql), "; SET LOCAL {} = {}", name, quoted_literal(value));
  return sql;
}

result<void> pg_silence::wait(short events) {
  // TLS may hold bytes that poll() does not announce, so libpq has a look after each of these.
  constexpr milliseconds look_again{500};
  const auto now = clock::now();
  const auto left = patience_.count() == 0 ? look_again : std::chrono::ceil<milliseconds>(heard_ + patience_ - now);
  if (left.count() <= 0)
    return fail_transient(error_kind::source,
                          fmt::format("{}: the server has sent nothing for {} s", address_.name(),
                                      std::chrono::duration<double>(patience_).count()),
                          "the server or the way to it is stopped; where a query takes so long, raise source-timeout");
  pollfd socket{PQsocket(connection_), events, 0};
  const int ready = ::poll(&socket, 1, static_cast<int>(std::min(left, look_again).count()));
  if (ready < 0 && errno != EINTR) return tl::make_unexpected(pg_failure(connection_, nullptr, address_));
  if (ready > 0) heard_ = clock::now();
  if (PQconsumeInput(connection_) == 0) return tl::make_unexpected(pg_failure(connection_, nullptr, address_));
  return {};
}

error pg_error(std::string_view sqlstate, std::string message, const pg_address& address) {
  error what;
  what.kind = error_kind::source;
  what.message = address.name() + ": " + address.redacted(one_line(message));
  const std::string_view family = sqlstate.substr(0, 2);
  // Family 40: rolled back for the sake of others, as by a deadlock, or by recovery on a standby; 55P03: lock_timeout;
  // 55006: a slot that its last user, or another one, still has.
  what.transient = sqlstate.empty() || family == "08" || family == "53" || family == "57" || family == "58" ||
                   family == "40" || sqlstate == "55P03" || sqlstate == "55006";
  if (family == "28")
    what.hint = "check user and password (PGPASSFILE or ~/.pgpass) and the server's pg_hba.conf";
  else if (sqlstate == "3D000")
    what.hint = "check the name of the database in the source URL";
  else if (sqlstate == "42501")
    what.hint = "GRANT SELECT on the table, and USAGE on its schema, to the user of the source";
  else if (sqlstate == "42P01" || sqlstate == "42703")
    what.hint = "the mapping names a table or column that is not there; see what `sql2ldap inspect` lists";
  else if (sqlstate.empty())
    what.hint = "is the server running, and does it accept connections at this address?";
  // PgBouncer speaks no other language than this.
  if (what.message.find("statement pooling mode") != std::string::npos) {
    what.transient = false;
    what.hint = pooler_hint;
  }
  return what;
}

error pg_failure(PGconn* connection, const PGresult* reply, const pg_address& address) {
  const char* sqlstate = reply == nullptr ? nullptr : PQresultErrorField(reply, PG_DIAG_SQLSTATE);
  const char* primary = reply == nullptr ? nullptr : PQresultErrorField(reply, PG_DIAG_MESSAGE_PRIMARY);
  std::string message = primary != nullptr ? primary : PQerrorMessage(connection);
  if (trimmed(message).empty()) message = "the connection was lost";
  error what = pg_error(sqlstate == nullptr ? "" : sqlstate, std::move(message), address);
  const char* file = reply == nullptr ? nullptr : PQresultErrorField(reply, PG_DIAG_SOURCE_FILE);
  return file != nullptr && std::string_view(file) == row_security_file ? about_hidden_rows(std::move(what)) : what;
}

// "ERROR:  42501: permission denied for table users", then lines with the statement, and with the place in the server's
// source; the first word and "LOCATION" are in any language.
error pg_failure(std::string_view verbose, const pg_address& address, std::string* sqlstate) {
  const std::string code = sqlstate_in(verbose);
  if (sqlstate != nullptr) *sqlstate = code;
  if (code.empty()) return pg_error("", std::string(verbose), address);
  const std::string mark = ":  " + code + ":";
  const std::string_view primary = verbose.substr(verbose.find(mark) + mark.size());
  error what = pg_error(code, std::string(primary.substr(0, primary.find('\n'))), address);
  const bool hidden = verbose.find(fmt::format(", {}:", row_security_file)) != std::string_view::npos;
  return hidden ? about_hidden_rows(std::move(what)) : what;
}

result<pg_handle> pg_connect(const pg_address& address, pg_use use, std::string* sqlstate) {
  std::string conninfo(address.conninfo().reveal());
  if (use == pg_use::replication) append_setting(conninfo, "replication", "database");
  pg_handle connection(PQconnectStart(conninfo.c_str()));
  if (!connection) return fail(error_kind::local, "no memory for a connection");
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  const auto deadline = clock::now() + address.prompt_timeout();
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(connection.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
    S2L_TRY(wait_for(connection.get(), state, deadline, address));
    state = PQconnectPoll(connection.get());
  }
  if (state != PGRES_POLLING_OK) {
    const std::string message = PQerrorMessage(connection.get());
    // Without a password the server never gets to say 28P01.
    const bool password_wanted = PQconnectionNeedsPassword(connection.get()) != 0;
    const std::string code = password_wanted ? "28P01" : sqlstate_in(message);
    if (sqlstate != nullptr) *sqlstate = code;
    return tl::make_unexpected(pg_error(code, message, address));
  }
  PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
  // A pooler accepts a client before it has a connection to the server for it.
  if (use == pg_use::queries) S2L_TRY(backend_of(connection.get(), address));
  return connection;
}

std::string pg_position_text(std::uint64_t position) {
  return fmt::format("{:X}/{:X}", position >> 32U, position & 0xffff'ffffU);
}

result<pg_result> pg_exec(PGconn* connection, const std::string& sql, const pg_address& address, milliseconds patience,
                          std::string* sqlstate) {
  pg_silence waiting(connection, address, patience);
  // Also a long query does not wait for ever for a server that reads no more.
  if (PQsetnonblocking(connection, 1) != 0) return tl::make_unexpected(pg_failure(connection, nullptr, address));
  S2L_TRY(send(connection, sql, address, waiting));
  pg_result out;
  pg_result failure;
  while (true) {
    S2L_TRY_ASSIGN(pg_result reply, next_result(connection, waiting));
    if (!reply) break;
    const ExecStatusType status = PQresultStatus(reply.get());
    const bool copies = status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!failure) failure = std::move(reply);  // those that follow only say that the connection is gone
    } else if (!out || PQresultStatus(out.get()) != PGRES_TUPLES_OK || status == PGRES_TUPLES_OK) {
      out = std::move(reply);
    }
    if (copies) break;
  }
  const bool blocks_again = PQsetnonblocking(connection, 0) == 0;
  if (failure || !out || !blocks_again) {
    if (sqlstate != nullptr) *sqlstate = failure ? sqlstate_of(failure.get()) : "";
    return tl::make_unexpected(pg_failure(connection, failure.get(), address));
  }
  return out;
}

result<pg_result> pg_exec(PGconn* connection, const std::string& sql, const pg_address& address) {
  return pg_exec(connection, sql, address, address.timeout());
}

result<pg_message> pg_copy_message(PGconn* connection, const pg_address& address, int& length) {
  pg_silence waiting(connection, address, address.timeout());
  while (true) {
    char* bytes = nullptr;
    length = PQgetCopyData(connection, &bytes, 1);
    if (length > 0) return pg_message(bytes);
    if (length == -1) return pg_message();
    if (length < 0) return tl::make_unexpected(pg_failure(connection, nullptr, address));
    S2L_TRY(waiting.wait(POLLIN));
  }
}

result<pg_result> pg_next_result(PGconn* connection, const pg_address& address) {
  pg_silence waiting(connection, address, address.timeout());
  return next_result(connection, waiting);
}

namespace {

// In a transaction of its own, which is over whatever happens.
result<pg_result> in_transaction(PGconn* connection, std::string_view mode, const std::string& sql,
                                 const pg_address& address) {
  auto done = pg_exec(connection, fmt::format("{}; {}; COMMIT", pg_begin_sql(connection, mode), sql), address);
  if (done || PQstatus(connection) != CONNECTION_OK) return done;
  const auto status = PQtransactionStatus(connection);
  if (status == PQTRANS_INERROR || status == PQTRANS_INTRANS)
    if (auto ended = pg_exec(connection, "ROLLBACK", address, address.prompt_timeout()); !ended) return ended;
  return done;
}

}  // namespace

result<void> pg_run(PGconn* connection, const std::string& sql, const pg_address& address) {
  return in_transaction(connection, "READ WRITE", pg_short_locks_sql + sql, address).map([](const pg_result&) {});
}

result<pg_rows> pg_ask(PGconn* connection, const std::string& sql, const pg_address& address) {
  S2L_TRY_ASSIGN(const pg_result reply, in_transaction(connection, "READ ONLY", sql, address));
  return pg_rows_of(reply.get());
}

pg_rows pg_rows_of(const PGresult* reply) {
  pg_rows out(static_cast<std::size_t>(PQntuples(reply)));
  for (std::size_t row = 0; row < out.size(); ++row)
    for (int column = 0; column < PQnfields(reply); ++column)
      out[row].emplace_back(PQgetvalue(reply, static_cast<int>(row), column));
  return out;
}

std::uint64_t pg_number(const std::string& text) noexcept {
  std::uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

// PgBouncer gives a client a number of its own for the process to cancel, and in transaction mode gives a connection of
// the server that has just become free to whoever comes next.
result<void> pg_require_session(PGconn* connection, const pg_address& address, std::string_view purpose) {
  S2L_TRY_ASSIGN(const std::string mine, backend_of(connection, address));
  if (mine == std::to_string(PQbackendPID(connection))) return {};
  S2L_TRY_ASSIGN(const pg_handle other, pg_connect(address));
  S2L_TRY_ASSIGN(const pg_result held, pg_exec(other.get(), std::string("BEGIN READ ONLY; ") + backend_sql, address,
                                               address.prompt_timeout()));
  if (pg_rows_of(held.get()).at(0).at(0) == mine) return no_session(address, purpose);
  S2L_TRY_ASSIGN(const std::string mine_again, backend_of(connection, address));
  if (mine_again != mine) return no_session(address, purpose);
  S2L_TRY(pg_exec(other.get(), "COMMIT", address, address.prompt_timeout()));
  return {};
}

result<pg_handle> pg_connect_session(const pg_address& address, std::string_view purpose) {
  S2L_TRY_ASSIGN(pg_handle connection, pg_connect(address));
  S2L_TRY(pg_require_session(connection.get(), address, purpose));
  if (PQserverVersion(connection.get()) >= 140000)
    S2L_TRY(pg_exec(connection.get(), "SET idle_session_timeout = 0", address, address.prompt_timeout()));
  return connection;
}

result<bool> pg_lead::take(const std::string& name, const pg_address& address) {
  constexpr const char* purpose = "the lock of sql2ldap-syncd";
  if (connection_) {
    const auto backend = backend_of(connection_.get(), address);
    if (backend && *backend == backend_) return true;
    connection_.reset();
    if (backend) return no_session(address, purpose);
  }
  S2L_TRY_ASSIGN(pg_handle fresh, pg_connect_session(address, purpose));
  S2L_TRY_ASSIGN(std::string backend, backend_of(fresh.get(), address));
  S2L_TRY_ASSIGN(const pg_rows got, pg_ask(fresh.get(),
                                           "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(" +
                                               quoted_literal("sql2ldap " + name) + ", 0))",
                                           address));
  if (got[0][0] != "t") return false;
  connection_ = std::move(fresh);
  backend_ = std::move(backend);
  return true;
}

}  // namespace sql2ldap::sql::detail
