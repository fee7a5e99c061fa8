#include <sql2ldap/sql/detail/pg_publication.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/sql/detail/pg_bell.hpp>
#include <sql2ldap/sql/detail/pg_relations.hpp>
#include <sql2ldap/sql/detail/pg_setup.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

constexpr const char* bell_trigger = "sql2ldap_bell";
constexpr const char* bell_function = "ring_bell";
constexpr const char* memory_table = "replica_identities";
constexpr const char* make_memory_sql =
    "CREATE TABLE IF NOT EXISTS sql2ldap.replica_identities (name regclass PRIMARY KEY, before \"char\" NOT NULL, "
    "index regclass)";
constexpr const char* publication_mark = "'made by sql2ldap'";  // its comment, an SQL literal
constexpr const char* owner_hint = "the owner of the tables may run what `sql2ldap capture install --print` shows";

// No row is written there before it is known to be ours alone.
std::vector<std::string> memory_sql() {
  std::vector<std::string> out(std::begin(make_schema_sql), std::end(make_schema_sql));
  out.push_back(pg_guard_sql({}));
  out.emplace_back(make_memory_sql);
  out.push_back(pg_columns_guard_sql(memory_table, "name regclass, before \"char\", index regclass"));
  return out;
}

// An update or delete in this relation can be published. `is_part`: of a partitioned table, whose description stands
// for all of its partitions in the log: they must have the key of the whole table, or be reported as a whole.
bool is_identified(const pg_relation& one, bool is_part) {
  if (one.identity == 'f') return true;
  if (one.identity == 'd') return one.has_primary_key;
  return one.identity == 'i' && one.has_identity_index && !is_part;
}

struct identity_wanted {
  std::vector<std::string> statements;
  bool is_identified = false;  // without it the server would refuse the application's updates
};

