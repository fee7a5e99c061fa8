#include <sql2ldap/state/hook_queue.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/state/detail/database.hpp>

namespace sql2ldap::state {
namespace {

namespace fs = std::filesystem;
using model::queued_hook;

constexpr int application_id = 0x73326c68;  // "s2lh"
constexpr int version = 1;
constexpr const char* file_name = "hooks.db";

// `due` is 0 until the directory is written. Who waits behind another of its origin has the same next_try, so that the
// search for the next one passes over few that cannot run.
constexpr const char* tables_sql = R"(
CREATE TABLE hook (id INTEGER PRIMARY KEY AUTOINCREMENT, origin TEXT NOT NULL, change TEXT NOT NULL, kind TEXT NOT NULL,
  document TEXT NOT NULL, due INTEGER NOT NULL, confirmed INTEGER NOT NULL, since INTEGER NOT NULL,
  next_try INTEGER NOT NULL, tries INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE INDEX hook_by_origin ON hook (origin, id);
CREATE INDEX hook_by_time ON hook (next_try, id) WHERE due = 1;
CREATE INDEX hook_failing ON hook (id) WHERE tries > 0;
)";
constexpr const char* columns_sql = "id, origin, change, kind, document, confirmed, since, next_try, tries, reason";
constexpr const char* first_of_origin_sql =
    "due = 1 AND NOT EXISTS (SELECT 1 FROM hook AS earlier WHERE earlier.origin = hook.origin AND earlier.id < "
    "hook.id)";

class sqlite_hook_queue final : public model::hook_queue {
 public:
  explicit sqlite_hook_queue(database db) : db_(std::move(db)) {}

  result<void> count_all() {
    S2L_TRY_ASSIGN(waiting_, db_.number("SELECT count(*) FROM hook"));
    return count_failing();
  }

  [[nodiscard]] result<std::vector<queued_hook::number>> intend(std::span<const model::hook_event> events,
                                                                std::int64_t now) override {
    const std::lock_guard only(mutex_);
    std::vector<queued_hook::number> ids;
    // Alone among the writes: nothing that is lost of the others can make a change unheard.
    S2L_TRY(db_.execute("PRAGMA synchronous = FULL"));
    auto written = at_once([&] { return insert(events, now, ids); });
    S2L_TRY(db_.execute("PRAGMA synchronous = NORMAL"));
    if (!written) return tl::make_unexpected(std::move(written).error());
    return ids;
  }

  [[nodiscard]] result<void> confirm(std::span<const queued_hook::number> ids) override {
    const std::lock_guard only(mutex_);
    return for_each(ids, [this](queued_hook::number id) {
      database::statement now_due(db_, "UPDATE hook SET due = 1, confirmed = 1 WHERE id = ?");
      return now_due.bind(id).run();
    });
  }
  [[nodiscard]] result<void> withdraw(std::span<const queued_hook::number> ids) override {
    const std::lock_guard only(mutex_);
    return for_each(ids, [this](queued_hook::number id) { return erase(id); });
  }
  [[nodiscard]] result<void> give_up_waiting() override {
    const std::lock_guard only(mutex_);
    return db_.execute("UPDATE hook SET due = 1 WHERE due = 0");
  }

  [[nodiscard]] result<std::optional<queued_hook>> take(std::int64_t now) override {
    const std::lock_guard only(mutex_);
    database::statement first(db_, fmt::format("SELECT {} FROM hook WHERE next_try <= ? AND {} ORDER BY next_try, id "
                                               "LIMIT 1",
                                               columns_sql, first_of_origin_sql)
                                       .c_str());
    S2L_TRY_ASSIGN(const bool found, first.bind(now).step());
    if (!found) return std::nullopt;
    queued_hook out = read(first);
    running_ = out.id;
    return out;
  }

  [[nodiscard]] result<std::optional<std::int64_t>> next_due() override {
    const std::lock_guard only(mutex_);
    database::statement first(
        db_,
        fmt::format("SELECT next_try FROM hook WHERE {} ORDER BY next_try, id LIMIT 1", first_of_origin_sql).c_str());
    S2L_TRY_ASSIGN(const bool found, first.step());
    if (!found) return std::nullopt;
    return first.number(0);
  }

  [[nodiscard]] result<void> done(queued_hook::number id) override {
    const std::lock_guard only(mutex_);
    S2L_TRY(at_once([&] { return remove(id); }));
    running_ = 0;
    return {};
  }

  [[nodiscard]] result<void> failed(queued_hook::number id, const std::string& reason, std::int64_t next_try) override {
    const std::lock_guard only(mutex_);
    auto noted = at_once([&]() -> result<void> {
      database::statement note(db_, "UPDATE hook SET tries = tries + 1, reason = ? WHERE id = ?");
      S2L_TRY(note.bind(reason).bind(id).run());
      return set_next_try_of_origin(id, next_try);
    });
    if (noted) running_ = 0;
    return noted;
  }

  void put_back(queued_hook::number id) override {
    const std::lock_guard only(mutex_);
    if (running_ == id) running_ = 0;
  }

  [[nodiscard]] result<std::vector<queued_hook>> failing(std::size_t most) override {
    const std::lock_guard only(mutex_);
    std::vector<queued_hook> out;
    database::statement all(
        db_, fmt::format("SELECT {} FROM hook WHERE tries > 0 ORDER BY id LIMIT ?", columns_sql).c_str());
    all.bind(static_cast<std::int64_t>(most));
    while (true) {
      S2L_TRY_ASSIGN(const bool more, all.step());
      if (!more) return out;
      out.push_back(read(all));
    }
  }

