// An address that leads elsewhere, as an entry of the class s2lMailAlias or s2lMailGroup says.
#pragma once

#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::serve {

struct mail_alias {
  enum class what {
    list,     // to `targets`
    group,    // to `targets`, its members
    refusal,  // s2lAliasKind: fail
    discard,
    command,  // s2lAliasKind: pipe, or any entry with a command
  } kind = what::list;
  bool enabled = false;
  std::vector<std::string> targets;  // addresses, '@domain', names of users of the host
  bool members_only = false;         // of a group: who is no member may not write to it
  std::string reject_text;           // one line; may be empty
};

[[nodiscard]] bool is_alias(const model::entry& of);
[[nodiscard]] result<mail_alias> read_alias(const model::entry& from);

}  // namespace sql2ldap::serve
