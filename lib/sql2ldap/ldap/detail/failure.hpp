// What a result code means for the caller, and how it is said.
#pragma once

#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::ldap::detail {

enum class verdict {
  done,
  refused,  // the server's "no" to this one change; another change may still be taken
  later,    // busy, gone or mute: the same call may succeed later
  broken,   // nothing of this kind will be taken until somebody changes something
};
[[nodiscard]] verdict verdict_of(int code) noexcept;
// The same of the answer to a write, where slapd's words say what its code does not.
[[nodiscard]] verdict verdict_of_write(int code, std::string_view diagnostic) noexcept;

// "Already exists (68): the server's words".
[[nodiscard]] std::string code_text(int code, std::string_view diagnostic);

// "ldapi:///: adding uid=a,dc=b: Already exists (68): the server's words". With a hint where one
// is known. Values never appear: `doing` names operation and DN only.
[[nodiscard]] error failure(std::string_view server, std::string_view doing, int code, std::string_view diagnostic);

}  // namespace sql2ldap::ldap::detail
