#include <sql2ldap/sql/detail/pg_journal.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/journal_row.hpp>
#include <sql2ldap/sql/detail/pg_bell.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_relations.hpp>
#include <sql2ldap/sql/detail/pg_setup.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/limits.hpp>

namespace sql2ldap::sql::detail {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* lead_name = "journal";
constexpr auto look_every = milliseconds(1000);  // a notification may be lost with a connection
constexpr auto look_again = milliseconds(20);    // rows are there, but an open transaction may still write before them
constexpr const char* row_trigger = "sql2ldap_row";
constexpr const char* truncate_trigger = "sql2ldap_truncate";
constexpr const char* sequences[] = {"changes_id", "room", "lost"};

constexpr const char* columns =
    "xid bigint, id bigint, at timestamp with time zone, table_schema text, table_name text, before jsonb, after "
    "jsonb, "
    "changed jsonb";
// Three sequences, since these are no part of a transaction: also one with an old snapshot sees what they are.
//   changes_id  numbers the changes, also those that find no room
//   room        its value is the last number that is noted; we move it on when we have confirmed
//   lost        has been called when a change found no room, until begin()
constexpr const char* overflowed_sql =
    "(SELECT is_called FROM sql2ldap.lost) OR (SELECT last_value FROM sql2ldap.changes_id) > (SELECT last_value FROM "
    "sql2ldap.room)";

// Arguments of a trigger: the columns whose values are noted, and those whose changes matter; both in JSON. They are
// names alone, so that the application may drop or rename its columns: what is not there is not known.
// to_jsonb() of a row calls casts that the owner of a type has made, here with our rights, and fails where JSON has no
// form of a value. So it is for rows of plain types; of others each value is read by concat(), which calls the output
// function of its type alone, and takes four times as long.
constexpr const char* note_change_body = R"(DECLARE
  whole regclass := pg_partition_root(TG_RELID);
  in_schema text := TG_TABLE_SCHEMA;
  in_table text := TG_TABLE_NAME;
  plain boolean := NOT EXISTS (SELECT FROM pg_attribute
    WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped AND atttypid NOT IN ('bool'::regtype,
      'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype, 'numeric'::regtype,
      'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'date'::regtype, 'time'::regtype, 'timestamp'::regtype,
      'timestamptz'::regtype, 'uuid'::regtype, 'inet'::regtype, 'cidr'::regtype));
  question text;
  old_row jsonb;
  new_row jsonb;
  changed jsonb;
  number bigint;
BEGIN
  IF plain THEN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN old_row := to_jsonb(OLD); END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN new_row := to_jsonb(NEW); END IF;
  END IF;
  IF TG_OP = 'UPDATE' AND plain THEN
    SELECT jsonb_agg(c) INTO changed FROM jsonb_array_elements_text(TG_ARGV[1]::jsonb) AS c
      WHERE NOT old_row ? c OR (old_row -> c)::text IS DISTINCT FROM (new_row -> c)::text;
  ELSIF TG_OP = 'UPDATE' THEN
    SELECT 'SELECT jsonb_agg(c) FROM (VALUES ' || string_agg(format('(%L, %s)', c,
        CASE WHEN a.attname IS NULL THEN 'true' ELSE format('(num_nulls(($1).%1$I), concat(($1).%1$I)) '
          'IS DISTINCT FROM (num_nulls(($2).%1$I), concat(($2).%1$I))', c) END), ', ')
        || ') AS v (c, differs) WHERE differs' INTO question
      FROM jsonb_array_elements_text(TG_ARGV[1]::jsonb) AS c
      LEFT JOIN pg_attribute a ON a.attrelid = TG_RELID AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped;
    IF question IS NOT NULL THEN EXECUTE question INTO changed USING OLD, NEW; END IF;
  END IF;
  IF TG_OP = 'UPDATE' AND changed IS NULL THEN RETURN NULL; END IF;
  PERFORM pg_notify('sql2ldap', '');
  number := nextval('sql2ldap.changes_id');
  IF number > (SELECT last_value FROM sql2ldap.room) THEN
    PERFORM nextval('sql2ldap.lost');
    RETURN NULL;
  END IF;
  -- A row of a partition is one of the whole table, which is what the mapping names.
  IF whole IS NOT NULL THEN
    SELECT n.nspname, c.relname INTO in_schema, in_table
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = whole;
  END IF;
  IF NOT plain AND TG_LEVEL = 'ROW' THEN
    SELECT 'SELECT jsonb_object_agg(c, v) FROM (VALUES ' || string_agg(format('(%L, to_jsonb(%s))', c,
        CASE WHEN a.atttypid IN ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)
        THEN format('($1).%I', c) ELSE format('CASE WHEN num_nulls(($1).%1$I) = 0 THEN concat(($1).%1$I) END', c)
        END), ', ') || ') AS k (c, v)' INTO question
      FROM jsonb_array_elements_text(TG_ARGV[0]::jsonb) AS c
      JOIN pg_attribute a ON a.attrelid = TG_RELID AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped;
    question := COALESCE(question, 'SELECT ''{}''::jsonb');
    IF TG_OP <> 'INSERT' THEN EXECUTE question INTO old_row USING OLD; END IF;
    IF TG_OP <> 'DELETE' THEN EXECUTE question INTO new_row USING NEW; END IF;
  END IF;
  INSERT INTO sql2ldap.changes (xid, id, at, table_schema, table_name, before, after, changed)
    VALUES (txid_current(), number, clock_timestamp(), in_schema, in_table,
      CASE WHEN old_row IS NOT NULL THEN (SELECT COALESCE(jsonb_object_agg(c, old_row -> c), '{}')
        FROM jsonb_array_elements_text(TG_ARGV[0]::jsonb) AS c WHERE old_row ? c) END,
      CASE WHEN new_row IS NOT NULL THEN (SELECT COALESCE(jsonb_object_agg(c, new_row -> c), '{}')
        FROM jsonb_array_elements_text(TG_ARGV[0]::jsonb) AS c WHERE new_row ? c) END, changed);
  RETURN NULL;
