// The digest of what the mapping owns in an entry: its DN, its classes, its `=` attributes. Two
// entries have one digest when the server would call them equal in all of these.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::sync {

class digester {
 public:
  digester(const mapping::mapping& map, const model::schema& schema);

  // Wanted and present entries alike; what is not the kind's own is left out of the sum.
  [[nodiscard]] digest128 digest_of(std::size_t kind, const model::entry& content, std::uint64_t dn_hash);
  // The same attribute by attribute, in the order of kind_info::attributes, stable over runs and machines: of each the
  // sum over its values, 0 for none.
  [[nodiscard]] std::vector<std::uint64_t> attribute_digests(std::size_t kind, const model::entry& content);
  // All that must be read of a present entry.
  [[nodiscard]] const std::vector<model::attribute_name>& attributes() const noexcept { return attributes_; }

 private:
  enum class part : std::uint8_t { ignored, object_class, mark, value };
  struct role {
    part what = part::ignored;
    model::matching_rule rule = model::matching_rule::octet_string;
    std::uint32_t attribute = 0;  // one number for all names of a type
    std::uint32_t place = 0;      // in kind_info::attributes
  };
  struct kind_roles {
    std::vector<role> by_attribute;    // by attribute_name::id()
    std::vector<std::string> classes;  // lower case
    std::size_t attributes = 0;
  };
  [[nodiscard]] static bool is_class_of(const kind_roles& kind, std::string_view name) noexcept;

  std::vector<kind_roles> kinds_;
  std::vector<model::attribute_name> attributes_;
  std::string buffer_;
};

}  // namespace sql2ldap::sync
