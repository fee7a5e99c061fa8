#include <sql2ldap/sql/detail/pg_bell.hpp>

#include <algorithm>
#include <cerrno>
#include <string>

#include <poll.h>

namespace sql2ldap::sql::detail {
namespace {

bool rang(PGconn* session) {
  bool out = false;
  while (PGnotify* bell = PQnotifies(session)) {
    PQfreemem(bell);
    out = true;
  }
  return out;
}

}  // namespace

result<void> pg_listen(PGconn* session, const pg_address& address) {
  return pg_run(session, std::string("LISTEN ") + bell_channel, address);
}

result<bool> pg_wait_for_bell(PGconn* session, std::chrono::steady_clock::time_point until, const pg_address& address) {
  using std::chrono::milliseconds;
  // What came while a query ran is in libpq's hands already, and no poll() would tell.
  if (PQconsumeInput(session) == 0) return tl::make_unexpected(pg_failure(session, nullptr, address));
  if (rang(session)) return true;
  pollfd socket{PQsocket(session), POLLIN, 0};
  const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()).count();
  if (left > 0 && ::poll(&socket, 1, static_cast<int>(left)) < 0 && errno != EINTR)
    return tl::make_unexpected(pg_failure(session, nullptr, address));
  if (socket.revents != 0 && PQconsumeInput(session) == 0)
    return tl::make_unexpected(pg_failure(session, nullptr, address));
  return rang(session);
}

}  // namespace sql2ldap::sql::detail