  [[nodiscard]] result<std::size_t> retry(std::optional<queued_hook::number> which) override {
    return for_failing(which, [this](queued_hook::number id) { return set_next_try_of_origin(id, 0); });
  }
  [[nodiscard]] result<std::size_t> drop(std::optional<queued_hook::number> which) override {
    return for_failing(which, [this](queued_hook::number id) { return remove(id); });
  }

  [[nodiscard]] sums count() const noexcept override {
    return {static_cast<std::uint64_t>(waiting_), static_cast<std::uint64_t>(failing_)};
  }

 private:
  static queued_hook read(const database::statement& row) {
    queued_hook out;
    out.id = row.number(0);
    out.event = {row.text(1), row.text(2), row.text(3), row.text(4)};
    out.confirmed = row.number(5) != 0;
    out.since = row.number(6);
    out.next_try = row.number(7);
    out.tries = static_cast<std::uint32_t>(row.number(8));
    out.reason = row.text(9);
    return out;
  }

  // Counting all of them each time would take longer than the write.
  template <typename Writes>
  result<void> at_once(const Writes& writes) {
    more_ = 0;
    S2L_TRY(db_.at_once(writes));
    waiting_ += more_;
    return count_failing();
  }
  result<void> count_failing() {
    S2L_TRY_ASSIGN(failing_, db_.number("SELECT count(*) FROM hook WHERE tries > 0"));
    return {};
  }

  result<void> insert(std::span<const model::hook_event> events, std::int64_t now,
                      std::vector<queued_hook::number>& ids) {
    database::statement earlier(db_, "DELETE FROM hook WHERE origin = '' AND id <> ?");
    database::statement put(
        db_,
        "INSERT INTO hook (origin, change, kind, document, due, confirmed, since, next_try, tries, reason) VALUES "
        "(?1, ?2, ?3, ?4, 0, 0, ?5, coalesce((SELECT max(next_try) FROM hook WHERE origin = ?1), 0), 0, '')");
    for (const model::hook_event& one : events) {
      if (one.origin.empty()) {
        S2L_TRY(earlier.bind(running_).run());
        more_ -= db_.rows_changed();
      }
      S2L_TRY(put.bind(one.origin).bind(one.change).bind(one.kind).bind(one.document).bind(now).run());
      ids.push_back(db_.last_id());
      ++more_;
    }
    return {};
  }

  template <typename Write>
  result<void> for_each(std::span<const queued_hook::number> ids, const Write& write) {
    return at_once([&]() -> result<void> {
      for (const queued_hook::number id : ids) S2L_TRY(write(id));
      return {};
    });
  }

  // Those behind it need wait no longer for its next try.
  result<void> remove(queued_hook::number id) {
    S2L_TRY(set_next_try_of_origin(id, 0));
    return erase(id);
  }
  result<void> erase(queued_hook::number id) {
    database::statement gone(db_, "DELETE FROM hook WHERE id = ?");
    S2L_TRY(gone.bind(id).run());
    more_ -= db_.rows_changed();
    return {};
  }

  result<void> set_next_try_of_origin(queued_hook::number id, std::int64_t next_try) {
    database::statement all(db_, "UPDATE hook SET next_try = ? WHERE origin = (SELECT origin FROM hook WHERE id = ?)");
    return all.bind(next_try).bind(id).run();
  }

  template <typename Write>
  result<std::size_t> for_failing(std::optional<queued_hook::number> which, const Write& write) {
    const std::lock_guard only(mutex_);
    std::vector<queued_hook::number> ids;
    database::statement all(db_, "SELECT id FROM hook WHERE tries > 0 AND id <> ?1 AND (?2 = 0 OR id = ?2)");
    all.bind(running_).bind(which.value_or(0));
    while (true) {
      S2L_TRY_ASSIGN(const bool more, all.step());
      if (!more) break;
      ids.push_back(all.number(0));
    }
    S2L_TRY(for_each(ids, write));
    return ids.size();
  }

  std::mutex mutex_;
  database db_;
  queued_hook::number running_ = 0;  // 0: none
  std::int64_t more_ = 0;            // rows of the transaction that is open
  std::atomic<std::int64_t> waiting_ = 0;
  std::atomic<std::int64_t> failing_ = 0;
};

}  // namespace

result<std::unique_ptr<model::hook_queue>> open_hook_queue(const fs::path& folder) {
  const fs::path file = folder / file_name;
  S2L_TRY_ASSIGN(std::optional<database> db,
                 database::open(file, {application_id, version, "SELECT 1 FROM hook LIMIT 1", "use the newer program"},
                                [](database& into, std::int64_t) { return into.execute(tables_sql); }));
  if (!db)
    return fail(error_kind::usage,
                fmt::format("{} is damaged: the changes that wait for the hook are lost", file.string()),
                "move it away; then see for yourself what the hook may have missed");
  auto queue = std::make_unique<sqlite_hook_queue>(*std::move(db));
  S2L_TRY(queue->count_all());
  return std::unique_ptr<model::hook_queue>(std::move(queue));
}

}  // namespace sql2ldap::state
