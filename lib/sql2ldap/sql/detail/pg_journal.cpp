#include <sql2ldap/sql/detail/pg_journal.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/journal_row.hpp>
#include <sql2ldap/sql/detail/pg_bell.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_setup.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* lead_name = "journal";
constexpr auto look_every = milliseconds(1000);  // a notification may be lost with a connection
constexpr auto look_again = milliseconds(20);    // rows are there, but an open transaction may still write before them
constexpr const char* row_trigger = "sql2ldap_row";
constexpr const char* truncate_trigger = "sql2ldap_truncate";

// One transaction has one xid, and all with a smaller one than the snapshot's xmin have ended: nobody comes late.
constexpr const char* install_sql[] = {
    make_schema_sql,
    "CREATE TABLE IF NOT EXISTS sql2ldap.changes (xid bigint NOT NULL DEFAULT pg_catalog.txid_current(), "
    "id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), "
    "table_schema text NOT NULL, table_name text NOT NULL, before jsonb, after jsonb, PRIMARY KEY (xid, id))",
    "CREATE TABLE IF NOT EXISTS sql2ldap.progress (confirmed bigint NOT NULL)",
    "INSERT INTO sql2ldap.progress SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM sql2ldap.progress)",
    // With the rights of its owner, since whoever may change the tables must not need rights here.
    "CREATE OR REPLACE FUNCTION sql2ldap.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
    // A row of a partition is one of the whole table, which is what the mapping names.
    "SET search_path = pg_catalog, pg_temp AS $$ DECLARE whole regclass := pg_catalog.pg_partition_root(TG_RELID); "
    "in_schema text := TG_TABLE_SCHEMA; in_table text := TG_TABLE_NAME; BEGIN "
    "IF whole IS NOT NULL THEN SELECT n.nspname, c.relname INTO in_schema, in_table FROM pg_catalog.pg_class c JOIN "
    "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = whole; END IF; "
    "INSERT INTO sql2ldap.changes (table_schema, table_name, before, after) VALUES (in_schema, in_table, "
    "CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN pg_catalog.to_jsonb(OLD) END, "
    "CASE WHEN TG_OP IN ('INSERT', 'UPDATE') THEN pg_catalog.to_jsonb(NEW) END); "
    "PERFORM pg_catalog.pg_notify('sql2ldap', ''); RETURN NULL; END $$",
};

class pg_journal_feed final : public model::feed {
 public:
  pg_journal_feed(pg_handle connection, pg_address address, model::catalog tables, std::uint64_t from)
      : connection_(std::move(connection)), address_(std::move(address)), tables_(std::move(tables)), read_(from) {}

  [[nodiscard]] result<std::optional<model::committed>> next(milliseconds patience) override {
    const auto until = clock::now() + patience;
    while (true) {
      if (ready_.empty()) S2L_TRY(read());
      if (!ready_.empty()) {
        model::committed first = std::move(ready_.front());
        ready_.pop_front();
        return first;
      }
      if (clock::now() >= until) return std::nullopt;
      S2L_TRY(pg_wait_for_bell(connection_.get(), std::min(until, clock::now() + (waiting_ ? look_again : look_every)),
                               address_));
    }
  }

  [[nodiscard]] result<void> confirm(std::uint64_t position) override {
    S2L_TRY(
        pg_run(connection_.get(),
               fmt::format("DELETE FROM sql2ldap.changes WHERE xid <= {0}; UPDATE sql2ldap.progress SET confirmed = "
                           "{0} WHERE confirmed < {0}",
                           position),
               address_));
    return {};
  }

 private:
  result<void> read() {
    S2L_TRY_ASSIGN(
        const pg_rows rows,
        pg_ask(connection_.get(),
               fmt::format(
                   "WITH horizon AS (SELECT pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) AS "
                   "oldest) SELECT xid, (pg_catalog.date_part('epoch', at) * 1000000)::bigint, table_schema, "
                   "table_name, before, after, xid < oldest FROM sql2ldap.changes, horizon WHERE xid > {} ORDER BY "
                   "xid, id LIMIT {}",
                   read_, limits::journal_rows_at_once + 1),
               address_));
    // Of a transaction that goes on behind the last row that was read, only a part is here.
    const bool more = rows.size() > limits::journal_rows_at_once;
    const std::string cut = more && rows.front()[0] != rows.back()[0] ? rows.back()[0] : "";
    waiting_ = false;
    for (const auto& row : rows) {
      if (row[6] != "t") {
        waiting_ = true;
        break;
      }
      if (row[0] == cut) break;
      take(row);
    }
    if (more && cut.empty() && !ready_.empty()) {
      ready_.front().everything = true;
      ready_.front().rows.clear();
    }
    return {};
  }
  void take(const std::vector<std::string>& row) {
    const std::uint64_t position = pg_number(row[0]);
    if (ready_.empty() || ready_.back().position != position) {
      model::committed one;
      one.position = position;
      one.time = std::chrono::system_clock::time_point(std::chrono::microseconds(pg_number(row[1])));
      ready_.push_back(std::move(one));
      read_ = position;
    }
    model::committed& one = ready_.back();
    if (row[4].empty() && row[5].empty()) one.everything = true;  // TRUNCATE
    const model::table_info* table = tables_.find(row[2], row[3]);
    if (!one.everything)
      for (model::row_image& image : journal_rows(row[2], row[3], table, row[4], row[5]))
        one.rows.push_back(std::move(image));
    if (one.everything) one.rows.clear();
  }
  pg_handle connection_;
  pg_address address_;
  model::catalog tables_;
  std::uint64_t read_;  // all up to this transaction was taken
  bool waiting_ = false;
  std::deque<model::committed> ready_;
};

