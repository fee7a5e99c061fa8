#include <sql2ldap/sync/diff.hpp>

#include <algorithm>
#include <map>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/sync/detail/any_name.hpp>
#include <sql2ldap/sync/grace.hpp>

namespace sql2ldap::sync {
namespace {

using model::attribute_name;
using model::modification;
using operation = model::modification::operation;

// Values by their normal form: sorted, each once.
using value_map = std::map<std::string, std::string_view>;

value_map by_normal_form(const std::vector<std::string_view>& values, model::matching_rule rule) {
  value_map out;
  for (const std::string_view v : values) out.emplace(model::normalized(rule, v), v);
  return out;
}

std::vector<std::string> texts_of(const value_map& values) {
  std::vector<std::string> out;
  for (const auto& [normal, value] : values) out.emplace_back(value);
  return out;
}

bool password_stands(const std::vector<std::string_view>& wanted, const std::vector<std::string_view>& present) {
  if (wanted.size() != 1 || !wanted.front().starts_with(codec::clear_text_marker)) return false;
  const std::string_view clear = wanted.front().substr(codec::clear_text_marker.size());
  return present.size() == 1 && codec::password_matches(present.front(), clear);
}

void compare_attribute(attribute_name name, const model::entry& wanted, const model::entry& present,
                       const model::schema& schema, std::vector<modification>& out) {
  const std::vector<std::string_view> wanted_values = values_by_any_name(wanted, name, schema);
  const std::vector<std::string_view> present_values = values_by_any_name(present, name, schema);
  if (name == model::names::user_password && password_stands(wanted_values, present_values)) return;
  const model::matching_rule rule = schema.equality_of(name);
  const value_map want = by_normal_form(wanted_values, rule);
  const value_map have = by_normal_form(present_values, rule);
  value_map added;
  value_map removed;
  for (const auto& v : want)
    if (!have.contains(v.first)) added.insert(v);
  for (const auto& v : have)
    if (!want.contains(v.first)) removed.insert(v);
  if (added.empty() && removed.empty()) return;
  // Values can be removed one by one only where the server can compare them.
  const model::attribute_type* type = schema.find_attribute(name);
  const bool comparable = type != nullptr && type->has_equality && !type->single_value;
  const bool few =
      added.size() + removed.size() <= limits::values_changed_singly_max && added.size() + removed.size() < want.size();
  if (!comparable || !few || name == model::names::user_password) {
    out.push_back({operation::replace, name, texts_of(want)});
    return;
  }
  if (!removed.empty()) out.push_back({operation::remove, name, texts_of(removed)});
  if (!added.empty()) out.push_back({operation::add, name, texts_of(added)});
}

bool contains(const std::vector<attribute_name>& names, attribute_name name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_class(const model::entry& e, std::string_view name) {
  const std::vector<std::string_view> values = e.values_of(model::names::object_class);
  return std::any_of(values.begin(), values.end(),
                     [&](std::string_view v) { return equal_ignoring_ascii_case(v, name); });
}

// A class that is there by a subclass of it needs no value of its own.
bool has_class_by_inheritance(const model::entry& e, std::string_view name, const model::schema& schema) {
  std::vector<std::string> open;
  for (const std::string_view v : e.values_of(model::names::object_class)) open.emplace_back(v);
  const model::object_class* sought = schema.find_class(name);
  for (std::size_t i = 0; i < open.size() && i < limits::dn_depth_max; ++i) {
    if (equal_ignoring_ascii_case(open[i], name)) return true;
    const model::object_class* c = schema.find_class(open[i]);
    if (c == nullptr) continue;
    if (c == sought) return true;
    open.insert(open.end(), c->sup.begin(), c->sup.end());
  }
  return false;
}

bool has_structural_class(const model::entry& e, const model::schema& schema) {
  const std::vector<std::string_view> values = e.values_of(model::names::object_class);
  return std::any_of(values.begin(), values.end(), [&](std::string_view v) {
    const model::object_class* c = schema.find_class(v);
    return c != nullptr && c->type == model::object_class::kind::structural;
  });
}

void compare_classes(const model::entry& wanted, const model::entry& present, const model::schema& schema,
                     entry_difference& out) {
  std::vector<std::string> added;
  for (const std::string_view name : wanted.values_of(model::names::object_class)) {
    if (has_class(present, name)) continue;
    const model::object_class* c = schema.find_class(name);
    const bool structural = c != nullptr && c->type == model::object_class::kind::structural;
    if (structural && !has_structural_class(present, schema)) {
      out.hidden_structural = true;
      return;
    }
    if (structural && !has_class_by_inheritance(present, name, schema)) out.other_structural = true;
    added.emplace_back(name);
  }
  if (!added.empty()) out.modifications.push_back({operation::add, model::names::object_class, std::move(added)});
}

}  // namespace

model::entry after_rename(const model::entry& before, const std::string& new_dn, const model::schema& schema) {
  const auto leaf = [](std::string_view text) {
    const result<model::dn> parsed = model::dn::parse(text);
    return parsed && !parsed->empty() ? parsed->rdns().front() : model::rdn();
  };
  const model::rdn old_rdn = leaf(before.dn());
  const model::rdn new_rdn = leaf(new_dn);
  const auto same_type = [&](attribute_name a, attribute_name b) { return contains(all_names(a, schema), b); };
  const auto is_in = [&](const model::rdn& list, attribute_name name, std::string_view value) {
    return std::any_of(list.begin(), list.end(), [&](const model::ava& a) {
      return same_type(attribute_name(a.type), name) && model::values_match(schema.equality_of(name), a.value, value);
    });
  };
  model::entry out;
  out.set_dn(new_dn);
  const std::vector<attribute_name> before_names = before.attributes();
  std::vector<bool> added(new_rdn.size(), false);
  for (const attribute_name name : before_names) {
    for (const std::string_view v : before.values_of(name))
      if (!is_in(old_rdn, name, v) && !is_in(new_rdn, name, v)) out.add(name, v);
    for (std::size_t i = 0; i < new_rdn.size(); ++i)
      if (!added[i] && same_type(attribute_name(new_rdn[i].type), name)) {
        out.add(name, new_rdn[i].value);
        added[i] = true;
      }
  }
  for (std::size_t i = 0; i < new_rdn.size(); ++i)
    if (!added[i]) out.add(attribute_name(new_rdn[i].type), new_rdn[i].value);
  return out;
}

model::entry after_modify(const model::entry& before, const std::vector<modification>& modifications,
                          const model::schema& schema) {
  std::vector<std::pair<attribute_name, std::vector<std::string>>> content;
  const auto values_of = [&](attribute_name name) -> std::vector<std::string>& {
    for (auto& [n, values] : content)
      if (n == name) return values;
    return content.emplace_back(name, std::vector<std::string>()).second;
  };
  for (const attribute_name name : before.attributes())
    for (const std::string_view v : before.values_of(name)) values_of(name).emplace_back(v);
  for (const modification& m : modifications) {
    std::vector<std::string>& values = values_of(m.name);
    const model::matching_rule rule = schema.equality_of(m.name);
    const auto drop = [&](const std::string& gone) {
      std::erase_if(values, [&](const std::string& v) { return model::values_match(rule, v, gone); });
    };
    if (m.op == operation::replace || (m.op == operation::remove && m.values.empty())) values.clear();
    for (const std::string& v : m.values) {
      drop(v);
      if (m.op != operation::remove) values.push_back(v);
    }
  }
  model::entry out;
  out.set_dn(before.dn());
  for (const auto& [name, values] : content)
    for (const std::string& v : values) out.add(name, v);
  return out;
}

entry_difference difference_of(const model::entry& wanted, const model::entry& present, const mapping::kind_info& kind,
                               const model::schema& schema, ownership whose,
                               const std::vector<attribute_name>& left_alone) {
  entry_difference out;
  out.renamed = model::dn_hash(wanted.dn()) != model::dn_hash(present.dn());
  const model::entry renamed = out.renamed ? after_rename(present, std::string(wanted.dn()), schema) : model::entry();
  const model::entry& now = out.renamed ? renamed : present;

  compare_classes(wanted, now, schema, out);
  if (whose == ownership::adopted) compare_attribute(model::names::origin, wanted, now, schema, out.modifications);
  for (const attribute_name name : kind.attributes)
    if (name != model::names::object_class && name != model::names::origin && !contains(left_alone, name))
      compare_attribute(name, wanted, now, schema, out.modifications);
  for (const attribute_name name : {model::names::enabled, model::names::user_password})
    if (is_turned_off(now, name) && !contains(kind.attributes, name) && !contains(kind.initial, name))
      compare_attribute(name, wanted, now, schema, out.modifications);
  compare_attribute(model::names::gone_since, wanted, now, schema, out.modifications);
  for (const attribute_name name : kind.initial) {
    if (contains(left_alone, name)) continue;
    if (whose == ownership::adopted || is_turned_off(now, name)) {
      compare_attribute(name, wanted, now, schema, out.modifications);
    } else if (values_by_any_name(now, name, schema).empty() && wanted.has(name)) {
      std::vector<std::string> values;
      for (const std::string_view v : wanted.values_of(name)) values.emplace_back(v);
      out.modifications.push_back({operation::add, name, std::move(values)});
    }
  }
  return out;
}

}  // namespace sql2ldap::sync
