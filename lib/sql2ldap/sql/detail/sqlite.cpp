#include <sql2ldap/sql/detail/sqlite.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include <unistd.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/timestamp.hpp>

namespace sql2ldap::sql::detail {
namespace {

error sqlite_failure(sqlite3* database) {
  const int code = sqlite3_errcode(database);
  error what;
  what.kind = error_kind::source;
  what.transient = code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL || code == SQLITE_NOMEM;
  what.message = sqlite3_errmsg(database);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    what.hint = "the file is damaged or not a SQLite database; see `sqlite3 FILE 'PRAGMA integrity_check'`";
  else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    what.hint = "another program keeps the database locked";
  else if (code == SQLITE_IOERR || sqlite3_extended_errcode(database) == SQLITE_READONLY_DBMOVED)
    what.hint =
        "the file, or the -wal or -journal file beside it, was moved or replaced while it was open, or the disk "
        "fails";
  else if (code == SQLITE_ERROR && what.message.starts_with("no such"))
    what.hint = "the mapping names a table or column that is not there; see what `sql2ldap inspect` lists";
  return what;
}

// What people store as a time, in the one form of the rows; anything else stays as it is.
std::string_view normalized_time(std::string_view stored, timestamp_text& buffer) noexcept {
  const auto when = parse_timestamp(stored);
  return when ? format_timestamp(*when, buffer) : stored;
}

void timestamp_function(sqlite3_context* context, int, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL) return sqlite3_result_null(context);
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
  if (bytes == nullptr) return sqlite3_result_error_nomem(context);
  timestamp_text buffer;
  const auto text = normalized_time({bytes, static_cast<std::size_t>(sqlite3_value_bytes(values[0]))}, buffer);
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void lower_function(sqlite3_context* context, int, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL) return sqlite3_result_null(context);
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
  if (bytes == nullptr) return sqlite3_result_error_nomem(context);
  const std::string text = ascii_lowered({bytes, static_cast<std::size_t>(sqlite3_value_bytes(values[0]))});
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

class sqlite_session {
 public:
  // A transaction of SQLite begins with its first read; the catalog is that read.
  [[nodiscard]] static result<std::shared_ptr<sqlite_session>> open(const std::string& file);

  [[nodiscard]] sqlite3* database() const noexcept { return database_.get(); }
  [[nodiscard]] const model::catalog& catalog() const noexcept { return catalog_; }

 private:
  sqlite_handle database_;
  model::catalog catalog_;
};

result<std::shared_ptr<sqlite_session>> sqlite_session::open(const std::string& file) {
  if (::access(file.c_str(), R_OK) != 0)
    return fail(error_kind::source, "cannot read " + quoted_for_message(file, 300) + ": " + std::strerror(errno),
                "check the file name in sqlite:FILE and the permissions");
  auto session = std::make_shared<sqlite_session>();
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  session->database_.reset(database);
  if (database == nullptr) return fail(error_kind::local, "no memory for a database");
  if (opened != SQLITE_OK) return tl::make_unexpected(sqlite_failure(database).within("opening " + file));
  sqlite3_busy_timeout(database, limits::sqlite_busy_ms_max);
  sqlite3_create_function_v2(database, sqlite_timestamp_function, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                             timestamp_function, nullptr, nullptr, nullptr);
  sqlite3_create_function_v2(database, sqlite_lower_function, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                             lower_function, nullptr, nullptr, nullptr);
  if (sqlite3_exec(database, "BEGIN", nullptr, nullptr, nullptr) != SQLITE_OK)
    return tl::make_unexpected(sqlite_failure(database).within("opening " + file));
  auto catalog = read_sqlite_catalog(database);
  if (!catalog) return tl::make_unexpected(std::move(catalog).error().within("opening " + file));
  session->catalog_ = *std::move(catalog);
  return session;
}

class sqlite_stream final : public model::row_stream {
 public:
  sqlite_stream(std::shared_ptr<sqlite_session> session, sqlite_statement statement, std::vector<model::sql_type> types,
                std::string table)
      : session_(std::move(session)),
        statement_(std::move(statement)),
        types_(std::move(types)),
        table_(std::move(table)),
        fields_(types_.size()),
        made_(types_.size()) {}

