// A database that nobody has described yet: which mapping fits its tables, and what would come of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sync {

// How much of what a mapping reads is there.
struct fit {
  std::map<std::string, std::string> parameters;  // given ones, and the table prefix that was found
  std::size_t tables_wanted = 0;
  std::size_t tables_found = 0;
  std::size_t columns_wanted = 0;
  std::size_t columns_found = 0;
  std::vector<std::string> missing;  // "table mailbox", "column mailbox.quota"

  [[nodiscard]] bool complete() const noexcept { return tables_wanted > 0 && missing.empty(); }
};
// A mapping with a parameter `table_prefix` is tried with each prefix that the tables suggest.
[[nodiscard]] tl::expected<fit, mapping::diagnostics> fit_of(std::string_view mapping_text,
                                                             const std::map<std::string, std::string>& parameters,
                                                             const model::catalog& tables);

struct kind_count {
  std::string kind;
  std::string table;
  std::uint64_t made = 0;
  std::uint64_t rejected = 0;
};
struct scheme_count {
  std::string scheme;  // as codec/password.hpp names it
  std::uint64_t users = 0;
  bool slapd_verifies = false;
  std::string slapd_module;
  bool dovecot_24_accepts = false;
};
struct survey {
  std::vector<kind_count> kinds;  // in the mapping's order
  std::vector<scheme_count> schemes;
  std::map<std::string, std::uint64_t> reasons;  // of rejects
  [[nodiscard]] std::uint64_t made() const noexcept;
  [[nodiscard]] std::uint64_t rejected() const noexcept;
};
// Reads everything once, writes nothing.
[[nodiscard]] result<survey> take_survey(const mapping::mapping& map, model::source& from);

}  // namespace sql2ldap::sync
