// What would be done, is more than the limits allow, and waits for an operator's word.
#pragma once

#include <string>
#include <vector>

#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

struct held_plan {
  std::string id;                  // 16 hex digits that name exactly these steps with their values, in this process
  std::string reason;              // which limit
  counts what;                     // added, modified, renamed, deleted
  std::vector<std::string> first;  // "delete uid=...": the first of them, deletes first
};

}  // namespace sql2ldap::sync
