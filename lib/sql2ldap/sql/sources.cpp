#include <sql2ldap/sql/sources.hpp>

#include <sql2ldap/sql/detail/pg_capture.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_journal.hpp>
#include <sql2ldap/sql/detail/pg_publication.hpp>
#include <sql2ldap/sql/detail/pg_setup.hpp>
#include <sql2ldap/sql/detail/postgresql.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>
#include <sql2ldap/sql/detail/sqlite_journal.hpp>

namespace sql2ldap::sql {

namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

bool is_sqlite(std::string_view url) { return url.starts_with(sqlite_scheme); }
std::string file_of(std::string_view url) { return std::string(url.substr(sqlite_scheme.size())); }

}  // namespace

result<std::unique_ptr<model::source>> open_source(std::string_view url) {
  if (!is_sqlite(url)) return detail::open_postgresql(url);
  const std::string file = file_of(url);
  if (file.empty()) return fail(error_kind::usage, "the source sqlite: names no file", "sqlite:FILE");
  return detail::open_sqlite(file);
}

result<std::unique_ptr<model::capture>> open_wal_capture(std::string_view url, const wal_options& options) {
  return detail::open_pg_capture(url, options);
}

result<std::vector<std::string>> wal_install_sql(std::string_view url, const wal_options& options) {
  return detail::pg_wal_install(url, options);
}

result<std::vector<std::string>> wal_remove_sql(std::string_view url, const wal_options& options) {
  return detail::pg_wal_remove(url, options);
}

result<std::unique_ptr<model::capture>> open_journal_capture(std::string_view url,
                                                             const std::vector<model::table_ref>& tables) {
  if (is_sqlite(url)) return detail::open_sqlite_journal(file_of(url), tables);
  return detail::open_pg_journal(url, tables);
}

result<std::vector<std::string>> journal_install_sql(std::string_view url,
                                                     const std::vector<model::table_ref>& tables) {
  return is_sqlite(url) ? detail::sqlite_journal_install(file_of(url), tables)
                        : detail::pg_journal_install(url, tables);
}

result<std::vector<std::string>> journal_remove_sql(std::string_view url) {
  return is_sqlite(url) ? detail::sqlite_journal_remove(file_of(url)) : detail::pg_journal_remove(url);
}

result<void> run_all(std::string_view url, const std::vector<std::string>& statements) {
  return is_sqlite(url) ? detail::sqlite_run_all(file_of(url), statements) : detail::pg_run_all(url, statements);
}

std::string without_password(std::string_view url) {
  if (is_sqlite(url)) return std::string(url);
  const auto address = detail::pg_address::parse(url);
  return address ? address->without_password(url) : "...";
}

std::string render(const model::query& what, dialect engine, const model::catalog& tables) {
  return detail::render_query(what, engine, tables);
}

}  // namespace sql2ldap::sql
