#include <sql2ldap/sync/detail/run.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/sync/apply.hpp>
#include <sql2ldap/sync/origins.hpp>

namespace sql2ldap::sync {
result<std::unique_ptr<run>> run::begin(const parties& who, const run_options& how, facts_ptr facts) {
  if (facts == nullptr) {
    S2L_TRY_ASSIGN(auto described, who.to.describe());
    facts = std::make_shared<const model::directory_facts>(std::move(described));
  }
  auto out = std::unique_ptr<run>(new run(who, how, std::move(facts)));
  S2L_TRY_ASSIGN(out->own_snapshot_, who.from.open_snapshot());
  out->snapshot_ = out->own_snapshot_.get();
  S2L_TRY_ASSIGN(out->state_, compare(who, how, *out->snapshot_, out->facts_->schema));
  return out;
}

std::unique_ptr<run> run::of_compared(const parties& who, const run_options& how, facts_ptr facts,
                                      model::snapshot& from, comparison found) {
  auto out = std::unique_ptr<run>(new run(who, how, std::move(facts)));
  out->snapshot_ = &from;
  out->state_ = std::move(found);
  return out;
}

result<void> run::each_step(const step_sink& to, const std::function<void(const step_problem&)>& problem) {
  const bool report = !reported_;
  reported_ = true;
  undone_ = 0;
  foreign_ = 0;
  undone_elsewhere_ = 0;
  held_updates_ = 0;
  stepper steps(who_, how_, *snapshot_, facts_->schema, state_);
  const auto on_problem = [&](const step_problem& p) {
    if (p.held) {
      if (!p.is_delete) ++held_updates_;
      if (problem) problem(p);
      return;
    }
    ++undone_;
    if (p.foreign) ++foreign_;
    if (p.foreign || p.stale) ++undone_elsewhere_;
    if (problem) problem(p);
    if (!report) return;
    const origins names(who_.map);
    how_.rejects({names.kind_name(p.origin), "", names.key_text(p.origin), "", p.dn, p.reason, 0, p.origin});
  };
  const model::reject_sink silent = [](const model::reject&) {};
  S2L_TRY(steps.run(to, on_problem, report ? how_.rejects : silent));
  wanted_ = steps.wanted_count();
  rejected_rows_ = state_.first_load ? steps.rejected_count() : state_.rejected;
  return {};
}

counts run::totals(counts done, std::uint64_t updated) const {
  done.wanted = wanted_;
  done.present = state_.present;
  done.foreign += foreign_;
  done.rejected += rejected_rows_ + undone_;
  const std::uint64_t unequal = updated + undone_in_place() + held_updates_;
  done.equal = state_.equal + (state_.differ > unequal ? state_.differ - unequal : 0);
  return done;
}

std::vector<counted_delete> run::counted_deletes() const {
  std::vector<counted_delete> out;
  const origins names(who_.map);
  for (std::size_t i = 0; i < state_.surplus.size(); ++i) {
    const surplus_list::item item = state_.surplus[i];
    if (item.what != fate::remove && item.what != fate::disable) continue;
    counted_delete one;
    const std::vector<std::uint64_t> same_address = names_of_same_address(item.dn, who_.map);
    one.is_replaced = std::any_of(same_address.begin(), same_address.end(),
                                  [this](std::uint64_t hash) { return state_.wanted_dns.contains(hash); });
    one.place = i;
    one.origin = std::string(item.origin);
    if (const auto kind = names.kind_of(item.origin)) {
      const mapping::kind_info& info = who_.map.kinds()[*kind];
      one.is_parent = info.is_parent;
      if (info.is_parent)
        one.parent = std::string(item.dn);
      else if (info.parent)
        one.parent = std::string(model::parent_text(item.dn));
    }
    out.push_back(std::move(one));
  }
  return out;
}

result<std::uint64_t> run::count_updates(const std::function<bool(std::string_view origin)>& counts) {
  std::uint64_t out = 0;
  S2L_TRY(each_step_silently([&](const step& s) -> result<void> {
    out += s.kind == step::what::update && counts(s.origin) ? 1 : 0;
    return {};
  }));
  return out;
}

result<std::set<std::string>> run::origins_that_go() {
  std::set<std::string> out;
  S2L_TRY(each_step_silently([&](const step& s) -> result<void> {
    if (s.kind == step::what::remove || s.kind == step::what::disable) out.insert(s.origin);
    return {};
  }));
  return out;
}

void run::hold_deletes(const std::vector<std::size_t>& places) {
  for (const std::size_t place : places) state_.surplus.hold(place);
}

result<void> run::check_limits() {
  if (!how_.limits.enforced || state_.first_load) return {};
  std::vector<counted_delete> deletes = counted_deletes();
  const std::uint64_t replaced = std::erase_if(deletes, [](const counted_delete& one) { return one.is_replaced; });
  if (const auto over = beyond_delete_limits(deletes, {}, how_.limits, state_.present))
    return fail(error_kind::limit, over->message + "; nothing was written",
                "look at `sql2ldap plan`; if it is right, raise --max-deletes for this run or say --yes");
  const std::uint64_t changes_allowed = allowed_updates(how_.limits, state_.present);
  std::uint64_t changes = state_.differ + replaced;
  // Some only seem to differ: clear-text passwords, children of renamed parents.
  if (changes > changes_allowed) {
    S2L_TRY_ASSIGN(changes, count_updates([](std::string_view) { return true; }));
    changes += replaced;
  }
  if (changes > changes_allowed)
    return fail(error_kind::limit,
                fmt::format("{} of {} entries would be changed, {} are allowed; nothing was written", changes,
                            state_.present, changes_allowed),
                "look at `sql2ldap plan`; if it is right, raise --max-changes for this run or say --yes");
  return {};
}

result<void> run::each_step_silently(const step_sink& to) {
  const bool reported = std::exchange(reported_, true);
  S2L_TRY(each_step(to));
  reported_ = reported;
  return {};
}

result<counts> run::apply(const step_watch& watch, const std::function<void(const step_problem&)>& problem) {
  applier writer(who_, how_, *facts_);
  if (!state_.first_load) writer.set_total(state_.missing + state_.differ + state_.surplus.size());
  std::uint64_t updated = 0;
  const step_sink write = [&](step s) -> result<void> {
    S2L_TRY(watch(s));
    updated += s.kind == step::what::update ? 1 : 0;
    return writer.push(std::move(s));
  };
  S2L_TRY(each_step(write, problem));
  S2L_TRY(writer.finish());
  return totals(writer.done(), updated);
}

}  // namespace sql2ldap::sync
