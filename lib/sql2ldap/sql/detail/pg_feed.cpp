#include <sql2ldap/sql/detail/pg_feed.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <poll.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sql/detail/pg_values.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

namespace pgoutput = codec::pgoutput;
using std::chrono::milliseconds;

constexpr std::size_t data_header_bytes = 1 + 8 + 8 + 8;  // 'w', start, end, time
constexpr std::size_t keepalive_bytes = 1 + 8 + 8 + 1;    // 'k', end, time, answer wanted
constexpr std::int64_t seconds_1970_to_2000 = 946'684'800;

struct free_message {
  void operator()(char* bytes) const noexcept { PQfreemem(bytes); }
};

void put_u64(std::string& out, std::uint64_t n) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(n >> static_cast<unsigned>(shift) & 0xffU);
}

std::uint64_t microseconds_since_2000() {
  using namespace std::chrono;
  const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  return static_cast<std::uint64_t>(now - seconds_1970_to_2000 * 1'000'000);
}

constexpr auto visibility_poll = milliseconds(1);  // until a commit that the log has told is seen by others

std::chrono::system_clock::time_point time_of(std::int64_t microseconds_since_2000) {
  using namespace std::chrono;
  return system_clock::time_point(
      duration_cast<system_clock::duration>(microseconds(microseconds_since_2000) + seconds(seconds_1970_to_2000)));
}

}  // namespace

pg_feed::pg_feed(pg_handle connection, pg_handle looker, pg_address address, std::uint64_t from)
    : connection_(std::move(connection)),
      looker_(std::move(looker)),
      address_(std::move(address)),
      told_(from),
      confirmed_(from),
      skip_until_(from),
      heard_(clock::now()),
      reported_(heard_) {}

result<std::unique_ptr<model::feed>> pg_feed::open(const pg_address& address, const wal_options& options,
                                                   std::uint64_t from) {
  S2L_TRY_ASSIGN(pg_handle connection, pg_connect(address, pg_use::replication));
  S2L_TRY_ASSIGN(pg_handle looker, pg_connect(address));
  const std::string sql = fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {})",
                                      quoted_identifier(options.slot), pg_position_text(from),
                                      quoted_literal(quoted_identifier(options.publication)));
  const pg_result reply(PQexec(connection.get(), sql.c_str()));
  if (PQresultStatus(reply.get()) != PGRES_COPY_BOTH)
    return tl::make_unexpected(
        pg_failure(connection.get(), reply.get(), address).within("following the slot " + options.slot));
  return std::unique_ptr<model::feed>(new pg_feed(std::move(connection), std::move(looker), address, from));
}

error pg_feed::ended() const {
  const pg_result reply(PQgetResult(connection_.get()));
  error what = pg_failure(connection_.get(), reply.get(), address_).within("following the changes");
  return what;
}

tl::unexpected<error> pg_feed::garbled(const char* what) const {
  return tl::make_unexpected(pg_error("08P01", what, address_).within("following the changes"));
}

result<std::optional<model::committed>> pg_feed::next(milliseconds patience) {
  const auto until = clock::now() + patience;
  while (true) {
    bool came = false;
    if (!complete_) {
      S2L_TRY_ASSIGN(came, receive());
    }
    if (complete_) {
      S2L_TRY_ASSIGN(const bool visible, is_visible(transaction_));
      if (visible) {
        told_ = complete_->position;
        return std::exchange(complete_, std::nullopt);
      }
    }
    if (came) continue;
    S2L_TRY(keep_in_touch());
    const auto now = clock::now();
    if (now >= until) return std::nullopt;
    S2L_TRY(wait(complete_ ? std::min(until, now + visibility_poll) : until));
  }
}

bool pg_feed::snapshot::shows(std::uint32_t transaction) const {
  const auto behind = static_cast<std::int32_t>(static_cast<std::uint32_t>(first_unused) - transaction);
  if (behind <= 0) return false;
  const std::uint64_t whole = first_unused - static_cast<std::uint64_t>(behind);
  return whole < oldest_running || std::find(running.begin(), running.end(), whole) == running.end();
}

result<bool> pg_feed::is_visible(std::uint32_t transaction) {
  // Who was seen once is seen for ever.
  if (seen_.shows(transaction)) return true;
  auto asked = pg_ask(looker_.get(), "SELECT pg_catalog.txid_current_snapshot()", address_);
  if (!asked) return tl::make_unexpected(std::move(asked).error().within("following the changes"));
  // "oldest running:first unused:running,running,..."
  const std::vector<std::string_view> parts = split((*asked)[0][0], ':');
  if (parts.size() != 3) return garbled("a snapshot that cannot be read");
  seen_ = {pg_number(std::string(parts[0])), pg_number(std::string(parts[1])), {}};
  for (const std::string_view one : split(parts[2], ',')) seen_.running.push_back(pg_number(std::string(one)));
  return seen_.shows(transaction);
}

result<void> pg_feed::confirm(std::uint64_t position) {
  confirmed_ = std::max(confirmed_, position);
  return send_status();
}

