// Domains that were read, until something changes where they were found. From any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <sql2ldap/serve/domain.hpp>

namespace sql2ldap::serve::detail {

using domain_ptr = std::shared_ptr<const mail_domain>;  // nullptr: nobody wrote it down

class known_domains {
 public:
  // `version`: model::entry_lookup::version() before the domain was looked up, or is to be. Names as A-labels in lower
  // case. nullopt: not known.
  [[nodiscard]] std::optional<domain_ptr> find(std::string_view name, std::uint64_t version) const;
  void keep(std::string_view name, std::uint64_t version, domain_ptr what);

 private:
  struct hash_of_name : std::hash<std::string_view> {
    using is_transparent = void;
  };

  mutable std::mutex mutex_;
  std::uint64_t version_ = 0;  // of all that are kept
  std::unordered_map<std::string, domain_ptr, hash_of_name, std::equal_to<>> domains_;
};

}  // namespace sql2ldap::serve::detail
