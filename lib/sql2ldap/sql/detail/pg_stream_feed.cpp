#include <sql2ldap/sql/detail/pg_stream_feed.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <poll.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/pg_values.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t data_header_bytes = 1 + 8 + 8 + 8;  // 'w', start, end, time
constexpr std::size_t keepalive_bytes = 1 + 8 + 8 + 1;    // 'k', end, time, answer wanted

struct free_message {
  void operator()(char* bytes) const noexcept { PQfreemem(bytes); }
};

std::uint64_t microseconds_since_2000() {
  using namespace std::chrono;
  const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  return static_cast<std::uint64_t>(now - seconds_1970_to_2000 * 1'000'000);
}

}  // namespace

pg_stream_feed::pg_stream_feed(pg_handle connection, pg_handle session, pg_address address, std::uint64_t from,
                               pg_stream_facts facts)
    : connection_(std::move(connection)),
      session_(std::move(session)),
      address_(std::move(address)),
      transactions_(from, std::move(facts)),
      told_(from),
      confirmed_(from),
      heard_(clock::now()),
      reported_(heard_) {}

result<std::unique_ptr<model::feed>> pg_stream_feed::open(pg_handle connection, pg_handle session,
                                                          const pg_address& address, const wal_options& options,
                                                          std::uint64_t from) {
  S2L_TRY_ASSIGN(pg_stream_facts facts, pg_stream_facts_of(session.get(), address, options.tables));
  const std::string sql = fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {})",
                                      quoted_identifier(options.slot), pg_position_text(from),
                                      quoted_literal(quoted_identifier(options.publication)));
  auto begun = pg_exec(connection.get(), sql, address);
  if (begun && PQresultStatus(begun->get()) != PGRES_COPY_BOTH)
    begun = tl::make_unexpected(pg_error("08P01", "the server does not begin to stream", address));
  if (!begun) return tl::make_unexpected(std::move(begun).error().within("following the slot " + options.slot));
  return std::unique_ptr<model::feed>(
      new pg_stream_feed(std::move(connection), std::move(session), address, from, std::move(facts)));
}

error pg_stream_feed::ended() const {
  auto reply = pg_next_result(connection_.get(), address_);
  error what = reply ? pg_failure(connection_.get(), reply->get(), address_) : std::move(reply).error();
  return std::move(what).within("following the changes");
}

tl::unexpected<error> pg_stream_feed::garbled(const char* what) const {
  return tl::make_unexpected(pg_error("08P01", what, address_).within("following the changes"));
}

result<std::optional<model::committed>> pg_stream_feed::next(milliseconds patience) {
  const auto until = clock::now() + patience;
  while (true) {
    bool came = false;
    if (!complete_) {
      S2L_TRY_ASSIGN(came, receive());
    }
    if (complete_) {
      auto visible = horizon_.shows(complete_->id, session_.get(), address_);
      if (!visible) return tl::make_unexpected(std::move(visible).error().within("following the changes"));
      if (*visible) {
        told_ = complete_->what.position;
        return std::exchange(complete_, std::nullopt)->what;
      }
      heard_ = clock::now();  // the server is there; what it sends on the stream waits until this one is visible
    }
    if (came) continue;
    S2L_TRY(keep_in_touch());
    const auto now = clock::now();
    if (now >= until) return nothing_up_to();
    S2L_TRY(wait(complete_ ? std::min(until, now + pg_horizon::again) : until));
  }
}

// Or quiet tables would keep the log of busy ones. Confirmed is only what our caller knows, and finds again.
std::optional<model::committed> pg_stream_feed::nothing_up_to() {
  const auto now = clock::now();
  if (complete_ || passed_ <= told_ || now < tell_passed_at_) return std::nullopt;
  tell_passed_at_ = now + std::chrono::seconds(limits::feed_status_seconds);
  told_ = passed_;
  return nothing_changed_up_to(told_);
}

result<void> pg_stream_feed::confirm(std::uint64_t position) {
  confirmed_ = std::max(confirmed_, position);
  return send_status();
}

result<bool> pg_stream_feed::receive() {
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
  asked_.reset();
  S2L_TRY(take({bytes, static_cast<std::size_t>(length)}));
  return true;
}

result<void> pg_stream_feed::take(std::string_view message) {
  if (message.starts_with('w') && message.size() >= data_header_bytes) {
    received_ = std::max(received_, read_u64(message.data() + 1));
    return take_change(message.substr(data_header_bytes));
  }
  if (!message.starts_with('k') || message.size() < keepalive_bytes)
    return garbled("a message that the replication protocol does not have");
  const std::uint64_t end = read_u64(message.data() + 1);
  received_ = std::max(received_, end);
  if (!transactions_.inside() && !complete_) passed_ = std::max(passed_, end);
  if (message[keepalive_bytes - 1] != 0) return send_status();
  return {};
}

result<void> pg_stream_feed::take_change(std::string_view bytes) {
  auto taken = transactions_.take(bytes);
  if (!taken) return tl::make_unexpected(std::move(taken).error().within("following the changes"));
  complete_ = *std::move(taken);
  return {};
}

result<void> pg_stream_feed::wait(clock::time_point until) {
  const auto soonest = std::min(until, reported_ + std::chrono::seconds(limits::feed_status_seconds));
  const auto left = std::chrono::ceil<milliseconds>(soonest - clock::now()).count();
  pollfd socket{PQsocket(connection_.get()), static_cast<short>(complete_ ? 0 : POLLIN), 0};
  if (left > 0 && ::poll(&socket, 1, static_cast<int>(left)) < 0 && errno != EINTR) return tl::make_unexpected(ended());
  if (socket.revents != 0 && PQconsumeInput(connection_.get()) == 0) return tl::make_unexpected(ended());
  return {};
}

result<void> pg_stream_feed::keep_in_touch() {
  const auto now = clock::now();
  milliseconds patience = std::chrono::seconds(limits::feed_silence_seconds_max);
  if (address_.timeout().count() != 0) patience = std::min(patience, address_.timeout());
  // Counted from the question: before it, we may have been away ourselves.
  if (asked_ && now - *asked_ > patience)
    return fail_transient(error_kind::source, address_.name() + ": no sign of life from the server");
  if (!asked_ && now - heard_ > patience) {
    asked_ = now;
    return send_status(true);
  }
  if (now - reported_ >= std::chrono::seconds(limits::feed_status_seconds)) return send_status();
  return {};
}

result<void> pg_stream_feed::send_status(bool ask_for_answer) {
  reported_ = clock::now();
  std::string message = "r";
  append_u64(message, std::max(received_, confirmed_));  // written
  append_u64(message, confirmed_);                       // flushed: what the server may forget
  append_u64(message, confirmed_);                       // applied
  append_u64(message, microseconds_since_2000());
  message += static_cast<char>(ask_for_answer ? 1 : 0);
  if (PQputCopyData(connection_.get(), message.data(), static_cast<int>(message.size())) != 1 ||
      PQflush(connection_.get()) != 0)
    return tl::make_unexpected(ended());
  return {};
}

}  // namespace sql2ldap::sql::detail
