#include <sql2ldap/state/detail/database.hpp>

#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace sql2ldap::state {
namespace {

bool is_damage(int code) { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB; }

}  // namespace

void database::close::operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
void database::statement::finish::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

database::database(handle opened, std::filesystem::path file) : handle_(std::move(opened)), file_(std::move(file)) {}

// ---- statements -----------------------------------------------------------------------------

database::statement::statement(const database& of, const char* sql) : of_(of) {
  sqlite3_stmt* made = nullptr;
  status_ = sqlite3_prepare_v2(of.handle_.get(), sql, -1, &made, nullptr);
  handle_.reset(made);
}

database::statement& database::statement::bind(std::string_view text) {
  if (status_ == SQLITE_OK)
    status_ = sqlite3_bind_text(handle_.get(), ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  return *this;
}

database::statement& database::statement::bind(std::int64_t number) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(handle_.get(), ++bound_, number);
  return *this;
}

database::statement& database::statement::bind_bytes(std::string_view bytes) {
  if (status_ == SQLITE_OK)
    status_ = sqlite3_bind_blob64(handle_.get(), ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

database::statement& database::statement::bind_null() {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_null(handle_.get(), ++bound_);
  return *this;
}

result<bool> database::statement::step() {
  if (status_ == SQLITE_OK) {
    const int stepped = sqlite3_step(handle_.get());
    if (stepped == SQLITE_ROW) return true;
    if (stepped == SQLITE_DONE) return false;
    status_ = stepped;
  }
  return tl::make_unexpected(of_.failure());
}

result<void> database::statement::run() {
  S2L_TRY(step());
  if (sqlite3_reset(handle_.get()) != SQLITE_OK) return tl::make_unexpected(of_.failure());
  bound_ = 0;
  return {};
}

std::string database::statement::text(int column) const {
  const auto* first = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return first == nullptr ? ""
                          : std::string(first, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

std::string database::statement::bytes(int column) const {
  const auto* first = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  return first == nullptr ? ""
                          : std::string(first, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

std::int64_t database::statement::number(int column) const { return sqlite3_column_int64(handle_.get(), column); }

// ---- the file -------------------------------------------------------------------------------

result<void> database::execute(const char* sql) const {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return tl::make_unexpected(failure());
  return {};
}

result<std::int64_t> database::number(const char* sql) const {
  statement asked(*this, sql);
  S2L_TRY(asked.step());
  return asked.number(0);
}

std::int64_t database::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
std::int64_t database::rows_changed() const { return sqlite3_changes(handle_.get()); }

error database::failure() const {
  error what;
  what.kind = error_kind::local;
  const int code = sqlite3_errcode(handle_.get());
  what.transient = !is_damage(code);
  what.message = fmt::format("{}: {}", file_.string(), sqlite3_errmsg(handle_.get()));
  if (code == SQLITE_FULL) what.hint = "make room on its disk; until then nothing is confirmed to the source";
  return what;
}

bool database::is_damaged() const { return is_damage(sqlite3_errcode(handle_.get())); }

result<void> database::prepare(const format& as, const upgrade& tables) {
  S2L_TRY(execute("PRAGMA journal_mode = WAL"));
  S2L_TRY(execute("PRAGMA synchronous = FULL"));
  S2L_TRY_ASSIGN(const std::int64_t found, number("PRAGMA user_version"));
  if (found > as.version)
    return fail(error_kind::usage,
                fmt::format("{} is of version {}, which this program does not know", file_.string(), found),
                as.newer_hint);
  if (found == as.version) return execute(as.probe);
  return at_once([&]() -> result<void> {
    S2L_TRY(tables(*this, found));
    return execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", as.application_id, as.version).c_str());
  });
}

result<std::optional<database>> database::open(const std::filesystem::path& file, const format& as,
                                               const upgrade& tables) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database db(handle(raw), file);
  if (raw == nullptr) return fail(error_kind::local, "no memory for a database");
  if (code != SQLITE_OK) return tl::make_unexpected(db.failure());
  auto prepared = db.prepare(as, tables);
  if (prepared) return std::optional<database>(std::move(db));
  if (db.is_damaged()) return std::optional<database>();
  return tl::make_unexpected(std::move(prepared).error());
}

}  // namespace sql2ldap::state
