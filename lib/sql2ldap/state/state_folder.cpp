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

#include <sql2ldap/base/big_endian.hpp>
#include <sql2ldap/state/detail/database.hpp>

namespace sql2ldap::state {
namespace {

namespace fs = std::filesystem;

constexpr int application_id = 0x73326c64;  // "s2ld"
constexpr int version = 3;
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

// Since version 3.
constexpr const char* held_sql = R"(
CREATE TABLE held (origin TEXT PRIMARY KEY, dn TEXT NOT NULL, wanted_dn TEXT NOT NULL, is_delete INTEGER NOT NULL,
  cause TEXT NOT NULL, since INTEGER NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID;
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
      if (name == "tables") out.tables = all.text(1);
      if (name == "in_step") out.in_step = all.number(1) != 0;
      if (name == "applied") out.applied = static_cast<std::uint64_t>(all.number(1));
      if (name == "entries") out.entries = static_cast<std::uint64_t>(all.number(1));
      if (name == "proven_at") out.proven_at = all.number(1);
      if (name == "held_plan") out.held_plan = all.text(1);
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

  [[nodiscard]] result<model::held_list> recall_held() override {
    model::held_list out;
    database::statement all(db_, "SELECT origin, dn, wanted_dn, is_delete, cause, since, place FROM held");
    while (true) {
      S2L_TRY_ASSIGN(const bool more, all.step());
      if (!more) return out;
      out.emplace(all.text(0), model::held_change{all.text(1), all.text(2), all.number(3) != 0, all.text(4),
                                                  all.number(5), static_cast<std::uint64_t>(all.number(6))});
    }
  }

  [[nodiscard]] result<void> remember(const model::remembered& now, const model::set_aside_list& aside,
                                      const model::agreement_changes& agreed,
                                      const model::held_updates& held) override {
    S2L_TRY(db_.at_once([&] {
      return write(now)
          .and_then([&] { return write_aside(aside); })
          .and_then([&] { return write_agreed(agreed); })
          .and_then([&] { return write_held(held); });
    }));
    written_ = aside;
    return {};
  }

  [[nodiscard]] result<void> agree(const model::agreement_changes& changed) override {
    return db_.at_once([&] { return write_agreed(changed); });
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
    return db_.at_once([&]() -> result<void> {
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
    return db_.at_once([&]() -> result<void> {
      database::statement learn(db_, "UPDATE agreed SET uuid = ? WHERE origin = ? AND uuid IS NULL");
      for (const auto& [origin, uuid] : uuids) S2L_TRY(learn.bind_bytes(text_of(uuid)).bind(origin).run());
      return {};
    });
  }

 private:
  static std::string text_of(const model::entry_uuid& uuid) { return {uuid.begin(), uuid.end()}; }

  result<void> write(const model::remembered& now) {
    database::statement put(db_, "INSERT OR REPLACE INTO remembered VALUES (?, ?)");
    S2L_TRY(put.bind("source").bind(now.source).run());
    S2L_TRY(put.bind("directory").bind(now.directory).run());
    S2L_TRY(put.bind("base").bind(now.base).run());
    S2L_TRY(put.bind("mapping").bind(now.mapping).run());
    S2L_TRY(put.bind("history").bind(now.history).run());
    S2L_TRY(put.bind("tables").bind(now.tables).run());
    S2L_TRY(put.bind("in_step").bind(now.in_step ? 1 : 0).run());
    S2L_TRY(put.bind("applied").bind(static_cast<std::int64_t>(now.applied)).run());
    S2L_TRY(put.bind("entries").bind(static_cast<std::int64_t>(now.entries)).run());
    S2L_TRY(put.bind("proven_at").bind(now.proven_at).run());
    S2L_TRY(put.bind("held_plan").bind(now.held_plan).run());
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
  result<void> write_held(const model::held_updates& changed) {
    if (changed.empty()) return {};
    database::statement gone(db_, "DELETE FROM held WHERE origin = ?");
    database::statement put(db_, "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const auto& [origin, waits] : changed) {
      if (!waits) {
        S2L_TRY(gone.bind(origin).run());
        continue;
      }
      put.bind(origin).bind(waits->dn).bind(waits->wanted_dn).bind(waits->is_delete ? 1 : 0).bind(waits->cause);
      put.bind(waits->since);
      S2L_TRY(put.bind(static_cast<std::int64_t>(waits->place)).run());
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

// Damage anywhere shows here, where it can be put aside.
constexpr const char* every_row_sql =
    "SELECT (SELECT count(name || value) FROM remembered), (SELECT count(*) FROM unfinished), "
    "(SELECT count(*) FROM aside), (SELECT count(*) FROM agreed), (SELECT count(dn || cause) FROM held)";

// A database that is ready, or nullopt where the file is damaged.
result<std::optional<database>> open_database(const fs::path& file) {
  const database::format as{application_id, version, every_row_sql,
                            "use the newer program, or remove the file: everything is compared then"};
  return database::open(file, as, [](database& into, std::int64_t found) -> result<void> {
    if (found == 0) S2L_TRY(into.execute(tables_sql));
    if (found < 2) {
      S2L_TRY(into.execute(agreed_sql));
      // What was in step is not known entry by entry: it is compared.
      S2L_TRY(into.execute("UPDATE remembered SET value = 0 WHERE name = 'in_step'"));
    }
    return into.execute(held_sql);
  });
}

// Reasons of rejects tell of users. A folder that is used for other things stays as it is.
result<void> make_private(const fs::path& folder) {
  std::error_code problem;
  const bool made = fs::create_directory(folder, problem);
  if (problem && !fs::is_directory(folder))
    return fail(error_kind::local,
                fmt::format("cannot make the state folder {}: {}", folder.string(), problem.message()));
  const bool is_private = (fs::status(folder, problem).permissions() & ~fs::perms::owner_all) == fs::perms::none;
  if (is_private && !problem) return {};
  if (!made && !fs::exists(folder / file_name, problem) && !fs::is_empty(folder, problem))
    return fail(error_kind::local,
                fmt::format("others may enter {}, and it holds other things than our state", folder.string()),
                "--state names a folder of its own; it is made when it is not there");
  fs::permissions(folder, fs::perms::owner_all, problem);
  return {};
}

}  // namespace

result<opened> open_state(const fs::path& folder) {
  S2L_TRY(make_private(folder));
  std::error_code problem;
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
