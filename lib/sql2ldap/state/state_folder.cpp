#include <sql2ldap/state/state_folder.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sqlite3.h>

#include <sql2ldap/base/big_endian.hpp>

namespace sql2ldap::state {
namespace {

namespace fs = std::filesystem;

constexpr int application_id = 0x73326c64;  // "s2ld"
constexpr int version = 2;
constexpr const char* file_name = "journal.db";

constexpr const char* tables_sql = R"(
CREATE TABLE remembered (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE unfinished (origin TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE aside (origin TEXT PRIMARY KEY, dn TEXT NOT NULL, reason TEXT NOT NULL, skipped INTEGER NOT NULL,
  name_taken INTEGER NOT NULL, left_over INTEGER NOT NULL, since INTEGER NOT NULL, next_try INTEGER NOT NULL,
  tries INTEGER NOT NULL, dropped INTEGER NOT NULL) WITHOUT ROWID;
)";
// Since version 2. Digests are 64-bit numbers, big-endian, one after the other.
constexpr const char* agreed_sql = R"(
CREATE TABLE agreed (origin TEXT PRIMARY KEY, dn TEXT NOT NULL, uuid BLOB, digests BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX agreed_by_uuid ON agreed (uuid);
)";

class lock_file {
 public:
  explicit lock_file(int handle) : handle_(handle) {}
  lock_file(lock_file&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  lock_file& operator=(lock_file&&) = delete;
  ~lock_file() {
    if (handle_ >= 0) ::close(handle_);
  }

 private:
  int handle_;
};

result<lock_file> take_lock(const fs::path& folder) {
  const fs::path path = folder / "lock";
  const int handle = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (handle < 0)
    return fail(error_kind::local,
                fmt::format("cannot write in the state folder {}: {}", folder.string(), std::strerror(errno)),
                "it must belong to the user of the daemon");
  lock_file lock(handle);
  if (::flock(handle, LOCK_EX | LOCK_NB) != 0)
    return fail(error_kind::usage, fmt::format("another process uses the state folder {}", folder.string()),
                "one daemon for each --state");
  return lock;
}

struct close_database {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
using database_handle = std::unique_ptr<sqlite3, close_database>;
struct finish_statement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

bool is_damage(int code) { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB; }

class database {
 public:
  database(database_handle handle, fs::path file) : handle_(std::move(handle)), file_(std::move(file)) {}

  class statement {
   public:
    statement(const database& of, const char* sql) : of_(of) {
      sqlite3_stmt* made = nullptr;
      status_ = sqlite3_prepare_v2(of.handle_.get(), sql, -1, &made, nullptr);
      handle_.reset(made);
    }
    statement& bind(std::string_view text) {
      if (status_ == SQLITE_OK)
        status_ =
            sqlite3_bind_text(handle_.get(), ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
      return *this;
    }
    statement& bind_bytes(std::string_view bytes) {
      if (status_ == SQLITE_OK)
        status_ = sqlite3_bind_blob64(handle_.get(), ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
      return *this;
    }
    statement& bind_null() {
      if (status_ == SQLITE_OK) status_ = sqlite3_bind_null(handle_.get(), ++bound_);
      return *this;
    }
    statement& bind(std::int64_t number) {
      if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(handle_.get(), ++bound_, number);
      return *this;
    }
    // True: a row is there.
    result<bool> step() {
      if (status_ == SQLITE_OK) {
        const int stepped = sqlite3_step(handle_.get());
        if (stepped == SQLITE_ROW) return true;
        if (stepped == SQLITE_DONE) return false;
        status_ = stepped;
      }
      return tl::make_unexpected(of_.failure());
    }
    result<void> run() {
      S2L_TRY(step());
      if (sqlite3_reset(handle_.get()) != SQLITE_OK) return tl::make_unexpected(of_.failure());
      bound_ = 0;
      return {};
    }
    [[nodiscard]] std::string text(int column) const {
      const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
      return bytes == nullptr
                 ? ""
                 : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)));
    }
    [[nodiscard]] std::string bytes(int column) const {
      const auto* first = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
      const auto length = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
      return first == nullptr ? "" : std::string(first, length);
    }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(handle_.get(), column); }

   private:
    const database& of_;
    std::unique_ptr<sqlite3_stmt, finish_statement> handle_;
    int status_ = SQLITE_OK;
    int bound_ = 0;
  };

  result<void> execute(const char* sql) const {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return tl::make_unexpected(failure());
    return {};
  }
  result<std::int64_t> number(const char* sql) const {
    statement asked(*this, sql);
    S2L_TRY(asked.step());
    return asked.number(0);
  }
  [[nodiscard]] error failure() const {
    error what;
    what.kind = error_kind::local;
    const int code = sqlite3_errcode(handle_.get());
    what.transient = !is_damage(code);
    what.message = fmt::format("{}: {}", file_.string(), sqlite3_errmsg(handle_.get()));
    if (code == SQLITE_FULL) what.hint = "make room on its disk; until then nothing is confirmed to the source";
    return what;
  }
  [[nodiscard]] bool is_damaged() const { return is_damage(sqlite3_errcode(handle_.get())); }

 private:
  database_handle handle_;
  fs::path file_;
};

class sqlite_journal final : public model::journal {
 public:
  sqlite_journal(lock_file lock, database db) : lock_(std::move(lock)), db_(std::move(db)) {}

  [[nodiscard]] result<std::optional<model::remembered>> recall() override {
    model::remembered out;
    bool any = false;
    database::statement all(db_, "SELECT name, value FROM remembered");
    while (true) {
      S2L_TRY_ASSIGN(const bool more, all.step());
      if (!more) break;
      any = true;
      const std::string name = all.text(0);
      if (name == "source") out.source = all.text(1);
      if (name == "directory") out.directory = all.text(1);
      if (name == "base") out.base = all.text(1);
      if (name == "mapping") out.mapping = all.text(1);
      if (name == "history") out.history = all.text(1);
      if (name == "in_step") out.in_step = all.number(1) != 0;
      if (name == "applied") out.applied = static_cast<std::uint64_t>(all.number(1));
      if (name == "entries") out.entries = static_cast<std::uint64_t>(all.number(1));
      if (name == "proven_at") out.proven_at = all.number(1);
    }
    if (!any) return std::nullopt;
    database::statement half_done(db_, "SELECT origin FROM unfinished");
    while (true) {
      S2L_TRY_ASSIGN(const bool more, half_done.step());
      if (!more) return out;
      out.unfinished.insert(half_done.text(0));
    }
  }

  [[nodiscard]] result<model::set_aside_list> recall_aside() override {
    written_.clear();
    database::statement all(
        db_,
        "SELECT origin, dn, reason, skipped, name_taken, left_over, since, next_try, tries, dropped "
        "FROM aside");
    while (true) {
      S2L_TRY_ASSIGN(const bool more, all.step());
      if (!more) return written_;
      model::set_aside why;
      why.dn = all.text(1);
      why.reason = all.text(2);
      why.skipped = all.number(3) != 0;
      why.name_taken = all.number(4) != 0;
      why.left_over = all.number(5) != 0;
      why.since = all.number(6);
      why.next_try = all.number(7);
      why.tries = static_cast<std::uint32_t>(all.number(8));
      why.dropped = all.number(9) != 0;
      written_.emplace(all.text(0), std::move(why));
    }
  }

  [[nodiscard]] result<void> remember(const model::remembered& now, const model::set_aside_list& aside,
                                      const model::agreement_changes& agreed) override {
    S2L_TRY(at_once([&] {
      return write(now).and_then([&] { return write_aside(aside); }).and_then([&] { return write_agreed(agreed); });
    }));
    written_ = aside;
    return {};
  }

  [[nodiscard]] result<void> agree(const model::agreement_changes& changed) override {
    return at_once([&] { return write_agreed(changed); });
  }

  [[nodiscard]] result<std::optional<model::agreement>> agreed_on(const std::string& origin) override {
    database::statement asked(db_, "SELECT dn, uuid, digests FROM agreed WHERE origin = ?");
    S2L_TRY_ASSIGN(const bool there, asked.bind(origin).step());
    if (!there) return std::nullopt;
    model::agreement out;
    out.dn = asked.text(0);
    if (const std::string uuid = asked.bytes(1); uuid.size() == sizeof(model::entry_uuid))
      std::copy(uuid.begin(), uuid.end(), out.uuid.emplace().begin());
    const std::string digests = asked.bytes(2);
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= digests.size(); at += sizeof(std::uint64_t))
      out.digests.push_back(read_u64(digests.data() + at));
    return out;
  }

  [[nodiscard]] result<std::optional<std::string>> origin_with(const model::entry_uuid& uuid) override {
    database::statement asked(db_, "SELECT origin FROM agreed WHERE uuid = ?");
    S2L_TRY_ASSIGN(const bool there, asked.bind_bytes(text_of(uuid)).step());
    if (!there) return std::nullopt;
    return asked.text(0);
  }

  [[nodiscard]] result<void> forget_agreements(const std::function<bool(std::string_view origin)>& which) override {
    return at_once([&]() -> result<void> {
      std::vector<std::string> gone;
      database::statement all(db_, "SELECT origin FROM agreed");
      while (true) {
        S2L_TRY_ASSIGN(const bool more, all.step());
        if (!more) break;
        if (std::string origin = all.text(0); which(origin)) gone.push_back(std::move(origin));
      }
      database::statement forget(db_, "DELETE FROM agreed WHERE origin = ?");
      for (const std::string& origin : gone) S2L_TRY(forget.bind(origin).run());
      return {};
    });
  }

  [[nodiscard]] result<std::vector<std::string>> agreed_without_uuid(std::size_t most) override {
    std::vector<std::string> out;
    database::statement all(db_, "SELECT origin FROM agreed WHERE uuid IS NULL LIMIT ?");
    all.bind(static_cast<std::int64_t>(most));
    while (true) {
      S2L_TRY_ASSIGN(const bool more, all.step());
      if (!more) return out;
      out.push_back(all.text(0));
    }
  }

  [[nodiscard]] result<void> learn_uuids(const std::map<std::string, model::entry_uuid>& uuids) override {
    return at_once([&]() -> result<void> {
      database::statement learn(db_, "UPDATE agreed SET uuid = ? WHERE origin = ? AND uuid IS NULL");
      for (const auto& [origin, uuid] : uuids) S2L_TRY(learn.bind_bytes(text_of(uuid)).bind(origin).run());
      return {};
    });
  }

 private:
  static std::string text_of(const model::entry_uuid& uuid) { return {uuid.begin(), uuid.end()}; }

  template <typename Writes>
  result<void> at_once(const Writes& writes) {
    S2L_TRY(db_.execute("BEGIN IMMEDIATE"));
    auto written = writes().and_then([&] { return db_.execute("COMMIT"); });
    if (!written) static_cast<void>(db_.execute("ROLLBACK"));  // what failed first is what is told
    return written;
  }

  result<void> write(const model::remembered& now) {
    database::statement put(db_, "INSERT OR REPLACE INTO remembered VALUES (?, ?)");
    S2L_TRY(put.bind("source").bind(now.source).run());
    S2L_TRY(put.bind("directory").bind(now.directory).run());
    S2L_TRY(put.bind("base").bind(now.base).run());
    S2L_TRY(put.bind("mapping").bind(now.mapping).run());
    S2L_TRY(put.bind("history").bind(now.history).run());
    S2L_TRY(put.bind("in_step").bind(now.in_step ? 1 : 0).run());
    S2L_TRY(put.bind("applied").bind(static_cast<std::int64_t>(now.applied)).run());
    S2L_TRY(put.bind("entries").bind(static_cast<std::int64_t>(now.entries)).run());
    S2L_TRY(put.bind("proven_at").bind(now.proven_at).run());
    S2L_TRY(db_.execute("DELETE FROM unfinished"));
    database::statement half_done(db_, "INSERT INTO unfinished VALUES (?)");
    for (const std::string& origin : now.unfinished) S2L_TRY(half_done.bind(origin).run());
    return {};
  }
  result<void> write_aside(const model::set_aside_list& aside) {
    database::statement gone(db_, "DELETE FROM aside WHERE origin = ?");
    for (const auto& [origin, why] : written_)
      if (!aside.contains(origin)) S2L_TRY(gone.bind(origin).run());
    database::statement put(db_, "INSERT OR REPLACE INTO aside VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& [origin, why] : aside) {
      if (const auto same = written_.find(origin); same != written_.end() && same->second == why) continue;
      put.bind(origin).bind(why.dn).bind(why.reason).bind(why.skipped ? 1 : 0).bind(why.name_taken ? 1 : 0);
      put.bind(why.left_over ? 1 : 0).bind(why.since).bind(why.next_try).bind(why.tries).bind(why.dropped ? 1 : 0);
      S2L_TRY(put.run());
    }
    return {};
  }
  // What is the same costs no write: comparing everything finds most of it so.
  result<void> write_agreed(const model::agreement_changes& changed) {
    if (changed.empty()) return {};
    database::statement gone(db_, "DELETE FROM agreed WHERE origin = ?");
    database::statement put(
        db_,
        "INSERT INTO agreed VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET dn = excluded.dn, "
        "uuid = excluded.uuid, digests = excluded.digests WHERE dn <> excluded.dn "
        "OR uuid IS NOT excluded.uuid OR digests <> excluded.digests");
    for (const auto& [origin, on] : changed) {
      if (!on) {
        S2L_TRY(gone.bind(origin).run());
        continue;
      }
      std::string digests;
      for (const std::uint64_t digest : on->digests) append_u64(digests, digest);
      put.bind(origin).bind(on->dn);
      if (on->uuid)
        put.bind_bytes(text_of(*on->uuid));
      else
        put.bind_null();
      S2L_TRY(put.bind_bytes(digests).run());
    }
    return {};
  }

  lock_file lock_;
  database db_;
  model::set_aside_list written_;
};

// A database that is ready, or nullopt where the file is damaged.
result<std::optional<database>> open_database(const fs::path& file) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database db(database_handle(raw), file);
  if (raw == nullptr) return fail(error_kind::local, "no memory for a database");
  const auto prepared = [&]() -> result<void> {
    if (code != SQLITE_OK) return tl::make_unexpected(db.failure());
    S2L_TRY(db.execute("PRAGMA journal_mode = WAL"));
    S2L_TRY(db.execute("PRAGMA synchronous = FULL"));
    S2L_TRY_ASSIGN(const std::int64_t found, db.number("PRAGMA user_version"));
    if (found > version)
      return fail(error_kind::usage,
                  fmt::format("{} is of version {}, which this program does not know", file.string(), found),
                  "use the newer program, or remove the file: everything is compared then");
    if (found == version) return db.execute("SELECT * FROM remembered, unfinished, aside, agreed LIMIT 1");
    S2L_TRY(db.execute("BEGIN IMMEDIATE"));
    if (found == 0) S2L_TRY(db.execute(tables_sql));
    S2L_TRY(db.execute(agreed_sql));
    // What was in step is not known entry by entry: it is compared.
    S2L_TRY(db.execute("UPDATE remembered SET value = 0 WHERE name = 'in_step'"));
    S2L_TRY(db.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT", application_id, version).c_str()));
    return {};
  }();
  if (prepared) return std::optional<database>(std::move(db));
  if (db.is_damaged()) return std::optional<database>();
  return tl::make_unexpected(prepared.error());
}

}  // namespace

result<opened> open_state(const fs::path& folder) {
  std::error_code problem;
  fs::create_directory(folder, problem);
  if (problem && !fs::is_directory(folder))
    return fail(error_kind::local,
                fmt::format("cannot make the state folder {}: {}", folder.string(), problem.message()));
  fs::permissions(folder, fs::perms::owner_all, problem);  // reasons of rejects tell of users
  S2L_TRY_ASSIGN(lock_file lock, take_lock(folder));
  const fs::path file = folder / file_name;
  std::string warning;
  S2L_TRY_ASSIGN(std::optional<database> db, open_database(file));
  if (!db) {
    const fs::path aside = file.string() + ".damaged";
    warning =
        fmt::format("{} is damaged; it is now {}, and everything will be compared", file.string(), aside.string());
    fs::rename(file, aside, problem);
    if (problem) return fail(error_kind::local, fmt::format("cannot move {}: {}", file.string(), problem.message()));
    for (const char* companion : {"-wal", "-shm"}) fs::remove(file.string() + companion, problem);
    S2L_TRY_ASSIGN(db, open_database(file));
    if (!db) return fail(error_kind::local, fmt::format("cannot make {}", file.string()));
  }
  return opened{std::make_unique<sqlite_journal>(std::move(lock), *std::move(db)), std::move(warning)};
}

}  // namespace sql2ldap::state
