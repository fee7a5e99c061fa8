// Domains that are on, as long as what was read of them counts. Of others it is asked each time: nobody is kept out by
// what was true a moment ago. From any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <sql2ldap/serve/domain.hpp>

namespace sql2ldap::serve::detail {

using domain_ptr = std::shared_ptr<const mail_domain>;

class known_domains {
 public:
  // `version`: model::entry_lookup::version() before the domain was looked up, or is to be. Names as A-labels in lower
  // case. nullptr: not known.
  [[nodiscard]] domain_ptr find(std::string_view name, std::uint64_t version) const;
  // nullptr, or off: it is known no more.
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
