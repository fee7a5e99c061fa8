#include <sql2ldap/model/entry.hpp>

#include <algorithm>
#include <limits>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::model {

void entry::clear() noexcept {
  bytes_.clear();
  dn_length_ = 0;
  slots_.clear();
}

void entry::reserve(std::size_t values, std::size_t bytes) {
  slots_.reserve(values);
  bytes_.reserve(bytes);
}

void entry::set_dn(std::string_view canonical_text) {
  S2L_ASSERT(slots_.empty());
  S2L_ASSERT(canonical_text.size() <= std::numeric_limits<std::uint32_t>::max());
  bytes_.assign(canonical_text);
  dn_length_ = static_cast<std::uint32_t>(canonical_text.size());
}

void entry::add(attribute_name name, std::string_view value) {
  S2L_ASSERT(value.size() <= std::numeric_limits<std::uint32_t>::max() - bytes_.size());
  slots_.push_back({name, static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(value.size())});
  bytes_.append(value);
}

std::vector<std::string_view> entry::values_of(attribute_name name) const {
  std::vector<std::string_view> values;
  for_each_value_of(name, [&](std::string_view value) { values.push_back(value); });
  return values;
}

std::string_view entry::first_value_of(attribute_name name) const noexcept {
  for (std::size_t i = 0; i < size(); ++i) {
    if (slots_[i].name == name) return (*this)[i].bytes;
  }
  return {};
}

bool entry::has(attribute_name name) const noexcept {
  return std::any_of(slots_.begin(), slots_.end(), [&](const slot& s) { return s.name == name; });
}

std::vector<attribute_name> entry::attributes() const {
  std::vector<attribute_name> out;
  for (const slot& s : slots_) {
    if (std::find(out.begin(), out.end(), s.name) == out.end()) out.push_back(s.name);
  }
  return out;
}

}  // namespace sql2ldap::model
