#include <sql2ldap/serve/directory_lookup.hpp>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/model/matching.hpp>
#include <sql2ldap/serve/attributes.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve {

namespace {

// Who asks for which value. The same ones have the same normal form.
class wanted_values {
 public:
  // True: nobody has asked for it before.
  bool add(std::size_t who, const model::value_assertion& what) {
    std::vector<std::size_t>& all = askers_[normal_form(rule_of(what.name), what.name, what.value)];
    if (all.empty() || all.back() != who) all.push_back(who);
    return all.size() == 1;
  }
  // Each asker once.
  [[nodiscard]] std::set<std::size_t> askers_of(const model::entry& one) const {
    std::set<std::size_t> out;
    for (const auto& [name, rule] : rules_)
      for (const std::string_view value : one.values_of(name))
        if (const auto found = askers_.find(normal_form(rule, name, value)); found != askers_.end())
          out.insert(found->second.begin(), found->second.end());
    return out;
  }

 private:
  // What is looked up by has the same matching rules in all directories: those of its standard schema.
  model::matching_rule rule_of(model::attribute_name name) {
    const auto known = std::find_if(rules_.begin(), rules_.end(), [&](const auto& one) { return one.first == name; });
    if (known != rules_.end()) return known->second;
    return rules_.emplace_back(name, codec::builtin_schema().equality_of(name)).second;
  }
  static std::string normal_form(model::matching_rule rule, model::attribute_name name, std::string_view value) {
    std::string out = name.text() + '\0';
    model::append_normalized(out, rule, value);
    return out;
  }

  std::vector<std::pair<model::attribute_name, model::matching_rule>> rules_;
  std::unordered_map<std::string, std::vector<std::size_t>> askers_;
};

}  // namespace

directory_lookup::directory_lookup(model::directory& from, model::dn base) : from_(from), base_(std::move(base)) {}

result<std::vector<model::entry>> directory_lookup::find(model::attribute_name name, std::string_view value) {
  return search({{name, std::string(value)}});
}

result<std::vector<std::vector<model::entry>>> directory_lookup::find_each(
    const std::vector<model::any_of_these>& asked) {
  std::vector<std::vector<model::entry>> out(asked.size());
  if (asked.size() == 1) {
    S2L_TRY_ASSIGN(out.front(), search(asked.front()));
    return out;
  }
  wanted_values wanted;
  model::any_of_these all;
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (const model::value_assertion& one : asked[i])
      if (wanted.add(i, one)) all.push_back(one);
  S2L_TRY_ASSIGN(const auto found, search(all));
  bool all_are_known = true;
  for (const model::entry& one : found) {
    const std::set<std::size_t> askers = wanted.askers_of(one);
    all_are_known = all_are_known && !askers.empty();
    for (const std::size_t i : askers) out[i].push_back(one);
  }
  // A server may match what is not shown to us, or by rules of its own: "not there" is its own word for each.
  for (std::size_t i = 0; i < asked.size(); ++i)
    if (out[i].empty() || !all_are_known) {
      S2L_TRY_ASSIGN(out[i], search(asked[i]));
    }
  return out;
}

result<std::vector<model::entry>> directory_lookup::search(const model::any_of_these& what) {
  std::vector<codec::filter> any;
  for (const model::value_assertion& one : what)
    // No attribute that entries are found by may be empty, and no filter may ask for it.
    if (!one.value.empty()) any.push_back(codec::filter::equal(one.name, one.value));
  if (any.empty()) return std::vector<model::entry>();
  return search(codec::filter::any_of(any).text(), what.front().value);
}

result<std::vector<model::entry>> directory_lookup::search(const std::string& filter, std::string_view value) {
  const std::lock_guard alone(mutex_);
  S2L_TRY_ASSIGN(const auto stream, from_.search({.base = base_.text(),
                                                  .scope = model::search_scope::subtree,
                                                  .filter = filter,
                                                  .attributes = read_attributes(),
                                                  .entries_max = limits::lookup_entries_max + 1}));
  std::vector<model::entry> found;
  while (true) {
    S2L_TRY_ASSIGN(const model::entry* const next, stream->next());
    if (next == nullptr) return found;
    if (found.size() == limits::lookup_entries_max)
      return fail(error_kind::directory,
                  fmt::format("more than {} entries with {}", limits::lookup_entries_max, quoted_for_message(value)));
    found.push_back(*next);
  }
}

result<void> directory_lookup::for_each(const std::function<bool(const model::entry&)>& tell) {
  const std::lock_guard alone(mutex_);
  S2L_TRY_ASSIGN(const auto stream,
                 from_.search({.base = base_.text(),
                               .scope = model::search_scope::subtree,
                               .filter = codec::filter::equal(model::names::object_class, "s2lMailAccount").text(),
                               .attributes = {model::names::object_class, names::uid, names::mail,
                                              names::mail_local_address, names::enabled}}));
  while (true) {
    S2L_TRY_ASSIGN(const model::entry* const next, stream->next());
    if (next == nullptr || !tell(*next)) return {};
  }
}

}  // namespace sql2ldap::serve
