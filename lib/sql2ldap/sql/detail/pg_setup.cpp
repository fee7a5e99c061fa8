#include <sql2ldap/sql/detail/pg_setup.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/sql/detail/pqxx_connection.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

constexpr auto lock_patience = std::chrono::seconds(5);
constexpr auto lock_again = std::chrono::milliseconds(10);
constexpr const char* guard_sqlstate = "S2L01";

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

// A block, so that it can be run outside of a transaction as well.
std::string pg_lock_sql(const std::vector<std::string>& tables) {
  if (tables.empty()) return {};
  return fmt::format("DO $sql2ldap$ BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT; END $sql2ldap$",
                     fmt::join(tables, ", "));
}

result<void> pg_run_all(const location& at, const std::vector<std::string>& statements) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(at));
  S2L_TRY_ASSIGN(const auto connection, pqxx_connection::open(address));
  const auto until = std::chrono::steady_clock::now() + lock_patience;
  S2L_TRY(connection->begin("READ WRITE"));
  S2L_TRY(connection->execute(pg_short_locks_sql));
  for (std::size_t next = 0; next < statements.size();) {
    const std::string& sql = statements[next];
    std::string sqlstate;
    auto done = connection->execute(sql, &sqlstate);
    if (done) {
      ++next;
      continue;
    }
    if (sqlstate == "55P03" && std::chrono::steady_clock::now() < until && connection->roll_back()) {
      std::this_thread::sleep_for(lock_again);
      S2L_TRY(connection->begin("READ WRITE"));
      S2L_TRY(connection->execute(pg_short_locks_sql));
      next = 0;
      continue;
    }
    error what = std::move(done).error();
    if (sqlstate == guard_sqlstate) {
      what.hint = "see who made it; drop or rename it, or let the role that owns it run this, then try again";
      return tl::make_unexpected(std::move(what));
    }
    if (sqlstate == "55P03")
      what.hint = "another session keeps a table locked: run it again when that has ended";
    else if (!what.transient)
      what.hint = "the owner of the tables may run what `sql2ldap capture install --print` shows";
    return tl::make_unexpected(std::move(what).within("running " + sql.substr(0, 60)));
  }
  return connection->commit();
}

