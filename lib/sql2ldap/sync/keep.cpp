#include <sql2ldap/sync/keep.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/sync/limits.hpp>

namespace sql2ldap::sync {
namespace {

using std::chrono::milliseconds;
using phase = keep_status::phase;

constexpr std::chrono::seconds told_again_within{60};  // by a feed that has begun, far more than any was seen to take
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::string counted(const counts& what) {
  return fmt::format("{} added, {} modified, {} renamed, {} deleted, {}{} rejected", what.added, what.modified,
                     what.renamed, what.deleted, what.disabled == 0 ? "" : fmt::format("{} disabled, ", what.disabled),
                     what.rejected);
}

// Of model::collected::tables: the names whose lines are not the same.
std::string changed_tables(std::string_view before, std::string_view now) {
  const auto lines_of = [](std::string_view text) {
    std::map<std::string_view, std::string_view> out;  // by name
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      out.emplace(line.substr(std::min(line.size(), line.find(' ') + 1)), line);
    }
    return out;
  };
  const auto old = lines_of(before);
  std::vector<std::string_view> names;
  for (const auto& [name, line] : lines_of(now))
    if (const auto known = old.find(name); known == old.end() || known->second != line) names.push_back(name);
  return names.empty() ? "some are not read any more" : fmt::format("{}", fmt::join(names, ", "));
}

// For people.
std::string cause_of(const std::vector<model::row_image>& rows, bool everything) {
  if (everything) return "a table was emptied (TRUNCATE), or too many rows were changed at once";
  std::set<std::string_view> tables;
  for (const model::row_image& row : rows) tables.insert(row.table);
  return fmt::format("changes of {}", fmt::join(tables, ", "));
}

}  // namespace

keeper::keeper(const parties& who, const run_options& how, model::capture& capture, model::journal& journal,
               keep_options options)
    : who_(who),
      how_(how),
      capture_(capture),
      journal_(journal, options.work_beside),
      options_(std::move(options)),
      agreements_(who_, journal_),
      follower_(
          who_, how_, [this](const follower::unfinished& what) { return spool(what); }, options_.work_beside) {
  agreements_.listen(how_);
  status_.since = options_.clock();
  note_if_current(false);
}

std::int64_t keeper::seconds_now() const { return std::chrono::system_clock::to_time_t(options_.clock()); }

void keeper::enter(phase now) {
  if (status_.now == now) return;
  status_.now = now;
  status_.since = options_.clock();
}

result<void> keeper::run(const std::function<bool()>& stop, const std::function<void(milliseconds)>& idle) {
  milliseconds wait = limits::trouble_wait_first;
  bool ever_in_step = false;
  while (!stop()) {
    auto turned = turn(limits::journal_write_every);
    if (turned) {
      ever_in_step = true;
      wait = limits::trouble_wait_first;
      if (!status_.trouble.empty())
        options_.tell(log::level::info, "SYNC_RECOVERED", "going on after: " + status_.trouble);
      status_.trouble.clear();
      options_.watch(status_);
      if (!feed_) idle(limits::standby_look_every);
      continue;
    }
    if (stop()) break;
    const error& what = turned.error();
    if (!ever_in_step && !what.transient) return turned;
    if (status_.trouble != what.text()) options_.tell(log::level::error, "SYNC_TROUBLE", what.text());
    status_.trouble = what.text();
    enter(phase::trouble);
    options_.watch(status_);
    idle(wait);
    wait = std::min<milliseconds>(2 * wait, limits::trouble_wait_longest);
  }
  return settle();
}

result<void> keeper::turn(milliseconds patience) {
  auto turned = [&]() -> result<void> {
    if (!feed_ || !everything_because_.empty()) S2L_TRY(begin());
    if (!feed_) return {};
    S2L_TRY(gather(patience));
    S2L_TRY(apply_waiting());
    S2L_TRY(write_released());
    if (has_time()) {
      S2L_TRY(retry_aside());
      S2L_TRY(check_found());
      S2L_TRY(purge());
    }
    return look();
  }();
  // What the feed has told and is not applied is told again by the next one.
  if (!turned) let_go();
  note_if_current(turned.has_value());
  note_aside();
  note_held();
  if (auto written = write_down(); !written && turned) turned = std::move(written);
  if (turned) turned = learn_uuids();
  return turned;
}

