#include <sql2ldap/serve/directory_lookup.hpp>

#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/serve/attributes.hpp>
#include <sql2ldap/serve/detail/joint_search.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve {

model::search_request lookup_request(const model::dn& base) {
  return {.base = base.text(),
          .scope = model::search_scope::subtree,
          .filter = {},
          .attributes = read_attributes(),
          .entries_max = limits::lookup_entries_max + 1};
}

directory_lookup::directory_lookup(model::directory& from, model::dn base) : from_(from), base_(std::move(base)) {}

result<std::vector<model::entry>> directory_lookup::find(model::attribute_name name, std::string_view value) {
  const model::value_assertion what{{name}, std::string(value)};
  return search({&what, 1});
}

result<std::vector<std::vector<model::entry>>> directory_lookup::find_each(
    std::span<const model::value_assertion> asked) {
  if (asked.size() == 1) {
    std::vector<std::vector<model::entry>> out(1);
    S2L_TRY_ASSIGN(out.front(), search(asked));
    return out;
  }
  const detail::joint_search joint(asked);
  S2L_TRY_ASSIGN(const auto found, search(joint.all()));
  auto [shares, to_ask_alone] = joint.share_out(found);
  for (const std::size_t i : to_ask_alone) {
    S2L_TRY_ASSIGN(shares[i], search({&asked[i], 1}));
  }
  return std::move(shares);
}

result<std::vector<model::entry>> directory_lookup::search(std::span<const model::value_assertion> what) {
  std::string filter = detail::filter_for(what);
  if (filter.empty()) return std::vector<model::entry>();
  return detail::answer_to(what, search(std::move(filter)));
}

result<std::vector<model::entry>> directory_lookup::search(std::string filter) {
  const std::lock_guard alone(mutex_);
  model::search_request request = lookup_request(base_);
  request.filter = std::move(filter);
  S2L_TRY_ASSIGN(const auto stream, from_.search(request));
  std::vector<model::entry> found;
  while (true) {
    S2L_TRY_ASSIGN(const model::entry* const next, stream->next());
    if (next == nullptr) return found;
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
