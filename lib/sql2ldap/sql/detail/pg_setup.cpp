#include <sql2ldap/sql/detail/pg_setup.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

std::string literals(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + quoted_literal(name);
  return out;
}

}  // namespace

std::string pg_table_name(const model::table_ref& table) {
  return (table.schema.empty() ? "" : quoted_identifier(table.schema) + ".") + quoted_identifier(table.table);
}

std::vector<model::table_ref> each_once(std::vector<model::table_ref> tables) {
  for (model::table_ref& table : tables) table.alias.clear();
  const auto name = [](const model::table_ref& t) { return std::pair(t.schema, t.table); };
  std::sort(tables.begin(), tables.end(), [&](const auto& a, const auto& b) { return name(a) < name(b); });
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
  return tables;
}

result<pg_handle> pg_connect_to_write(const pg_address& address) {
  S2L_TRY_ASSIGN(pg_handle connection, pg_connect(address));
  S2L_TRY(pg_run(connection.get(), "SET default_transaction_read_only = off", address));
  return connection;
}

result<void> pg_run_all(std::string_view url, const std::vector<std::string>& statements) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(url));
  S2L_TRY_ASSIGN(const pg_handle connection, pg_connect_to_write(address));
  S2L_TRY(pg_run(connection.get(), "BEGIN", address));
  for (const std::string& sql : statements) {
    auto done = pg_run(connection.get(), sql, address);
    if (!done)
      return tl::make_unexpected(
          std::move(done)
              .error()
              .within("running " + sql.substr(0, 60))
              .with_hint("the owner of the tables may run what `sql2ldap capture install --print` shows"));
  }
  return pg_run(connection.get(), "COMMIT", address);
}

result<std::vector<std::string>> pg_drop_sql(PGconn* session, const pg_address& address,
                                             const std::vector<std::string>& triggers,
                                             const std::vector<std::string>& functions,
                                             const std::vector<std::string>& tables) {
  S2L_TRY_ASSIGN(
      const pg_rows found,
      pg_ask(session,
             fmt::format(
                 "SELECT 1, pg_catalog.format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM "
                 "pg_catalog.pg_trigger WHERE tgname IN ({}) UNION ALL "
                 "SELECT 2, pg_catalog.format('DROP FUNCTION sql2ldap.%I()', p.proname) FROM pg_catalog.pg_proc p JOIN "
                 "pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'sql2ldap' AND p.proname IN "
                 "({}) UNION ALL "
                 "SELECT 3, pg_catalog.format('DROP TABLE sql2ldap.%I', c.relname) FROM pg_catalog.pg_class c JOIN "
                 "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'sql2ldap' AND c.relname IN "
                 "({}) ORDER BY 1, 2",
                 literals(triggers), literals(functions), literals(tables)),
             address));
  std::vector<std::string> out;
  for (const auto& row : found) out.push_back(row[1]);
  // The other capture may be there as well.
  S2L_TRY_ASSIGN(
      const pg_rows emptied,
      pg_ask(session,
             fmt::format("SELECT 1 FROM pg_catalog.pg_namespace n WHERE nspname = 'sql2ldap' AND NOT EXISTS (SELECT 1 "
                         "FROM pg_catalog.pg_proc WHERE pronamespace = n.oid AND proname NOT IN ({})) AND NOT EXISTS "
                         "(SELECT 1 FROM pg_catalog.pg_class WHERE relnamespace = n.oid AND relkind IN ('r', 'p', 'v') "
                         "AND relname NOT IN ({}))",
                         literals(functions), literals(tables)),
             address));
  if (!emptied.empty()) out.emplace_back("DROP SCHEMA sql2ldap");
  return out;
}

}  // namespace sql2ldap::sql::detail
