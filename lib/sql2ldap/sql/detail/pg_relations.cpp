#include <sql2ldap/sql/detail/pg_relations.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/sql/detail/pg_setup.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

// The storage (relfilenode) is another one after TRUNCATE and whatever else writes a table anew. By way of JSON: before
// PostgreSQL 14 no partition is on its way out.
constexpr const char* relations_sql = R"(
WITH RECURSIVE tree AS (
  SELECT place, oid AS relation, 0 AS depth, NULL::text AS link FROM wanted
  UNION
  SELECT t.place, i.inhrelid, t.depth + 1,
    i.inhparent::text || COALESCE(pg_catalog.to_jsonb(i) ->> 'inhdetachpending', '')
  FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.relation
)
SELECT t.place, t.depth, c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), n.nspname, c.relname, c.relkind,
  c.relpersistence, c.relreplident,
  EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid
          AND i.indimmediate),
  EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid
          AND i.indimmediate),
  pg_catalog.md5(pg_catalog.concat_ws(' ', c.oid, c.relkind, c.relpersistence, c.relfilenode, t.link,
    pg_catalog.pg_get_partkeydef(c.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid),
    (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod,
              a.attcollation, pg_catalog.to_jsonb(a) ->> 'attgenerated'), ',' ORDER BY a.attnum)
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', e.enumtypid, e.enumlabel), ',' ORDER BY e.oid)
     FROM pg_catalog.pg_enum e WHERE e.enumtypid IN (SELECT a.atttypid FROM pg_catalog.pg_attribute a
       WHERE a.attrelid = c.oid AND NOT a.attisdropped)),
    (SELECT i.indkey::text FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)))
FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY t.place, t.depth, c.oid)";

char letter_of(const std::string& text) { return text.empty() ? ' ' : text.front(); }

pg_relation relation_of(const std::vector<std::string>& row) {
  pg_relation out;
  out.oid = row[2];
  out.name = row[3];
  out.schema = row[4];
  out.table = row[5];
  out.kind = letter_of(row[6]);
  out.persistence = letter_of(row[7]);
  out.identity = letter_of(row[8]);
  out.has_primary_key = row[9] == "t";
  out.has_identity_index = row[10] == "t";
  out.stamp = row[11];
  return out;
}

constexpr const char* readable_hint =
    "a mapping can read it, but sql2ldap-syncd cannot follow it: map the tables behind it";

void add_obstacles(const pg_followed_table& table, capture_kind capture, std::vector<follow_obstacle>& out) {
  const pg_relation& root = table.root;
  const auto add = [&](std::string message, std::string hint, bool is_table = true) {
    out.push_back({root.name, std::move(message), std::move(hint), is_table});
  };
  switch (root.kind) {
    case 'r':
    case 'p':
      break;
    case 'v':
      return add(fmt::format("{} is a view: its changes cannot be followed", root.name), readable_hint, false);
    case 'm':
      return add(fmt::format("{} is a materialized view: its changes cannot be followed", root.name), readable_hint,
                 false);
    case 'f':
      return add(fmt::format("{} is a foreign table: nothing reports what other servers change in it", root.name),
                 "follow the database that holds the table", false);
    default:
      return add(fmt::format("{} is not a table: its changes cannot be followed", root.name), readable_hint, false);
  }
  if (!root.is_partitioned() && !table.descendants.empty())
    add(fmt::format("{} has children by INHERITS ({}): their rows are read with it, but their changes are not "
                    "reported as its own",
                    root.name, table.descendants.front().name),
        "use declarative partitioning, or map each of the tables by itself");
  const auto check_storage = [&](const pg_relation& one) {
    if (one.persistence == 'u')
      add(fmt::format("{} is unlogged: its changes are not in the server's log, and a crash empties it", one.name),
          fmt::format("ALTER TABLE {} SET LOGGED", one.name));
    if (one.persistence == 't')
      add(fmt::format("{} is a temporary table of one session", one.name), "map a permanent table");
  };
  check_storage(root);
  for (const pg_relation& one : table.descendants) {
    check_storage(one);
    if (root.is_partitioned() && one.kind == 'f')
      add(fmt::format("the partition {} of {} is a foreign table: nothing reports what other servers change in it",
                      one.name, root.name),
          "detach it, or follow the database that holds it");
  }
  // A partition that is made later has the replica identity that its primary key gives it. Without a key the server
  // would refuse the application's UPDATE and DELETE there, as soon as the table is published.
  if (capture == capture_kind::wal && root.is_partitioned() && !root.has_primary_key)
    add(fmt::format("{} is partitioned and has no primary key that is checked at once: published, the server would "
                    "refuse UPDATE and DELETE in each partition that is added later",
                    root.name),
        "add a primary key that is not DEFERRABLE, or use --capture journal");
}

}  // namespace

