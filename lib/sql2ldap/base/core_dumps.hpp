// Memory that holds passwords does not go into a core dump, nor to a debugger of the same user.
#pragma once

#include <sys/prctl.h>

namespace sql2ldap {

// For this program; what it runs by exec is as it was. Once at the start, and again after the user was changed.
inline void forbid_core_dumps() noexcept { (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace sql2ldap