identity_wanted full_identity(const pg_relation& one, bool is_part) {
  return {{fmt::format("INSERT INTO sql2ldap.replica_identities SELECT c.oid, c.relreplident, (SELECT indexrelid FROM "
                       "pg_catalog.pg_index WHERE indrelid = c.oid AND indisreplident) FROM pg_catalog.pg_class c "
                       "WHERE c.oid = {}::regclass ON CONFLICT (name) DO UPDATE SET before = excluded.before, index = "
                       "excluded.index",
                       quoted_literal(one.name)),
           fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL", one.name)},
          is_identified(one, is_part)};
}

// Of the tables, and of each partition: the server looks at the identity of the partition that a row is in.
std::vector<identity_wanted> identities_wanted(const std::vector<pg_followed_table>& tables,
                                               const std::vector<pg_followed_table>& old_rows) {
  std::vector<identity_wanted> out;
  for (const pg_followed_table& table : tables) {
    const bool wants_more =
        std::any_of(old_rows.begin(), old_rows.end(), [&](const auto& one) { return one.root.oid == table.root.oid; });
    const bool is_part = table.root.is_partitioned();
    const auto add = [&](const pg_relation& one) {
      if (!is_identified(one, is_part) || (wants_more && one.identity != 'f'))
        out.push_back(full_identity(one, is_part));
    };
    add(table.root);
    for (const pg_relation& one : table.descendants) add(one);
  }
  return out;
}

// A table that the mapping names twice comes once.
result<std::vector<pg_followed_table>> tables_to_follow(PGconn* session, const pg_address& address,
                                                        const wal_options& options) {
  S2L_TRY_ASSIGN(std::vector<pg_followed_table> out, pg_followed_tables(session, address, options.tables));
  std::set<std::string> seen;
  std::erase_if(out, [&](const pg_followed_table& one) { return !seen.insert(one.root.oid).second; });
  S2L_TRY(pg_refuse_obstacles(pg_follow_obstacles(out, capture_kind::wal), address));
  return out;
}

struct publication {
  bool there = false;
  bool ours = false;
  std::string missing;  // tables that are followed and that it does not have, as they stand in SQL
  std::string hidden;   // what it does not tell of those that it has, for people
};

result<publication> look_at_publication(PGconn* session, const pg_address& address, const wal_options& options,
                                        const std::vector<pg_followed_table>& tables) {
  publication out;
  const std::string name = quoted_literal(options.publication);
  S2L_TRY_ASSIGN(
      const pg_rows found,
      pg_ask(
          session,
          fmt::format("SELECT pg_catalog.obj_description(oid, 'pg_publication') = {}, pg_catalog.concat_ws(', ', CASE "
                      "WHEN NOT pubinsert THEN 'inserts' END, CASE WHEN NOT pubupdate THEN 'updates' END, CASE WHEN "
                      "NOT pubdelete THEN 'deletes' END, CASE WHEN NOT pubtruncate THEN 'TRUNCATE' END) FROM "
                      "pg_catalog.pg_publication WHERE pubname = {}",
                      publication_mark, name),
          address));
  if (!found.empty()) {
    out.there = true;
    out.ours = found[0][0] == "t";
    out.hidden = found[0][1];
  }
  std::set<std::string> wanted;
  for (const pg_followed_table& table : tables) wanted.insert(table.root.name);
  // By way of JSON, since row filters and column lists came with PostgreSQL 15.
  S2L_TRY_ASSIGN(
      const pg_rows published,
      pg_ask(session,
             fmt::format("SELECT pg_catalog.format('%I.%I', t.schemaname, t.tablename), EXISTS (SELECT 1 FROM "
                         "pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = "
                         "r.prpubid WHERE p.pubname = t.pubname AND r.prrelid = pg_catalog.format('%I.%I', "
                         "t.schemaname, t.tablename)::regclass AND COALESCE("
                         "pg_catalog.to_jsonb(r) ->> 'prqual', pg_catalog.to_jsonb(r) ->> 'prattrs') IS "
                         "NOT NULL) FROM pg_catalog.pg_publication_tables t WHERE t.pubname = {}",
                         name),
             address));
  for (const auto& row : published)
    if (wanted.erase(row[0]) != 0 && row[1] == "t")
      out.hidden += (out.hidden.empty() ? "" : ", ") + ("some rows or columns of " + row[0]);
  out.missing = fmt::format("{}", fmt::join(wanted, ", "));
  return out;
}

std::string what_is_lacking(const publication& seen, const std::string& name) {
  if (!seen.missing.empty()) return fmt::format("the publication {} does not have {}", name, seen.missing);
  if (!seen.hidden.empty()) return fmt::format("the publication {} does not tell {}", name, seen.hidden);
  return "";
}

// None = it is as it should be. What others have made is not changed.
result<std::vector<std::string>> publication_sql(PGconn* session, const pg_address& address, const wal_options& options,
                                                 const std::vector<pg_followed_table>& tables) {
  S2L_TRY_ASSIGN(const publication seen, look_at_publication(session, address, options, tables));
  const std::string lacking = what_is_lacking(seen, options.publication);
  if (lacking.empty()) return std::vector<std::string>();
  const std::string name = quoted_identifier(options.publication);
  if (!seen.there)
    return std::vector<std::string>{
        fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish_via_partition_root = true)", name, seen.missing),
        fmt::format("COMMENT ON PUBLICATION {} IS {}", name, publication_mark)};
  if (seen.ours && seen.hidden.empty())
    return std::vector<std::string>{fmt::format("ALTER PUBLICATION {} ADD TABLE {}", name, seen.missing)};
  return fail(error_kind::source, fmt::format("{}: {}", address.name(), lacking),
              seen.ours ? "it was changed since sql2ldap made it: drop it, it is made again"
                        : "it is not ours to change: let its owner add that, or name another with --publication");
}

std::string our_slot(const wal_options& options) {
  return fmt::format(
      "FROM pg_catalog.pg_replication_slots WHERE slot_name = {} AND plugin = 'pgoutput' AND "
      "database = pg_catalog.current_database()",
      quoted_literal(options.slot));
}

}  // namespace

std::string pg_drop_slot_sql(const wal_options& options) {
  return fmt::format("SELECT pg_catalog.pg_drop_replication_slot(slot_name) {}", our_slot(options));
}