END)";

// What an earlier version has left held whole rows, with hashes in them. Its table goes; another one is another
// history, so that everything is compared.
constexpr const char* drop_earlier_sql =
    "DO $sql2ldap$ BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid OPERATOR(pg_catalog.=) "
    "pg_catalog.to_regclass('sql2ldap.changes') AND attname OPERATOR(pg_catalog.=) 'id' AND attidentity "
    "OPERATOR(pg_catalog.<>) '') THEN DROP TABLE sql2ldap.changes; END IF; END $sql2ldap$";

// `unless_there`: the room is not moved under a daemon that follows.
std::string make_room_sql(const char* after, bool unless_there = false) {
  return fmt::format("SELECT pg_catalog.setval('sql2ldap.room', {} + {}){}", after, limits::journal_rows_max,
                     unless_there ? " FROM sql2ldap.room WHERE NOT is_called" : "");
}

std::vector<std::string> things_sql() {
  std::vector<std::string> out(std::begin(make_schema_sql), std::end(make_schema_sql));
  out.push_back(pg_guard_sql({row_trigger, truncate_trigger}));
  out.emplace_back(drop_earlier_sql);
  // One transaction has one xid, and all with a smaller one than the snapshot's xmin have ended: nobody comes late.
  out.emplace_back(
      "CREATE TABLE IF NOT EXISTS sql2ldap.changes (xid bigint NOT NULL, id bigint NOT NULL, at timestamptz NOT NULL, "
      "table_schema text NOT NULL, table_name text NOT NULL, before jsonb, after jsonb, changed jsonb, PRIMARY KEY "
      "(xid, id))");
  out.emplace_back("CREATE TABLE IF NOT EXISTS sql2ldap.progress (confirmed bigint NOT NULL)");
  for (const char* sequence : sequences)
    out.push_back(fmt::format("CREATE SEQUENCE IF NOT EXISTS sql2ldap.{}", sequence));
  // With the rights of its owner, since whoever may change the tables must not need rights here.
  out.push_back(
      fmt::format("CREATE OR REPLACE FUNCTION sql2ldap.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
                  "SET search_path = pg_catalog, pg_temp SET extra_float_digits = 3 AS {}",
                  quoted_literal(note_change_body)));
  for (std::string& sql : pg_revoke_sql()) out.push_back(std::move(sql));
  out.push_back(pg_guard_sql({row_trigger, truncate_trigger}));
  out.push_back(pg_columns_guard_sql("changes", columns));
  out.push_back(pg_columns_guard_sql("progress", "confirmed bigint"));
  out.emplace_back("INSERT INTO sql2ldap.progress SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM sql2ldap.progress)");
  out.push_back(make_room_sql("(SELECT last_value FROM sql2ldap.changes_id)", true));
  return out;
}

