// Rights that a daemon needs at its start and not afterwards.
#pragma once

#include <string>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::control {

// From now on the process is this user, with all threads and for good; `group`: "" is the user's own. The user's
// further groups come along. Of kind usage when there is no such user, or when we may become nobody else. Nothing to
// do, and no error, for who is that user already.
[[nodiscard]] result<void> become(const std::string& user, const std::string& group);

// As many descriptors as we may have, at most `wanted`; answers how many that are.
std::size_t raise_descriptor_limit(std::size_t wanted);

}  // namespace sql2ldap::control
