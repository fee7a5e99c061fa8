#include <sql2ldap/serve/directory_lookup.hpp>

#include <algorithm>
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

// Who asked for which value. What is looked up by has the same matching rules in all directories: those of its standard
// schema.
class values_asked {
 public:
  // Whether nobody has asked for it yet.
  bool add(const model::value_assertion& what, std::size_t by) {
    const auto of = std::find_if(names_.begin(), names_.end(), [&](const auto& one) { return one.name == what.name; });
    by_value& known = of != names_.end() ? *of : names_.emplace_back(by_value{what.name});
    auto& askers = known.askers[model::normalized(known.rule, what.value)];
    askers.push_back(by);
    return askers.size() == 1;
  }

  // `each(who asked)` for each value of the entry.
  template <typename Function>
  void for_values_of(const model::entry& one, Function each) const {
    std::string form;
    for (const by_value& of : names_)
      for (const std::string_view value : one.values_of(of.name)) {
        form.clear();
        model::append_normalized(form, of.rule, value);
        if (const auto found = of.askers.find(form); found != of.askers.end())
          for (const std::size_t by : found->second) each(by);
      }
  }

 private:
  struct by_value {
    model::attribute_name name;
    model::matching_rule rule = codec::builtin_schema().equality_of(name);
    std::unordered_map<std::string, std::vector<std::size_t>> askers{};
  };
  std::vector<by_value> names_;
};

}  // namespace

directory_lookup::directory_lookup(model::directory& from, model::dn base) : from_(from), base_(std::move(base)) {}

result<std::vector<model::entry>> directory_lookup::find(model::attribute_name name, std::string_view value) {
  // No attribute that entries are found by may be empty, and no filter may ask for it.
  if (value.empty()) return std::vector<model::entry>();
  return search(codec::filter::equal(name, value).text(), value);
}

result<std::vector<std::vector<model::entry>>> directory_lookup::find_each(
    const std::vector<model::any_of_these>& asked) {
  values_asked values;
  std::vector<codec::filter> any;
  std::string_view first;
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (const model::value_assertion& one : asked[i]) {
      if (one.value.empty() || !values.add(one, i)) continue;
      if (any.empty()) first = one.value;
      any.push_back(codec::filter::equal(one.name, one.value));
    }
  std::vector<std::vector<model::entry>> out(asked.size());
  if (any.empty()) return out;
  S2L_TRY_ASSIGN(const auto found, search(codec::filter::any_of(any).text(), first));
  std::vector<const model::entry*> last(asked.size());
  for (const model::entry& one : found)
    values.for_values_of(one, [&](std::size_t by) {
      if (std::exchange(last[by], &one) != &one) out[by].push_back(one);
    });
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
