// Which entries exist, by s2lOrigin: asked for the few rows that cannot be mapped whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/sync/dn_set.hpp>

namespace sql2ldap::sync {

class existing_entries {
 public:
  // Both outlive it.
  existing_entries(model::directory& directory, const model::dn& base) : directory_(directory), base_(base) {}

  // The DN; nullopt: the directory shows no entry with this origin.
  [[nodiscard]] result<std::optional<std::string>> find(std::string_view origin);

 private:
  [[nodiscard]] result<void> read_origins();

  model::directory& directory_;
  const model::dn& base_;
  std::size_t searches_ = 0;
  std::optional<dn_set> origins_;  // by hash, of all entries; 12 bytes each
};

}  // namespace sql2ldap::sync
