#include <sql2ldap/serve/detail/known_domains.hpp>

#include <utility>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::serve::detail {

domain_ptr known_domains::find(std::string_view name, std::uint64_t version) const {
  const std::lock_guard alone(mutex_);
  if (version != version_) return nullptr;
  const auto found = domains_.find(name);
  return found == domains_.end() ? nullptr : found->second;
}

void known_domains::keep(std::string_view name, std::uint64_t version, domain_ptr what) {
  const std::lock_guard alone(mutex_);
  if (version < version_) return;
  if (version > version_ || domains_.size() >= limits::domains_known_max) domains_.clear();
  version_ = version;
  if (what != nullptr && what->enabled)
    domains_.insert_or_assign(std::string(name), std::move(what));
  else if (const auto old = domains_.find(name); old != domains_.end())
    domains_.erase(old);
}

}  // namespace sql2ldap::serve::detail