std::string pg_slot_lead(const wal_options& options) { return "slot " + options.slot; }

result<pg_published> pg_look_at_published(PGconn* session, const pg_address& address, const wal_options& options) {
  S2L_TRY_ASSIGN(const auto tables, pg_followed_tables(session, address, options.tables));
  pg_published out;
  out.stamps = pg_stamps(tables);
  const auto obstacles = pg_follow_obstacles(tables, capture_kind::wal);
  if (!obstacles.empty()) {
    out.lacking = obstacles.front().message;
    return out;
  }
  S2L_TRY_ASSIGN(const publication seen, look_at_publication(session, address, options, tables));
  out.lacking = what_is_lacking(seen, options.publication);
  for (const identity_wanted& one : identities_wanted(tables, {}))
    if (out.lacking.empty())
      out.lacking = fmt::format("a table or partition has no replica identity that tells its rows ({} is to be done)",
                                one.statements.back());
  return out;
}

namespace {

// `before` goes before each: a setting of its transaction.
result<void> set_identities(PGconn* session, const pg_address& address, const std::vector<identity_wanted>& wanted,
                            const std::string& before = "") {
  for (const identity_wanted& one : wanted) {
    // One message of several statements is one transaction: what is not remembered is not changed.
    auto set = pg_run(session,
                      fmt::format("{}{}; {}; {}", before, fmt::join(memory_sql(), "; "), pg_guard_sql({}),
                                  fmt::join(one.statements, "; ")),
                      address);
    // With a key alone all is right, only slower: `check` says so.
    if (!set && !one.is_identified) return tl::make_unexpected(std::move(set).error().with_hint(owner_hint));
  }
  return {};
}

}  // namespace

result<void> pg_publish(PGconn* session, const pg_address& address, const wal_options& options) {
  S2L_TRY_ASSIGN(const auto tables, tables_to_follow(session, address, options));
  S2L_TRY_ASSIGN(const auto old_rows, pg_followed_tables(session, address, options.old_rows));
  S2L_TRY(set_identities(session, address, identities_wanted(tables, old_rows)));
  S2L_TRY_ASSIGN(const std::vector<std::string> publication, publication_sql(session, address, options, tables));
  if (publication.empty()) return {};
  auto published = pg_run(session, fmt::format("{}", fmt::join(publication, "; ")), address);
  if (!published) return tl::make_unexpected(std::move(published).error().with_hint(owner_hint));
  return {};
}

result<void> pg_complete_identities(PGconn* session, const pg_address& address, const wal_options& options) {
  S2L_TRY_ASSIGN(const auto tables, tables_to_follow(session, address, options));
  S2L_TRY_ASSIGN(const auto old_rows, pg_followed_tables(session, address, options.old_rows));
  // Those who use the table wait behind us for its lock, and it can be done the next time.
  return set_identities(session, address, identities_wanted(tables, old_rows), "SET LOCAL lock_timeout = '1s'; ");
}

result<void> pg_check_publishable(PGconn* session, const pg_address& address, const wal_options& options) {
  S2L_TRY_ASSIGN(const auto tables, pg_followed_tables(session, address, options.tables));
  const auto obstacles = pg_follow_obstacles(tables, capture_kind::wal);
  if (obstacles.empty()) return {};
  S2L_TRY_ASSIGN(const publication seen, look_at_publication(session, address, options, {}));
  if (seen.ours)
    S2L_TRY(pg_run(session, "DROP PUBLICATION IF EXISTS " + quoted_identifier(options.publication), address));
  return pg_refuse_obstacles(obstacles, address);
}

