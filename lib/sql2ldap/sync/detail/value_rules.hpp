// What the schema says of each attribute, by the attribute's number: asked for every value of
// every entry, so it is looked up once.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::sync {

class value_rules {
 public:
  explicit value_rules(const model::schema& schema) : schema_(&schema) {}

  [[nodiscard]] model::matching_rule equality_of(model::attribute_name name) { return rule_of(name).equality; }
  [[nodiscard]] bool single_value(model::attribute_name name) { return rule_of(name).single_value; }

  struct objection {
    model::attribute_name name;
    std::string reason;
  };
  // Makes `content` acceptable: values that are equal under the attribute's rule go (a server
  // answers typeOrValueExists to them). Returns what cannot be mended, one objection an attribute: a bad value, a
  // second value. `spare` is used when something had to go; the entry to use comes back in `content`.
  [[nodiscard]] std::vector<objection> settle(const model::entry*& content, model::entry& spare);

 private:
  struct rule {
    bool known = false;
    bool checked = false;  // the schema has the attribute, so its syntax means something
    bool single_value = false;
    model::matching_rule equality = model::matching_rule::octet_string;
    model::value_syntax syntax = model::value_syntax::other;
  };
  [[nodiscard]] const rule& rule_of(model::attribute_name name) {
    if (name.id() < rules_.size() && rules_[name.id()].known) return rules_[name.id()];
    return learn(name);
  }
  const rule& learn(model::attribute_name name);
  [[nodiscard]] bool first_time(digest128 value, std::size_t values);

  const model::schema* schema_;
  std::vector<rule> rules_;
  std::string buffer_;
  std::vector<digest128> seen_;  // of the attribute at hand
  std::set<digest128> seen_many_;
  std::vector<bool> dropped_;
};

}  // namespace sql2ldap::sync