// The changes since the last write of the journal are told again within that time.
void keeper::note_if_current(bool turned) {
  const auto now = options_.clock();
  if (!turned || !feed_) {
    current_from_ = now + told_again_within;
    agreements_.set_current(false);
  } else if (waiting_.empty() && now >= current_from_) {
    agreements_.set_current(true);
  }
}

// For what is not a change of the source: a backlog leaves some, not much.
bool keeper::has_time() {
  const auto now = options_.clock();
  if (!waiting_.empty() && now < next_pause_) return false;
  next_pause_ = now + limits::backlog_pause_every;
  return true;
}

void keeper::forget_waiting() {
  waiting_.clear();
  singly_ = 0;
  status_.waiting_rows = 0;
}

void keeper::let_go() {
  feed_.reset();
  forget_waiting();
  // How much is behind is not known now; what was known stays true.
  if (!status_.behind_since) status_.behind_since = options_.clock();
}

std::string keeper::why_everything(const model::collected& now) const {
  using state = model::collected::state;
  if (!written_) return "the state folder knows of no earlier run";
  if (!memory_.in_step) return "the last comparison of everything did not come to its end";
  if (memory_.source != who_.from.name()) return "the source was " + memory_.source;
  if (memory_.directory != who_.to.name()) return "the directory was " + memory_.directory;
  if (memory_.base != who_.base.text()) return "the base was " + memory_.base;
  if (memory_.mapping != who_.map.fingerprint()) return "the mapping or a parameter of it has changed";
  if (now.now == state::missing) return "nothing has collected the changes: the slot or the triggers are gone";
  if (now.now == state::broken) return now.reason;
  if (memory_.history != now.history)
    return fmt::format("the source has another history: {}, it was {}", now.history, memory_.history);
  if (now.confirmed > memory_.applied)
    return fmt::format("the slot has moved on without us: changes from {} to {} are not known", memory_.applied,
                       now.confirmed);
  if (now.keeps_confirmed && now.confirmed < memory_.applied)
    return fmt::format(
        "the source has noted {} as confirmed, before {}, which is applied: an older copy of it was put "
        "back, or we were interrupted",
        now.confirmed, memory_.applied);
  if (memory_.applied > now.end)
    return fmt::format("the source is at {}, before {}, which is applied: it was set back", now.end, memory_.applied);
  if (everything_because_.empty() && memory_.tables != now.tables)
    return "columns, partitions or storage of tables have changed: " + changed_tables(memory_.tables, now.tables);
  return everything_because_;
}

result<void> keeper::check_mapping() {
  S2L_TRY_ASSIGN(const model::catalog tables, who_.from.describe());
  std::string all;
  std::string hint;
  for (const mapping::diagnostic& one : who_.map.check_tables(tables)) {
    if (one.level != mapping::diagnostic::severity::error) continue;
    all += (all.empty() ? "" : "; ") + one.message;
    if (hint.empty()) hint = one.hint;
  }
  if (all.empty()) return {};
  // What was changed in the meantime may not be reported as a change of rows.
  if (everything_because_.empty()) everything_because_ = "the mapping did not fit the tables: " + all;
  return fail(error_kind::mapping, "the mapping does not fit the tables: " + all, hint);
}

