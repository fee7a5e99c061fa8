#include <sql2ldap/sql/detail/pg_capture.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_feed.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

class pg_capture final : public model::capture {
 public:
  pg_capture(pg_address address, wal_options options) : address_(std::move(address)), options_(std::move(options)) {}

  [[nodiscard]] result<model::collected> look() override {
    S2L_TRY_ASSIGN(const bool alone, lead_.take("slot " + options_.slot, address_));
    if (!alone) {
      model::collected out;
      out.now = model::collected::state::taken;
      return out;
    }
    PGconn* connection = lead_.connection();
    // By way of JSON, since not every version has all of these columns.
    S2L_TRY_ASSIGN(
        const pg_rows slot,
        pg_ask(
            connection,
            "SELECT plugin, database = pg_catalog.current_database(), pg_catalog.to_jsonb(s) ->> 'wal_status', "
            "pg_catalog.to_jsonb(s) ->> 'invalidation_reason', confirmed_flush_lsn - '0/0'::pg_lsn, "
            "pg_catalog.pg_current_wal_lsn() - restart_lsn FROM pg_catalog.pg_replication_slots s WHERE slot_name = " +
                quoted_literal(options_.slot),
            address_));
    S2L_TRY_ASSIGN(const pg_rows server, pg_ask(connection,
                                                "SELECT (pg_catalog.pg_control_system()).system_identifier, "
                                                "(pg_catalog.pg_control_checkpoint()).timeline_id, "
                                                "pg_catalog.pg_current_wal_lsn() - '0/0'::pg_lsn",
                                                address_));
    model::collected out;
    out.history = fmt::format("system {} timeline {} slot {}", server[0][0], server[0][1], options_.slot);
    out.end = pg_number(server[0][2]);
    if (slot.empty()) return out;
    const std::vector<std::string>& s = slot[0];
    out.confirmed = pg_number(s[4]);
    out.retained_bytes = pg_number(s[5]);
    out.now = model::collected::state::broken;
    S2L_TRY_ASSIGN(const std::string unpublished, missing_tables(connection));
    if (s[0] != "pgoutput" || s[1] != "t")
      out.reason = fmt::format("the slot {} is of another use: plugin {}{}", options_.slot, s[0],
                               s[1] == "t" ? "" : ", another database");
    else if (s[2] == "lost" || !s[3].empty())
      out.reason = fmt::format("the server has removed what the slot {} still needed (wal_status {}{}{})",
                               options_.slot, s[2], s[3].empty() ? "" : ", ", s[3]);
    else if (!unpublished.empty())
      out.reason = fmt::format("the publication {} does not have {}", options_.publication, unpublished);
    else
      out.now = model::collected::state::ready;
    return out;
  }

  [[nodiscard]] result<void> begin() override {
    S2L_TRY_ASSIGN(const pg_handle connection, pg_connect(address_));
    S2L_TRY_ASSIGN(const pg_rows level,
                   pg_ask(connection.get(), "SELECT pg_catalog.current_setting('wal_level')", address_));
    if (level[0][0] != "logical")
      return fail(error_kind::source,
                  fmt::format("{}: wal_level is {}, which tells no changes", address_.name(), level[0][0]),
                  "ALTER SYSTEM SET wal_level = 'logical' and restart the server, or use --capture journal");
    S2L_TRY(run(connection.get(), "SET default_transaction_read_only = off"));
    // The slot first: where it is in use, nothing may be changed. It comes back after the publication, which it
    // must find at every position that it tells from.
    const std::string slot = quoted_literal(options_.slot);
    S2L_TRY(run(connection.get(),
                "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots "
                "WHERE slot_name = " +
                    slot));
    S2L_TRY(set_identities(connection.get()));
    S2L_TRY(publish(connection.get()));
    return run(connection.get(), "SELECT pg_catalog.pg_create_logical_replication_slot(" + slot + ", 'pgoutput')");
  }

  [[nodiscard]] result<std::unique_ptr<model::feed>> follow(std::uint64_t from) override {
    return pg_feed::open(address_, options_, from);
  }

