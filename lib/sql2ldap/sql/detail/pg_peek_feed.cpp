#include <sql2ldap/sql/detail/pg_peek_feed.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/sql/detail/pg_bell.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

using std::chrono::milliseconds;

// Never back: the slot may be further already, and would refuse.
std::string advance_sql(const std::string& slot, std::uint64_t position) {
  return fmt::format(
      "SELECT pg_catalog.pg_replication_slot_advance({0}, GREATEST('{1}'::pg_lsn, (SELECT confirmed_flush_lsn FROM "
      "pg_catalog.pg_replication_slots WHERE slot_name = {0})))",
      quoted_literal(slot), pg_position_text(position));
}

}  // namespace

pg_peek_feed::pg_peek_feed(pg_handle session, pg_address address, wal_options options, std::uint64_t from,
                           pg_stream_facts facts)
    : session_(std::move(session)),
      address_(std::move(address)),
      options_(std::move(options)),
      transactions_(from, std::move(facts)),
      told_(from),
      confirmed_(from),
      forgotten_(from) {}

result<std::unique_ptr<model::feed>> pg_peek_feed::open(pg_handle session, const pg_address& address,
                                                        const wal_options& options, std::uint64_t from) {
  S2L_TRY(pg_listen(session.get(), address));
  // This also says at once what is wrong with the slot. 0/0 is no place: that would be said instead.
  const std::string sql = advance_sql(options.slot, std::max<std::uint64_t>(from, 1));
  std::string sqlstate;
  if (auto moved = pg_exec(session.get(), sql, address, address.timeout(), &sqlstate); !moved) {
    error what = std::move(moved).error().within("following the slot " + options.slot);
    if (sqlstate == "42501") what.hint = may_not_replicate_hint;
    return tl::make_unexpected(std::move(what));
  }
  S2L_TRY_ASSIGN(pg_stream_facts facts, pg_stream_facts_of(session.get(), address, options.tables));
  return std::unique_ptr<model::feed>(new pg_peek_feed(std::move(session), address, options, from, std::move(facts)));
}

result<std::optional<model::committed>> pg_peek_feed::next(milliseconds patience) {
  const auto until = clock::now() + patience;
  while (true) {
    auto done = complete_ ? result<void>() : read();
    if (!done) return tl::make_unexpected(std::move(done).error().within("following the changes"));
    if (complete_) {
      auto visible = horizon_.shows(complete_->id, session_.get(), address_);
      if (!visible) return tl::make_unexpected(std::move(visible).error().within("following the changes"));
      if (*visible) {
        told_ = complete_->what.position;
        return std::exchange(complete_, std::nullopt)->what;
      }
    }
    const auto now = clock::now();
    if (now >= until) return nothing_up_to();
    auto rang =
        pg_wait_for_bell(session_.get(), std::min(until, complete_ ? now + pg_horizon::again : peek_at_), address_);
    if (!rang) return tl::make_unexpected(std::move(rang).error().within("following the changes"));
    if (*rang) peek_at_ = now;
  }
}

// As the stream does.
std::optional<model::committed> pg_peek_feed::nothing_up_to() {
  const auto now = clock::now();
  if (open_ || complete_ || passed_ <= told_ || now < tell_passed_at_) return std::nullopt;
  tell_passed_at_ = now + std::chrono::seconds(limits::feed_status_seconds);
  told_ = passed_;
  return nothing_changed_up_to(told_);
}

result<void> pg_peek_feed::confirm(std::uint64_t position) {
  confirmed_ = std::max(confirmed_, position);
  return forget();
}

result<void> pg_peek_feed::read() {
  if (!open_ && clock::now() >= peek_at_) S2L_TRY(peek());
  while (open_ && !complete_) {
    if (row_ < PQntuples(batch_.get()))
      S2L_TRY(take_row());
    else if (row_ == limits::peek_rows_at_once)
      S2L_TRY(fetch(""));
    else
      S2L_TRY(end_of_peek());
  }
  return {};
}

result<void> pg_peek_feed::peek() {
  // A commit that nobody waits to see on disk rings before it is there: the next peek finds it.
  peek_at_ = clock::now() + options_.peek_every;
  S2L_TRY_ASSIGN(const pg_rows end,
                 pg_ask(session_.get(), "SELECT pg_catalog.pg_current_wal_flush_lsn() - '0/0'::pg_lsn", address_));
  flushed_ = pg_number(end[0][0]);
  if (flushed_ <= passed_) return {};
  transactions_.known_is(told_);
  read_ = 0;
  brought_ = false;
  S2L_TRY(pg_exec(session_.get(), pg_begin_sql(session_.get(), "READ WRITE"), address_));
  // WITH HOLD: the server keeps the messages outside of any transaction, which would hold back vacuum, and the bell.
  return fetch(fmt::format(
      "DECLARE sql2ldap_changes BINARY CURSOR WITH HOLD FOR SELECT data FROM "
      "pg_catalog.pg_logical_slot_peek_binary_changes({}, NULL, {}, 'proto_version', '1', "
      "'publication_names', {}); COMMIT; ",
      quoted_literal(options_.slot), changes_max_, quoted_literal(quoted_identifier(options_.publication))));
}

result<void> pg_peek_feed::fetch(const std::string& before) {
  const std::string sql = before + fmt::format("FETCH {} FROM sql2ldap_changes", limits::peek_rows_at_once);
  S2L_TRY_ASSIGN(batch_, pg_exec(session_.get(), sql, address_));
  open_ = true;
  row_ = 0;
  return {};
}

result<void> pg_peek_feed::take_row() {
  const std::string_view message(PQgetvalue(batch_.get(), row_, 0),
                                 static_cast<std::size_t>(PQgetlength(batch_.get(), row_, 0)));
  ++row_;
  ++read_;
  S2L_TRY_ASSIGN(complete_, transactions_.take(message));
  brought_ = brought_ || complete_.has_value();
  return {};
}

result<void> pg_peek_feed::end_of_peek() {
  open_ = false;
  batch_.reset();
  S2L_TRY(pg_run(session_.get(), "CLOSE sql2ldap_changes", address_));
  if (read_ < changes_max_) {
    passed_ = std::max({passed_, flushed_, transactions_.ended()});
    changes_max_ = limits::peek_changes_at_once;
  } else {
    // There is more behind. When all of this waits for confirmation, a longer look will reach it.
    passed_ = std::max(passed_, transactions_.ended());
    if (!brought_) changes_max_ = std::min(changes_max_ * 2, limits::peek_changes_max);
    peek_at_ = clock::now();
  }
  return forget();
}

result<void> pg_peek_feed::forget() {
  if (confirmed_ <= forgotten_) return {};
  S2L_TRY(pg_run(session_.get(), advance_sql(options_.slot, confirmed_), address_));
  forgotten_ = confirmed_;
  return {};
}

}  // namespace sql2ldap::sql::detail