result<void> keeper::begin() {
  if (!recalled_) {
    S2L_TRY_ASSIGN(written_, journal_.recall());
    S2L_TRY_ASSIGN(written_aside_, journal_.recall_aside());
    memory_ = written_.value_or(model::remembered{});
    S2L_TRY_ASSIGN(model::held_list held, journal_.recall_held());
    follower_.restore(written_aside_, memory_.entries, memory_.unfinished, std::move(held), memory_.held_plan);
    recalled_ = true;
    if (memory_.proven_at != 0) status_.proven_at = std::chrono::system_clock::from_time_t(memory_.proven_at);
  }
  feed_.reset();
  forget_waiting();
  follower_.ask_again();
  S2L_TRY(check_mapping());
  S2L_TRY_ASSIGN(model::collected now, capture_.look());
  if (now.now == model::collected::state::taken) {
    if (status_.now != phase::standby)
      options_.tell(log::level::info, "SYNC_STANDBY", "another instance is at work; this one waits to take over");
    enter(phase::standby);
    everything_because_ = "another instance was at work";
    return {};
  }
  const std::string why = why_everything(now);
  if (!why.empty()) {
    everything_because_ = why;
    if (now.now != model::collected::state::ready) {
      // First in the journal: a crash after this must not look like a state that is known.
      memory_.in_step = false;
      S2L_TRY(remember());
      S2L_TRY(capture_.begin());
      S2L_TRY_ASSIGN(now, capture_.look());
    }
    S2L_TRY(reconcile());
    memory_.source = who_.from.name();
    memory_.directory = who_.to.name();
    memory_.base = who_.base.text();
    memory_.mapping = who_.map.fingerprint();
    memory_.history = now.history;
    memory_.tables = now.tables;
    memory_.applied = now.confirmed;
    S2L_TRY(write_down());
  }
  status_.history = memory_.history;
  status_.retained_bytes = now.retained_bytes;
  status_.at = {memory_.applied, memory_.applied, memory_.applied, now.confirmed};
  S2L_TRY_ASSIGN(feed_, capture_.follow(memory_.applied));
  // What they wait for may have happened in a call that did not come to its end.
  for (auto& [origin, waits] : follower_.aside()) waits.next_try = 0;
  enter(follower_.held().empty() ? phase::following : phase::held);
  return {};
}

result<void> keeper::reconcile() {
  options_.tell(log::level::warning, "SYNC_RECONCILE", "comparing everything: " + everything_because_);
  enter(phase::reconciling);
  status_.reconciled_because = everything_because_;
  options_.watch(status_);
  S2L_TRY_ASSIGN(const counts compared, follower_.reconcile({"comparing everything: " + everything_because_}));
  S2L_TRY(agreements_.learn_all_uuids());
  done(compared);
  proven(compared.differences());
  everything_because_.clear();
  options_.tell(log::level::info, "SYNC_RECONCILED", "all entries compared: " + counted(compared));
  return {};
}

result<void> keeper::gather(milliseconds patience) {
  const auto changes_nothing = [](const model::committed& one) { return one.rows.empty() && !one.everything; };
  const auto add = [&](model::committed&& one) {
    status_.at.received = one.position;
    if (changes_nothing(one) && !waiting_.empty() && changes_nothing(waiting_.back())) {
      waiting_.back() = std::move(one);
      return;
    }
    status_.waiting_rows += one.rows.size();
    if (!status_.behind_since || waiting_.empty()) status_.behind_since = one.time;
    waiting_.push_back(std::move(one));
  };
  const std::size_t rows_max = limits::pieces_gathered_max * options_.rows_at_once;
  while (status_.waiting_rows < rows_max) {
    S2L_TRY_ASSIGN(auto told, feed_->next(waiting_.empty() ? patience : milliseconds(0)));
    if (!told) break;
    add(*std::move(told));
    patience = milliseconds(0);
  }
  if (waiting_.empty()) status_.behind_since.reset();
  return {};
}

result<void> keeper::apply_waiting() {
  if (waiting_.empty()) return {};
  // Many are quicker together. What is too much then may still be right one by one, as rows that come back.
  if (singly_ == 0 && waiting_.size() > options_.transactions_singly) {
    const std::size_t piece = end_of_piece(0);
    S2L_TRY_ASSIGN(const bool applied, apply(piece, next_piece(piece)));
    if (applied) return {};
    singly_ = piece;
  }
  for (std::size_t n = 0; !waiting_.empty() && n < limits::transactions_singly_a_turn; ++n) {
    S2L_TRY(apply(1, singly_ == 0 ? next_piece(1) : std::vector<model::row_image>()));
    if (singly_ > 0) --singly_;
  }
  return {};
}

// Of those that wait, from this one on: behind the last that is applied together with it.
std::size_t keeper::end_of_piece(std::size_t from) const {
  std::size_t rows = 0;
  while (from < waiting_.size() && rows < options_.rows_at_once) rows += waiting_[from++].rows.size();
  return from;
}

// What will be applied after so many, when that is a whole piece: to less, more may come.
std::vector<model::row_image> keeper::next_piece(std::size_t from) const {
  const bool together = waiting_.size() - from > options_.transactions_singly;
  const std::size_t end = together ? end_of_piece(from) : std::min(from + 1, waiting_.size());
  std::size_t rows = 0;
  for (std::size_t one = from; one < end; ++one) rows += waiting_[one].rows.size();
  std::vector<model::row_image> out;
  if (rows < options_.rows_at_once) return out;
  for (std::size_t one = from; one < end; ++one)
    out.insert(out.end(), waiting_[one].rows.begin(), waiting_[one].rows.end());
  return out;
}

