// Standard input, output and error, which whoever starts a program may have closed, or may stop to read.
#pragma once

#include <csignal>

namespace sql2ldap {

// The first thing that a program does. A descriptor from 0 to 2 that is closed becomes one of /dev/null: otherwise the
// next file or connection would get its number, and log lines and reports would go there. Writing to a standard output
// that was closed still fails, so that it does not pass for a success. SIGPIPE is ignored: a reader that has gone is
// an error of one write, and not the end of a run that changes a directory.
// Returns how SIGPIPE was handled before, for programs that run another one in their place.
sighandler_t prepare_standard_streams() noexcept;

}  // namespace sql2ldap
