#include <sql2ldap/sql/detail/pg_session.hpp>

#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sql/detail/pg_copy.hpp>
#include <sql2ldap/sql/detail/render.hpp>

namespace sql2ldap::sql::detail {
namespace {

// The transaction of a snapshot.
constexpr const char* snapshot_mode = "ISOLATION LEVEL REPEATABLE READ READ ONLY";

std::string fetch_sql(const std::string& cursor) {
  return fmt::format("FETCH {} FROM {}", limits::sql_cursor_rows, cursor);
}

// The slower way, when there may be only one connection: FETCH by FETCH, in binary form too.
class pg_cursor_stream final : public model::row_stream {
 public:
  pg_cursor_stream(std::shared_ptr<pg_session> session, std::string cursor, pqxx::result first, pg_values values)
      : session_(std::move(session)),
        cursor_(std::move(cursor)),
        values_(std::move(values)),
        block_(std::move(first)) {}
  pg_cursor_stream(const pg_cursor_stream&) = delete;
  pg_cursor_stream& operator=(const pg_cursor_stream&) = delete;
  ~pg_cursor_stream() override {
    // One that many rows are left of. A failed CLOSE means a failed transaction, which the next statement reports.
    if (!closed_ && block_.size() == limits::sql_cursor_rows) static_cast<void>(session_->execute("CLOSE " + cursor_));
  }

  [[nodiscard]] result<std::optional<model::row_view>> next() override {
    if (failure_) return tl::make_unexpected(*failure_);
    if (closed_) return std::nullopt;
    if (at_ == block_.size()) {
      // A block that is not full was the last. The cursor stays until the snapshot ends: closing it is not worth a
      // round trip.
      if (block_.size() < limits::sql_cursor_rows) {
        closed_ = true;
        return std::nullopt;
      }
      auto block = session_->execute(fetch_sql(cursor_));
      if (!block) return failed(std::move(block).error());
      block_ = *std::move(block);
      at_ = 0;
      if (block_.empty()) {
        closed_ = true;
        return std::nullopt;
      }
    }
    const pqxx::row row = block_[at_++];
    for (std::size_t column = 0; column < values_.size(); ++column) {
      const pqxx::field field = row[static_cast<pqxx::row::size_type>(column)];
      if (field.is_null())
        values_.set_null(column);
      else if (!values_.set(column, {field.c_str(), field.size()}))
        return failed(values_.objection(column, field.size()));
    }
    return values_.row();
  }

 private:
  tl::unexpected<error> failed(error what) {
    failure_ = std::move(what).within("reading table " + values_.table());
    return tl::make_unexpected(*failure_);
  }

  std::shared_ptr<pg_session> session_;
  std::string cursor_;
  pg_values values_;
  pqxx::result block_;
  pqxx::result::size_type at_ = 0;
  bool closed_ = false;
  std::optional<error> failure_;
};

}  // namespace

std::optional<pg_kept::one> pg_kept::take() {
  const std::lock_guard lock(mutex_);
  if (left_.empty()) return std::nullopt;
  one out = std::move(left_.back());
  left_.pop_back();
  return out;
}

void pg_kept::leave(one what) {
  const std::lock_guard lock(mutex_);
  left_.push_back(std::move(what));
}

result<std::shared_ptr<pg_session>> pg_session::open(const pg_address& address, std::shared_ptr<pg_kept> kept) {
  const std::shared_ptr<pg_session> session(new pg_session(address, std::move(kept)));
  while (auto left = session->kept_->take()) {
    session->connection_ = std::move(left->connection);
    session->tables_ = std::move(left->tables);
    session->can_export_ = left->can_export;
    if (session->begin()) return session;
    // The server has gone away in between; a new connection may do.
    session->snapshot_id_.clear();
    session->tables_ = {};
    session->can_export_ = false;
  }
  S2L_TRY_ASSIGN(session->connection_, pqxx_connection::open(address));
  S2L_TRY(session->begin());
  return session;
}

pg_session::~pg_session() {
  if (connection_ == nullptr || !connection_->roll_back()) return;
  kept_->leave({std::move(connection_), std::move(tables_), can_export_});
}

result<void> pg_session::begin() {
  S2L_TRY(connection_->begin(snapshot_mode));
  // Where it worked before it is done when it is needed.
  if (!can_export_) S2L_TRY(export_snapshot());
  if (!can_export_) {
    // An old standby may refuse. That ends the transaction; the cursors need another.
    if (!connection_->roll_back()) return tl::make_unexpected(pg_error("", "the connection was lost", address_));
    S2L_TRY(connection_->begin(snapshot_mode));
  }
  if (!tables_.oids.empty()) {
    S2L_TRY_ASSIGN(const std::string stamp, read_pg_stamp(*connection_, tables_.oids));
    if (stamp == tables_.stamp) return {};
  }
  S2L_TRY_ASSIGN(tables_, read_pg_tables(*connection_));
  return {};
}

result<pqxx::result> pg_session::execute(const std::string& sql) { return connection_->execute(sql); }

result<void> pg_session::export_snapshot() {
  auto exported = execute("SELECT pg_catalog.pg_export_snapshot()");
  if (!exported && exported.error().transient) return tl::make_unexpected(std::move(exported).error());
  can_export_ = exported.has_value();
  if (exported) snapshot_id_ = (*exported)[0][0].c_str();
  return {};
}

result<pg_handle> pg_session::reader() {
  if (!idle_readers_.empty()) {
    pg_handle ready = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    return ready;
  }
  S2L_TRY_ASSIGN(pg_handle fresh, pg_connect(address_));
  S2L_TRY(pg_exec(fresh.get(),
                  fmt::format("{}; SET TRANSACTION SNAPSHOT {}", pg_begin_sql(fresh.get(), snapshot_mode),
                              quoted_literal(snapshot_id_)),
                  address_, address_.prompt_timeout()));
  return fresh;
}

result<std::unique_ptr<model::row_stream>> pg_session::rows(const model::query& what) {
  const std::string select = render_query(what, dialect::postgresql, catalog());
  std::vector<std::string> names;
  for (const auto& column : what.columns) names.push_back(column.column);
  pg_values values(result_types(what, catalog()), std::move(names), what.from.table, catalog().encoding == "SQL_ASCII");

  const bool few_rows = what.few_rows || !what.keys.empty();
  if (can_export_ && !few_rows) {
    if (snapshot_id_.empty()) S2L_TRY(export_snapshot());
    if (auto connection = reader())
      return pg_copy_stream::open(
          *std::move(connection), address_, select, std::move(values),
          [self = shared_from_this()](pg_handle done) { self->idle_readers_.push_back(std::move(done)); });
    // No second connection to be had. Asking again for each stream could wait each time.
    can_export_ = false;
  }
  const std::string cursor = "sql2ldap_" + std::to_string(++cursors_opened_);
  auto first = execute(fmt::format("DECLARE {} BINARY NO SCROLL CURSOR FOR {}", cursor, select));
  if (first) first = execute(fetch_sql(cursor));
  if (!first) return tl::make_unexpected(std::move(first).error().within("reading table " + what.from.table));
  return std::make_unique<pg_cursor_stream>(shared_from_this(), cursor, *std::move(first), std::move(values));
}

}  // namespace sql2ldap::sql::detail
