#include <sql2ldap/sync/inspect.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::sync {

namespace {

constexpr std::string_view prefix_parameter = "table_prefix";

fit compare(const mapping::mapping& map, const model::catalog& tables) {
  fit found;
  for (const mapping::table_use& use : map.tables()) {
    ++found.tables_wanted;
    found.columns_wanted += use.columns.size();
    const model::table_info* table = tables.find(use.schema, use.table);
    if (table == nullptr) {
      found.missing.push_back(fmt::format("table {}", use.table));
      continue;
    }
    ++found.tables_found;
    for (const std::string& column : use.columns) {
      if (table->find(column) != nullptr)
        ++found.columns_found;
      else
        found.missing.push_back(fmt::format("column {}.{}", use.table, column));
    }
  }
  return found;
}

// What stands before the names that the mapping wants, in tables that end in such a name.
std::set<std::string> prefixes(const mapping::mapping& map, const model::catalog& tables) {
  std::set<std::string> found;
  for (const mapping::table_use& use : map.tables())
    for (const model::table_info& table : tables.tables)
      if (table.name.size() > use.table.size() && table.name.ends_with(use.table))
        found.insert(table.name.substr(0, table.name.size() - use.table.size()));
  return found;
}

bool better(const fit& a, const fit& b) {
  return std::pair(a.columns_found, a.tables_found) > std::pair(b.columns_found, b.tables_found);
}

}  // namespace

tl::expected<fit, mapping::diagnostics> fit_of(std::string_view mapping_text,
                                               const std::map<std::string, std::string>& parameters,
                                               const model::catalog& tables) {
  auto plain = mapping::mapping::parse(mapping_text, parameters);
  if (!plain) return tl::make_unexpected(std::move(plain).error());
  fit best = compare(*plain, tables);
  best.parameters = parameters;

  const auto known = plain->parameters();
  const bool takes_prefix =
      std::any_of(known.begin(), known.end(), [](const auto& p) { return p.name == prefix_parameter; });
  if (best.complete() || !takes_prefix || parameters.contains(std::string(prefix_parameter))) return best;
  for (const std::string& prefix : prefixes(*plain, tables)) {
    auto with_prefix = parameters;
    with_prefix.insert_or_assign(std::string(prefix_parameter), prefix);
    const auto prefixed = mapping::mapping::parse(mapping_text, with_prefix);
    if (!prefixed) continue;  // a table name that is no prefix the mapping can take
    fit candidate = compare(*prefixed, tables);
    candidate.parameters = std::move(with_prefix);
    if (better(candidate, best)) best = std::move(candidate);
  }
  return best;
}

std::uint64_t survey::made() const noexcept {
  return std::accumulate(kinds.begin(), kinds.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const kind_count& k) { return sum + k.made; });
}

std::uint64_t survey::rejected() const noexcept {
  return std::accumulate(kinds.begin(), kinds.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const kind_count& k) { return sum + k.rejected; });
}

result<survey> take_survey(const mapping::mapping& map, model::source& from) {
  survey found;
  for (const mapping::kind_info& kind : map.kinds()) found.kinds.push_back({kind.name, kind.table});
  std::map<std::string, scheme_count> schemes;

  S2L_TRY_ASSIGN(const auto snapshot, from.open_snapshot());
  // Any base will do: nothing of it is shown.
  S2L_TRY_ASSIGN(const auto base, model::dn::parse("dc=example"));
  wanted_entries entries(map, *snapshot, {.base = base, .containers = false, .only = std::nullopt},
                         [&](const model::reject& why) {
                           ++found.reasons[why.reason];
                           for (kind_count& kind : found.kinds)
                             if (kind.kind == why.kind) ++kind.rejected;
                         });
  while (true) {
    S2L_TRY_ASSIGN(const auto next, entries.next());
    if (!next) break;
    if (next->kind == container_kind) continue;
    ++found.kinds[next->kind].made;
    for (const std::string_view password : next->content->values_of(model::names::user_password)) {
      const codec::password_facts facts = codec::facts_about(password);
      scheme_count& scheme = schemes[facts.scheme];
      scheme.scheme = facts.scheme;
      scheme.slapd_verifies = facts.slapd_verifies;
      scheme.slapd_module = facts.slapd_module;
      scheme.dovecot_24_accepts = facts.dovecot_24_accepts;
      ++scheme.users;
    }
  }
  for (auto& [name, scheme] : schemes) found.schemes.push_back(std::move(scheme));
  std::stable_sort(found.schemes.begin(), found.schemes.end(),
                   [](const scheme_count& a, const scheme_count& b) { return a.users > b.users; });
  return found;
}

}  // namespace sql2ldap::sync
