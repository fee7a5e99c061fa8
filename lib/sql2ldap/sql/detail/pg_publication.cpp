#include <sql2ldap/sql/detail/pg_publication.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/sql/detail/pg_bell.hpp>
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
constexpr const char* owner_hint = "the owner of the tables may run what `sql2ldap capture install --print` shows";

// Each once, as the server names them; an error when one is not there.
result<std::set<std::string>> wanted_tables(PGconn* session, const pg_address& address, const wal_options& options) {
  std::set<std::string> out;
  for (const model::table_ref& table : options.tables) {
    S2L_TRY_ASSIGN(
        const pg_rows found,
        pg_ask(session,
               "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind IN ('r', 'p') FROM "
               "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " +
                   quoted_literal(pg_table_name(table)) + "::regclass",
               address));
    if (found[0][1] != "t")
      return fail(error_kind::source, fmt::format("{} is not a table: nobody tells its changes", found[0][0]),
                  "let the mapping read the tables behind it");
    out.insert(found[0][0]);
  }
  return out;
}

struct identity_wanted {
  std::vector<std::string> statements;
  bool has_key = false;  // without it the server would refuse the application's updates
};

// Of the tables whose old rows are not told as they should be.
result<std::vector<identity_wanted>> identities_wanted(PGconn* session, const pg_address& address,
                                                       const wal_options& options) {
  std::vector<identity_wanted> out;
  for (const model::table_ref& table : each_once(options.tables)) {
    const std::string name = pg_table_name(table);
    const std::string literal = quoted_literal(name);
    S2L_TRY_ASSIGN(
        const pg_rows found,
        pg_ask(session,
               fmt::format("SELECT c.relreplident = 'f', c.relreplident IN ('d', 'i') AND EXISTS (SELECT 1 FROM "
                           "pg_catalog.pg_index i WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' "
                           "THEN i.indisprimary ELSE i.indisreplident END) FROM pg_catalog.pg_class c WHERE "
                           "c.oid = {}::regclass",
                           literal),
               address));
    const bool is_full = found[0][0] == "t";
    const bool has_key = found[0][1] == "t";
    const bool wants_more = std::any_of(options.old_rows.begin(), options.old_rows.end(), [&](const auto& one) {
      return one.schema == table.schema && one.table == table.table;
    });
    if (is_full || (has_key && !wants_more)) continue;
    out.push_back(
        {{fmt::format("INSERT INTO sql2ldap.replica_identities SELECT c.oid, c.relreplident, (SELECT indexrelid FROM "
                      "pg_catalog.pg_index WHERE indrelid = c.oid AND indisreplident) FROM pg_catalog.pg_class c WHERE "
                      "c.oid = {}::regclass ON CONFLICT (name) DO UPDATE SET before = excluded.before, index = "
                      "excluded.index",
                      literal),
          fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL", name)},
         has_key});
  }
  return out;
}

// "" = it is as it should be.
result<std::string> publication_sql(PGconn* session, const pg_address& address, const wal_options& options) {
  S2L_TRY_ASSIGN(const std::string missing, pg_unpublished(session, address, options));
  if (missing.empty()) return "";
  S2L_TRY_ASSIGN(
      const pg_rows there,
      pg_ask(session, "SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = " + quoted_literal(options.publication),
             address));
  const std::string name = quoted_identifier(options.publication);
  if (!there.empty()) return fmt::format("ALTER PUBLICATION {} ADD TABLE {}", name, missing);
  return fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish_via_partition_root = true)", name, missing);
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

result<std::string> pg_unpublished(PGconn* session, const pg_address& address, const wal_options& options) {
  S2L_TRY_ASSIGN(std::set<std::string> wanted, wanted_tables(session, address, options));
  S2L_TRY_ASSIGN(const pg_rows published, pg_ask(session,
                                                 "SELECT pg_catalog.format('%I.%I', schemaname, tablename) FROM "
                                                 "pg_catalog.pg_publication_tables WHERE pubname = " +
                                                     quoted_literal(options.publication),
                                                 address));
  for (const auto& row : published) wanted.erase(row[0]);
  return fmt::format("{}", fmt::join(wanted, ", "));
}

result<void> pg_publish(PGconn* session, const pg_address& address, const wal_options& options) {
  S2L_TRY_ASSIGN(const auto wanted, identities_wanted(session, address, options));
  for (const identity_wanted& one : wanted) {
    // One message of several statements is one transaction: what is not remembered is not changed.
    auto set = pg_run(
        session, fmt::format("{}; {}; {}", make_schema_sql, make_memory_sql, fmt::join(one.statements, "; ")), address);
    // With a key alone all is right, only slower: `check` says so.
    if (!set && !one.has_key) return tl::make_unexpected(std::move(set).error().with_hint(owner_hint));
  }
  S2L_TRY_ASSIGN(const std::string publication, publication_sql(session, address, options));
  if (publication.empty()) return {};
  auto published = pg_run(session, publication, address);
  if (!published) return tl::make_unexpected(std::move(published).error().with_hint(owner_hint));
  return {};
}

result<std::vector<std::string>> pg_wal_install(std::string_view url, const wal_options& options) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(url));
  S2L_TRY_ASSIGN(const pg_handle session, pg_connect(address));
  std::vector<std::string> out{make_schema_sql, make_memory_sql};
  S2L_TRY_ASSIGN(const auto wanted, identities_wanted(session.get(), address, options));
  for (const identity_wanted& one : wanted) out.insert(out.end(), one.statements.begin(), one.statements.end());
  S2L_TRY_ASSIGN(std::string publication, publication_sql(session.get(), address, options));
  if (!publication.empty()) out.push_back(std::move(publication));
  // The server tells equal notifications of one transaction once.
  out.push_back(
      fmt::format("CREATE OR REPLACE FUNCTION sql2ldap.{}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                  "PERFORM pg_catalog.pg_notify('{}', ''); RETURN NULL; END $$",
                  bell_function, bell_channel));
  for (const model::table_ref& table : each_once(options.tables)) {
    const std::string name = pg_table_name(table);
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

result<std::vector<std::string>> pg_wal_remove(std::string_view url, const wal_options& options) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(url));
  pg_lead lead;
  S2L_TRY_ASSIGN(const bool alone, lead.take(pg_slot_lead(options), address));
  if (!alone)
    return fail(error_kind::source, fmt::format("the slot {} is in use by sql2ldap-syncd", options.slot),
                "stop it first");
  PGconn* session = lead.connection();
  std::vector<std::string> out;
  S2L_TRY_ASSIGN(const pg_rows memory,
                 pg_ask(session, "SELECT pg_catalog.to_regclass('sql2ldap.replica_identities')", address));
  if (!memory[0][0].empty()) {
    // Only where it is still as we have set it; an index may be gone.
    S2L_TRY_ASSIGN(
        const pg_rows identities,
        pg_ask(session,
               "SELECT pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY %s', m.name, CASE WHEN x.oid IS NOT NULL "
               "AND m.before = 'i' THEN pg_catalog.format('USING INDEX %I', x.relname) WHEN m.before = 'n' THEN "
               "'NOTHING' ELSE 'DEFAULT' END) FROM sql2ldap.replica_identities m JOIN pg_catalog.pg_class c ON c.oid = "
               "m.name LEFT JOIN pg_catalog.pg_class x ON x.oid = m.index WHERE c.relreplident = 'f' ORDER BY 1",
               address));
    for (const auto& row : identities) out.push_back(row[0]);
  }
  S2L_TRY_ASSIGN(
      const pg_rows publication,
      pg_ask(session, "SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = " + quoted_literal(options.publication),
             address));
  if (!publication.empty()) out.push_back("DROP PUBLICATION " + quoted_identifier(options.publication));
  S2L_TRY_ASSIGN(const auto things, pg_drop_sql(session, address, {bell_trigger}, {bell_function}, {memory_table}));
  out.insert(out.end(), things.begin(), things.end());
  // Last, for no rollback brings it back.
  S2L_TRY_ASSIGN(const pg_rows slots, pg_ask(session, "SELECT 1 " + our_slot(options), address));
  if (!slots.empty()) out.push_back(pg_drop_slot_sql(options));
  return out;
}

}  // namespace sql2ldap::sql::detail