class pg_journal final : public model::capture {
 public:
  pg_journal(std::string url, pg_address address, std::vector<model::table_ref> tables)
      : url_(std::move(url)), address_(std::move(address)), tables_(each_once(std::move(tables))) {}

  [[nodiscard]] result<model::collected> look() override {
    model::collected out;
    S2L_TRY_ASSIGN(const bool alone, lead_.take(lead_name, address_));
    if (!alone) {
      out.now = model::collected::state::taken;
      return out;
    }
    PGconn* connection = lead_.connection();
    S2L_TRY_ASSIGN(
        const pg_rows server,
        pg_ask(connection,
               "SELECT (pg_catalog.pg_control_system()).system_identifier, pg_catalog.to_regclass("
               "'sql2ldap.changes')::oid, pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) - 1, "
               "(pg_catalog.pg_control_checkpoint()).timeline_id",
               address_));
    out.end = pg_number(server[0][2]);
    if (server[0][1].empty()) return out;
    // A replica that is promoted gives the numbers of transactions again that it has not seen.
    out.history = fmt::format("system {} timeline {} journal {}", server[0][0], server[0][3], server[0][1]);
    S2L_TRY_ASSIGN(const pg_rows kept, pg_ask(connection,
                                              "SELECT (SELECT max(confirmed) FROM sql2ldap.progress), "
                                              "pg_catalog.pg_total_relation_size('sql2ldap.changes')",
                                              address_));
    out.confirmed = pg_number(kept[0][0]);
    out.retained_bytes = pg_number(kept[0][1]);
    for (const model::table_ref& table : tables_) {
      S2L_TRY_ASSIGN(const pg_rows triggers,
                     pg_ask(connection,
                            fmt::format("SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = {}::regclass AND "
                                        "tgname IN ('{}', '{}') AND tgenabled = 'A'",
                                        quoted_literal(pg_table_name(table)), row_trigger, truncate_trigger),
                            address_));
      if (triggers[0][0] == "2") continue;
      out.now = model::collected::state::broken;
      out.reason = fmt::format("the triggers of table {} are missing or disabled", table.table);
      return out;
    }
    out.now = model::collected::state::ready;
    return out;
  }

  [[nodiscard]] result<void> begin() override {
    S2L_TRY_ASSIGN(const auto statements, pg_journal_install(url_, tables_));
    return pg_run_all(url_, statements);
  }

  [[nodiscard]] result<std::unique_ptr<model::feed>> follow(std::uint64_t from) override {
    S2L_TRY_ASSIGN(const auto source, open_source(url_));
    S2L_TRY_ASSIGN(model::catalog tables, source->describe());
    S2L_TRY_ASSIGN(pg_handle connection, pg_connect_to_write(address_));
    S2L_TRY(pg_listen(connection.get(), address_));
    return std::unique_ptr<model::feed>(
        std::make_unique<pg_journal_feed>(std::move(connection), address_, std::move(tables), from));
  }

 private:
  std::string url_;
  pg_address address_;
  std::vector<model::table_ref> tables_;
  pg_lead lead_;
};

}  // namespace

result<std::vector<std::string>> pg_journal_install(std::string_view, const std::vector<model::table_ref>& tables) {
  std::vector<std::string> out(std::begin(install_sql), std::end(install_sql));
  for (const model::table_ref& table : each_once(tables)) {
    const std::string name = pg_table_name(table);
    for (const char* trigger : {row_trigger, truncate_trigger})
      out.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", trigger, name));
    out.push_back(
        fmt::format("CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION "
                    "sql2ldap.note_change()",
                    row_trigger, name));
    out.push_back(
        fmt::format("CREATE TRIGGER {} AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION "
                    "sql2ldap.note_change()",
                    truncate_trigger, name));
    // Also for rows that replication brings.
    for (const char* trigger : {row_trigger, truncate_trigger})
      out.push_back(fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", name, trigger));
  }
  return out;
}

result<std::vector<std::string>> pg_journal_remove(std::string_view url) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(url));
  S2L_TRY_ASSIGN(const pg_handle connection, pg_connect(address));
  return pg_drop_sql(connection.get(), address, {row_trigger, truncate_trigger}, {"note_change"},
                     {"changes", "progress"});
}

result<std::unique_ptr<model::capture>> open_pg_journal(std::string_view url,
                                                        const std::vector<model::table_ref>& tables) {
  S2L_TRY_ASSIGN(pg_address address, pg_address::parse(url));
  return std::make_unique<pg_journal>(std::string(url), std::move(address), tables);
}

}  // namespace sql2ldap::sql::detail
