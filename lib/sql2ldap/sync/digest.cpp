#include <sql2ldap/sync/digest.hpp>

#include <algorithm>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sync/detail/any_name.hpp>

namespace sql2ldap::sync {

digester::digester(const mapping::mapping& map, const model::schema& schema) {
  attributes_ = {model::names::object_class, model::names::origin, model::names::gone_since};
  for (const mapping::kind_info& info : map.kinds()) {
    kind_roles& kind = kinds_.emplace_back();
    const auto set = [&](model::attribute_name name, role what) {
      if (name.id() >= kind.by_attribute.size()) kind.by_attribute.resize(name.id() + 1);
      kind.by_attribute[name.id()] = what;
    };
    for (const model::attribute_name name : info.attributes) {
      for (const model::attribute_name any : all_names(name, schema))
        set(any, {part::value, schema.equality_of(name), name.id() + 1, static_cast<std::uint32_t>(kind.attributes)});
      ++kind.attributes;
      if (std::find(attributes_.begin(), attributes_.end(), name) == attributes_.end()) attributes_.push_back(name);
    }
    set(model::names::object_class, {part::object_class, {}, 0, 0});
    set(model::names::origin, {});
    // No row makes it: whoever bears it and has a row differs.
    set(model::names::gone_since, {part::mark, {}, model::names::gone_since.id() + 1, 0});
    for (const std::string& name : info.classes) kind.classes.push_back(ascii_lowered(name));
  }
}

bool digester::is_class_of(const kind_roles& kind, std::string_view name) noexcept {
  return std::any_of(kind.classes.begin(), kind.classes.end(),
                     [&](const std::string& c) { return equal_ignoring_ascii_case(c, name); });
}

digest128 digester::digest_of(std::size_t kind, const model::entry& content, std::uint64_t dn_hash) {
  const kind_roles& roles = kinds_[kind];
  digest128 sum{dn_hash, ~dn_hash};
  for (std::size_t i = 0; i < content.size(); ++i) {
    const model::entry::value_ref value = content[i];
    if (value.name.id() >= roles.by_attribute.size()) continue;
    const role& r = roles.by_attribute[value.name.id()];
    if (r.what == part::ignored) continue;
    buffer_.clear();
    if (r.what == part::object_class) {
      if (!is_class_of(roles, value.bytes)) continue;
      for (const char c : value.bytes) buffer_ += ascii_lower(c);
      sum += run_hash128(buffer_, r.attribute);
    } else {
      model::append_normalized(buffer_, r.rule, value.bytes);
      sum += run_hash128(buffer_, r.attribute);
    }
  }
  return sum;
}

std::vector<std::uint64_t> digester::attribute_digests(std::size_t kind, const model::entry& content) {
  const kind_roles& roles = kinds_[kind];
  std::vector<std::uint64_t> out(roles.attributes, 0);
  for (std::size_t i = 0; i < content.size(); ++i) {
    const model::entry::value_ref value = content[i];
    if (value.name.id() >= roles.by_attribute.size()) continue;
    const role& r = roles.by_attribute[value.name.id()];
    if (r.what != part::value) continue;
    buffer_.clear();
    model::append_normalized(buffer_, r.rule, value.bytes);
    out[r.place] += stable_hash64(buffer_);
  }
  return out;
}

}  // namespace sql2ldap::sync
