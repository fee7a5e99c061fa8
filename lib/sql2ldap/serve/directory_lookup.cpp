#include <sql2ldap/serve/directory_lookup.hpp>

#include <algorithm>

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

// What is looked up by has the same matching rules in all directories: those of its standard schema.
bool holds(const model::entry& one, const model::value_assertion& what) {
  if (what.value.empty()) return false;
  const model::matching_rule rule = codec::builtin_schema().equality_of(what.name);
  for (const std::string_view value : one.values_of(what.name))
    if (model::values_match(rule, value, what.value)) return true;
  return false;
}

}  // namespace

directory_lookup::directory_lookup(model::directory& from, model::dn base) : from_(from), base_(std::move(base)) {}

result<std::vector<model::entry>> directory_lookup::find(model::attribute_name name, std::string_view value) {
  // No attribute that entries are found by may be empty, and no filter may ask for it.
  if (value.empty()) return std::vector<model::entry>();
  return search(codec::filter::equal(name, value).text(), value);
}

result<std::vector<std::vector<model::entry>>> directory_lookup::find_each(
    const std::vector<model::any_of_these>& asked) {
  std::vector<codec::filter> any;
  std::string_view first;
  for (const model::any_of_these& some : asked)
    for (const model::value_assertion& one : some) {
      if (one.value.empty()) continue;
      if (any.empty()) first = one.value;
      any.push_back(codec::filter::equal(one.name, one.value));
    }
  std::vector<std::vector<model::entry>> out(asked.size());
  if (any.empty()) return out;
  S2L_TRY_ASSIGN(const auto found, search(codec::filter::any_of(any).text(), first));
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (const model::entry& one : found)
      if (std::any_of(asked[i].begin(), asked[i].end(), [&](const auto& what) { return holds(one, what); }))
        out[i].push_back(one);
  return out;
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
