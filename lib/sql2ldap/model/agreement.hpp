// What both sides held of one entry when they last agreed: the common ancestor of a three-way merge, and the map
// between the row's key (the origin), entryUUID and DN. Neither side is the source here.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sql2ldap::model {

using entry_uuid = std::array<std::uint8_t, 16>;  // RFC 4530

struct agreement {
  std::string dn;
  std::optional<entry_uuid> uuid;      // nullopt: the directory has not told it yet
  std::vector<std::uint64_t> digests;  // of the values of each attribute that the mapping owns, in its order

  friend bool operator==(const agreement&, const agreement&) = default;
};

// By origin; nullopt: there is no such entry any more.
using agreement_changes = std::map<std::string, std::optional<agreement>>;

}  // namespace sql2ldap::model