result<bool> keeper::apply(std::size_t transactions, std::vector<model::row_image> next) {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(transactions);
  std::vector<model::row_image> rows;
  bool everything = false;
  std::uint64_t changing = 0;
  for (auto one = waiting_.begin(); one != end; ++one) {
    everything = everything || one->everything;
    changing += one->everything || !one->rows.empty() ? 1 : 0;
    rows.insert(rows.end(), one->rows.begin(), one->rows.end());
  }
  status_.at.spooled = waiting_[transactions - 1].position;
  const auto end_time = waiting_[transactions - 1].time;
  const occasion at{cause_of(rows, everything), std::chrono::system_clock::to_time_t(end_time), transactions == 1};

  if (everything) S2L_TRY(check_mapping());
  auto applied = everything      ? follower_.reconcile(at)
                 : changing == 0 ? result<counts>(counts{})
                                 : follower_.follow(rows, std::move(next), at);
  if (!applied) {
    if (applied.error().kind == error_kind::limit && !at.holds) return false;
    return tl::make_unexpected(std::move(applied).error());
  }
  done(*applied);
  memory_.applied = status_.at.applied = status_.at.spooled;
  status_.transactions += changing;
  for (auto one = waiting_.begin(); one != end; ++one) status_.waiting_rows -= one->rows.size();
  waiting_.erase(waiting_.begin(), end);
  if (waiting_.empty())
    status_.behind_since.reset();
  else
    status_.behind_since = waiting_.front().time;
  enter(follower_.held().empty() ? phase::following : phase::held);
  return true;
}

bool keeper::release(const std::string& plan_id) {
  if (!follower_.held().release(plan_id)) return false;
  has_release_ = true;
  return true;
}

result<void> keeper::write_released() {
  if (!has_release_) return {};
  const std::string plan = follower_.held().id();
  S2L_TRY_ASSIGN(const counts written, follower_.write_released({fmt::format("plan {}, released", plan)}));
  has_release_ = false;
  done(written);
  options_.tell(log::level::warning, "SYNC_RELEASED", "an operator has released what waited: " + counted(written));
  status_.held.reset();  // not gone by itself
  note_held();
  return {};
}

// What waits, for status and log.
void keeper::note_held() {
  const held_changes& held = follower_.held();
  memory_.held_plan = held.name();
  if (held.revision() == held_revision_) return;
  held_revision_ = held.revision();
  const std::optional<held_plan> before = std::exchange(status_.held, std::nullopt);
  if (held.empty()) {
    if (before)
      options_.tell(log::level::info, "SYNC_HELD_OVER", fmt::format("plan {} is gone: its rows are back", before->id));
    if (status_.now == phase::held) enter(phase::following);
    return;
  }
  status_.held = held.summary(origins(who_.map));
  if (!before || before->id != status_.held->id)
    options_.tell(log::level::error, "SYNC_HELD",
                  fmt::format("{}; plan {} waits: {} deletes, {} updates; first: {}; the rest goes on",
                              status_.held->groups.back().cause, status_.held->id, status_.held->deletes,
                              status_.held->updates, status_.held->examples.front()));
  if (status_.now == phase::following) enter(phase::held);
}

void keeper::done(const counts& what) {
  memory_.in_step = true;
  counts& sums = status_.done;
  sums.added += what.added;
  sums.modified += what.modified;
  sums.renamed += what.renamed;
  sums.deleted += what.deleted;
  sums.disabled += what.disabled;
  sums.rejected += what.rejected;
  sums.present = follower_.entries();
  memory_.entries = follower_.entries();
}

// ---- those set aside ------------------------------------------------------------------------

void keeper::note_aside() {
  const std::int64_t now = seconds_now();
  status_.rejects = 0;
  for (auto& [origin, why] : follower_.aside()) {
    if (why.since == 0) {
      why.since = now;
      why.next_try = why.skipped ? never : now + limits::aside_retry_first.count();
      if (!why.skipped)
        options_.tell(log::level::warning, "SYNC_REJECT",
                      fmt::format("{} is set aside: {}{}", origin, why.reason, why.dn.empty() ? "" : "; " + why.dn));
    }
    if (!why.skipped && !why.dropped) ++status_.rejects;
  }
}