  [[nodiscard]] result<std::optional<model::row_view>> next() override {
    if (failure_) return tl::make_unexpected(*failure_);
    if (ended_) return std::nullopt;
    auto more = sqlite_step(statement_.get());
    if (!more) return failed(std::move(more).error());
    if (!*more) {
      ended_ = true;
      return std::nullopt;
    }
    for (std::size_t column = 0; column < fields_.size(); ++column) {
      set(column);
      const std::size_t length = fields_[column].bytes.size();
      if (length > limits::field_bytes_max) {
        error what;
        what.kind = error_kind::source;
        what.message = "a value of column " +
                       std::string(sqlite3_column_name(statement_.get(), static_cast<int>(column))) + " has " +
                       std::to_string(length) + " bytes; the limit is " + std::to_string(limits::field_bytes_max);
        return failed(std::move(what));
      }
    }
    return model::row_view(fields_);
  }

 private:
  void set(std::size_t column) noexcept {
    const int index = static_cast<int>(column);
    model::field& field = fields_[column];
    field = {};
    switch (sqlite3_column_type(statement_.get(), index)) {
      case SQLITE_NULL:
        return;
      case SQLITE_INTEGER: {
        timestamp_text& text = made_[column];
        const sqlite3_int64 number = sqlite3_column_int64(statement_.get(), index);
        field.bytes = {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
        break;
      }
      case SQLITE_FLOAT: {
        // SQLite's own text has 15 digits only; the shortest exact one is what PostgreSQL gives.
        timestamp_text& text = made_[column];
        const double number = sqlite3_column_double(statement_.get(), index);
        field.bytes = {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
        break;
      }
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), index));
        field.bytes = {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), index))};
        field.invalid_text = types_[column] == model::sql_type::text && !is_utf8(field.bytes);
        break;
      }
      default:
        field.bytes = sqlite_text(statement_.get(), index);
        field.invalid_text = !is_utf8(field.bytes);
        if (types_[column] == model::sql_type::timestamp) field.bytes = normalized_time(field.bytes, made_[column]);
    }
    field.null = false;
  }

  tl::unexpected<error> failed(error what) {
    failure_ = std::move(what).within("reading table " + table_);
    return tl::make_unexpected(*failure_);
  }

  std::shared_ptr<sqlite_session> session_;
  sqlite_statement statement_;
  std::vector<model::sql_type> types_;
  std::string table_;
  std::vector<model::field> fields_;
  std::vector<timestamp_text> made_;  // numbers and times have no text to point at
  bool ended_ = false;
  std::optional<error> failure_;
};

class sqlite_snapshot final : public model::snapshot {
 public:
  explicit sqlite_snapshot(std::shared_ptr<sqlite_session> session) : session_(std::move(session)) {}
  [[nodiscard]] result<std::unique_ptr<model::row_stream>> rows(const model::query& what) override {
    auto statement = sqlite_prepare(session_->database(), render_query(what, dialect::sqlite, session_->catalog()));
    if (!statement) return tl::make_unexpected(std::move(statement).error().within("reading table " + what.from.table));
    return std::make_unique<sqlite_stream>(session_, *std::move(statement), result_types(what, session_->catalog()),
                                           what.from.table);
  }

 private:
  std::shared_ptr<sqlite_session> session_;
};

class sqlite_source final : public model::source {
 public:
  explicit sqlite_source(std::string file) : file_(std::move(file)) {}
  [[nodiscard]] result<model::catalog> describe() override {
    S2L_TRY_ASSIGN(const auto session, sqlite_session::open(file_));
    return session->catalog();
  }
  [[nodiscard]] result<std::unique_ptr<model::snapshot>> open_snapshot() override {
    S2L_TRY_ASSIGN(auto session, sqlite_session::open(file_));
    return std::make_unique<sqlite_snapshot>(std::move(session));
  }
  [[nodiscard]] bool snapshots_hold_up_writers() const override { return true; }  // unless the file is in WAL mode
  [[nodiscard]] std::string name() const override { return "sqlite:" + file_; }

 private:
  std::string file_;
};

}  // namespace

std::string_view sqlite_text(sqlite3_stmt* statement, int column) noexcept {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return bytes == nullptr ? std::string_view()
                          : std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

result<sqlite_statement> sqlite_prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), static_cast<int>(sql.size()) + 1, &statement, nullptr) != SQLITE_OK)
    return tl::make_unexpected(sqlite_failure(database));
  return sqlite_statement(statement);
}

result<bool> sqlite_step(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::make_unexpected(sqlite_failure(sqlite3_db_handle(statement)));
}

std::unique_ptr<model::source> open_sqlite(std::string file) {
  return std::make_unique<sqlite_source>(std::move(file));
}

}  // namespace sql2ldap::sql::detail