result<std::vector<pg_followed_table>> pg_followed_tables(PGconn* session, const pg_address& address,
                                                          const std::vector<model::table_ref>& tables) {
  std::vector<pg_followed_table> out;
  const std::vector<model::table_ref> each = each_once(tables);
  if (each.empty()) return out;
  std::string names;
  for (std::size_t place = 0; place < each.size(); ++place)
    names += fmt::format("{}({}, pg_catalog.to_regclass({}))", place == 0 ? "" : ", ", place,
                         quoted_literal(pg_table_name(each[place])));
  std::string sql = relations_sql;
  constexpr std::string_view begins = "WITH RECURSIVE ";
  sql.insert(sql.find(begins) + begins.size(), fmt::format("wanted(place, oid) AS (VALUES {}), ", names));
  S2L_TRY_ASSIGN(const pg_rows rows, pg_ask(session, sql, address));
  for (const auto& row : rows) {
    if (row[1] != "0") {
      out.back().descendants.push_back(relation_of(row));
      continue;
    }
    out.push_back({relation_of(row), {}});
  }
  if (out.size() == each.size()) return out;
  for (const model::table_ref& table : each) {
    S2L_TRY_ASSIGN(
        const pg_rows found,
        pg_ask(session, fmt::format("SELECT pg_catalog.to_regclass({}) IS NULL", quoted_literal(pg_table_name(table))),
               address));
    if (found[0][0] == "t")
      return fail(error_kind::source, fmt::format("{}: there is no table {}", address.name(), pg_table_name(table)),
                  "the mapping names a table that is not there, or not in the search_path of the user");
  }
  // It came back between the two questions.
  return fail_transient(error_kind::source, address.name() + ": a table was made anew at this moment");
}

std::vector<std::string> root_names(const std::vector<pg_followed_table>& of) {
  std::vector<std::string> out;
  for (const pg_followed_table& table : of) out.push_back(table.root.name);
  return out;
}

std::string pg_stamps(const std::vector<pg_followed_table>& tables) {
  std::string out;
  for (const pg_followed_table& table : tables) {
    std::string all = table.root.stamp;
    for (const pg_relation& one : table.descendants) all += one.stamp;
    out += fmt::format("{:016x} {}\n", stable_hash64(all), table.root.name);
  }
  return out;
}

std::vector<follow_obstacle> pg_follow_obstacles(const std::vector<pg_followed_table>& tables, capture_kind capture) {
  std::vector<follow_obstacle> out;
  for (const pg_followed_table& table : tables) add_obstacles(table, capture, out);
  return out;
}

result<void> pg_refuse_obstacles(const std::vector<follow_obstacle>& obstacles, const pg_address& address) {
  if (obstacles.empty()) return {};
  std::string all;
  for (const follow_obstacle& one : obstacles) all += (all.empty() ? "" : "; ") + one.message;
  return fail(error_kind::source, fmt::format("{}: {}", address.name(), all), obstacles.front().hint);
}

}  // namespace sql2ldap::sql::detail