namespace {

// Each a query for what is wrong, as text. All names are qualified, and operators are found in pg_catalog alone.
constexpr const char* ownership_sql[] = {
    "SELECT pg_catalog.format('the schema sql2ldap belongs to %I', pg_catalog.pg_get_userbyid(nspowner)) FROM "
    "pg_catalog.pg_namespace WHERE oid = here AND nspowner <> mine",
    "SELECT 'others than its owner may create objects in the schema sql2ldap' FROM pg_catalog.pg_namespace n, "
    "pg_catalog.aclexplode(n.nspacl) a WHERE n.oid = here AND a.grantee <> n.nspowner AND a.privilege_type = 'CREATE'",
    "SELECT pg_catalog.format('sql2ldap.%I belongs to %I', relname, pg_catalog.pg_get_userbyid(relowner)) FROM "
    "pg_catalog.pg_class WHERE relnamespace = here AND relowner <> mine",
    "SELECT pg_catalog.format('the function sql2ldap.%I belongs to %I', proname, pg_catalog.pg_get_userbyid(proowner)) "
    "FROM pg_catalog.pg_proc WHERE pronamespace = here AND proowner <> mine",
    "SELECT pg_catalog.format('the type sql2ldap.%I belongs to %I', typname, pg_catalog.pg_get_userbyid(typowner)) "
    "FROM "
    "pg_catalog.pg_type WHERE typnamespace = here AND typowner <> mine",
    "SELECT pg_catalog.format('the operator sql2ldap.%s belongs to %I', oprname, pg_catalog.pg_get_userbyid(oprowner)) "
    "FROM pg_catalog.pg_operator WHERE oprnamespace = here AND oprowner <> mine",
};
constexpr const char* hangers_on_sql[] = {
    "SELECT pg_catalog.format('sql2ldap.%I is no ordinary table', relname) FROM pg_catalog.pg_class WHERE relnamespace "
    "= here AND (relkind NOT IN ('r', 'S', 'i', 't') OR relpersistence <> 'p' OR relrowsecurity)",
    "SELECT pg_catalog.format('sql2ldap.%I has a trigger that is not ours: %I', c.relname, t.tgname) FROM "
    "pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = here",
    "SELECT pg_catalog.format('sql2ldap.%I has a rule that is not ours: %I', c.relname, r.rulename) FROM "
    "pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = here",
    "SELECT pg_catalog.format('sql2ldap.%I has a policy that is not ours: %I', c.relname, p.polname) FROM "
    "pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = here",
    // An earlier version had these two.
    "SELECT pg_catalog.format('a column of sql2ldap.%I has a default that is not ours', c.relname) FROM "
    "pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid WHERE c.relnamespace = here AND "
    "pg_catalog.pg_get_expr(d.adbin, d.adrelid) NOT IN ('txid_current()', 'clock_timestamp()')",
    "SELECT pg_catalog.format('sql2ldap.%I has a constraint that is not ours: %I', c.relname, k.conname) FROM "
    "pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid IN (k.conrelid, k.confrelid) WHERE c.relnamespace "
    "= here AND k.contype NOT IN ('p', 'n')",
    "SELECT pg_catalog.format('sql2ldap.%I has an index that is not ours', c.relname) FROM pg_catalog.pg_index i JOIN "
    "pg_catalog.pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = here AND NOT i.indisprimary",
    "SELECT pg_catalog.format('sql2ldap.%I has a parent or a child', c.relname) FROM pg_catalog.pg_inherits h JOIN "
    "pg_catalog.pg_class c ON c.oid IN (h.inhrelid, h.inhparent) WHERE c.relnamespace = here",
    "SELECT pg_catalog.format('a column of sql2ldap.%I has a type that is not built in', c.relname) FROM "
    "pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_type t ON t.oid = "
    "a.atttypid WHERE c.relnamespace = here AND a.attnum > 0 AND NOT a.attisdropped AND t.typnamespace <> "
    "pg_catalog.to_regnamespace('pg_catalog')",
    "SELECT pg_catalog.format('others than its owner may put triggers on sql2ldap.%I', c.relname) FROM "
    "pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.relnamespace = here AND a.grantee <> c.relowner "
    "AND a.privilege_type IN ('TRIGGER', 'REFERENCES')",
};

// A block that fails with the first of what the queries find.
std::string failing_block(const std::vector<std::string>& queries) {
  return fmt::format(
      "DO $sql2ldap$ DECLARE before text := pg_catalog.current_setting('search_path'); mine oid; here oid; wrong text; "
      "BEGIN PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true); "
      "SELECT oid INTO mine FROM pg_catalog.pg_roles WHERE rolname = current_user; "
      "SELECT oid INTO here FROM pg_catalog.pg_namespace WHERE nspname = 'sql2ldap'; "
      "SELECT w INTO wrong FROM ({}) AS found(w) LIMIT 1; "
      "IF wrong IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = '{}', MESSAGE = wrong; END IF; "
      "PERFORM pg_catalog.set_config('search_path', before, true); END $sql2ldap$",
      fmt::join(queries, " UNION ALL "), guard_sqlstate);
}

}  // namespace

std::string pg_guard_sql(const std::vector<std::string>& triggers) {
  std::vector<std::string> queries(std::begin(ownership_sql), std::end(ownership_sql));
  queries.insert(queries.end(), std::begin(hangers_on_sql), std::end(hangers_on_sql));
  if (!triggers.empty())
    queries.push_back(
        fmt::format("SELECT pg_catalog.format('the trigger %I on %s is not ours', t.tgname, t.tgrelid::regclass) FROM "
                    "pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE t.tgname IN ({}) AND "
                    "p.pronamespace "
                    "<> here",
                    literals(triggers)));
  return failing_block(queries);
}

std::string pg_columns_guard_sql(const std::string& table, const std::string& columns) {
  return failing_block({fmt::format(
      "SELECT pg_catalog.format('sql2ldap.%I is not the table that sql2ldap makes', {0}) WHERE (SELECT "
      "pg_catalog.string_agg(pg_catalog.format('%s %s', a.attname, pg_catalog.format_type(a.atttypid, "
      "a.atttypmod)), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON "
      "c.oid = a.attrelid WHERE c.relnamespace = here AND c.relname = {0} AND a.attnum > 0 AND NOT "
      "a.attisdropped) IS DISTINCT FROM {1}",
      quoted_literal(table), quoted_literal(columns))});
}

std::vector<std::string> pg_revoke_sql() {
  return {"REVOKE ALL ON ALL TABLES IN SCHEMA sql2ldap FROM PUBLIC",
          "REVOKE ALL ON ALL SEQUENCES IN SCHEMA sql2ldap FROM PUBLIC",
          "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sql2ldap FROM PUBLIC"};
}

