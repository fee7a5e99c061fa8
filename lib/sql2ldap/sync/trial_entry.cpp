#include <sql2ldap/sync/trial_entry.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>
#include <sodium.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/model/result_code.hpp>

namespace sql2ldap::sync {
namespace {

using model::attribute_name;
using model::value_syntax;

// In `description`: only an entry that says this is removed.
constexpr std::string_view marker = "sql2ldap wrote this to bring attributes into use; it may be removed at any time";

const attribute_name& common_name() {
  static const attribute_name name("cn");
  return name;
}
const attribute_name& description() {
  static const attribute_name name("description");
  return name;
}

// Long enough for a password policy, with letters of both cases and digits.
std::string random_word() {
  std::array<unsigned char, 12> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string out = "Trial7";
  for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::optional<std::string> sample_of(attribute_name name, std::span<const model::change> from) {
  for (const model::change& one : from) {
    if (const auto* add = std::get_if<model::add_entry>(&one.what)) {
      if (add->content.has(name)) return std::string(add->content.first_value_of(name));
    } else if (const auto* modify = std::get_if<model::modify_entry>(&one.what)) {
      for (const model::modification& m : modify->modifications)
        if (m.name == name && !m.values.empty()) return m.values.front();
    }
  }
  return std::nullopt;
}

}  // namespace

std::set<attribute_name> attributes_written(const mapping::mapping& map) {
  std::set<attribute_name> out = {model::names::object_class, model::names::origin, model::names::gone_since};
  for (const mapping::kind_info& kind : map.kinds()) {
    out.insert(kind.attributes.begin(), kind.attributes.end());
    out.insert(kind.initial.begin(), kind.initial.end());
  }
  return out;
}

model::dn trial_parent(const mapping::mapping& map, const model::dn& base) {
  for (const mapping::kind_info& kind : map.kinds()) {
    if (kind.container.empty()) continue;
    const result<model::dn> container = model::dn::parse(kind.container);
    if (container) return container->below(base);
  }
  return base;
}

std::vector<group_kind> groups_of(const mapping::mapping& map, const model::schema& schema) {
  std::vector<group_kind> out;
  for (const mapping::kind_info& kind : map.kinds()) {
    const bool is_group = std::any_of(kind.attributes.begin(), kind.attributes.end(), [&](attribute_name name) {
      const model::attribute_type* type = schema.find_attribute(name);
      return type != nullptr && type->syntax == value_syntax::distinguished_name;
    });
    if (!is_group) continue;
    group_kind one;
    // Without s2lManaged: it is none of the entries that are compared.
    for (const std::string& name : kind.classes)
      if (!equal_ignoring_ascii_case(name, "s2lManaged")) one.classes.push_back(name);
    one.classes.emplace_back("extensibleObject");
    one.attributes = {kind.attributes.begin(), kind.attributes.end()};
    const auto must = schema.must_of(one.classes);
    one.attributes.insert(must.begin(), must.end());
    out.push_back(std::move(one));
  }
  return out;
}

trial_entry::trial_entry(model::directory& to, const model::dn& parent, const model::schema& schema)
    : to_(to),
      schema_(schema),
      dn_(fmt::format("{},{}", trial_rdn, parent.text())),
      group_dn_(fmt::format("{}-group,{}", trial_rdn, parent.text())),
      word_(random_word()) {}

std::optional<std::string> trial_entry::value_of(attribute_name name, std::span<const model::change> samples) const {
  const model::attribute_type* type = schema_.find_attribute(name);
  if (type == nullptr || !type->user_modification) return std::nullopt;
  switch (type->syntax) {
    case value_syntax::directory_string:
      return word_ + ".invalid";
    case value_syntax::ia5_string:
      return word_ + "@sql2ldap.invalid";
    case value_syntax::integer:
      return "65534";  // as uidNumber it is nobody's; 0 would be root's
    case value_syntax::boolean:
      return "FALSE";
    case value_syntax::generalized_time:
      return "19700101000000Z";
    case value_syntax::octet_string:
      return word_;
    case value_syntax::telephone_number:
      return "+1 555 0100";
    case value_syntax::numeric_string:
      return "0";
    case value_syntax::oid:
      return "2.5.4.3";
    case value_syntax::distinguished_name:
      return std::nullopt;  // see modify()
    case value_syntax::other:
      return sample_of(name, samples);
  }
  return std::nullopt;
}

bool trial_entry::names_entries(attribute_name name) const {
  const model::attribute_type* type = schema_.find_attribute(name);
  return type != nullptr && type->user_modification && type->syntax == value_syntax::distinguished_name;
}

model::entry trial_entry::entry_with(const std::string& dn, std::span<const std::string> classes,
                                     const std::set<attribute_name>& attributes,
                                     std::span<const model::change> samples) const {
  model::entry out;
  out.set_dn(dn);
  for (const std::string& one : classes) out.add(model::names::object_class, one);
  const std::string_view rdn = std::string_view(dn).substr(0, dn.find(','));
  out.add(common_name(), rdn.substr(rdn.find('=') + 1));
  out.add(description(), marker);
  for (const attribute_name name : attributes) {
    if (out.has(name)) continue;
    if (const auto value = value_of(name, samples)) out.add(name, *value);
  }
  return out;
}

trial_entry::outcome trial_entry::write(const std::set<attribute_name>& attributes,
                                        std::span<const model::change> samples, std::span<const group_kind> groups) {
  S2L_TRY_ASSIGN(const model::write_session* begun, to_.session());
  const std::uint64_t connection = begun->number;
  // Both classes are in the schema that slapd cannot be without, or in the first one that it loads (RFC 4512, RFC
  // 4519).
  const std::array<std::string, 2> classes = {"organizationalRole", "extensibleObject"};
  model::entry content = entry_with(dn_, classes, attributes, samples);
  std::set<attribute_name> written;
  for (const attribute_name name : content.attributes()) written.insert(name);
  S2L_TRY_ASSIGN(auto refused, add(std::move(content)));
  if (refused) return refused;

  std::set<attribute_name> second;
  for (const attribute_name name : attributes)
    if (names_entries(name) || name == model::names::user_password) second.insert(name);
  S2L_TRY_ASSIGN(refused, modify(second));
  for (const group_kind& group : groups) {
    if (refused) break;
    S2L_TRY_ASSIGN(refused, write_group(group, attributes, samples));
  }
  S2L_TRY_ASSIGN(auto stays, remove(dn_));
  if (refused || stays) return refused ? refused : stays;

  S2L_TRY_ASSIGN(model::write_session * ended, to_.session());
  if (ended->number != connection)
    return fail_transient(error_kind::directory, "the connection was lost between two writes of " + dn_);
  written.insert(second.begin(), second.end());
  ended->in_use.insert(written.begin(), written.end());
  return std::nullopt;
}

// With the name of the first entry as its member.
trial_entry::outcome trial_entry::write_group(const group_kind& group, const std::set<attribute_name>& attributes,
                                              std::span<const model::change> samples) {
  model::entry content = entry_with(group_dn_, group.classes, group.attributes, samples);
  bool is_asked_for = false;
  for (const attribute_name name : group.attributes) {
    if (!names_entries(name)) continue;
    content.add(name, dn_);
    is_asked_for = is_asked_for || attributes.contains(name);
  }
  if (!is_asked_for) return std::nullopt;
  S2L_TRY_ASSIGN(auto refused, add(std::move(content)));
  if (refused) return refused;
  return remove(group_dn_);
}

trial_entry::outcome trial_entry::add(model::entry content) {
  const std::string dn(content.dn());
  S2L_TRY_ASSIGN(auto refused, remove_left_over(dn));
  if (refused) return refused;
  const std::array<model::change, 1> add = {model::change{"", model::add_entry{std::move(content)}}};
  S2L_TRY_ASSIGN(refused, to_.write(add, false));
  if (!refused || refused->ldap_code != model::result_code::entry_already_exists) return refused;
  // Another writer's, which is about to go. It is none the worse for it: what it was added for is done.
  S2L_TRY_ASSIGN(refused, remove_left_over(dn));
  if (refused) return refused;
  return to_.write(add, false);
}

// By a second write: a password policy keeps the password that is exchanged (pwdHistory).
trial_entry::outcome trial_entry::modify(const std::set<attribute_name>& attributes) {
  if (attributes.empty()) return std::nullopt;
  model::modify_entry modify{dn_, {}};
  for (const attribute_name name : attributes)
    modify.modifications.push_back(
        {model::modification::operation::replace, name, {name == model::names::user_password ? random_word() : dn_}});
  const std::array<model::change, 1> change = {model::change{"", std::move(modify)}};
  S2L_TRY_ASSIGN(auto refused, to_.write(change, false));
  // Another writer took it for a left-over one.
  if (refused && refused->ldap_code == model::result_code::no_such_object)
    return fail_transient(error_kind::directory, dn_ + " was removed by another writer");
  return refused;
}

trial_entry::outcome trial_entry::remove(const std::string& dn) {
  const std::array<model::change, 1> gone = {model::change{"", model::delete_entry{dn}}};
  S2L_TRY_ASSIGN(auto refused, to_.write(gone, false));
  if (refused && refused->ldap_code == model::result_code::no_such_object) return std::nullopt;
  if (refused) left_behind_ = true;
  return refused;
}

trial_entry::outcome trial_entry::remove_left_over(const std::string& dn) {
  S2L_TRY_ASSIGN(auto found, to_.search({dn, model::search_scope::base, "(objectClass=*)", {description()}, 0}));
  S2L_TRY_ASSIGN(const model::entry* there, found->next());
  if (there == nullptr) return std::nullopt;
  const auto values = there->values_of(description());
  if (std::find(values.begin(), values.end(), marker) == values.end())
    return model::refusal{.index = 0,
                          .ldap_code = model::result_code::entry_already_exists,
                          .text = fmt::format("the name {} is held by an entry that is not ours", dn)};
  return remove(dn);
}

}  // namespace sql2ldap::sync
