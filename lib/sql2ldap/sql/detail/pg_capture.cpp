#include <sql2ldap/sql/detail/pg_capture.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_peek_feed.hpp>
#include <sql2ldap/sql/detail/pg_publication.hpp>
#include <sql2ldap/sql/detail/pg_setup.hpp>
#include <sql2ldap/sql/detail/pg_stream_feed.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

constexpr const char* setting_up = "setting up the capture of changes";
constexpr std::chrono::seconds silence_after_bound{30};  // for the server to say that its bound is over

// An ordinary connection was accepted a moment before.
bool is_about_replication(std::string_view sqlstate) {
  return sqlstate == "28000"      // by pg_hba.conf, or by what stands for it at a hoster
         || sqlstate == "53300"   // no walsender is free, or max_wal_senders is 0
         || sqlstate == "08P01"   // PgBouncer: a start-up parameter that it does not know
         || sqlstate == "0A000";  // other poolers
}

class pg_capture final : public model::capture {
 public:
  pg_capture(pg_address address, wal_options options) : address_(std::move(address)), options_(std::move(options)) {}

  [[nodiscard]] result<model::collected> look() override {
    S2L_TRY_ASSIGN(const bool alone, lead_.take(pg_slot_lead(options_), address_));
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
    S2L_TRY_ASSIGN(const pg_published published, pg_look_at_published(connection, address_, options_));
    out.tables = published.stamps;
    if (slot.empty()) return out;
    const std::vector<std::string>& s = slot[0];
    out.confirmed = pg_number(s[4]);
    out.retained_bytes = pg_number(s[5]);
    if (s[0] != "pgoutput" || s[1] != "t")
      return fail(
          error_kind::source,
          fmt::format("{}: the slot {} is somebody else's: {}{}", address_.name(), options_.slot,
                      s[0].empty() ? "physical" : "plugin " + s[0], s[1] == "t" ? "" : ", not of this database"),
          "another --slot, or drop this one when nobody needs it");
    out.now = model::collected::state::broken;
    if (s[2] == "lost" || !s[3].empty())
      out.reason = fmt::format("the server has removed what the slot {} still needed (wal_status {}{}{})",
                               options_.slot, s[2], s[3].empty() ? "" : ", ", s[3]);
    else if (!published.lacking.empty())
      out.reason = published.lacking;
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
    if (auto can_be = pg_check_publishable(connection.get(), address_, options_); !can_be)
      return tl::make_unexpected(std::move(can_be).error().within(setting_up));
    // The slot first: where it is in use, nothing may be changed. It comes back after the publication, which it
    // must find at every position that it tells from.
    S2L_TRY(run(connection.get(), pg_drop_slot_sql(options_)));
    if (auto done = pg_publish(connection.get(), address_, options_); !done)
      return tl::make_unexpected(std::move(done).error().within(setting_up));
    // Waits for all transactions that have written; systemd would not wait for ever either.
    return create_slot(connection.get());
  }

  [[nodiscard]] result<std::unique_ptr<model::feed>> follow(std::uint64_t from) override {
    S2L_TRY(complete_identities());
    S2L_TRY_ASSIGN(pg_handle session, pg_connect_session(address_, "following the changes"));
    std::string sqlstate;
    auto stream = pg_connect(address_, pg_use::replication, &sqlstate);
    if (stream) {
      tell(way::stream, "");
      return pg_stream_feed::open(*std::move(stream), std::move(session), address_, options_, from);
    }
    if (sqlstate == "42501") return tl::make_unexpected(std::move(stream).error().with_hint(may_not_replicate_hint));
    if (!is_about_replication(sqlstate)) return tl::make_unexpected(std::move(stream).error());
    S2L_TRY_ASSIGN(auto feed, pg_peek_feed::open(std::move(session), address_, options_, from));
    tell(way::functions, stream.error().message);
    return feed;
  }

 private:
  result<void> complete_identities() const {
    S2L_TRY_ASSIGN(const pg_handle connection, pg_connect(address_));
    return pg_complete_identities(connection.get(), address_, options_);
  }

  enum class way { stream, functions };

  // Once, not at each connection.
  void tell(way now, const std::string& refusal) {
    if (std::exchange(way_, now) == now) return;
    if (now == way::stream)
      log::event(log::level::info, "SOURCE_WAL_BY_STREAM", "the server takes replication connections again");
    else
      log::event(log::level::warning, "SOURCE_WAL_BY_FUNCTIONS",
                 "the changes are read by SQL functions, since a replication connection is refused (" + refusal +
                     "): let --source name the server itself, not a pooler, give it a max_wal_senders above 0, and "
                     "let pg_hba.conf accept the user there");
  }

  // The server says nothing until the last of those transactions has ended, or its own bound is over.
  result<void> create_slot(PGconn* connection) const {
    constexpr std::chrono::seconds bound{limits::slot_creation_seconds_max};
    const auto patience = address_.timeout().count() == 0
                              ? address_.timeout()
                              : std::max<std::chrono::milliseconds>(address_.timeout(), bound + silence_after_bound);
    auto made = pg_exec(
        connection,
        fmt::format("{}; SET LOCAL statement_timeout = '{}s'", pg_begin_sql(connection, "READ WRITE"), bound.count()),
        address_);
    // In a message of its own: before version 13 the time-out of a message is the one at its begin.
    if (made)
      made = pg_exec(connection,
                     fmt::format("SELECT pg_catalog.pg_create_logical_replication_slot({}, 'pgoutput'); COMMIT",
                                 quoted_literal(options_.slot)),
                     address_, patience);
    if (!made) return tl::make_unexpected(std::move(made).error().within(setting_up));
    return {};
  }

  result<void> run(PGconn* connection, const std::string& sql) const {
    auto done = pg_run(connection, sql, address_);
    if (!done) return tl::make_unexpected(std::move(done).error().within(setting_up));
    return {};
  }

  pg_address address_;
  wal_options options_;
  pg_lead lead_;
  way way_ = way::stream;
};

}  // namespace

result<std::unique_ptr<model::capture>> open_pg_capture(const location& at, const wal_options& options) {
  S2L_TRY_ASSIGN(pg_address address, pg_address::parse(at));
  return std::make_unique<pg_capture>(std::move(address), options);
}

}  // namespace sql2ldap::sql::detail
