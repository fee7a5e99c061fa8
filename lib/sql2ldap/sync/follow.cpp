#include <sql2ldap/sync/follow.hpp>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <sql2ldap/sync/detail/run.hpp>
#include <sql2ldap/sync/grace.hpp>

namespace sql2ldap::sync {
namespace {

const std::string below_held = "entries below are held";
constexpr int passes_max = 100;  // each sets somebody free; what is left then waits for the next retry

void add(counts& sums, const counts& more) {
  sums.wanted += more.wanted;
  sums.equal += more.equal;
  sums.added += more.added;
  sums.modified += more.modified;
  sums.renamed += more.renamed;
  sums.deleted += more.deleted;
  sums.disabled += more.disabled;
  sums.foreign += more.foreign;
  sums.rejected += more.rejected;
}

model::set_aside aside_because(std::string dn, std::string reason) {
  model::set_aside why;
  why.dn = std::move(dn);
  why.reason = std::move(reason);
  return why;
}

bool is_about(const model::change& what, model::attribute_name name) {
  const auto* modify = std::get_if<model::modify_entry>(&what.what);
  return modify != nullptr && std::any_of(modify->modifications.begin(), modify->modifications.end(),
                                          [&](const model::modification& m) { return m.name == name; });
}

}  // namespace

follower::follower(const parties& who, const run_options& how, spool to, beside read_beside)
    : who_(who), how_(how), spool_(std::move(to)), origins_(who.map), read_beside_(std::move(read_beside)) {
  for (std::size_t kind = 0; kind < who.map.kinds().size(); ++kind) unread_.insert(kind);
  ask_again();
}

result<void> follower::ask_for_facts() {
  if (facts_ != nullptr) return {};
  S2L_TRY_ASSIGN(auto facts, who_.to.describe());
  facts_ = std::make_shared<const model::directory_facts>(std::move(facts));
  return {};
}

void follower::ask_again() {
  facts_.reset();
  ahead_.reset();
  reads_ahead_ = !who_.from.snapshots_hold_up_writers();
}

void follower::restore(model::set_aside_list aside, std::uint64_t entries, std::set<std::string> half_done,
                       model::held_list held, std::string held_name) {
  ahead_.reset();
  held_.restore(std::move(held), std::move(held_name));
  half_done_ = std::move(half_done);
  aside_ = std::move(aside);
  present_ = entries;
}

void follower::put_aside(findings&& found, const model::set_aside_list& before) {
  for (auto& [origin, why] : found.list) {
    if (origin.empty()) continue;
    why.name_taken = found.name_taken.contains(origin);
    why.left_over = found.to_remove.contains(origin);
    if (const auto earlier = before.find(origin); earlier != before.end() && earlier->second.reason == why.reason) {
      why.since = earlier->second.since;
      why.next_try = earlier->second.next_try;
      why.tries = earlier->second.tries;
      why.dropped = earlier->second.dropped;
    }
    aside_.insert_or_assign(std::move(origin), std::move(why));
  }
}

run_options follower::collecting(findings& into, const occasion& at) const {
  run_options how = how_;
  how.rejects = [this, &into](model::reject r) {
    into.list.emplace_back(r.origin, aside_because(r.dn, r.reason));
    how_.rejects(std::move(r));
  };
  how.skipped = [&into](std::string_view origin, std::string_view dn) {
    model::set_aside why = aside_because(std::string(dn), "its parent does not exist");
    why.skipped = true;
    into.list.emplace_back(std::string(origin), std::move(why));
  };
  how.written = [this, cause = at.cause](const step& done, const model::schema& rules) -> result<void> {
    if (how_.audit) how_.audit(done, cause);
    return how_.written ? how_.written(done, rules) : result<void>();
  };
  return how;
}

result<void> follower::note_in_play(const std::vector<std::string>& names) {
  half_done_.insert(names.begin(), names.end());
  return spool_({false, half_done_});
}

void follower::add_known(const std::string& origin, dirty_keys& to) const {
  if (auto parts = origins_.parse(origin)) to.add(parts->kind, std::move(parts->key));
}

std::time_t follower::time_of(const occasion& at) const { return at.time == 0 ? how_.now() : at.time; }

result<follower::limited> follower::limit(run& what, const occasion& at) {
  limited out;
  const comparison& state = what.state();
  if (!how_.limits.enforced || state.first_load) return out;
  // What waits goes on waiting; what is released is not measured.
  std::vector<std::size_t> held;
  std::vector<counted_delete> deletes;
  std::vector<counted_delete> replaced;
  for (counted_delete& one : what.counted_deletes()) {
    if (released_.contains(one.origin)) continue;
    const model::held_change* const waits = held_.find(one.origin);
    if (waits != nullptr && waits->is_delete)
      held.push_back(one.place);
    else
      (one.is_replaced ? replaced : deletes).push_back(std::move(one));
  }
  const delete_counts recent = recent_.within(how_.limits.window, time_of(at));
  auto over = beyond_delete_limits(deletes, recent, how_.limits, state.present);
  if (over) {
    // Some only seem to go: parents that are kept for their children.
    S2L_TRY_ASSIGN(const auto goes, what.origins_that_go());
    std::erase_if(deletes, [&](const counted_delete& one) { return !goes.contains(one.origin); });
    over = beyond_delete_limits(deletes, recent, how_.limits, state.present);
  }
  if (over) {
    if (!at.holds) return fail(error_kind::limit, over->message);
    held.insert(held.end(), over->places.begin(), over->places.end());
    out.cause = over->message;
  }
  out.deletes = std::move(deletes);

  const auto counts = [this](std::string_view origin) { return !released_.contains(std::string(origin)); };
  const std::uint64_t allowed = allowed_updates(how_.limits, state.present);
  if (state.differ + replaced.size() > allowed) {
    S2L_TRY_ASSIGN(const std::uint64_t updates, what.count_updates(counts));
    if (const std::uint64_t changes = updates + replaced.size(); changes > allowed) {
      std::string message =
          fmt::format("{} of {} entries would be changed, {} are allowed", changes, state.present, allowed);
      if (!at.holds) return fail(error_kind::limit, message);
      what.hold_updates(counts);
      for (const counted_delete& one : replaced) held.push_back(one.place);
      out.cause = out.cause.empty() ? std::move(message) : out.cause + "; " + message;
    }
  }
  what.hold_deletes(held);
  if (state.missing > 0 && (!held.empty() || !held_.empty())) {
    // In the place of an entry that waits none of another kind comes: an address has one.
    std::unordered_set<std::uint64_t> names;
    for (const std::size_t place : held) names.insert(model::dn_hash(state.surplus[place].dn));
    what.hold_adds([this, names = std::move(names)](std::string_view dn) {
      const std::vector<std::uint64_t> same_address = names_of_same_address(dn, who_.map);
      return std::any_of(same_address.begin(), same_address.end(),
                         [&](std::uint64_t hash) { return names.contains(hash) || held_.keeps(hash, released_); });
    });
  }
  return out;
}

// After a run: what it held waits, and what it deleted or held counts with what comes.
void follower::keep_held(findings& found, const limited& by, const occasion& at) {
  delete_counts sums;
  for (const counted_delete& one : by.deletes)
    if (found.deleted.contains(one.origin) || found.held.contains(one.origin)) sums.add(one);
  for (auto& [origin, change] : found.held) {
    const std::string& limit = by.cause.empty() ? below_held : by.cause;
    change.cause = at.cause.empty() ? limit : at.cause + ": " + limit;
    change.since = how_.now();
    held_.add(origin, std::move(change));
  }
  recent_.add(time_of(at), std::move(sums));
}

result<counts> follower::apply(run& what, moves& seen, findings& into) {
  return what.apply(
      [&](step& s) -> result<void> {
        note(s, seen);
        if (s.kind == step::what::remove || s.kind == step::what::disable) {
          into.to_remove.insert(s.origin);
          into.deleted.insert(s.origin);
        }
        return {};
      },
      [&](const step_problem& p) {
        if (p.held) into.held.insert_or_assign(p.origin, model::held_change{p.dn, p.wanted_dn, p.is_delete, "", 0, 0});
        if (p.foreign) into.name_taken.insert(p.origin);
        if (p.stale) into.to_remove.insert(p.origin);
      });
}

void follower::moves::free(std::string_view dn) {
  freed.insert(model::dn_hash(dn));
  left.insert(model::dn_hash(model::parent_text(dn)));
}

void follower::note(const step& s, moves& seen) {
  for (const model::change& c : s.changes) {
    if (const auto* added = std::get_if<model::add_entry>(&c.what)) {
      seen.taken.insert(model::dn_hash(added->content.dn()));
    } else if (const auto* deleted = std::get_if<model::delete_entry>(&c.what)) {
      seen.free(deleted->dn);
    } else if (const auto* renamed = std::get_if<model::rename_entry>(&c.what)) {
      seen.free(renamed->dn);
      seen.taken.insert(model::dn_hash(s.dn));
    } else if (s.kind == step::what::update && is_about(c, model::names::gone_since)) {
      seen.taken.insert(model::dn_hash(s.dn));  // its row has returned
    } else if (s.kind == step::what::disable) {
      seen.free(s.dn);  // it keeps its name until somebody wants it
    }
  }
}

void follower::note_unread(std::size_t kind, std::uint64_t rows) {
  if (rows > 0)
    unread_.insert(kind);
  else
    unread_.erase(kind);
}

// Who was set aside because of a name that is free now, or of a parent that is there now.
dirty_keys follower::freed_by(const moves& seen) const {
  dirty_keys out(who_.map.kinds().size());
  for (const auto& [origin, why] : aside_) {
    if (why.dn.empty()) continue;
    const std::uint64_t dn_hash = model::dn_hash(why.dn);
    const bool may_go_on = seen.freed.contains(dn_hash) || (why.left_over && seen.left.contains(dn_hash)) ||
                           seen.taken.contains(model::dn_hash(model::parent_text(why.dn)));
    if (may_go_on) add_known(origin, out);
  }
  return out;
}

result<counts> follower::reconcile(const occasion& at) {
  ahead_.reset();
  S2L_TRY(ask_for_facts());
  findings found;
  moves seen;
  const run_options how = collecting(found, at);
  if (how.everything_begins) how.everything_begins();
  S2L_TRY_ASSIGN(const auto whole, run::begin(who_, how, facts_));
  S2L_TRY_ASSIGN(const limited by, limit(*whole, at));
  S2L_TRY(spool_({true, {}}));
  S2L_TRY_ASSIGN(const counts done, apply(*whole, seen, found));
  if (how.everything_ended) S2L_TRY(how.everything_ended());
  const std::vector<std::uint64_t>& unread = whole->state().unmapped.unidentified;
  for (std::size_t kind = 0; kind < unread.size(); ++kind) note_unread(kind, unread[kind]);
  half_done_.clear();
  std::vector<std::string> waited;
  for (const auto& [origin, change] : held_.list())
    if (!found.held.contains(origin)) waited.push_back(origin);
  for (const std::string& origin : waited) held_.remove(origin);
  keep_held(found, by, at);
  put_aside(std::move(found), std::exchange(aside_, {}));
  present_ = done.present + done.added - std::min(done.present + done.added, done.deleted);
  return done;
}

result<counts> follower::follow(std::span<const model::row_image> changed, std::vector<model::row_image> next,
                                const occasion& at) {
  S2L_TRY(ask_for_facts());
  S2L_TRY_ASSIGN(compared what, compare_rows(changed));
  return bring_in_step(std::move(what), std::move(next), at);
}

result<follower::compared> follower::compare_rows(std::span<const model::row_image> changed) {
  if (const auto known = std::exchange(ahead_, nullptr);
      known && std::equal(known->changed.begin(), known->changed.end(), changed.begin(), changed.end()))
    return *std::move(known->what);
  return read(changed);
}

result<follower::compared> follower::read(std::span<const model::row_image> changed) const {
  S2L_TRY_ASSIGN(compared out, begin());
  for (const model::row_image& row : changed) S2L_TRY(add_touched(who_.map, row, *out.from, out.dirty));
  S2L_TRY(compare(out));
  return out;
}

// With all that a call before has left.
result<follower::compared> follower::begin() const {
  S2L_TRY_ASSIGN(auto now, who_.from.open_snapshot());
  compared out{std::move(now), dirty_keys(who_.map.kinds().size()), false, {}};
  for (const std::string& origin : half_done_) add_known(origin, out.dirty);
  return out;
}

result<void> follower::compare(compared& what) const {
  const std::size_t named = what.dirty.size();
  if (what.dirty.empty() || what.dirty.everything()) return {};
  const rest_of_directory rest{present_, aside_, unread_, held_.list()};
  S2L_TRY_ASSIGN(what.found, compare_keys(who_, how_, *what.from, facts_->schema, what.dirty, rest));
  what.has_grown = what.dirty.size() > named;
  return {};
}

// Where a thread, memory or a connection is lacking, it is not read ahead.
std::unique_ptr<follower::ahead> follower::look_ahead(std::vector<model::row_image> next) const {
  auto out = std::make_unique<ahead>();
  out->changed = std::move(next);
  const auto work = [this, &to = *out]() -> result<void> {
    try {
      S2L_TRY_ASSIGN(to.what, read(to.changed));
      return {};
    } catch (const std::exception& problem) {
      return fail(error_kind::local, problem.what());
    }
  };
  try {
    out->reading = read_beside_(work);
  } catch (const std::system_error&) {
    return nullptr;
  }
  return out;
}

// Whether what is compared beside this writing may still be true after it.
bool follower::leaves_others_alone(const run& what, const std::vector<std::string>& names) const {
  const comparison& state = what.state();
  if (state.missing > 0 || state.surplus.size() > 0 || !state.moved.empty() || !half_done_.empty()) return false;
  return std::none_of(names.begin(), names.end(), [&](const std::string& one) { return aside_.contains(one); });
}

result<counts> follower::retry(const choice& which, const occasion& at) {
  dirty_keys dirty(who_.map.kinds().size());
  for (const auto& [origin, why] : aside_) {
    if (which(origin, why)) add_known(origin, dirty);
  }
  return look_at(std::move(dirty), at);
}

result<counts> follower::compare_again(const std::set<std::string>& origins, const occasion& at) {
  dirty_keys dirty(who_.map.kinds().size());
  for (const std::string& origin : origins) add_known(origin, dirty);
  return look_at(std::move(dirty), at);
}

result<counts> follower::write_released(const occasion& at) {
  for (const auto& [origin, change] : held_.list())
    if (held_.is_released(origin)) released_.insert(origin);
  S2L_TRY_ASSIGN(const counts done, compare_again(released_, at));
  held_.end_release();
  released_.clear();
  // An operator's word was for this; what comes next is measured from here.
  recent_.clear();
  return done;
}

result<counts> follower::purge(const occasion& at) {
  const auto due = overdue();
  if (!due) {
    if (due.error().ldap_code == model::result_code::no_such_object) return counts{};  // not even the base is there
    return tl::make_unexpected(due.error());
  }
  return compare_again(*due, at);
}

// Whose grace is over.
result<std::set<std::string>> follower::overdue() {
  S2L_TRY_ASSIGN(auto waiting, who_.to.search({who_.base.text(),
                                               model::search_scope::subtree,
                                               codec::filter::present(model::names::gone_since).text(),
                                               {model::names::origin, model::names::gone_since},
                                               0}));
  std::set<std::string> due;
  while (true) {
    S2L_TRY_ASSIGN(const model::entry* e, waiting->next());
    if (e == nullptr) return due;
    const std::string_view origin = e->first_value_of(model::names::origin);
    if (origins_.is_ours(origin) && fate_of(*e, how_) == fate::purge) due.emplace(origin);
  }
}

result<counts> follower::look_at(dirty_keys dirty, const occasion& at) {
  if (dirty.empty()) return counts{};
  ahead_.reset();
  S2L_TRY(ask_for_facts());
  S2L_TRY_ASSIGN(compared what, begin());
  what.dirty.add(dirty);
  S2L_TRY(compare(what));
  return bring_in_step(std::move(what), {}, at);
}

result<counts> follower::bring_in_step(compared what, std::vector<model::row_image> next, const occasion& at) {
  counts sums;
  for (int pass = 0; pass < passes_max && !what.dirty.empty(); ++pass) {
    if (what.dirty.everything()) {
      S2L_TRY_ASSIGN(const counts done, reconcile(at));
      add(sums, done);
      break;
    }
    moves seen;
    S2L_TRY_ASSIGN(const counts done, one_pass(what, seen, pass == 0, std::exchange(next, {}), at));
    add(sums, done);
    what.dirty = freed_by(seen);
    S2L_TRY(compare(what));
  }
  half_done_.clear();
  sums.present = present_;
  return sums;
}

result<counts> follower::one_pass(compared& what, moves& seen, bool first, std::vector<model::row_image> next,
                                  const occasion& at) {
  findings found;
  const run_options how = collecting(found, at);
  S2L_TRY(tell_compared(who_, how, facts_->schema, what.dirty, what.found));
  const auto some = run::of_compared(who_, how, facts_, *what.from, std::move(what.found));
  S2L_TRY_ASSIGN(const limited by, limit(*some, at));
  const std::vector<std::string> names = origins_.of(what.dirty);
  if (!first || what.has_grown || !half_done_.empty()) S2L_TRY(note_in_play(names));
  // Also of those that cannot go to their new names: others may push them aside.
  for (const auto& [origin_hash, dn] : some->state().moved) seen.free(dn);
  std::unique_ptr<ahead> next_one;
  if (reads_ahead_ && !next.empty() && found.none() && leaves_others_alone(*some, names))
    next_one = look_ahead(std::move(next));
  S2L_TRY_ASSIGN(const counts done, apply(*some, seen, found));
  if (next_one) reads_ahead_ = next_one->reading.get().has_value();
  model::set_aside_list before;
  for (const std::string& origin : names) before.insert(aside_.extract(origin));
  // Where nobody moved or was set aside, the comparison of others would come out the same now.
  const bool all_in_place = seen.none() && found.none();
  for (const std::string& origin : names)
    if (!found.held.contains(origin)) held_.remove(origin);
  keep_held(found, by, at);
  if (next_one && reads_ahead_ && all_in_place && !what.dirty.overlaps(next_one->what->dirty))
    ahead_ = std::move(next_one);
  unread_.insert(what.dirty.unread().begin(), what.dirty.unread().end());
  for (const auto& [kind, rows] : some->state().unread_keys) note_unread(kind, rows);
  const std::unordered_set<std::string> name_taken = found.name_taken;
  put_aside(std::move(found), before);
  // Below a stranger's entry whose name a row of ours wants, its children may stand.
  for (const std::string& origin : name_taken)
    if (const auto waits = aside_.find(origin); waits != aside_.end())
      seen.taken.insert(model::dn_hash(waits->second.dn));
  // Who no longer waits for a name makes room for the next in the queue.
  for (const auto& [origin, why] : before) {
    const auto still = aside_.find(origin);
    const bool waits_on = still != aside_.end() && still->second.dn == why.dn && still->second.reason == why.reason;
    if (!waits_on) seen.free(why.dn);
    // The row of a parent that was only kept has returned.
    if (why.left_over && (still == aside_.end() || !still->second.left_over)) seen.taken.insert(model::dn_hash(why.dn));
  }
  present_ += done.added;
  present_ -= std::min(present_, done.deleted);
  return done;
}

}  // namespace sql2ldap::sync
