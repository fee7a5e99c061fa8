#include <sql2ldap/sync/detail/slapd_rules.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace sql2ldap::sync {
namespace {

std::size_t rdn_bytes(std::string_view dn) {
  const std::string_view parent = model::parent_text(dn);
  return parent.empty() ? dn.size() : dn.size() - parent.size() - 1;
}

}  // namespace

bool rdn_fits_slapd(std::string_view dn) { return rdn_bytes(dn) <= slapd_rdn_bytes_max; }

std::string long_rdn_text(std::string_view dn) {
  return fmt::format("the first part of its name in the directory has {} bytes, and slapd stores {} at most",
                     rdn_bytes(dn), slapd_rdn_bytes_max);
}

const model::database_indexes* database_of(const model::directory_facts& facts, const model::dn& base) {
  if (!facts.indexes) return nullptr;
  const auto holds = [&](const model::database_indexes& database) {
    return std::any_of(database.suffixes.begin(), database.suffixes.end(), [&](const std::string& text) {
      const result<model::dn> suffix = model::dn::parse(text);
      return suffix && (*suffix == base || base.is_below(*suffix));
    });
  };
  const auto found = std::find_if(facts.indexes->begin(), facts.indexes->end(), holds);
  return found == facts.indexes->end() ? nullptr : &*found;
}

}  // namespace sql2ldap::sync
