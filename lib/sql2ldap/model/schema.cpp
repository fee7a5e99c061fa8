#include <sql2ldap/model/schema.hpp>

#include <algorithm>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::model {

namespace {

// Longer chains of SUP than this are cycles; slapd's longest is 3.
constexpr int superior_depth_max = 32;

template <typename Type>
void index_names(std::unordered_map<std::string, std::size_t>& by_name, const Type& type, std::size_t position) {
  if (!type.oid.empty()) by_name[ascii_lowered(type.oid)] = position;
  for (const std::string& name : type.names) by_name[ascii_lowered(name)] = position;
}

template <typename Type>
const Type* look_up(const std::unordered_map<std::string, std::size_t>& by_name, const std::vector<Type>& types,
                    const std::string& folded) {
  const auto at = by_name.find(folded);
  return at == by_name.end() ? nullptr : &types[at->second];
}

}  // namespace

void schema::add(attribute_type type) {
  index_names(attribute_by_name_, type, attributes_.size());
  attributes_.push_back(std::move(type));
}

void schema::add(object_class type) {
  index_names(class_by_name_, type, classes_.size());
  classes_.push_back(std::move(type));
}

void schema::complete() {
  for (attribute_type& type : attributes_) {
    const attribute_type* superior = &type;
    for (int depth = 0; depth < superior_depth_max && !superior->sup.empty(); ++depth) {
      superior = look_up(attribute_by_name_, attributes_, ascii_lowered(superior->sup));
      if (superior == nullptr) break;
      if (!type.has_equality && superior->has_equality) {
        type.equality = superior->equality;
        type.has_equality = true;
      }
      if (type.syntax == value_syntax::other) type.syntax = superior->syntax;
      type.has_substring = type.has_substring || superior->has_substring;
      type.single_value = type.single_value || superior->single_value;
    }
  }
}

const attribute_type* schema::find_attribute(attribute_name name) const noexcept {
  const std::string& folded = name.folded();
  const std::size_t options = folded.find(';');
  if (options == std::string::npos) return look_up(attribute_by_name_, attributes_, folded);
  return look_up(attribute_by_name_, attributes_, folded.substr(0, options));
}

const object_class* schema::find_class(std::string_view name) const noexcept {
  return look_up(class_by_name_, classes_, ascii_lowered(name));
}

matching_rule schema::equality_of(attribute_name name) const noexcept {
  const attribute_type* type = find_attribute(name);
  return type == nullptr ? matching_rule::octet_string : type->equality;
}

bool schema::single_value(attribute_name name) const noexcept {
  const attribute_type* type = find_attribute(name);
  return type != nullptr && type->single_value;
}

namespace {

// The classes and all their superiors, each once.
std::vector<const object_class*> with_superiors(const schema& of, const std::vector<std::string>& classes) {
  std::vector<const object_class*> out;
  std::vector<std::string> pending(classes.rbegin(), classes.rend());
  while (!pending.empty()) {
    const object_class* found = of.find_class(pending.back());
    pending.pop_back();
    if (found == nullptr || std::find(out.begin(), out.end(), found) != out.end()) continue;
    out.push_back(found);
    pending.insert(pending.end(), found->sup.begin(), found->sup.end());
  }
  return out;
}

}  // namespace

std::vector<attribute_name> schema::must_of(const std::vector<std::string>& classes) const {
  std::vector<attribute_name> out;
  for (const object_class* type : with_superiors(*this, classes)) {
    for (const attribute_name name : type->must) {
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
  }
  return out;
}

bool schema::allows(const std::vector<std::string>& classes, attribute_name name) const {
  const attribute_type* wanted = find_attribute(name);
  const auto is_wanted = [&](attribute_name listed) {
    return listed == name || (wanted != nullptr && find_attribute(listed) == wanted);  // "cn" is "commonName"
  };
  const auto types = with_superiors(*this, classes);
  return std::any_of(types.begin(), types.end(), [&](const object_class* type) {
    return type->oid == "1.3.6.1.4.1.1466.101.120.111" ||  // extensibleObject (RFC 4512, 4.3) allows everything
           std::any_of(type->must.begin(), type->must.end(), is_wanted) ||
           std::any_of(type->may.begin(), type->may.end(), is_wanted);
  });
}

}  // namespace sql2ldap::model