std::string json_of(const std::set<std::string>& names) { return nlohmann::json(names).dump(); }

std::string arguments_of(const noted_table& table) {
  return fmt::format("{}, {}", quoted_literal(json_of(table.keys)), quoted_literal(json_of(table.read)));
}

std::vector<noted_table> each_table_once(std::vector<noted_table> tables) {
  const auto name = [](const noted_table& t) { return std::pair(t.table.schema, t.table.table); };
  std::sort(tables.begin(), tables.end(), [&](const auto& a, const auto& b) { return name(a) < name(b); });
  tables.erase(
      std::unique(tables.begin(), tables.end(), [&](const auto& a, const auto& b) { return name(a) == name(b); }),
      tables.end());
  return tables;
}

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
                           "{0} WHERE confirmed < {0}; {1}",
                           position,
                           make_room_sql("COALESCE((SELECT id FROM sql2ldap.changes ORDER BY xid, id LIMIT 1), (SELECT "
                                         "last_value FROM sql2ldap.changes_id))")),
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
                   "oldest, {} AS overflowed) SELECT xid, (pg_catalog.date_part('epoch', at) * 1000000)::bigint, "
                   "table_schema, table_name, before, after, xid < oldest, changed, overflowed FROM horizon LEFT JOIN "
                   "(SELECT * FROM sql2ldap.changes WHERE xid > {} ORDER BY xid, id LIMIT {}) c ON true ORDER BY xid, "
                   "id",
                   overflowed_sql, read_, limits::journal_rows_at_once + 1),
               address_));
    // look() says what it means, and begin() mends it.
    if (rows.at(0)[8] == "t") return fail_transient(error_kind::source, address_.name() + ": " + overflowed_text());
    if (rows[0][0].empty()) return {};
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
      for (model::row_image& image : journal_rows(row[2], row[3], table, row[4], row[5], row[7]))
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
  pg_journal(location at, pg_address address, std::vector<noted_table> tables)
      : at_(std::move(at)), address_(std::move(address)), tables_(each_table_once(std::move(tables))) {}

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
               fmt::format("SELECT (pg_catalog.pg_control_system()).system_identifier, pg_catalog.to_regclass("
                           "'sql2ldap.changes')::oid, "
                           "pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) - 1, "
                           "(pg_catalog.pg_control_checkpoint()).timeline_id, pg_catalog.to_regclass('sql2ldap.lost') "
                           "IS NOT NULL AND EXISTS (SELECT 1 FROM pg_catalog.pg_proc WHERE oid = "
                           "pg_catalog.to_regproc('sql2ldap.note_change') AND prosrc = {})",
                           quoted_literal(note_change_body)),
               address_));
    out.end = pg_number(server[0][2]);
    S2L_TRY_ASSIGN(const auto followed, pg_followed_tables(connection, address_, names_of(tables_)));
    out.tables = pg_stamps(followed);
    if (server[0][1].empty()) return out;
    // A replica that is promoted gives the numbers of transactions again that it has not seen.
    out.history = fmt::format("system {} timeline {} journal {}", server[0][0], server[0][3], server[0][1]);
    out.now = model::collected::state::broken;
    if (server[0][4] != "t") {
      out.reason = "what notes the changes was made by another version";
      return out;
    }
    S2L_TRY_ASSIGN(const pg_rows kept, pg_ask(connection,
                                              fmt::format("SELECT (SELECT max(confirmed) FROM sql2ldap.progress), "
                                                          "pg_catalog.pg_total_relation_size('sql2ldap.changes'), {}",
                                                          overflowed_sql),
                                              address_));
    out.confirmed = pg_number(kept[0][0]);
    out.retained_bytes = pg_number(kept[0][1]);
    S2L_TRY_ASSIGN(out.reason, lacking(connection, followed));
    if (out.reason.empty() && kept[0][2] == "t") out.reason = overflowed_text();
    if (out.reason.empty()) out.now = model::collected::state::ready;
    return out;
  }

  [[nodiscard]] result<void> begin() override {
    S2L_TRY_ASSIGN(const model::collected seen, look());
    if (seen.now == model::collected::state::taken)
      return fail_transient(error_kind::source, address_.name() + ": another sql2ldap-syncd is at work");
    const bool is_made = seen.now == model::collected::state::ready || seen.reason == overflowed_text();
    if (!is_made) {
      S2L_TRY_ASSIGN(const auto statements, pg_journal_install(at_, tables_));
      S2L_TRY(pg_run_all(at_, statements));
    }
    return forget_all();
  }

  [[nodiscard]] result<std::unique_ptr<model::feed>> follow(std::uint64_t from) override {
    S2L_TRY_ASSIGN(const auto source, open_source(at_));
    S2L_TRY_ASSIGN(model::catalog tables, source->describe());
    S2L_TRY_ASSIGN(pg_handle connection, pg_connect_session(address_, "following the changes"));
    S2L_TRY(pg_listen(connection.get(), address_));
    return std::unique_ptr<model::feed>(
        std::make_unique<pg_journal_feed>(std::move(connection), address_, std::move(tables), from));
  }

 private:
  // Why not all changes are written down; "" = they are. A partition has a trigger of its own, which may be disabled.
  result<std::string> lacking(PGconn* connection, const std::vector<pg_followed_table>& followed) const {
    const auto obstacles = pg_follow_obstacles(followed, capture_kind::triggers);
    if (!obstacles.empty()) return obstacles.front().message;
    S2L_TRY_ASSIGN(const std::vector<noted_table> without, without_triggers(connection));
    if (!without.empty())
      return fmt::format("the triggers of table {} are missing, disabled, or note other columns",
                         without.front().table.table);
    for (const pg_followed_table& table : followed)
      for (const pg_relation& one : table.descendants) {
        S2L_TRY_ASSIGN(
            const pg_rows triggers,
            pg_ask(connection,
                   fmt::format("SELECT 1 FROM pg_catalog.pg_trigger WHERE tgrelid = {} AND tgname = '{}' AND "
                               "tgenabled = 'A'",
                               one.oid, row_trigger),
                   address_));
        if (triggers.empty()) return fmt::format("the trigger of partition {} is missing or disabled", one.name);
      }
    return std::string();
  }

  // Of those that are followed.
  result<std::vector<noted_table>> without_triggers(PGconn* connection) const {
    std::vector<noted_table> out;
    for (const noted_table& table : tables_) {
      const auto argument = [](const std::set<std::string>& names) {
        return fmt::format("pg_catalog.convert_to({}, pg_catalog.getdatabaseencoding()) || '\\x00'::bytea",
                           quoted_literal(json_of(names)));
      };
      S2L_TRY_ASSIGN(
          const pg_rows triggers,
          pg_ask(connection,
                 fmt::format("SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = {}::regclass AND tgname IN "
                             "('{}', '{}') AND tgenabled = 'A' AND tgfoid = 'sql2ldap.note_change'::regproc AND "
                             "tgargs = {} || {}",
                             quoted_literal(pg_table_name(table.table)), row_trigger, truncate_trigger,
                             argument(table.keys), argument(table.read)),
                 address_));
      if (triggers[0][0] != "2") out.push_back(table);
    }
    return out;
  }

  // Those that found no room are forgotten only when none of them can be under way any more: each transaction that has
  // seen too little room is older than the one that makes it.
  result<void> forget_all() {
    PGconn* connection = lead_.connection();
    S2L_TRY(pg_run(connection,
                   "DELETE FROM sql2ldap.changes; " + make_room_sql("(SELECT last_value FROM sql2ldap.changes_id)"),
                   address_));
    S2L_TRY_ASSIGN(
        const pg_rows next,
        pg_ask(connection, "SELECT pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())", address_));
    const auto until = clock::now() + std::chrono::seconds(limits::slot_creation_seconds_max);
    while (true) {
      S2L_TRY_ASSIGN(
          const pg_rows oldest,
          pg_ask(connection, "SELECT pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot())", address_));
      if (pg_number(oldest[0][0]) >= pg_number(next[0][0])) break;
      if (clock::now() >= until)
        return fail_transient(error_kind::source,
                              address_.name() + ": a transaction that has written goes on for minutes",
                              "see pg_stat_activity for the oldest backend_xid");
      std::this_thread::sleep_for(look_again);
    }
    S2L_TRY(pg_run(connection, "SELECT pg_catalog.setval('sql2ldap.lost', 1, false)", address_));
    S2L_TRY_ASSIGN(const pg_rows again, pg_ask(connection, std::string("SELECT ") + overflowed_sql, address_));
    if (again[0][0] == "t") return fail_transient(error_kind::source, address_.name() + ": " + overflowed_text());
    return {};
  }

  location at_;
  pg_address address_;
  std::vector<noted_table> tables_;
  pg_lead lead_;
};

}  // namespace

