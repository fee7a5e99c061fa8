#include <sql2ldap/sql/detail/pg_connection.hpp>

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

result<void> wait_for(PGconn* connection, PostgresPollingStatusType direction,
                      std::chrono::steady_clock::time_point deadline, const pg_address& address) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd socket{PQsocket(connection), static_cast<short>(direction == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    return fail_transient(error_kind::source, "no answer from " + address.name() + " in time");
  }
}

}  // namespace

result<pg_address> pg_address::parse(std::string_view url) {
  // libpq's own reason is not shown: it quotes the text, password included.
  const connection_options options(PQconninfoParse(std::string(url).c_str(), nullptr));
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
  if (value_of(options, "connect_timeout").empty())
    append_setting(conninfo, "connect_timeout", std::to_string(limits::sql_connect_seconds_max));
  address.conninfo_ = secret(std::move(conninfo));
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

const std::string& session_settings() {
  static const std::string sql =
      "SET client_min_messages = error; SET application_name = 'sql2ldap'; SET default_transaction_read_only = on; "
      "SET statement_timeout = 0; SET lock_timeout = '" +
      std::to_string(limits::sql_lock_seconds_max) +
      "s'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
      "SET bytea_output = 'hex'; SET extra_float_digits = 3; SET standard_conforming_strings = on; "
      // A database in SQL_ASCII holds anything: there the bytes come as they are, and we check them.
      "SELECT set_config('client_encoding', CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII' "
      "ELSE 'UTF8' END, false); "
      // Not every version has all of these. JIT costs more than it saves in plain reading.
      "SELECT set_config(name, CASE name WHEN 'jit' THEN 'off' ELSE '0' END, false) FROM pg_catalog.pg_settings "
      "WHERE name IN ('jit', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')";
  return sql;
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
  return what;
}

error pg_failure(PGconn* connection, const PGresult* reply, const pg_address& address) {
  const char* sqlstate = reply == nullptr ? nullptr : PQresultErrorField(reply, PG_DIAG_SQLSTATE);
  const char* primary = reply == nullptr ? nullptr : PQresultErrorField(reply, PG_DIAG_MESSAGE_PRIMARY);
  std::string message = primary != nullptr ? primary : PQerrorMessage(connection);
  if (trimmed(message).empty()) message = "the connection was lost";
  return pg_error(sqlstate == nullptr ? "" : sqlstate, std::move(message), address);
}

result<pg_handle> pg_connect(const pg_address& address, pg_use use, std::string* sqlstate) {
  std::string conninfo(address.conninfo().reveal());
  if (use == pg_use::replication) append_setting(conninfo, "replication", "database");
  pg_handle connection(PQconnectStart(conninfo.c_str()));
  if (!connection) return fail(error_kind::local, "no memory for a connection");
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(limits::sql_connect_seconds_max);
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
  S2L_TRY(pg_run(connection.get(), session_settings(), address));
  return connection;
}

std::string pg_position_text(std::uint64_t position) {
  return fmt::format("{:X}/{:X}", position >> 32U, position & 0xffff'ffffU);
}

result<pg_rows> pg_ask(PGconn* connection, const std::string& sql, const pg_address& address) {
  const pg_result reply(PQexec(connection, sql.c_str()));
  if (PQresultStatus(reply.get()) != PGRES_TUPLES_OK)
    return tl::make_unexpected(pg_failure(connection, reply.get(), address));
  pg_rows out(static_cast<std::size_t>(PQntuples(reply.get())));
  for (std::size_t row = 0; row < out.size(); ++row)
    for (int column = 0; column < PQnfields(reply.get()); ++column)
      out[row].emplace_back(PQgetvalue(reply.get(), static_cast<int>(row), column));
  return out;
}

std::uint64_t pg_number(const std::string& text) noexcept {
  std::uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

result<bool> pg_lead::take(const std::string& name, const pg_address& address) {
  if (connection_) {
    if (pg_run(connection_.get(), "SELECT 1", address)) return true;
    connection_.reset();
  }
  S2L_TRY_ASSIGN(pg_handle fresh, pg_connect(address));
  S2L_TRY_ASSIGN(const pg_rows got, pg_ask(fresh.get(),
                                           "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(" +
                                               quoted_literal("sql2ldap " + name) + ", 0))",
                                           address));
  if (got[0][0] != "t") return false;
  connection_ = std::move(fresh);
  return true;
}

result<void> pg_run(PGconn* connection, const std::string& sql, const pg_address& address) {
  const pg_result reply(PQexec(connection, sql.c_str()));
  const ExecStatusType status = PQresultStatus(reply.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    return tl::make_unexpected(pg_failure(connection, reply.get(), address));
  return {};
}

}  // namespace sql2ldap::sql::detail
