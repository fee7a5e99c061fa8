// Rows and entries that cannot be brought in step for now, by origin. The others go on.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sql2ldap::model {

struct set_aside {
  std::string dn;  // "" when it is not known
  std::string reason;
  bool skipped = false;     // an orphan that the mapping says to leave out: no reject
  bool name_taken = false;  // by an entry that is not ours
  bool left_over = false;   // no row makes this entry any more, but it could not be deleted
  // Seconds since 1970.
  std::int64_t since = 0;
  std::int64_t next_try = 0;
  std::uint32_t tries = 0;
  bool dropped = false;  // the operator wants to hear no more of it, until its row changes

  friend bool operator==(const set_aside&, const set_aside&) = default;
};

using set_aside_list = std::map<std::string, set_aside, std::less<>>;

}  // namespace sql2ldap::model
