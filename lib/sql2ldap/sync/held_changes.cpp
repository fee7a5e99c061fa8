#include <sql2ldap/sync/held_changes.hpp>

#include <algorithm>
#include <charconv>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <sodium.h>

#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/sync/limits.hpp>

namespace sql2ldap::sync {

void held_changes::restore(model::held_list list, std::string name) {
  list_ = std::move(list);
  name_ = list_.empty() ? "" : std::move(name);
  last_place_ = 0;
  deletes_.clear();
  for (const auto& [origin, change] : list_) {
    last_place_ = std::max(last_place_, change.place);
    note_delete(origin, change);
  }
  released_ = 0;
  pending_.clear();
  ++revision_;
}

const model::held_change* held_changes::find(std::string_view origin) const {
  const auto found = list_.find(origin);
  return found == list_.end() ? nullptr : &found->second;
}

void held_changes::note_delete(const std::string& origin, const model::held_change& change) {
  if (change.is_delete) deletes_.emplace(model::dn_hash(change.dn), origin);
}

void held_changes::forget_delete(const std::string& origin, const model::held_change& change) {
  const auto [first, last] = deletes_.equal_range(model::dn_hash(change.dn));
  const auto found = std::find_if(first, last, [&](const auto& one) { return one.second == origin; });
  if (found != last) deletes_.erase(found);
}

bool held_changes::keeps(std::uint64_t dn_hash, const std::set<std::string>& released) const {
  const auto [first, last] = deletes_.equal_range(dn_hash);
  return std::any_of(first, last, [&](const auto& one) { return !released.contains(one.second); });
}

void held_changes::add(const std::string& origin, model::held_change change) {
  if (list_.empty()) name_ = fmt::format("{:08x}", randombytes_random());
  auto [at, is_new] = list_.try_emplace(origin);
  if (is_new) {
    change.place = ++last_place_;
  } else {
    change.place = at->second.place;
    change.cause = at->second.cause;
    change.since = at->second.since;
    if (change == at->second) return;
  }
  if (!is_new) forget_delete(origin, at->second);
  at->second = std::move(change);
  note_delete(origin, at->second);
  pending_.insert_or_assign(origin, at->second);
  ++revision_;
}

void held_changes::remove(const std::string& origin) {
  const auto found = list_.find(origin);
  if (found == list_.end()) return;
  forget_delete(origin, found->second);
  list_.erase(found);
  pending_.insert_or_assign(origin, std::nullopt);
  ++revision_;
  if (!list_.empty()) return;
  name_.clear();
  last_place_ = 0;
  released_ = 0;
}

std::string held_changes::id() const { return list_.empty() ? "" : fmt::format("{}-{}", name_, last_place_); }

bool held_changes::release(std::string_view id) {
  const std::size_t hyphen = id.rfind('-');
  if (list_.empty() || hyphen == std::string_view::npos || id.substr(0, hyphen) != name_) return false;
  const std::string_view number = id.substr(hyphen + 1);
  std::uint64_t place = 0;
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), place);
  if (problem != std::errc() || end != number.data() + number.size() || place == 0 || place > last_place_) return false;
  released_ = place;
  return true;
}

bool held_changes::is_released(std::string_view origin) const {
  const model::held_change* const held = find(origin);
  return held != nullptr && held->place <= released_;
}

held_plan held_changes::summary(const origins& names) const {
  held_plan out;
  out.id = id();
  std::vector<std::pair<std::uint64_t, std::string>> first;  // by place
  std::set<std::string_view> parents;
  for (const auto& [origin, change] : list_) {
    auto group = std::find_if(out.groups.begin(), out.groups.end(), [&](const held_plan::group& one) {
      return one.cause == change.cause && one.since == change.since;
    });
    if (group == out.groups.end())
      group = out.groups.insert(group, held_plan::group{change.cause, change.since, {}, {}});
    ++(change.is_delete ? group->deletes : group->updates)[names.kind_name(origin)];
    ++(change.is_delete ? out.deletes : out.updates);
    parents.insert(model::parent_text(change.dn));
    first.emplace_back(change.place, origin);
  }
  out.parents = parents.size();
  std::sort(out.groups.begin(), out.groups.end(),
            [](const held_plan::group& a, const held_plan::group& b) { return a.since < b.since; });
  const std::size_t shown = std::min(first.size(), limits::held_examples_max);
  std::partial_sort(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(shown), first.end());
  for (std::size_t i = 0; i < shown; ++i) out.examples.push_back(line_of(list_.at(first[i].second)));
  return out;
}

std::string line_of(const model::held_change& change) { return (change.is_delete ? "delete " : "update ") + change.dn; }

}  // namespace sql2ldap::sync
