#include <sql2ldap/sync/detail/run.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sodium.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/sync/apply.hpp>
#include <sql2ldap/sync/origins.hpp>

namespace sql2ldap::sync {
namespace {

std::uint64_t allowed(double percent, std::uint64_t at_least, std::uint64_t of) {
  return std::max(at_least, static_cast<std::uint64_t>(std::floor(percent / 100.0 * static_cast<double>(of))));
}

constexpr std::size_t plan_id_bytes = 16;  // hashed; the first half is enough to name one

std::string_view word_for(const step& s) {
  switch (s.kind) {
    case step::what::container:
    case step::what::add:
      return "add";
    case step::what::remove:
      return "delete";
    case step::what::disable:
      return "disable";
    case step::what::make_way:
      return "move away";
    case step::what::update:
      break;
  }
  return s.renamed ? "rename to" : "modify";
}

}  // namespace

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
  stepper steps(who_, how_, *snapshot_, facts_->schema, state_);
  const auto on_problem = [&](const step_problem& p) {
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
  const std::uint64_t unequal = updated + undone_in_place();
  done.equal = state_.equal + (state_.differ > unequal ? state_.differ - unequal : 0);
  return done;
}

result<void> run::check_limits() {
  if (!how_.limits.enforced || state_.first_load) return {};
  const std::uint64_t deletes_allowed =
      allowed(how_.limits.deletes_percent, how_.limits.deletes_at_least, state_.present);
  const std::uint64_t changes_allowed =
      allowed(how_.limits.changes_percent, how_.limits.changes_at_least, state_.present);
  const std::uint64_t going = state_.surplus.going();
  const std::uint64_t deletes = going + (going > 0 ? how_.limits.deletes_before : 0);
  std::uint64_t changes = state_.differ;
  if (changes > changes_allowed) {
    // Some only seem to differ: clear-text passwords, children of renamed parents. Count exactly.
    changes = 0;
    S2L_TRY(each_step_silently([&](step s) -> result<void> {
      changes += s.kind == step::what::update ? 1 : 0;
      return {};
    }));
  }
  if (deletes > deletes_allowed)
    return fail(error_kind::limit,
                fmt::format("{} of {} entries would be deleted, {} are allowed; nothing was written", deletes,
                            state_.present, deletes_allowed),
                "look at `sql2ldap plan`; if it is right, raise --max-deletes for this run or say --yes");
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

result<held_plan> run::outline() {
  // The values of the steps go in, passwords too: without the key nobody can try them out against an id in a log.
  static const std::array<unsigned char, crypto_generichash_KEYBYTES> key = [] {
    std::array<unsigned char, crypto_generichash_KEYBYTES> out{};
    randombytes_buf(out.data(), out.size());
    return out;
  }();
  crypto_generichash_state hash;
  crypto_generichash_init(&hash, key.data(), key.size(), plan_id_bytes);
  held_plan out;
  std::vector<std::string> others;
  S2L_TRY(each_step_silently([&](const step& s) -> result<void> {
    std::string text = fmt::format("{} {}\n", word_for(s), s.dn);
    if (s.kind != step::what::disable)  // what it writes has the day in it
      for (const model::change& c : s.changes) codec::append_ldif(text, c);
    crypto_generichash_update(&hash, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    count_step(out.what, s);
    const bool goes = s.kind == step::what::remove || s.kind == step::what::disable;
    std::vector<std::string>& list = goes ? out.first : others;
    if (list.size() < limits::plan_lines_kept_max) list.push_back(fmt::format("{} {}", word_for(s), s.dn));
    return {};
  }));
  for (std::string& line : others)
    if (out.first.size() < limits::plan_lines_kept_max) out.first.push_back(std::move(line));
  std::array<unsigned char, plan_id_bytes> digest{};
  crypto_generichash_final(&hash, digest.data(), digest.size());
  for (std::size_t i = 0; i < plan_id_bytes / 2; ++i) out.id += fmt::format("{:02x}", digest.at(i));
  return out;
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
