#include <support/deletion_witness.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace sql2ldap::test {
namespace {

using row = std::vector<std::optional<std::string>>;

bool any_row(const std::map<std::string, fake_table>& tables, const std::string& table, const std::string& column,
             const std::optional<std::string>& value) {
  const fake_table& t = tables.at(table);
  const auto at = static_cast<std::size_t>(std::find(t.columns.begin(), t.columns.end(), column) - t.columns.begin());
  return std::any_of(t.rows.begin(), t.rows.end(), [&](const row& r) { return r[at] == value; });
}

}  // namespace

std::map<std::string, deletion_witness::seen_entry> deletion_witness::in_force() const {
  std::map<std::string, seen_entry> out;
  for (const model::entry* e : host_.directory.all())
    if (e->has(model::names::origin) && !e->has(model::names::gone_since))
      out[std::string(e->first_value_of(model::names::entry_uuid))] = {
          std::string(e->first_value_of(model::names::origin)), std::string(e->dn())};
  return out;
}

void deletion_witness::note() {
  before_ = in_force();
  seen_.push_back(host_.source.tables);
  if (seen_.size() > versions_) seen_.pop_front();
}

// Origins are "world/KIND/KEY"; the keys of the simulated hosts need no escapes.
bool deletion_witness::has_row(const tables& of_host, const std::string& origin) const {
  const std::size_t kind_at = origin.find('/') + 1;
  const std::size_t key_at = origin.find('/', kind_at) + 1;
  const std::string kind = origin.substr(kind_at, key_at - kind_at - 1);
  const std::string key = origin.substr(key_at);
  if (kind == "domain")  // or one that is made for its lists
    return any_row(of_host, "domain", "name", key) || any_row(of_host, "list", "domain", key);
  if (kind == "list") return any_row(of_host, "list", "id", key);
  // One of the mappings excludes mailboxes that a list is named like.
  const auto kinds = host_.map.kinds();
  const bool excludes = std::any_of(kinds.begin(), kinds.end(), [](const mapping::kind_info& k) {
    return k.orphans == mapping::orphan_policy::skip;
  });
  for (const row& r : of_host.at("mailbox").rows)
    if (r.front() == key && !(excludes && any_row(of_host, "list", "name", r[1]))) return true;
  return false;
}

std::string deletion_witness::unproven() const {
  const std::map<std::string, seen_entry> now = in_force();
  const auto has_entry = [&](const std::string& origin) {
    return std::any_of(now.begin(), now.end(), [&](const auto& e) { return e.second.origin == origin; });
  };
  std::string out;
  for (const auto& [uuid, entry] : before_) {
    // Another row may take an entry over, and another structural class makes an entry anew.
    if (now.contains(uuid) || has_entry(entry.origin)) continue;
    const bool always_there =
        has_row(entry.origin) &&
        std::all_of(seen_.begin(), seen_.end(), [&](const tables& version) { return has_row(version, entry.origin); });
    if (always_there) out += "deleted or turned off without proof: " + entry.dn + " (" + entry.origin + ")\n";
  }
  return out;
}

}  // namespace sql2ldap::test
