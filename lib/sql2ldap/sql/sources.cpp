#include <sql2ldap/sql/sources.hpp>

#include <sql2ldap/sql/detail/pg_capture.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_journal.hpp>
#include <sql2ldap/sql/detail/pg_publication.hpp>
#include <sql2ldap/sql/detail/pg_relations.hpp>
#include <sql2ldap/sql/detail/pg_setup.hpp>
#include <sql2ldap/sql/detail/postgresql.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>
#include <sql2ldap/sql/detail/sqlite_journal.hpp>

namespace sql2ldap::sql {

namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

bool is_sqlite(const location& at) { return at.url.starts_with(sqlite_scheme); }
std::string file_of(const location& at) { return at.url.substr(sqlite_scheme.size()); }

}  // namespace

result<std::unique_ptr<model::source>> open_source(const location& at) {
  if (!is_sqlite(at)) return detail::open_postgresql(at);
  const std::string file = file_of(at);
  if (file.empty()) return fail(error_kind::usage, "the source sqlite: names no file", "sqlite:FILE");
  return detail::open_sqlite(file);
}

result<std::vector<follow_obstacle>> follow_obstacles(const location& at, capture_kind capture,
                                                      const std::vector<model::table_ref>& tables) {
  if (is_sqlite(at)) return detail::sqlite_follow_obstacles(file_of(at), tables);
  S2L_TRY_ASSIGN(const detail::pg_address address, detail::pg_address::parse(at));
  S2L_TRY_ASSIGN(const detail::pg_handle session, detail::pg_connect(address));
  S2L_TRY_ASSIGN(const auto followed, detail::pg_followed_tables(session.get(), address, tables));
  return detail::pg_follow_obstacles(followed, capture);
}

result<std::unique_ptr<model::capture>> open_wal_capture(const location& at, const wal_options& options) {
  return detail::open_pg_capture(at, options);
}

result<std::vector<std::string>> wal_install_sql(const location& at, const wal_options& options) {
  return detail::pg_wal_install(at, options);
}

result<removal> wal_remove_sql(const location& at, const wal_options& options) {
  return detail::pg_wal_remove(at, options);
}

result<std::unique_ptr<model::capture>> open_journal_capture(const location& at,
                                                             const std::vector<noted_table>& tables) {
  if (is_sqlite(at)) return detail::open_sqlite_journal(file_of(at), tables);
  return detail::open_pg_journal(at, tables);
}

result<std::vector<std::string>> journal_install_sql(const location& at, const std::vector<noted_table>& tables) {
  return is_sqlite(at) ? detail::sqlite_journal_install(file_of(at), tables) : detail::pg_journal_install(at, tables);
}

result<removal> journal_remove_sql(const location& at) {
  return is_sqlite(at) ? detail::sqlite_journal_remove(file_of(at)) : detail::pg_journal_remove(at);
}

result<void> run_all(const location& at, const std::vector<std::string>& statements) {
  return is_sqlite(at) ? detail::sqlite_run_all(file_of(at), statements) : detail::pg_run_all(at, statements);
}

std::string without_password(std::string_view url) {
  const location at{std::string(url)};
  if (is_sqlite(at)) return at.url;
  const auto address = detail::pg_address::parse(at);
  return address ? address->without_password(url) : "...";
}

std::string render(const model::query& what, dialect engine, const model::catalog& tables) {
  return detail::render_query(what, engine, tables);
}

}  // namespace sql2ldap::sql
