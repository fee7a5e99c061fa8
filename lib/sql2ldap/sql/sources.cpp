#include <sql2ldap/sql/sources.hpp>

#include <sql2ldap/sql/detail/postgresql.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>

namespace sql2ldap::sql {

result<std::unique_ptr<model::source>> open_source(std::string_view url) {
  constexpr std::string_view sqlite = "sqlite:";
  if (!url.starts_with(sqlite)) return detail::open_postgresql(url);
  const std::string_view file = url.substr(sqlite.size());
  if (file.empty()) return fail(error_kind::usage, "the source sqlite: names no file", "sqlite:FILE");
  return detail::open_sqlite(std::string(file));
}

std::string render(const model::query& what, dialect engine, const model::catalog& tables) {
  return detail::render_query(what, engine, tables);
}

}  // namespace sql2ldap::sql
