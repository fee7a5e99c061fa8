#include <sql2ldap/sql/detail/pqxx_connection.hpp>

#include <exception>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {

result<std::unique_ptr<pqxx_connection>> pqxx_connection::open(const pg_address& address) {
  S2L_TRY_ASSIGN(pg_handle connected, pg_connect(address));
  // pqxx's exceptions have no more than libpq's text, and 6.4 not always the SQLSTATE.
  PQsetErrorVerbosity(connected.get(), PQERRORS_VERBOSE);
  // Also a long statement does not wait for ever for a server that reads no more.
  if (PQsetnonblocking(connected.get(), 1) != 0)
    return tl::make_unexpected(pg_failure(connected.get(), nullptr, address));
  try {
    return std::unique_ptr<pqxx_connection>(new pqxx_connection(address, std::move(connected)));
  } catch (const std::exception& e) {
    return tl::make_unexpected(pg_error("XX000", e.what(), address));
  }
}

pqxx_connection::pqxx_connection(const pg_address& address, pg_handle connected)
    : address_(address),
      raw_(connected.get()),
      connection_(pqxx_adopt(connected.release())),
      work_(*connection_, "sql2ldap") {}

result<void> pqxx_connection::begin(std::string_view mode) {
  S2L_TRY(execute(fmt::format("BEGIN {}", mode), address_.prompt_timeout(), nullptr));
  std::string settings;
  for (const auto& [name, value] : pg_settings_of(raw_))
    settings += fmt::format("{}pg_catalog.set_config({}, {}, true)", settings.empty() ? "SELECT " : ", ",
                            quoted_literal(std::string(name)), quoted_literal(value));
  S2L_TRY(execute(settings, address_.prompt_timeout(), nullptr));
  return {};
}

result<void> pqxx_connection::commit() {
  return execute("COMMIT").map([](const pqxx::result&) {});
}

bool pqxx_connection::roll_back() {
  switch (PQtransactionStatus(raw_)) {
    case PQTRANS_IDLE:
      return true;
    case PQTRANS_INTRANS:
    case PQTRANS_INERROR:
      return execute("ROLLBACK", address_.prompt_timeout(), nullptr).has_value();
    default:  // in the middle of an answer, or lost
      return false;
  }
}

result<pqxx::result> pqxx_connection::execute(const std::string& statement, std::string* sqlstate) {
  return execute(statement, address_.timeout(), sqlstate);
}

// The door for pqxx's exceptions.
result<pqxx::result> pqxx_connection::execute(const std::string& statement, std::chrono::milliseconds patience,
                                              std::string* sqlstate) {
  if (sqlstate != nullptr) sqlstate->clear();
  try {
    return ask(statement, patience);
  } catch (const pqxx::failure& e) {
    return tl::make_unexpected(pg_failure(e.what(), address_, sqlstate));
  } catch (const std::exception& e) {
    return tl::make_unexpected(pg_error(PQstatus(raw_) == CONNECTION_OK ? "XX000" : "", e.what(), address_));
  }
}

result<pqxx::result> pqxx_connection::ask(const std::string& statement, std::chrono::milliseconds patience) {
  pqxx::pipeline pipeline(work_);
  // A pipeline that ends with a query under way asks the server to cancel it, and waits for that without a bound. It
  // cannot on a connection that is at its end.
  const std::unique_ptr<pqxx_connection, void (*)(pqxx_connection*)> before_its_end(
      this, [](pqxx_connection* self) { self->give_up_unless_ready(); });
  const auto query = pipeline.insert(statement);
  pg_silence waiting(raw_, address_, patience);
  while (PQisBusy(raw_) != 0) {
    const bool unsent = PQflush(raw_) == 1;
    S2L_TRY(waiting.wait(static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN)));
  }
  pipeline.complete();  // takes the answer, and waits no more
  // The server may stop between its answer and the word that it is ready, for which pqxx would wait.
  result<void> ready;
  while (ready && PQtransactionStatus(raw_) == PQTRANS_ACTIVE)
    ready = pg_next_result(raw_, address_).map([](const pg_result&) {});
  pqxx::result answer = pipeline.retrieve(query);  // a refusal says more than the end of the connection after it
  S2L_TRY(ready);
  return answer;
}

// The descriptor stays libpq's: it reads what has come, sees the end, and closes it.
void pqxx_connection::give_up_unless_ready() noexcept {
  constexpr int reads_max = 10'000;  // far more than a socket holds
  const auto state = PQtransactionStatus(raw_);
  if (state != PQTRANS_ACTIVE && state != PQTRANS_UNKNOWN) return;
  if (const int socket = PQsocket(raw_); socket >= 0) ::shutdown(socket, SHUT_RDWR);
  for (int reads = 0; PQsocket(raw_) >= 0 && reads < reads_max; ++reads) PQconsumeInput(raw_);
}

}  // namespace sql2ldap::sql::detail
