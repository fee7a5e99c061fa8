#include <sql2ldap/sync/delete_limits.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace sql2ldap::sync {
namespace {

std::uint64_t share_of(double percent, std::uint64_t entries) {
  return static_cast<std::uint64_t>(std::floor(percent / 100.0 * static_cast<double>(entries)));
}

std::string in_window(const change_limits& limits) {
  return limits.window.count() == 0 ? "" : fmt::format(" within {} s", limits.window.count());
}

}  // namespace

void delete_counts::add(const counted_delete& one) {
  ++all;
  if (one.is_parent) ++parents;
  if (!one.parent.empty()) ++below[one.parent];
}

void delete_counts::add(const delete_counts& more) {
  all += more.all;
  parents += more.parents;
  for (const auto& [parent, count] : more.below) below[parent] += count;
}

void recent_deletes::add(std::time_t time, delete_counts counts) {
  if (counts.all > 0) recent_.emplace_back(time, std::move(counts));
}

delete_counts recent_deletes::within(std::chrono::seconds window, std::time_t time) {
  while (!recent_.empty() && recent_.front().first + window.count() <= time) recent_.pop_front();
  delete_counts out;
  for (const auto& [when, counts] : recent_) out.add(counts);
  return out;
}

std::uint64_t allowed_deletes(const change_limits& limits, std::uint64_t entries) {
  const std::uint64_t floor = std::min(limits.deletes_at_least, share_of(limits.deletes_at_least_percent_max, entries));
  return std::max(floor, share_of(limits.deletes_percent, entries));
}

std::uint64_t allowed_updates(const change_limits& limits, std::uint64_t entries) {
  return std::max(limits.changes_at_least, share_of(limits.changes_percent, entries));
}

std::optional<excess> beyond_delete_limits(const std::vector<counted_delete>& deletes, const delete_counts& recent,
                                           const change_limits& limits, std::uint64_t present) {
  if (deletes.empty()) return std::nullopt;
  delete_counts sums = recent;
  for (const counted_delete& one : deletes) sums.add(one);
  excess out;
  const std::uint64_t allowed = allowed_deletes(limits, present);
  if (sums.all > allowed) {
    out.message = fmt::format("{} of {} entries would be deleted{}, {} are allowed", sums.all, present,
                              in_window(limits), allowed);
    for (const counted_delete& one : deletes) out.places.push_back(one.place);
    return out;
  }
  std::set<std::string_view> held;  // parents, with all below them
  const auto keep_parent = [&](const std::string& parent, const std::string& message) {
    if (held.insert(parent).second && out.message.empty()) out.message = message;
  };
  if (limits.parent_deletes_max && sums.parents > *limits.parent_deletes_max)
    for (const counted_delete& one : deletes)
      if (one.is_parent)
        keep_parent(one.parent, fmt::format("{} domains would be deleted{}, {} are allowed", sums.parents,
                                            in_window(limits), *limits.parent_deletes_max));
  if (limits.deletes_below_parent_max)
    for (const counted_delete& one : deletes)
      if (!one.parent.empty() && sums.below[one.parent] > *limits.deletes_below_parent_max)
        keep_parent(one.parent,
                    fmt::format("{} entries of {} would be deleted{}, {} are allowed", sums.below[one.parent],
                                one.parent, in_window(limits), *limits.deletes_below_parent_max));
  if (held.empty()) return std::nullopt;
  for (const counted_delete& one : deletes)
    if (held.contains(one.parent)) out.places.push_back(one.place);
  return out;
}

}  // namespace sql2ldap::sync
