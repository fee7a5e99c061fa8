#include <sql2ldap/sql/sources.hpp>

#include <sql2ldap/sql/detail/pg_capture.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/postgresql.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>

namespace sql2ldap::sql {

namespace {
constexpr std::string_view sqlite_scheme = "sqlite:";
}

result<std::unique_ptr<model::source>> open_source(std::string_view url) {
  if (!url.starts_with(sqlite_scheme)) return detail::open_postgresql(url);
  const std::string_view file = url.substr(sqlite_scheme.size());
  if (file.empty()) return fail(error_kind::usage, "the source sqlite: names no file", "sqlite:FILE");
  return detail::open_sqlite(std::string(file));
}

result<std::unique_ptr<model::capture>> open_wal_capture(std::string_view url, const wal_options& options) {
  return detail::open_pg_capture(url, options);
}

std::string without_password(std::string_view url) {
  if (url.starts_with(sqlite_scheme)) return std::string(url);
  const auto address = detail::pg_address::parse(url);
  return address ? address->without_password(url) : "...";
}

std::string render(const model::query& what, dialect engine, const model::catalog& tables) {
  return detail::render_query(what, engine, tables);
}

}  // namespace sql2ldap::sql
