#include <sql2ldap/sync/stale.hpp>

#include <algorithm>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/sync/detail/any_name.hpp>

namespace sql2ldap::sync {
namespace {

using model::attribute_name;

constexpr std::string_view our_prefix = "s2l";

// What docs/operations.md, "What the servers are told", is made of. Not of these are cn, description and their like,
// which people write as well.
constexpr std::string_view standard_attributes[] = {"mail",         "mailLocalAddress", "uid",
                                                    "userPassword", "rfc822MailMember", "uidNumber",
                                                    "gidNumber",    "homeDirectory",    "associatedDomain"};
constexpr std::string_view bookkeeping[] = {"s2lOrigin", "s2lSyncToken", "s2lGoneSince"};

bool is_ours(std::string_view name) { return equal_ignoring_ascii_case(name.substr(0, our_prefix.size()), our_prefix); }

bool is_any_of(std::string_view name, const auto& list) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](std::string_view one) { return equal_ignoring_ascii_case(one, name); });
}

bool contains(const std::vector<attribute_name>& names, attribute_name name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_in_rdn(const model::entry& e, attribute_name name, const model::schema& schema) {
  bool found = false;
  model::dn::for_each_ava(e.dn(), [&](std::size_t depth, model::ava_view part) {
    found = found || (depth == 0 && contains(all_names(name, schema), attribute_name(std::string(part.type))));
    return depth == 0;
  });
  return found;
}

}  // namespace

stale_attributes::stale_attributes(const mapping::mapping& map, const model::schema& schema) : schema_(schema) {
  for (const model::attribute_type& type : schema.attribute_types())
    if (!type.names.empty() && is_ours(type.names.front()) && !is_any_of(type.names.front(), bookkeeping))
      candidates_.emplace_back(type.names.front());
  for (const std::string_view name : standard_attributes) candidates_.emplace_back(std::string(name));
  for (const mapping::kind_info& info : map.kinds()) {
    kind_facts& kind = kinds_.emplace_back();
    for (const attribute_name candidate : candidates_) {
      const auto names = all_names(candidate, schema);
      const auto is_it = [&](attribute_name written) { return contains(names, written); };
      kind.written.push_back(std::any_of(info.attributes.begin(), info.attributes.end(), is_it) ||
                             std::any_of(info.initial.begin(), info.initial.end(), is_it));
      if (kind.written.back()) continue;
      for (const attribute_name name : names) {
        if (name.id() >= kind.unwritten_ids.size()) kind.unwritten_ids.resize(name.id() + std::size_t{1});
        kind.unwritten_ids[name.id()] = true;
      }
    }
    for (const std::string& name : info.classes) kind.classes.push_back(ascii_lowered(name));
  }
}

bool stale_attributes::may_have_any(const kind_facts& kind, const model::entry& present) {
  for (std::size_t i = 0; i < present.size(); ++i) {
    const model::entry::value_ref value = present[i];
    if (value.name.id() < kind.unwritten_ids.size() && kind.unwritten_ids[value.name.id()]) return true;
    if (value.name == model::names::object_class && is_ours(value.bytes) && !is_any_of(value.bytes, kind.classes))
      return true;
  }
  return false;
}

stale_attributes::found stale_attributes::find(std::size_t kind, const model::entry& present) const {
  const kind_facts& facts = kinds_[kind];
  found out;
  if (!may_have_any(facts, present)) return out;
  std::vector<std::string> staying;
  std::vector<std::string> of_others;
  for (const std::string_view name : present.values_of(model::names::object_class)) {
    const bool mapped = is_any_of(name, facts.classes);
    const model::object_class* const type = schema_.find_class(name);
    if (!mapped && is_ours(name) && type != nullptr && type->type == model::object_class::kind::auxiliary) {
      out.classes.emplace_back(name);
      continue;
    }
    staying.emplace_back(name);
    if (!mapped && !is_ours(name)) of_others.emplace_back(name);
  }
  const auto required = schema_.must_of(staying);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const attribute_name name = candidates_[i];
    if (facts.written[i] || values_by_any_name(present, name, schema_).empty()) continue;
    if (is_in_rdn(present, name, schema_)) continue;
    const auto names = all_names(name, schema_);
    if (std::any_of(required.begin(), required.end(), [&](attribute_name must) { return contains(names, must); }))
      continue;
    const bool never_of_others = is_ours(name.text()) || name == model::names::user_password;
    if (!never_of_others && !of_others.empty() && schema_.allows(of_others, name)) continue;
    out.attributes.push_back(name);
  }
  return out;
}

std::vector<std::string> stale_attributes::names_of(std::size_t kind, const model::entry& present) const {
  const found stale = find(kind, present);
  std::vector<std::string> out;
  for (const attribute_name name : stale.attributes) out.push_back(name.text());
  for (const std::string& name : stale.classes) out.push_back("objectClass=" + name);
  return out;
}

std::vector<model::modification> stale_attributes::removals_of(std::size_t kind, const model::entry& present) const {
  using operation = model::modification::operation;
  const found stale = find(kind, present);
  std::vector<model::modification> out;
  for (const attribute_name name : stale.attributes) out.push_back({operation::remove, name, {}});
  if (!stale.classes.empty()) out.push_back({operation::remove, model::names::object_class, stale.classes});
  return out;
}

}  // namespace sql2ldap::sync