// Those that wait longest, and no more than are compared one by one while others are followed.
std::set<std::string> keeper::due_aside(std::int64_t now) const {
  std::vector<std::pair<std::int64_t, const std::string*>> all;
  for (const auto& [origin, why] : follower_.aside())
    if (!why.dropped && why.next_try <= now) all.emplace_back(why.next_try, &origin);
  if (all.size() > limits::aside_retried_at_once) {
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(limits::aside_retried_at_once);
    std::nth_element(all.begin(), end, all.end());
    all.erase(end, all.end());
  }
  std::set<std::string> out;
  for (const auto& [next_try, origin] : all) out.insert(*origin);
  return out;
}

result<void> keeper::retry_aside() {
  const std::int64_t now = seconds_now();
  const std::set<std::string> due = due_aside(now);
  if (due.empty() && follower_.half_done().empty()) return {};
  auto tried = follower_.retry([&](const std::string& origin, const model::set_aside&) { return due.contains(origin); },
                               {"tried again"});
  for (auto& [origin, why] : follower_.aside()) {
    if (why.next_try > now || !due.contains(origin)) continue;
    const auto wait = limits::aside_retry_first.count() << std::min(++why.tries, 12U);
    why.next_try = why.skipped ? never : now + std::min(wait, limits::aside_retry_longest.count());
  }
  if (!tried) return tl::make_unexpected(std::move(tried).error());
  done(*tried);
  return {};
}

// ---- what was compared beside us ------------------------------------------------------------

void keeper::check(verify_findings found) {
  if (found.too_many) return compare_everything("the background comparison found more differences than it could name");
  std::erase_if(found.origins, [this](const std::string& origin) { return held().contains(origin); });
  to_check_ = std::move(found);
}

result<void> keeper::check_found() {
  if (!to_check_ || !waiting_.empty()) return {};
  S2L_TRY_ASSIGN(const counts compared, follower_.compare_again(to_check_->origins, {"found by the comparison"}));
  to_check_.reset();
  done(compared);
  proven(compared.differences());
  if (compared.differences() > 0)
    options_.tell(log::level::warning, "SYNC_MENDED",
                  "out of step for a reason that is not known: " + counted(compared));
  return {};
}

result<void> keeper::purge() {
  const auto now = options_.clock();
  if (how_.grace.count() == 0 || now < next_purge_) return {};
  next_purge_ = now + limits::purge_look_every;
  S2L_TRY_ASSIGN(const counts purged, follower_.purge({"its grace is over"}));
  done(purged);
  if (purged.deleted > 0)
    options_.tell(log::level::info, "SYNC_PURGED",
                  fmt::format("{} entries deleted whose rows are gone for long", purged.deleted));
  return {};
}

void keeper::proven(std::uint64_t differences) {
  status_.proven_at = options_.clock();
  status_.found_out_of_step = differences;
  memory_.proven_at = seconds_now();
}

std::size_t keeper::retry(const std::string& origin) {
  std::size_t found = 0;
  for (auto& [name, why] : follower_.aside()) {
    if ((!origin.empty() && name != origin) || why.skipped) continue;
    ++found;
    why.dropped = false;
    why.next_try = 1;
  }
  return found;
}

std::size_t keeper::drop(const std::string& origin) {
  std::size_t found = 0;
  for (auto& [name, why] : follower_.aside()) {
    if ((!origin.empty() && name != origin) || why.skipped || why.dropped) continue;
    ++found;
    why.dropped = true;
  }
  return found;
}

// ---- what is written down -------------------------------------------------------------------

