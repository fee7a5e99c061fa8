#include <sql2ldap/sync/apply.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <sql2ldap/sync/detail/slapd_rules.hpp>

namespace sql2ldap::sync {
namespace {

std::vector<model::change> changes_of(const std::vector<step>& steps) {
  std::vector<model::change> out;
  for (const step& s : steps) out.insert(out.end(), s.changes.begin(), s.changes.end());
  return out;
}

std::size_t step_with_change(const std::vector<step>& steps, std::size_t change) {
  std::size_t i = 0;
  for (; i + 1 < steps.size() && change >= steps[i].changes.size(); ++i) change -= steps[i].changes.size();
  return i;
}

bool adds_only(const std::vector<step>& steps, std::size_t change) {
  const std::vector<model::change> all = changes_of(steps);
  return std::holds_alternative<model::add_entry>(all.at(change).what);
}

bool makes_entry(const step& s) { return s.kind == step::what::add || s.kind == step::what::container; }

}  // namespace

void count_step(counts& sums, const step& done) {
  switch (done.kind) {
    case step::what::container:
    case step::what::add:
      ++sums.added;
      break;
    case step::what::remove:
      ++sums.deleted;
      break;
    case step::what::disable:
      ++sums.disabled;
      break;
    case step::what::make_way:
      break;  // counted when it gets its own name
    case step::what::update:
      sums.modified += done.modified ? 1 : 0;
      sums.renamed += done.renamed ? 1 : 0;
      break;
  }
}

namespace {

// One salt for each clear text of a step, so that what is foreseen is what is written.
class clear_text_hasher {
 public:
  result<void> hash(model::attribute_name name, std::string& value) {
    if (!is_clear(name, value)) return {};
    auto known = hashes_.find(value);
    if (known == hashes_.end()) {
      S2L_TRY_ASSIGN(std::string hashed,
                     codec::hash_password(std::string_view(value).substr(codec::clear_text_marker.size())));
      known = hashes_.emplace(value, std::move(hashed)).first;
    }
    value = known->second;
    return {};
  }
  result<void> hash(model::entry& content) {
    if (!is_clear(model::names::user_password, content.first_value_of(model::names::user_password))) return {};
    model::entry out;
    out.set_dn(content.dn());
    for (std::size_t i = 0; i < content.size(); ++i) {
      std::string value(content[i].bytes);
      S2L_TRY(hash(content[i].name, value));
      out.add(content[i].name, value);
    }
    content = std::move(out);
    return {};
  }

