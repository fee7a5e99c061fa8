// All accounts, one after the other: what an entry_lookup cannot give.
#pragma once

#include <functional>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::serve {

class account_list {
 public:
  virtual ~account_list() = default;
  // Every entry of the class s2lMailAccount, until `tell` answers false; without an error these are all. At least with
  // objectClass, uid, mail, mailLocalAddress and s2lEnabled. The entry lives until `tell` returns, which must not look
  // up others meanwhile. From any thread.
  [[nodiscard]] virtual result<void> for_each(const std::function<bool(const model::entry&)>& tell) = 0;
};

}  // namespace sql2ldap::serve
