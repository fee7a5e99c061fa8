#include <sql2ldap/sync/agreements.hpp>

#include <map>
#include <utility>
#include <vector>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/model/uuid.hpp>

namespace sql2ldap::sync {

void agreements::listen(run_options& how) {
  how.found_equal = [this](std::size_t kind, const model::entry& present, const model::schema& rules) {
    return note(kind, present, rules);
  };
  // On what cannot be written they still agree as they did.
  how.rejects = [this, others = std::move(how.rejects)](model::reject r) {
    if (seen_) seen_->insert(run_hash64(r.origin));
    if (others) others(std::move(r));
  };
  how.last_known_dn = [this](std::string_view origin) { return last_known_dn(std::string(origin)); };
  how.everything_begins = [this] { seen_.emplace(); };
  how.everything_ended = [this] { return forget_unseen(); };
  how.found_absent = [this](const std::string& origin) -> result<void> {
    pending_.insert_or_assign(origin, std::nullopt);
    return spill();
  };
  how.written = [this, others = std::move(how.written)](const step& done, const model::schema& rules) -> result<void> {
    if (others) S2L_TRY(others(done, rules));
    return note(done, rules);
  };
}

// An entry that we have deleted ourselves, and have not noted, would be taken for one that is hidden.
result<std::string> agreements::last_known_dn(const std::string& origin) {
  if (!current_) return std::string();
  if (const auto pending = pending_.find(origin); pending != pending_.end())
    return pending->second ? pending->second->dn : std::string();
  S2L_TRY_ASSIGN(const std::optional<model::agreement> known, journal_.agreed_on(origin));
  return known ? known->dn : std::string();
}

result<void> agreements::note(std::size_t kind, const model::entry& content, const model::schema& rules) {
  if (!digester_) digester_.emplace(who_.map, rules);
  const std::string origin(content.first_value_of(model::names::origin));
  model::agreement on;
  on.dn = std::string(content.dn());
  on.uuid = model::parse_uuid(content.first_value_of(model::names::entry_uuid));
  on.digests = digester_->attribute_digests(kind, content);
  lacks_uuids_ = lacks_uuids_ || !on.uuid;
  pending_.insert_or_assign(origin, std::move(on));
  if (seen_) seen_->insert(run_hash64(origin));
  return spill();
}

result<void> agreements::note(const step& done, const model::schema& rules) {
  if (!done.origin_before.empty() && done.origin_before != done.origin)
    pending_.insert_or_assign(done.origin_before, std::nullopt);
  // On a row that is gone the sides agree when its entry is gone, or off.
  if (done.kind == step::what::remove || done.kind == step::what::disable) {
    pending_.insert_or_assign(done.origin, std::nullopt);
    return spill();
  }
  const model::entry* content = done.content();
  const auto kind = origins_.kind_of(done.origin);
  return content != nullptr && kind ? note(*kind, *content, rules) : spill();
}

// Of a first load there are too many to wait for the next position.
result<void> agreements::spill() {
  if (pending_.size() < limits::agreements_pending_max) return {};
  S2L_TRY(journal_.agree(pending_));
  pending_.clear();
  return {};
}

result<void> agreements::forget_unseen() {
  const dn_set seen = *std::exchange(seen_, std::nullopt);
  S2L_TRY(journal_.agree(pending_));
  pending_.clear();
  return journal_.forget_agreements([&](std::string_view origin) { return !seen.contains(run_hash64(origin)); });
}

result<void> agreements::learn_some_uuids() {
  S2L_TRY_ASSIGN(const std::vector<std::string> without, journal_.agreed_without_uuid(limits::uuids_at_once));
  std::size_t learnt = 0;
  if (!without.empty()) {
    std::vector<codec::filter> any;
    any.reserve(without.size());
    for (const std::string& origin : without) any.push_back(codec::filter::equal(model::names::origin, origin));
    S2L_TRY_ASSIGN(learnt, learn(codec::filter::any_of(any).text()));
  }
  // Who is not found, somebody else has deleted: comparing it will show.
  lacks_uuids_ = without.size() == limits::uuids_at_once && learnt > 0;
  return {};
}

result<void> agreements::learn_all_uuids() {
  S2L_TRY_ASSIGN(const std::vector<std::string> without, journal_.agreed_without_uuid(1));
  if (!without.empty()) S2L_TRY(learn(codec::filter::present(model::names::origin).text()));
  lacks_uuids_ = false;
  return {};
}

result<std::size_t> agreements::learn(const std::string& filter) {
  S2L_TRY_ASSIGN(auto all, who_.to.search({who_.base.text(),
                                           model::search_scope::subtree,
                                           filter,
                                           {model::names::origin, model::names::entry_uuid},
                                           0}));
  std::map<std::string, model::entry_uuid> found;
  std::size_t learnt = 0;
  while (true) {
    S2L_TRY_ASSIGN(const model::entry* e, all->next());
    const bool last = e == nullptr;
    if (!last) {
      const auto uuid = model::parse_uuid(e->first_value_of(model::names::entry_uuid));
      if (uuid) found.emplace(e->first_value_of(model::names::origin), *uuid);
    }
    if (last || found.size() >= limits::agreements_pending_max) {
      S2L_TRY(journal_.learn_uuids(found));
      learnt += found.size();
      found.clear();
    }
    if (last) return learnt;
  }
}

}  // namespace sql2ldap::sync