result<std::vector<std::string>> pg_journal_install(const location& at, const std::vector<noted_table>& tables) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(at));
  S2L_TRY_ASSIGN(const pg_handle session, pg_connect(address));
  S2L_TRY_ASSIGN(const auto followed, pg_followed_tables(session.get(), address, names_of(tables)));
  S2L_TRY(pg_refuse_obstacles(pg_follow_obstacles(followed, capture_kind::triggers), address));
  std::vector<std::string> out = {pg_lock_sql(root_names(followed))};
  for (std::string& sql : things_sql()) out.push_back(std::move(sql));
  const std::vector<noted_table> each = each_table_once(tables);
  for (std::size_t place = 0; place < each.size(); ++place) {  // both are in the same order
    const pg_followed_table& table = followed[place];
    const std::string& name = table.root.name;
    const std::string arguments = arguments_of(each[place]);
    for (const char* trigger : {row_trigger, truncate_trigger})
      out.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", trigger, name));
    out.push_back(
        fmt::format("CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION "
                    "sql2ldap.note_change({})",
                    row_trigger, name, arguments));
    out.push_back(
        fmt::format("CREATE TRIGGER {} AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION "
                    "sql2ldap.note_change({})",
                    truncate_trigger, name, arguments));
    // Also for rows that replication brings. Not every version hands it down to partitions.
    const auto enable = [&](const std::string& table_name, const char* trigger) {
      out.push_back(fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", table_name, trigger));
    };
    for (const char* trigger : {row_trigger, truncate_trigger}) enable(name, trigger);
    for (const pg_relation& one : table.descendants) enable(one.name, row_trigger);
  }
  return out;
}

result<removal> pg_journal_remove(const location& at) {
  S2L_TRY_ASSIGN(const pg_address address, pg_address::parse(at));
  S2L_TRY_ASSIGN(const pg_handle connection, pg_connect(address));
  return pg_drop_sql(connection.get(), address,
                     {{row_trigger, truncate_trigger},
                      {"note_change"},
                      {"changes", "progress"},
                      std::vector<std::string>(std::begin(sequences), std::end(sequences))});
}

result<std::unique_ptr<model::capture>> open_pg_journal(const location& at, const std::vector<noted_table>& tables) {
  S2L_TRY_ASSIGN(pg_address address, pg_address::parse(at));
  return std::make_unique<pg_journal>(at, std::move(address), tables);
}

}  // namespace sql2ldap::sql::detail
