// One wanted entry against one present entry, exactly, under the server's matching rules. Pure.
#pragma once

#include <string>
#include <vector>

#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::sync {

struct entry_difference {
  bool renamed = false;                            // the DN is another one
  bool other_structural = false;                   // a structural class cannot be changed: delete and add
  bool hidden_structural = false;                  // none is shown: nobody can tell whether it is another one
  std::vector<model::modification> modifications;  // to be applied after the rename
  [[nodiscard]] bool none() const noexcept {
    return !renamed && !other_structural && !hidden_structural && modifications.empty();
  }
};

enum class ownership {
  same_row,  // the entry of this row: what others wrote to `?=` attributes stays
  adopted,   // stands there for another row: `?=` attributes and the origin are set, too
};

// `present` needs the kind's attributes (`=` and `?=`), objectClass, s2lOrigin and s2lGoneSince; with the latter also
// s2lEnabled and userPassword. A wanted
// "{CLEARTEXT}x" equals a present password that verifies x; else it stands in the modification,
// and the writer must hash it.
// `left_alone`: attributes that stay as they are.
[[nodiscard]] entry_difference difference_of(const model::entry& wanted, const model::entry& present,
                                             const mapping::kind_info& kind, const model::schema& schema,
                                             ownership whose = ownership::same_row,
                                             const std::vector<model::attribute_name>& left_alone = {});

// What a directory holds after the change; used to foresee and to check, not to write.
[[nodiscard]] model::entry after_rename(const model::entry& before, const std::string& new_dn,
                                        const model::schema& schema);
[[nodiscard]] model::entry after_modify(const model::entry& before,
                                        const std::vector<model::modification>& modifications,
                                        const model::schema& schema);

}  // namespace sql2ldap::sync