result<std::vector<std::string>> pg_wal_install(const location& at, const wal_options& options) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(at));
  S2L_TRY_ASSIGN(const pg_handle session, pg_connect(address));
  S2L_TRY_ASSIGN(const auto tables, tables_to_follow(session.get(), address, options));
  std::vector<std::string> out = {pg_lock_sql(root_names(tables))};
  for (std::string& sql : memory_sql()) out.push_back(std::move(sql));
  for (std::string& sql : pg_revoke_sql()) out.push_back(std::move(sql));
  out.push_back(pg_guard_sql({bell_trigger}));
  S2L_TRY_ASSIGN(const auto old_rows, pg_followed_tables(session.get(), address, options.old_rows));
  for (const identity_wanted& one : identities_wanted(tables, old_rows))
    out.insert(out.end(), one.statements.begin(), one.statements.end());
  S2L_TRY_ASSIGN(const auto publication, publication_sql(session.get(), address, options, tables));
  out.insert(out.end(), publication.begin(), publication.end());
  // The server tells equal notifications of one transaction once.
  out.push_back(
      fmt::format("CREATE OR REPLACE FUNCTION sql2ldap.{}() RETURNS trigger LANGUAGE plpgsql SET search_path = "
                  "pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.pg_notify('{}', ''); RETURN NULL; END $$",
                  bell_function, bell_channel));
  for (const pg_followed_table& table : tables) {
    const std::string& name = table.root.name;
    out.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", bell_trigger, name));
    out.push_back(
        fmt::format("CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT EXECUTE "
                    "FUNCTION sql2ldap.{}()",
                    bell_trigger, name, bell_function));
    // Also for rows that replication brings.
    out.push_back(fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", name, bell_trigger));
  }
  return out;
}

result<removal> pg_wal_remove(const location& at, const wal_options& options) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(at));
  pg_lead lead;
  S2L_TRY_ASSIGN(const bool alone, lead.take(pg_slot_lead(options), address));
  if (!alone)
    return fail(error_kind::source, fmt::format("the slot {} is in use by sql2ldap-syncd", options.slot),
                "stop it first");
  PGconn* session = lead.connection();
  removal out;
  S2L_TRY_ASSIGN(const pg_rows memory,
                 pg_ask(session,
                        "SELECT oid FROM pg_catalog.pg_class WHERE oid = "
                        "pg_catalog.to_regclass('sql2ldap.replica_identities') AND relowner = (SELECT oid FROM "
                        "pg_catalog.pg_roles WHERE rolname = current_user)",
                        address));
  if (!memory.empty()) {
    // Only where it is still as we have set it; an index may be gone.
    S2L_TRY_ASSIGN(
        const pg_rows identities,
        pg_ask(session,
               "SELECT pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY %s', m.name, CASE WHEN x.oid IS NOT NULL "
               "AND m.before = 'i' THEN pg_catalog.format('USING INDEX %I', x.relname) WHEN m.before = 'n' THEN "
               "'NOTHING' ELSE 'DEFAULT' END), m.name FROM sql2ldap.replica_identities m JOIN pg_catalog.pg_class c ON "
               "c.oid = "
               "m.name LEFT JOIN pg_catalog.pg_class x ON x.oid = m.index WHERE c.relreplident = 'f' ORDER BY 1",
               address));
    std::vector<std::string> altered;
    for (const auto& row : identities) altered.push_back(row[1]);
    if (!altered.empty()) out.statements.push_back(pg_lock_sql(altered));
    for (const auto& row : identities) out.statements.push_back(row[0]);
  }
  S2L_TRY_ASSIGN(const publication seen, look_at_publication(session, address, options, {}));
  if (seen.ours) out.statements.push_back("DROP PUBLICATION " + quoted_identifier(options.publication));
  S2L_TRY_ASSIGN(removal things, pg_drop_sql(session, address, {{bell_trigger}, {bell_function}, {memory_table}}));
  // All locks come before anything is changed.
  const bool locks = !things.statements.empty() && things.statements.front().find("LOCK TABLE") != std::string::npos;
  if (locks) out.statements.insert(out.statements.begin(), things.statements.front());
  std::move(things.statements.begin() + (locks ? 1 : 0), things.statements.end(), std::back_inserter(out.statements));
  out.left = std::move(things.left);
  // Last, for no rollback brings it back.
  S2L_TRY_ASSIGN(const pg_rows slots, pg_ask(session, "SELECT 1 " + our_slot(options), address));
  if (!slots.empty()) out.statements.push_back(pg_drop_slot_sql(options));
  return out;
}

}  // namespace sql2ldap::sql::detail
