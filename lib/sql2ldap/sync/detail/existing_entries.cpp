#include <sql2ldap/sync/detail/existing_entries.hpp>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/model/result_code.hpp>

namespace sql2ldap::sync {
namespace {

// Where s2lOrigin has no index each search reads the whole tree.
constexpr std::size_t searches_max = 200;

// No base, no entries.
result<void> absent_or(error problem) {
  if (problem.ldap_code == model::result_code::no_such_object) return {};
  return tl::make_unexpected(std::move(problem));
}

}  // namespace

// One search of all is cheaper than very many, most of which find nothing: a first load, say.
result<std::optional<std::string>> existing_entries::find(std::string_view origin) {
  if (!origins_ && ++searches_ > searches_max) S2L_TRY(read_origins());
  if (origins_ && !origins_->contains(run_hash64(origin))) return std::nullopt;
  auto found = directory_.search({base_.text(),
                                  model::search_scope::subtree,
                                  codec::filter::equal(model::names::origin, origin).text(),
                                  {model::names::origin},
                                  0});
  if (!found) return absent_or(std::move(found).error()).map([] { return std::optional<std::string>(); });
  auto entry = (*found)->next();
  if (!entry) return absent_or(std::move(entry).error()).map([] { return std::optional<std::string>(); });
  return *entry == nullptr ? std::nullopt : std::optional<std::string>((*entry)->dn());
}

result<void> existing_entries::read_origins() {
  origins_.emplace();
  auto all = directory_.search({base_.text(),
                                model::search_scope::subtree,
                                codec::filter::present(model::names::origin).text(),
                                {model::names::origin},
                                0});
  if (!all) return absent_or(std::move(all).error());
  while (true) {
    auto entry = (*all)->next();
    if (!entry) return absent_or(std::move(entry).error());
    if (*entry == nullptr) return {};
    origins_->insert(run_hash64((*entry)->first_value_of(model::names::origin)));
  }
}

}  // namespace sql2ldap::sync
