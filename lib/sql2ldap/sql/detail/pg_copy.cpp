#include <sql2ldap/sql/detail/pg_copy.hpp>

#include <cstring>
#include <string_view>
#include <utility>

namespace sql2ldap::sql::detail {
namespace {

// https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
constexpr std::string_view signature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::size_t header_bytes = signature.size() + 8;  // with flags and the length of the extension
constexpr std::uint16_t trailer = 0xffff;
constexpr std::uint32_t null_length = 0xffff'ffff;

}  // namespace

pg_copy_stream::pg_copy_stream(pg_handle connection, const pg_address& address, pg_values values,
                               std::function<void(pg_handle)> give_back)
    : connection_(std::move(connection)),
      address_(address),
      values_(std::move(values)),
      give_back_(std::move(give_back)) {}

result<std::unique_ptr<model::row_stream>> pg_copy_stream::open(pg_handle connection, const pg_address& address,
                                                                const std::string& select, pg_values values,
                                                                std::function<void(pg_handle)> give_back) {
  const std::string sql = "COPY (" + select + ") TO STDOUT (FORMAT binary)";
  auto begun = pg_exec(connection.get(), sql, address);
  if (begun && PQresultStatus(begun->get()) != PGRES_COPY_OUT)
    begun = tl::make_unexpected(pg_error("08P01", "the server does not begin a COPY", address));
  if (!begun) return tl::make_unexpected(std::move(begun).error().within("reading table " + values.table()));
  return std::unique_ptr<model::row_stream>(
      new pg_copy_stream(std::move(connection), address, std::move(values), std::move(give_back)));
}

result<std::optional<model::row_view>> pg_copy_stream::next() {
  if (failure_) return tl::make_unexpected(*failure_);
  while (!ended_) {
    switch (parse_row()) {
      case part::row:
        return values_.row();
      case part::broken:
        return failed(values_.objection(bad_column_, bad_length_));
      case part::end: {
        auto more = receive();
        if (!more) return failed(std::move(more).error());
        if (*more) return failed(pg_error("08P01", "there are bytes after the end mark of the rows", address_));
        if (auto done = finish(); !done) return failed(std::move(done).error());
        ended_ = true;
        break;
      }
      case part::incomplete: {
        auto more = receive();
        if (!more) return failed(std::move(more).error());
        if (!*more) {
          // The server ended the COPY before its trailer: its reason comes as the result.
          auto done = finish();
          if (!done) return failed(std::move(done).error());
          return failed(pg_error("08P01", "the rows ended without the end mark", address_));
        }
      }
    }
  }
  return std::nullopt;
}

tl::unexpected<error> pg_copy_stream::failed(error what) {
  failure_ = std::move(what).within("reading table " + values_.table());
  return tl::make_unexpected(*failure_);
}

// False: no more messages.
result<bool> pg_copy_stream::receive() {
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  if (!rest.empty()) assembled_ = std::string(rest);
  int length = 0;
  S2L_TRY_ASSIGN(pg_message received, pg_copy_message(connection_.get(), address_, length));
  if (!received) return false;
  message_ = std::move(received);
  const char* const bytes = message_.get();
  if (rest.empty()) {
    at_ = bytes;
    end_ = bytes + length;
  } else {
    assembled_.append(bytes, static_cast<std::size_t>(length));
    at_ = assembled_.data();
    end_ = at_ + assembled_.size();
  }
  return true;
}

bool pg_copy_stream::skip_header() noexcept {
  const auto size = static_cast<std::size_t>(end_ - at_);
  if (size < header_bytes) return false;
  const std::size_t whole = header_bytes + read_u32(at_ + signature.size() + 4);
  if (size < whole) return false;
  at_ += whole;
  header_seen_ = true;
  return true;
}

pg_copy_stream::part pg_copy_stream::parse_row() noexcept {
  if (at_ == end_ || (!header_seen_ && !skip_header()) || end_ - at_ < 2) return part::incomplete;
  const std::uint16_t count = read_u16(at_);
  if (count == trailer) {
    at_ = end_;
    return part::end;
  }
  if (count != values_.size()) return part::broken;
  const char* at = at_ + 2;
  for (std::size_t column = 0; column < count; ++column) {
    if (end_ - at < 4) return part::incomplete;
    const std::uint32_t length = read_u32(at);
    at += 4;
    if (length == null_length) {
      values_.set_null(column);
      continue;
    }
    if (static_cast<std::size_t>(end_ - at) < length) return part::incomplete;
    if (!values_.set(column, {at, length})) {
      bad_column_ = column;
      bad_length_ = length;
      return part::broken;
    }
    at += length;
  }
  at_ = at;
  return part::row;
}

// After the last message. Nothing is complete before the server has said so.
result<void> pg_copy_stream::finish() {
  S2L_TRY_ASSIGN(const pg_result reply, pg_next_result(connection_.get(), address_));
  if (PQresultStatus(reply.get()) != PGRES_COMMAND_OK)
    return tl::make_unexpected(pg_failure(connection_.get(), reply.get(), address_));
  while (true) {
    S2L_TRY_ASSIGN(const pg_result more, pg_next_result(connection_.get(), address_));
    if (!more) break;
    if (PQresultStatus(more.get()) == PGRES_FATAL_ERROR)
      return tl::make_unexpected(pg_failure(connection_.get(), more.get(), address_));
  }
  give_back_(std::move(connection_));
  return {};
}

}  // namespace sql2ldap::sql::detail