result<removal> pg_drop_sql(PGconn* session, const pg_address& address, const pg_things& ours) {
  const std::string is_mine = "(SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)";
  const auto named = [](const std::vector<std::string>& names) { return names.empty() ? "NULL" : literals(names); };
  // Rank, statement, whether it is ours, words for people, the table of the application that it alters.
  S2L_TRY_ASSIGN(
      const pg_rows found,
      pg_ask(
          session,
          fmt::format(
              "SELECT 1, pg_catalog.format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass), n.nspname = "
              "'sql2ldap' AND p.proowner = {0}, pg_catalog.format('the trigger %I on %s, which runs %s', t.tgname, "
              "t.tgrelid::regclass, t.tgfoid::regprocedure), t.tgrelid::regclass::text FROM pg_catalog.pg_trigger t "
              "JOIN pg_catalog.pg_proc p ON "
              "p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE t.tgname IN ({1}) AND "
              "NOT t.tgisinternal "
              // Partitions get and lose it with the whole table.
              "AND COALESCE(pg_catalog.to_jsonb(t) ->> 'tgparentid', '0') = '0' UNION ALL "
              "SELECT 2, pg_catalog.format('DROP FUNCTION %s', p.oid::regprocedure), p.proowner = {0}, "
              "pg_catalog.format('the function %s of %I', p.oid::regprocedure, "
              "pg_catalog.pg_get_userbyid(p.proowner)), '' "
              "FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = "
              "'sql2ldap' AND p.proname IN ({2}) UNION ALL "
              "SELECT 3, pg_catalog.format('DROP %s sql2ldap.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' "
              "END, c.relname), c.relowner = {0} AND CASE c.relkind WHEN 'r' THEN c.relname IN ({3}) ELSE c.relkind = "
              "'S' AND c.relname IN ({4}) END, pg_catalog.format('sql2ldap.%I of %I', c.relname, "
              "pg_catalog.pg_get_userbyid(c.relowner)), '' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
              "ON "
              "n.oid = c.relnamespace WHERE n.nspname = 'sql2ldap' AND c.relname IN ({3}, {4}) ORDER BY 1, 2",
              is_mine, named(ours.triggers), named(ours.functions), named(ours.tables), named(ours.sequences)),
          address));
  removal out;
  std::vector<std::string> altered;
  for (const auto& row : found)
    if (row[2] == "t" && !row[4].empty()) altered.push_back(row[4]);
  if (!altered.empty()) out.statements.push_back(pg_lock_sql(altered));
  for (const auto& row : found) (row[2] == "t" ? out.statements : out.left).push_back(row[2] == "t" ? row[1] : row[3]);
  std::vector<std::string> things = ours.functions;
  things.insert(things.end(), ours.tables.begin(), ours.tables.end());
  things.insert(things.end(), ours.sequences.begin(), ours.sequences.end());
  // All objects in the schema but those; the other capture may be there as well.
  S2L_TRY_ASSIGN(
      const pg_rows schema,
      pg_ask(
          session,
          fmt::format(
              "SELECT n.nspowner = {0}, pg_catalog.pg_get_userbyid(n.nspowner), (SELECT pg_catalog.string_agg("
              "i.identity, ', ' ORDER BY i.identity) FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object("
              "d.classid, d.objid, d.objsubid) i WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND "
              "d.refobjid = n.oid AND d.deptype = 'n' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE "
              "c.oid = d.objid AND d.classid = 'pg_catalog.pg_class'::regclass AND c.relowner = {0} AND c.relname IN "
              "({1})) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_proc p WHERE p.oid = d.objid AND d.classid = "
              "'pg_catalog.pg_proc'::regclass AND p.proowner = {0} AND p.proname IN ({1})) AND NOT EXISTS (SELECT 1 "
              "FROM pg_catalog.pg_depend o WHERE o.classid = d.classid AND o.objid = d.objid AND o.deptype = 'i')) "
              "FROM "
              "pg_catalog.pg_namespace n WHERE n.nspname = 'sql2ldap'",
              is_mine, named(things)),
          address));
  if (schema.empty()) return out;
  if (schema[0][0] != "t")
    out.left.push_back(fmt::format("the schema sql2ldap of {}", schema[0][1]));
  else if (!schema[0][2].empty())
    out.left.push_back(fmt::format("the schema sql2ldap, which also has {}", schema[0][2]));
  else
    out.statements.emplace_back("DROP SCHEMA sql2ldap");
  return out;
}

}  // namespace sql2ldap::sql::detail
