#include <sql2ldap/serve/directory_lookup.hpp>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/serve/attributes.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve {

directory_lookup::directory_lookup(model::directory& from, model::dn base) : from_(from), base_(std::move(base)) {}

result<std::vector<model::entry>> directory_lookup::find(model::attribute_name name, std::string_view value) {
  // No attribute that entries are found by may be empty, and no filter may ask for it.
  if (value.empty()) return std::vector<model::entry>();
  const std::lock_guard alone(mutex_);
  S2L_TRY_ASSIGN(const auto stream, from_.search({.base = base_.text(),
                                                  .scope = model::search_scope::subtree,
                                                  .filter = codec::filter::equal(name, value).text(),
                                                  .attributes = read_attributes(),
                                                  .entries_max = limits::lookup_entries_max + 1}));
  std::vector<model::entry> found;
  while (true) {
    S2L_TRY_ASSIGN(const model::entry* const next, stream->next());
    if (next == nullptr) return found;
    if (found.size() == limits::lookup_entries_max)
      return fail(error_kind::directory, fmt::format("more than {} entries with {} {}", limits::lookup_entries_max,
                                                     name.text(), quoted_for_message(value)));
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