result<void> keeper::look() {
  const auto now = options_.clock();
  if (now < next_look_) return {};
  next_look_ = now + limits::capture_look_every;
  S2L_TRY_ASSIGN(const model::collected seen, capture_.look());
  const bool was_much = status_.retained_bytes >= options_.retained_bytes_warning;
  status_.retained_bytes = seen.retained_bytes;
  if (seen.now == model::collected::state::taken)
    return fail_transient(error_kind::source, "another instance has taken over");
  // Begun again, with everything compared.
  if (seen.now != model::collected::state::ready || seen.history != memory_.history)
    return fail_transient(error_kind::source,
                          "the changes are no longer collected: " +
                              (seen.reason.empty() ? std::string("nothing is there") : seen.reason));
  if (seen.tables != memory_.tables)
    compare_everything("columns, partitions or storage of tables have changed: " +
                       changed_tables(memory_.tables, seen.tables));
  if (seen.retained_bytes >= options_.retained_bytes_warning && !was_much)
    options_.tell(log::level::warning, "SOURCE_RETAINS",
                  fmt::format("the source keeps {} MiB of changes for us", seen.retained_bytes >> 20U));
  return {};
}

// Of entries that were added; when there is time, and once they are written down.
result<void> keeper::learn_uuids() {
  const auto now = options_.clock();
  if (!waiting_.empty() || !agreements_.lacks_uuids() || agreements_.has_pending() || now < next_learning_) return {};
  next_learning_ = now + limits::journal_write_every;
  return agreements_.learn_some_uuids();
}

result<void> keeper::spool(const follower::unfinished& what) {
  if (what.everything) {
    memory_.in_step = false;
  } else {
    memory_.unfinished = what.origins;
  }
  const bool known = written_ && written_->in_step == memory_.in_step && written_->unfinished == memory_.unfinished;
  return known && !journal_.is_writing() ? result<void>() : remember();
}

journal_beside::record keeper::unwritten() {
  return {memory_, follower_.aside(), agreements_.take_pending(), follower_.held().take_pending()};
}

result<void> keeper::remember() {
  end_writing(true);
  memory_.held_plan = follower_.held().name();
  journal_beside::record what = unwritten();
  auto written = journal_.remember(what.now, what.aside, what.agreed, what.held);
  note_written(std::move(what), written);
  return written;
}

// How the journal's write has ended.
void keeper::note_written(journal_beside::record&& what, const result<void>& how) {
  if (how) {
    written_ = std::move(what.now);
    written_aside_ = std::move(what.aside);
    status_.journal_trouble.clear();
    return;
  }
  agreements_.give_back(std::move(what.agreed));
  follower_.held().give_back(std::move(what.held));
  if (status_.journal_trouble != how.error().text())
    options_.tell(log::level::error, "STATE_NOT_WRITTEN", how.error().text());
  status_.journal_trouble = how.error().text();
}

// Of what is written beside us. What could not be written is to be written again.
void keeper::end_writing(bool wait) {
  if (auto ended = journal_.take(wait)) note_written(std::move(ended->what), ended->how);
}

bool keeper::is_written() const {
  return written_ && *written_ == memory_ && written_aside_ == follower_.aside() && !agreements_.has_pending() &&
         !follower_.held().has_pending();
}

result<void> keeper::write_down() {
  if (!recalled_) return {};
  memory_.unfinished = follower_.half_done();
  memory_.held_plan = follower_.held().name();
  const auto now = options_.clock();
  // A disk that is slower than that holds us up.
  const bool due = now >= next_write_;
  end_writing(due);
  if (!is_written() && !journal_.is_writing()) {
    // Changes of the position alone may wait: what is not written down is told again.
    const bool only_position = written_ && [&] {
      model::remembered same = *written_;
      same.applied = memory_.applied;
      same.entries = memory_.entries;
      if (memory_.unfinished.empty()) same.unfinished.clear();
      return same == memory_;
    }();
    if (!only_position || due) next_write_ = now + limits::journal_write_every;
    if (!only_position) {
      auto written = remember();
      // Before everything is compared it must be known to the journal; later it can wait.
      if (!written && !memory_.in_step) return written;
    } else if (due) {
      journal_.begin(unwritten());
    }
  }
  return confirm();
}

result<void> keeper::confirm() {
  if (!feed_ || !written_ || status_.at.confirmed >= written_->applied) return {};
  auto confirmed = feed_->confirm(written_->applied);
  if (!confirmed) {
    let_go();
    return confirmed;
  }
  status_.at.confirmed = written_->applied;
  return {};
}

result<void> keeper::settle() {
  if (!recalled_) return {};
  memory_.unfinished = follower_.half_done();
  memory_.held_plan = follower_.held().name();
  end_writing(true);
  if (!is_written()) S2L_TRY(remember());
  return confirm();
}

}  // namespace sql2ldap::sync
