// What a directory server says of its schema (RFC 4512), as far as comparing and checking need it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sql2ldap/model/attribute_name.hpp>
#include <sql2ldap/model/matching.hpp>

namespace sql2ldap::model {

struct attribute_type {
  std::string oid;
  std::vector<std::string> names;
  std::string sup;
  matching_rule equality = matching_rule::octet_string;
  bool has_equality = false;
  bool has_substring = false;
  value_syntax syntax = value_syntax::other;
  bool single_value = false;
  bool user_modification = true;
};

struct object_class {
  enum class kind { abstract, structural, auxiliary };
  std::string oid;
  std::vector<std::string> names;
  std::vector<std::string> sup;
  kind type = kind::structural;
  std::vector<attribute_name> must;
  std::vector<attribute_name> may;
};

class schema {
 public:
  // Equality, syntax and single-value are inherited from `sup` by complete().
  void add(attribute_type type);
  void add(object_class type);
  void complete();

  [[nodiscard]] const attribute_type* find_attribute(attribute_name name) const noexcept;  // options ignored
  [[nodiscard]] const object_class* find_class(std::string_view name) const noexcept;      // any letter case, or OID
  // Unknown attributes compare as bytes.
  [[nodiscard]] matching_rule equality_of(attribute_name name) const noexcept;
  [[nodiscard]] bool single_value(attribute_name name) const noexcept;
  // With all superior classes.
  [[nodiscard]] std::vector<attribute_name> must_of(const std::vector<std::string>& classes) const;
  [[nodiscard]] bool allows(const std::vector<std::string>& classes, attribute_name name) const;
  [[nodiscard]] const std::vector<attribute_type>& attribute_types() const noexcept { return attributes_; }
  [[nodiscard]] const std::vector<object_class>& object_classes() const noexcept { return classes_; }

 private:
  std::vector<attribute_type> attributes_;
  std::vector<object_class> classes_;
  std::unordered_map<std::string, std::size_t> attribute_by_name_;  // lower case, and OID
  std::unordered_map<std::string, std::size_t> class_by_name_;
};

}  // namespace sql2ldap::model
