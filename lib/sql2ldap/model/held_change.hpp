// Deletes and updates that go beyond the limits. They wait until an operator releases them or their rows come back; all
// else goes on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sql2ldap::model {

struct held_change {
  std::string dn;
  std::string wanted_dn;    // of an update: the name that its row wants
  bool is_delete = true;    // else its row makes another entry of it
  std::string cause;        // what exceeded which limit, for people; the same text for all that was held at once
  std::int64_t since = 0;   // seconds since 1970
  std::uint64_t place = 0;  // in the plan, from 1; what was held later has a higher one

  friend bool operator==(const held_change&, const held_change&) = default;
};

// By origin.
using held_list = std::map<std::string, held_change, std::less<>>;
// nullopt: it waits no longer.
using held_updates = std::map<std::string, std::optional<held_change>, std::less<>>;

}  // namespace sql2ldap::model
