#include <sql2ldap/sql/detail/pg_catalog.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace sql2ldap::sql::detail {
namespace {

constexpr const char* tables_sql = R"(
SELECT c.oid::text, n.nspname, c.relname, c.reltuples::bigint, c.relreplident = 'f'
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname) NULLS LAST,
         n.nspname COLLATE "C", c.relname COLLATE "C")";

// A domain is what it is made of, over any number of steps.
constexpr const char* columns_sql = R"(
WITH RECURSIVE base(oid, name) AS (
  SELECT oid, typname FROM pg_catalog.pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT d.oid, base.name FROM pg_catalog.pg_type d JOIN base ON d.typbasetype = base.oid WHERE d.typtype = 'd'
)
SELECT a.attrelid::text, a.attname, base.name, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN base ON base.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY a.attrelid, a.attnum)";

constexpr const char* keys_sql = R"(
SELECT i.indrelid::text, i.indexrelid::text, i.indisprimary, a.attname
FROM pg_catalog.pg_index i
JOIN pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) ON k.place <= i.indnkeyatts
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indrelid, i.indexrelid, k.place)";

model::sql_type type_named(std::string_view name) {
  using model::sql_type;
  static const std::map<std::string_view, sql_type> types = {
      {"bool", sql_type::boolean},          {"int2", sql_type::integer},   {"int4", sql_type::integer},
      {"int8", sql_type::integer},          {"float4", sql_type::real},    {"float8", sql_type::real},
      {"numeric", sql_type::real},          {"text", sql_type::text},      {"varchar", sql_type::text},
      {"bpchar", sql_type::text},           {"name", sql_type::text},      {"citext", sql_type::text},
      {"bytea", sql_type::bytes},           {"date", sql_type::timestamp}, {"timestamp", sql_type::timestamp},
      {"timestamptz", sql_type::timestamp}, {"json", sql_type::json},      {"jsonb", sql_type::json},
  };
  const auto found = types.find(name);
  return found == types.end() ? sql_type::other : found->second;
}

std::string text_of(const pqxx::field& field) { return {field.c_str(), field.size()}; }
bool is_true(const pqxx::field& field) { return *field.c_str() == 't'; }

}  // namespace

result<std::string> read_pg_stamp(pqxx_connection& connection, const std::string& oids) {
  S2L_TRY_ASSIGN(
      const pqxx::result stamp,
      connection.execute(
          "SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', attrelid, attnum, attname, atttypid, "
          "atttypmod, attnotnull, attisdropped), ',' ORDER BY attrelid, attnum)) FROM pg_catalog.pg_attribute "
          "WHERE attnum > 0 AND attrelid = ANY ('" +
          oids + "'::oid[])"));
  return text_of(stamp[0][0]);
}

result<pg_tables> read_pg_tables(pqxx_connection& connection) {
  pg_tables out;
  model::catalog& catalog = out.catalog;
  catalog.engine = "PostgreSQL";
  S2L_TRY_ASSIGN(const pqxx::result facts, connection.execute("SELECT pg_catalog.current_setting('server_version'), "
                                                              "pg_catalog.current_setting('server_encoding')"));
  // "15.18 (Debian 15.18-0+deb12u1)": the packager's part is of no interest.
  const std::string version = text_of(facts[0][0]);
  catalog.version = version.substr(0, version.find(' '));
  catalog.encoding = text_of(facts[0][1]);

  std::map<std::string, std::size_t> place_of;
  S2L_TRY_ASSIGN(const pqxx::result tables, connection.execute(tables_sql));
  for (const pqxx::row& row : tables) {
    out.oids += (out.oids.empty() ? "" : ",") + text_of(row[0]);
    place_of[text_of(row[0])] = catalog.tables.size();
    model::table_info& table = catalog.tables.emplace_back();
    table.schema = text_of(row[1]);
    table.name = text_of(row[2]);
    table.tells_old_rows = is_true(row[4]);
    // Negative: never analyzed.
    if (const std::string rows = text_of(row[3]); !rows.starts_with('-')) table.estimated_rows = pg_number(rows);
  }
  S2L_TRY_ASSIGN(const pqxx::result columns, connection.execute(columns_sql));
  for (const pqxx::row& row : columns) {
    const auto place = place_of.find(text_of(row[0]));
    if (place == place_of.end()) continue;
    catalog.tables[place->second].columns.push_back(
        {text_of(row[1]), type_named(row[2].c_str()), text_of(row[3]), !is_true(row[4])});
  }
  std::string last_index;
  S2L_TRY_ASSIGN(const pqxx::result keys, connection.execute(keys_sql));
  for (const pqxx::row& row : keys) {
    const auto place = place_of.find(text_of(row[0]));
    if (place == place_of.end()) continue;
    model::table_info& table = catalog.tables[place->second];
    if (is_true(row[2])) {
      table.primary_key.push_back(text_of(row[3]));
      continue;
    }
    if (std::string index = text_of(row[1]); index != last_index) {
      table.unique_keys.emplace_back();
      last_index = std::move(index);
    }
    table.unique_keys.back().push_back(text_of(row[3]));
  }
  out.oids = "{" + out.oids + "}";
  S2L_TRY_ASSIGN(out.stamp, read_pg_stamp(connection, out.oids));
  return out;
}

}  // namespace sql2ldap::sql::detail
