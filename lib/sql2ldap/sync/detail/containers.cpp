#include <sql2ldap/sync/detail/containers.hpp>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sync/dn_set.hpp>

namespace sql2ldap::sync {
namespace {

struct container_class {
  std::string_view rdn_type;
  std::string_view alias;  // the long name of the same attribute type (RFC 4519)
  std::string_view structural;
  std::string_view auxiliary;
};
constexpr container_class container_classes[] = {
    {"ou", "organizationalUnitName", "organizationalUnit", ""},
    {"o", "organizationName", "organization", ""},
    {"dc", "domainComponent", "organization", "dcObject"},
    {"cn", "commonName", "applicationProcess", ""},
};

}  // namespace

result<model::entry> container_entry(const model::dn& name) {
  const std::vector<model::rdn> levels = name.rdns();
  if (levels.empty()) return fail(error_kind::usage, "the base DN is empty");
  const model::ava& first = levels.front().front();
  for (const container_class& c : container_classes) {
    if (!equal_ignoring_ascii_case(first.type, c.rdn_type) && !equal_ignoring_ascii_case(first.type, c.alias)) continue;
    model::entry out;
    out.set_dn(name.text());
    out.add(model::names::object_class, c.structural);
    if (!c.auxiliary.empty()) out.add(model::names::object_class, c.auxiliary);
    if (c.rdn_type == "dc") out.add(model::attribute_name("o"), first.value);
    for (const model::ava& part : levels.front()) out.add(model::attribute_name(part.type), part.value);
    return out;
  }
  return fail(error_kind::usage,
              "cannot make the entry " + quoted_for_message(name.text()) + ": its RDN is a " + first.type,
              "create it by hand, or use a name that begins with ou=, o=, dc= or cn=");
}

result<std::vector<model::entry>> container_entries(const mapping::mapping& map, const model::dn& base,
                                                    bool with_base) {
  std::vector<model::entry> out;
  dn_set made;
  if (with_base) {
    S2L_TRY_ASSIGN(out.emplace_back(), container_entry(base));
  }
  for (const mapping::kind_info& kind : map.kinds()) {
    if (kind.container.empty()) continue;
    S2L_TRY_ASSIGN(const model::dn container, model::dn::parse(kind.container));
    std::vector<model::dn> levels;
    for (model::dn level = container; !level.empty(); level = level.parent()) levels.push_back(level.below(base));
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
      if (!made.insert(model::dn_hash(level->text()))) continue;
      S2L_TRY_ASSIGN(out.emplace_back(), container_entry(*level));
    }
  }
  return out;
}

}  // namespace sql2ldap::sync
