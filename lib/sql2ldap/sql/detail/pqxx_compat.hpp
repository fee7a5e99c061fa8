// The one door to libpqxx, 6.4 (Debian 12) and 7 (Debian 13).
#pragma once

#include <memory>
#include <utility>

#include <libpq-fe.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <pqxx/pqxx>

namespace sql2ldap::sql::detail {

#if PQXX_VERSION_MAJOR < 7
// Hands out a connection that is there already, once: pqxx would else connect again by itself.
class pqxx_given final : public pqxx::connectionpolicy {
 public:
  explicit pqxx_given(PGconn* given) : connectionpolicy(""), given_(given) {}
  handle do_startconnect(handle held) override { return held != nullptr ? held : std::exchange(given_, nullptr); }

 private:
  PGconn* given_;
};

class pqxx_adopted final : public pqxx::connection_base {
 public:
  explicit pqxx_adopted(PGconn* given) : connection_base(policy_), policy_(given) { init(); }
  pqxx_adopted(const pqxx_adopted&) = delete;
  pqxx_adopted& operator=(const pqxx_adopted&) = delete;
  ~pqxx_adopted() { close(); }

 private:
  pqxx_given policy_;
};
#else
using pqxx_adopted = pqxx::connection;
#endif

// pqxx's connection from libpq's, which it owns from now on. Throws what pqxx throws.
inline std::unique_ptr<pqxx_adopted> pqxx_adopt(PGconn* given) {
#if PQXX_VERSION_MAJOR < 7
  return std::make_unique<pqxx_adopted>(given);
#else
  return std::make_unique<pqxx_adopted>(pqxx::connection::seize_raw_connection(given));
#endif
}

}  // namespace sql2ldap::sql::detail

#pragma GCC diagnostic pop
