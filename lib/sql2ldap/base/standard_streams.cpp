#include <sql2ldap/base/standard_streams.hpp>

#include <cerrno>
#include <initializer_list>

#include <fcntl.h>
#include <unistd.h>

namespace sql2ldap {

sighandler_t prepare_standard_streams() noexcept {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number, which is this one. Standard output is opened for reading: see the header.
    const int mode = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    static_cast<void>(::open("/dev/null", mode | O_CLOEXEC));
  }
  return std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace sql2ldap
