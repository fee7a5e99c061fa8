#include <support/fake_lookup.hpp>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/serve/attributes.hpp>

namespace sql2ldap::test {

namespace {

model::entry part_of(const model::entry& whole, const std::vector<model::attribute_name>& names) {
  model::entry out;
  out.set_dn(whole.dn());
  for (std::size_t i = 0; i < whole.size(); ++i)
    if (std::find(names.begin(), names.end(), whole[i].name) != names.end()) out.add(whole[i].name, whole[i].bytes);
  return out;
}

}  // namespace

void fake_lookup::load(const std::string& ldif) {
  std::istringstream in(ldif);
  codec::ldif_reader reader(in);
  while (true) {
    auto record = reader.next();
    if (!record) throw std::logic_error(record.error().text());
    if (!*record) return;
    auto& one = std::get<model::entry>(**record);
    std::erase_if(entries_, [&](const model::entry& other) { return other.dn() == one.dn(); });
    entries_.push_back(std::move(one));
  }
}

result<std::vector<model::entry>> fake_lookup::find(model::attribute_name name, std::string_view value) {
  ++questions;
  if (broken) return fail_transient(error_kind::directory, "the directory is away");
  const model::attribute_type* const type = codec::builtin_schema().find_attribute(name);
  // A value outside of the syntax matches nothing (RFC 4511, 4.5.1.7).
  if (type != nullptr && !model::syntax_objection(type->syntax, value).empty()) return std::vector<model::entry>();
  const model::matching_rule rule = codec::builtin_schema().equality_of(name);
  std::vector<model::entry> found;
  for (const model::entry& one : entries_) {
    const auto values = one.values_of(name);
    if (std::any_of(values.begin(), values.end(),
                    [&](std::string_view held) { return model::values_match(rule, held, value); }))
      found.push_back(one);
  }
  return found;
}

result<std::vector<std::vector<model::entry>>> fake_lookup::find_each(std::span<const model::value_assertion> asked) {
  S2L_TRY_ASSIGN(auto found, entry_lookup::find_each(asked));
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (model::entry& one : found[i]) one = part_of(one, serve::attributes_of(asked[i].wanted));
  return found;
}

result<void> fake_lookup::for_each(const std::function<bool(const model::entry&)>& tell) {
  if (broken) return fail_transient(error_kind::directory, "the directory is away");
  for (const model::entry& one : entries_) {
    const auto classes = one.values_of(model::names::object_class);
    if (std::any_of(classes.begin(), classes.end(),
                    [](std::string_view c) { return equal_ignoring_ascii_case(c, "s2lMailAccount"); }) &&
        !tell(one))
      break;
  }
  return {};
}

}  // namespace sql2ldap::test
