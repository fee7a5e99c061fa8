// What waits for an operator because it goes beyond the limits, as status shows it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sql2ldap::sync {

struct held_plan {
  struct group {  // what one cause has brought
    std::string cause;
    std::int64_t since = 0;                        // seconds since 1970
    std::map<std::string, std::uint64_t> deletes;  // entries, by kind
    std::map<std::string, std::uint64_t> updates;
  };
  std::string id;  // names all that waits now: what is held later has another one
  std::vector<group> groups;
  std::uint64_t deletes = 0;
  std::uint64_t updates = 0;
  std::uint64_t parents = 0;          // entries that they are below of: domains
  std::vector<std::string> examples;  // "delete uid=...", up to limits::held_examples
};

}  // namespace sql2ldap::sync