 private:
  static bool is_clear(model::attribute_name name, std::string_view value) {
    return name == model::names::user_password && value.starts_with(codec::clear_text_marker);
  }
  std::map<std::string, std::string> hashes_;
};

}  // namespace

result<void> hash_clear_text(step& what) {
  clear_text_hasher hasher;
  for (model::change& c : what.changes) {
    if (auto* modify = std::get_if<model::modify_entry>(&c.what)) {
      for (model::modification& m : modify->modifications)
        for (std::string& v : m.values) S2L_TRY(hasher.hash(m.name, v));
    } else if (auto* add = std::get_if<model::add_entry>(&c.what)) {
      S2L_TRY(hasher.hash(add->content));
    }
  }
  if (what.after) S2L_TRY(hasher.hash(*what.after));
  return {};
}

applier::applier(const parties& who, const run_options& how, const model::directory_facts& facts)
    : who_(who), how_(how), facts_(facts), origins_(who.map) {}

result<void> applier::push(step what) {
  S2L_TRY(hash_clear_text(what));
  const bool fits =
      std::all_of(what.changes.begin(), what.changes.end(), [](const auto& c) { return c.fits_transaction(); });
  // Containers go before all else and one by one: before they are there, no attribute can be brought into use.
  const bool makes_container = what.kind == step::what::container;
  if (batch_operations_ + what.changes.size() > limits::transaction_operations_max || fits != batch_fits_transaction_ ||
      makes_container != batch_makes_containers_)
    S2L_TRY(flush());
  batch_fits_transaction_ = fits;
  batch_makes_containers_ = makes_container;
  batch_operations_ += what.changes.size();
  batch_.push_back(std::move(what));
  return {};
}

result<void> applier::finish() { return flush(); }

void applier::refuse(const step& what, const std::string& reason) {
  ++done_.rejected;
  if (how_.refused) how_.refused(what);
  how_.rejects(
      {origins_.kind_name(what.origin), "", origins_.key_text(what.origin), "", what.dn, reason, 0, what.origin});
}

result<void> applier::finished(const step& what) {
  ++steps_done_;
  count_step(done_, what);
  if (!how_.written) return {};
  return how_.written(what, facts_.schema);
}

void applier::drop_below_refused(std::vector<step>& steps) {
  if (refused_.size() == 0) return;
  std::erase_if(steps, [&](const step& s) {
    if (!makes_entry(s) || !refused_.contains(model::dn_hash(model::parent_text(s.dn)))) return false;
    refused_.insert(model::dn_hash(s.dn));
    refuse(s, "the directory refused its parent");
    return true;
  });
}

result<void> applier::settle_refusal(std::vector<step>& steps, std::size_t at, const model::refusal& no) {
  const step& s = steps[at];
  const bool goes = s.kind == step::what::remove || s.kind == step::what::disable;
  if (goes && no.ldap_code == model::result_code::no_such_object) {
    return finished(s);  // somebody else deleted it
  }
  if (s.kind == step::what::remove && no.ldap_code == model::result_code::not_allowed_on_non_leaf) {
    refuse(s, "it has entries below it that are not ours or could not be deleted");
  } else if (no.ldap_code == model::result_code::entry_already_exists) {
    if (makes_entry(s)) ++done_.foreign;
    // The steps are made for names that nobody was seen to hold.
    refuse(s, "an entry of its name exists, and the directory did not show it: access rules hide it, or it is new");
  } else {
    if (no.ldap_code == model::result_code::other) S2L_TRY(expect_room(no));
    if (makes_entry(s)) refused_.insert(model::dn_hash(s.dn));
    std::string reason = reason_of(s, no);
    if (adds_only(steps, no.index)) {
      S2L_TRY_ASSIGN(const std::string outcome, put_back(s.origin));
      reason += outcome;
    }
    refuse(s, reason);
  }
  return {};
}

// A delete and the add that follows it are no transaction: when the add is refused, nothing else has the old entry.
result<void> applier::note_replaced(const std::vector<step>& steps) {
  replaced_.clear();
  for (const step& s : steps) {
    if (s.kind != step::what::update || s.changes.empty()) continue;
    const auto* gone = std::get_if<model::delete_entry>(&s.changes.front().what);
    if (gone == nullptr) continue;
    S2L_TRY_ASSIGN(std::optional<model::entry> present, read(gone->dn));
    if (present) replaced_.insert_or_assign(s.origin, *std::move(present));
  }
  return {};
}

// For the reject. "": nothing was taken away.
result<std::string> applier::put_back(const std::string& origin) {
  const auto before = replaced_.find(origin);
  if (before == replaced_.end()) return std::string();
  const std::vector<model::change> again = {{origin, model::add_entry{before->second}}};
  S2L_TRY_ASSIGN(const auto no, who_.to.write(again, false));
  if (!no) return std::string("; the entry is as it was before");
  return "; it was deleted for that, and could not be put back: " + no->text;
}

std::string applier::reason_of(const step& s, const model::refusal& no) const {
  if (no.ldap_code != model::result_code::other) return no.text;
  for (const model::change& c : s.changes)
    if (const auto* r = std::get_if<model::rename_entry>(&c.what); r != nullptr && !rdn_fits_slapd(r->new_rdn))
      return no.text + "; " + long_rdn_text(r->new_rdn);
  return rdn_fits_slapd(s.dn) ? no.text : no.text + "; " + long_rdn_text(s.dn);
}

// slapd says the same of one entry that it cannot store and of a database that is full. Then it does not take a small
// entry either.
result<void> applier::expect_room(const model::refusal& no) {
  trial_entry trial(who_.to, trial_parent(who_.map, who_.base), facts_.schema);
  S2L_TRY_ASSIGN(const auto small, trial.write({}));
  if (!small) return {};
  error why;
  why.kind = error_kind::directory;
  why.ldap_code = no.ldap_code;
  why.message = fmt::format("{}: {}; nor does it take a small entry: {}", who_.to.name(), no.text, small->text);
  why.hint = small->ldap_code == model::result_code::other
                 ? "the database or its disk is full"
                 : fmt::format("let this identity add and delete {}, to see whether the database is full", trial.dn());
  return tl::make_unexpected(with_room_hint(std::move(why)));
}

error applier::with_room_hint(error why) const {
  const model::database_indexes* database = database_of(facts_, who_.base);
  if (why.ldap_code == model::result_code::other && !why.hint.empty() && database != nullptr)
    why.hint += fmt::format("; raise olcDbMaxSize, it is {}",
                            database->size_max.empty() ? "slapd's default of 10485760" : database->size_max);
  return why;
}

// Before the first write by a connection, and whenever a transaction would use an attribute for the first time. Answers
// whether the changes may be one transaction.
result<bool> applier::bring_into_use(const std::vector<model::change>& changes, bool atomic) {
  S2L_TRY_ASSIGN(model::write_session * session, who_.to.session());
  std::set<model::attribute_name> needed;
  for (const model::change& c : changes)
    for (const model::attribute_name name : c.attributes()) needed.insert(name);
  const auto in_use = [&] {
    return std::includes(session->in_use.begin(), session->in_use.end(), needed.begin(), needed.end());
  };
  if (in_use()) return true;
  if (!atomic && (session->trial_refused || !session->in_use.empty() || !facts_.vendor.starts_with("OpenLDAP")))
    return false;
  std::set<model::attribute_name> wanted = needed;
  // Where the server refuses something of them all, the transactions that do without it may still go.
  if (!session->trial_refused) wanted.merge(attributes_written(who_.map));
  trial_entry trial(who_.to, trial_parent(who_.map, who_.base), facts_.schema);
  const std::vector<group_kind> groups = groups_of(who_.map, facts_.schema);
  S2L_TRY_ASSIGN(auto no, trial.write(wanted, changes, groups));
  // Before its parent is there, it is tried again.
  const bool may_come_later = no && !atomic && no->ldap_code == model::result_code::no_such_object;
  if (no && !session->trial_refused && !may_come_later) {
    if (facts_.transactions) warn_of_trial(trial, *no);
    S2L_TRY_ASSIGN(session, who_.to.session());
    session->trial_refused = true;
    if (!atomic) return false;
    S2L_TRY_ASSIGN(no, trial.write(needed, changes, groups));
  }
  S2L_TRY_ASSIGN(session, who_.to.session());
  return !no && in_use();
}

void applier::warn_of_trial(const trial_entry& trial, const model::refusal& no) {
  if (trial.left_behind())
    how_.warn(fmt::format("{} could not be removed: {}", trial.dn(), no.text),
              "let this identity delete what it adds, and delete that entry");
  how_.warn(fmt::format("transactions are left out where they would use a new attribute: {}", no.text),
            fmt::format("let this identity add and delete {}; see \"Transactions\" in docs/operations.md", trial.dn()));
}

result<std::optional<model::entry>> applier::read(std::string_view dn) {
  S2L_TRY_ASSIGN(auto found, who_.to.search({std::string(dn), model::search_scope::base, "(objectClass=*)", {}, 0}));
  S2L_TRY_ASSIGN(const model::entry* there, found->next());
  return there == nullptr ? std::nullopt : std::optional<model::entry>(*there);
}

result<void> applier::flush() {
  std::vector<step> steps = std::exchange(batch_, {});
  const std::size_t operations = std::exchange(batch_operations_, 0);
  if (steps.empty()) return {};
  if (how_.stop())
    return fail_transient(error_kind::local,
                          "stopped on request after " + std::to_string(done_.differences()) + " entries were written",
                          "run it again: it goes on where it stopped");
  if (how_.before_write) S2L_TRY(how_.before_write(steps));
  S2L_TRY(note_replaced(steps));
  // One operation is all or nothing by itself, and quicker.
  bool atomic = facts_.transactions && batch_fits_transaction_ && !batch_makes_containers_ && operations > 1;
  std::size_t refusals = 0;
  std::size_t tries = 0;
  while (true) {
    drop_below_refused(steps);
    if (steps.empty()) break;
    result<void> written = write(steps, atomic, refusals);
    for (; !written; written = after_lost_answer(steps, atomic)) {
      if (!written.error().transient || ++tries >= limits::write_tries_max) return written;
      how_.wait(std::chrono::milliseconds(100) * (1U << tries));
    }
  }
  how_.report({progress::phase::writing, steps_done_, total_});
  return {};
}

// Takes the steps that are done or refused out of `steps`.
result<void> applier::write(std::vector<step>& steps, bool& atomic, std::size_t& refusals) {
  const std::vector<model::change> changes = changes_of(steps);
  const auto in_use = bring_into_use(changes, atomic);
  if (!in_use) return tl::make_unexpected(with_room_hint(in_use.error()));
  atomic = atomic && *in_use;
  auto written = who_.to.write(changes, atomic);
  if (!written) return tl::make_unexpected(with_room_hint(std::move(written).error()));
  const std::optional<model::refusal>& no = *written;
  if (!no) {
    for (const step& s : steps) S2L_TRY(finished(s));
    steps.clear();
    return {};
  }
  // What of a transaction does not fit into a full database may fit by itself, and the other way round: see
  // expect_room().
  if (atomic && no->ldap_code == model::result_code::other) {
    atomic = false;
    return {};
  }
  const std::size_t at = step_with_change(steps, no->index);
  S2L_TRY(settle_refusal(steps, at, *no));
  const auto refused = steps.begin() + static_cast<std::ptrdiff_t>(at);
  if (atomic) {
    steps.erase(refused);
    // Each refusal costs a whole transaction; where there are many, single writes are cheaper.
    if (++refusals >= limits::batch_refusals_max) atomic = false;
  } else {
    for (auto s = steps.begin(); s != refused; ++s) S2L_TRY(finished(*s));
    steps.erase(steps.begin(), refused + 1);
  }
  return {};
}

result<void> applier::after_lost_answer(std::vector<step>& steps, bool atomic) {
  const std::vector<model::change> changes = changes_of(steps);
  S2L_TRY_ASSIGN(std::size_t done, changes_done(changes, facts_.schema, [&](std::string_view dn) { return read(dn); }));
  if (atomic && done < changes.size()) done = 0;
  auto s = steps.begin();
  for (; s != steps.end() && done >= s->changes.size(); ++s) {
    done -= s->changes.size();
    S2L_TRY(finished(*s));
  }
  // Without transactions the connection may have ended in the middle of a step.
  if (s != steps.end()) s->changes.erase(s->changes.begin(), s->changes.begin() + static_cast<std::ptrdiff_t>(done));
  steps.erase(steps.begin(), s);
  return {};
}

}  // namespace sql2ldap::sync
