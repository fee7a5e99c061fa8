// The accounts of a mirror, one after the other.
#pragma once

#include <sql2ldap/serve/account_list.hpp>
#include <sql2ldap/serve/mirror.hpp>

namespace sql2ldap::serve {

class mirror_list final : public account_list {
 public:
  explicit mirror_list(const mirror& of) : of_(of) {}  // which outlives this
  [[nodiscard]] result<void> for_each(const std::function<bool(const model::entry&)>& tell) override;

 private:
  const mirror& of_;
};

}  // namespace sql2ldap::serve
