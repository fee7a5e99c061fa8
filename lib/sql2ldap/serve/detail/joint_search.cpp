#include <sql2ldap/serve/detail/joint_search.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/schema_definition.hpp>

namespace sql2ldap::serve::detail {

namespace {

std::string normal_form(model::matching_rule rule, model::attribute_name name, std::string_view value) {
  std::string out = name.text() + '\0';
  model::append_normalized(out, rule, value);
  return out;
}

}  // namespace

std::string filter_for(std::span<const model::value_assertion> what) {
  std::vector<codec::filter> any;
  for (const model::value_assertion& one : what) {
    // No attribute that entries are found by may be empty, and no filter may ask for it.
    if (one.value.empty()) continue;
    for (const model::attribute_name name : one.names) any.push_back(codec::filter::equal(name, one.value));
  }
  return any.empty() ? std::string() : codec::filter::any_of(any).text();
}

model::entry_part part_for(std::span<const model::value_assertion> what) {
  const auto is_of_login = [](const auto& one) { return one.wanted == model::entry_part::login; };
  return std::all_of(what.begin(), what.end(), is_of_login) ? model::entry_part::login : model::entry_part::whole;
}

result<std::vector<model::entry>> answer_to(std::span<const model::value_assertion> what,
                                            result<std::vector<model::entry>> found) {
  if (!found || found->size() <= limits::lookup_entries_max) return found;
  return fail(error_kind::directory, fmt::format("more than {} entries with {}", limits::lookup_entries_max,
                                                 quoted_for_message(what.front().value)));
}

joint_search::joint_search(std::span<const model::value_assertion> asked) : count_(asked.size()) {
  const model::entry_part part = part_for(asked);
  for (std::size_t i = 0; i < count_; ++i)
    for (const model::attribute_name name : asked[i].names)
      if (add(i, name, asked[i].value)) all_.push_back({{name}, asked[i].value, part});
}

// What is looked up by has the same matching rules in all directories: those of its standard schema.
model::matching_rule joint_search::rule_of(model::attribute_name name) {
  const auto known = std::find_if(rules_.begin(), rules_.end(), [&](const auto& one) { return one.first == name; });
  if (known != rules_.end()) return known->second;
  return rules_.emplace_back(name, codec::builtin_schema().equality_of(name)).second;
}

bool joint_search::add(std::size_t who, model::attribute_name name, std::string_view value) {
  std::vector<std::size_t>& all = askers_[normal_form(rule_of(name), name, value)];
  if (all.empty() || all.back() != who) all.push_back(who);
  return all.size() == 1;
}

std::set<std::size_t> joint_search::askers_of(const model::entry& one) const {
  std::set<std::size_t> out;
  for (const auto& [name, rule] : rules_)
    for (const std::string_view value : one.values_of(name))
      if (const auto found = askers_.find(normal_form(rule, name, value)); found != askers_.end())
        out.insert(found->second.begin(), found->second.end());
  return out;
}

joint_search::shares joint_search::share_out(const std::vector<model::entry>& found) const {
  shares out{std::vector<std::vector<model::entry>>(count_), {}};
  bool all_are_known = true;
  for (const model::entry& one : found) {
    const std::set<std::size_t> askers = askers_of(one);
    all_are_known = all_are_known && !askers.empty();
    for (const std::size_t i : askers) out.of[i].push_back(one);
  }
  for (std::size_t i = 0; i < count_; ++i)
    if (out.of[i].empty() || !all_are_known) out.to_ask_alone.push_back(i);
  return out;
}

}  // namespace sql2ldap::serve::detail