 private:
  result<void> run(PGconn* connection, const std::string& sql) const {
    auto done = pg_run(connection, sql, address_);
    if (!done) return tl::make_unexpected(std::move(done).error().within("setting up the capture of changes"));
    return {};
  }

  [[nodiscard]] std::string table_name(const model::table_ref& table) const {
    return (table.schema.empty() ? "" : quoted_identifier(table.schema) + ".") + quoted_identifier(table.table);
  }
  // Each once, as the server names them; an error when one is not there.
  result<std::set<std::string>> wanted_tables(PGconn* connection) const {
    std::set<std::string> out;
    for (const model::table_ref& table : options_.tables) {
      S2L_TRY_ASSIGN(
          const pg_rows found,
          pg_ask(connection,
                 "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind IN ('r', 'p') FROM "
                 "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " +
                     quoted_literal(table_name(table)) + "::regclass",
                 address_));
      if (found[0][1] != "t")
        return fail(error_kind::source, fmt::format("{} is not a table: nobody tells its changes", found[0][0]),
                    "let the mapping read the tables behind it");
      out.insert(found[0][0]);
    }
    return out;
  }
  // Of those that are wanted, as text for people; "" = none.
  result<std::string> missing_tables(PGconn* connection) const {
    S2L_TRY_ASSIGN(std::set<std::string> wanted, wanted_tables(connection));
    S2L_TRY_ASSIGN(const pg_rows published, pg_ask(connection,
                                                   "SELECT pg_catalog.format('%I.%I', schemaname, tablename) FROM "
                                                   "pg_catalog.pg_publication_tables WHERE pubname = " +
                                                       quoted_literal(options_.publication),
                                                   address_));
    for (const auto& row : published) wanted.erase(row[0]);
    return fmt::format("{}", fmt::join(wanted, ", "));
  }
  result<void> set_identities(PGconn* connection) const {
    for (const model::table_ref& table : options_.tables) {
      const std::string name = table_name(table);
      S2L_TRY_ASSIGN(
          const pg_rows found,
          pg_ask(connection,
                 fmt::format("SELECT c.relreplident = 'f', c.relreplident IN ('d', 'i') AND EXISTS (SELECT 1 FROM "
                             "pg_catalog.pg_index i WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' "
                             "THEN i.indisprimary ELSE i.indisreplident END) FROM pg_catalog.pg_class c WHERE "
                             "c.oid = {}::regclass",
                             quoted_literal(name)),
                 address_));
      const bool is_full = found[0][0] == "t";
      const bool has_key = found[0][1] == "t";
      const bool wants_more = std::any_of(options_.old_rows.begin(), options_.old_rows.end(), [&](const auto& one) {
        return one.schema == table.schema && one.table == table.table;
      });
      if (is_full || (has_key && !wants_more)) continue;
      auto set = run(connection, fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL", name));
      // With a key alone all is right, only slower: `check` says so.
      if (!set && !has_key)
        return tl::make_unexpected(std::move(set).error().with_hint(
            fmt::format("its owner must give it a primary key, or run ALTER TABLE {} REPLICA IDENTITY FULL", name)));
    }
    return {};
  }
  result<void> publish(PGconn* connection) const {
    S2L_TRY_ASSIGN(const std::string missing, missing_tables(connection));
    if (missing.empty()) return {};
    S2L_TRY_ASSIGN(const std::set<std::string> wanted, wanted_tables(connection));
    S2L_TRY_ASSIGN(const pg_rows there, pg_ask(connection,
                                               "SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = " +
                                                   quoted_literal(options_.publication),
                                               address_));
    const std::string name = quoted_identifier(options_.publication);
    if (there.empty())
      return run(connection, fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish_via_partition_root = true)",
                                         name, fmt::join(wanted, ", ")));
    return run(connection, fmt::format("ALTER PUBLICATION {} ADD TABLE {}", name, missing));
  }

  pg_address address_;
  wal_options options_;
  pg_lead lead_;
};

}  // namespace

result<std::unique_ptr<model::capture>> open_pg_capture(std::string_view url, const wal_options& options) {
  S2L_TRY_ASSIGN(pg_address address, pg_address::parse(url));
  return std::make_unique<pg_capture>(std::move(address), options);
}

}  // namespace sql2ldap::sql::detail