result<bool> pg_feed::receive() {
  char* bytes = nullptr;
  int length = PQgetCopyData(connection_.get(), &bytes, 1);
  if (length == 0) {
    // What is read here no poll() will announce: look again before waiting.
    if (PQconsumeInput(connection_.get()) == 0) return tl::make_unexpected(ended());
    length = PQgetCopyData(connection_.get(), &bytes, 1);
    if (length == 0) return false;
  }
  if (length < 0) return tl::make_unexpected(ended());
  const std::unique_ptr<char, free_message> owner(bytes);
  heard_ = clock::now();
  asked_ = false;
  S2L_TRY(take({bytes, static_cast<std::size_t>(length)}));
  return true;
}

result<void> pg_feed::take(std::string_view message) {
  if (message.starts_with('w') && message.size() >= data_header_bytes) {
    received_ = std::max(received_, read_u64(message.data() + 1));
    return take_change(message.substr(data_header_bytes));
  }
  if (!message.starts_with('k') || message.size() < keepalive_bytes)
    return garbled("a message that the replication protocol does not have");
  const std::uint64_t end = read_u64(message.data() + 1);
  received_ = std::max(received_, end);
  // Nothing of ours lies before this place and all that was told is confirmed: let the server forget
  // it, or quiet tables would keep the log of busy ones.
  if (!in_transaction_ && !complete_ && told_ <= confirmed_) confirmed_ = std::max(confirmed_, end);
  if (message[keepalive_bytes - 1] != 0) return send_status();
  return {};
}

result<void> pg_feed::take_change(std::string_view bytes) {
  auto parsed = pgoutput::parse(bytes);
  if (!parsed) return tl::make_unexpected(std::move(parsed).error().within("following the changes"));
  return std::visit(overloaded{[&](const pgoutput::begin& b) -> result<void> {
                                 open_ = {};
                                 open_.time = time_of(b.commit_time_us);
                                 transaction_ = b.xid;
                                 in_transaction_ = true;
                                 return {};
                               },
                               [&](const pgoutput::commit& c) -> result<void> {
                                 in_transaction_ = false;
                                 open_.position = c.end_lsn;
                                 const bool changed = open_.everything || !open_.rows.empty();
                                 if (changed && c.end_lsn > skip_until_) complete_ = std::move(open_);
                                 open_ = {};
                                 return {};
                               },
                               [&](pgoutput::relation& r) -> result<void> {
                                 const std::uint32_t oid = r.oid;
                                 tables_.insert_or_assign(oid, std::move(r));
                                 return {};
                               },
                               [&](const pgoutput::row_change& change) { return take_row(change); },
                               [&](const pgoutput::truncate&) -> result<void> {
                                 open_.everything = true;
                                 open_.rows.clear();
                                 return {};
                               },
                               [](const auto&) -> result<void> { return {}; }},
                    *parsed);
}

result<void> pg_feed::take_row(const pgoutput::row_change& change) {
  const auto known = tables_.find(change.oid);
  if (known == tables_.end()) return garbled("a change of a table that was not described");
  const pgoutput::relation& table = known->second;
  using kind = pgoutput::row_change::what;
  const auto changed = pgoutput::changed_columns(table, change);
  const auto told_row = [&](const pgoutput::tuple& row, bool key_only) {
    model::row_image image = pgoutput::image_of(table, row, key_only);
    image.changed = changed;
    add_row(std::move(image));
  };
  if (change.has_old != pgoutput::old_row::none)
    told_row(change.old, change.has_old == pgoutput::old_row::key);
  else if (change.kind == kind::update)
    // The old row had the same key; its other columns are not known.
    told_row(change.now, true);
  if (change.kind != kind::remove) told_row(change.now, false);
  return {};
}

void pg_feed::add_row(model::row_image row) {
  if (open_.everything) return;
  open_.rows.push_back(std::move(row));
  if (open_.rows.size() <= limits::feed_rows_max) return;
  open_.everything = true;
  open_.rows = {};
}

result<void> pg_feed::wait(clock::time_point until) {
  const auto soonest = std::min(until, reported_ + std::chrono::seconds(limits::feed_status_seconds));
  const auto left = std::chrono::ceil<milliseconds>(soonest - clock::now()).count();
  pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
  if (left > 0 && ::poll(&socket, 1, static_cast<int>(left)) < 0 && errno != EINTR) return tl::make_unexpected(ended());
  if (socket.revents != 0 && PQconsumeInput(connection_.get()) == 0) return tl::make_unexpected(ended());
  return {};
}

result<void> pg_feed::keep_in_touch() {
  const auto now = clock::now();
  const auto silence = now - heard_;
  const auto patience = std::chrono::seconds(limits::feed_silence_seconds_max);
  if (silence > 2 * patience)
    return fail_transient(error_kind::source, address_.name() + ": no sign of life from the server");
  if (silence > patience && !asked_) {
    asked_ = true;
    return send_status(true);
  }
  if (now - reported_ >= std::chrono::seconds(limits::feed_status_seconds)) return send_status();
  return {};
}

result<void> pg_feed::send_status(bool ask_for_answer) {
  reported_ = clock::now();
  std::string message = "r";
  put_u64(message, std::max(received_, confirmed_));  // written
  put_u64(message, confirmed_);                       // flushed: what the server may forget
  put_u64(message, confirmed_);                       // applied
  put_u64(message, microseconds_since_2000());
  message += static_cast<char>(ask_for_answer ? 1 : 0);
  if (PQputCopyData(connection_.get(), message.data(), static_cast<int>(message.size())) != 1 ||
      PQflush(connection_.get()) != 0)
    return tl::make_unexpected(ended());
  return {};
}

}  // namespace sql2ldap::sql::detail
