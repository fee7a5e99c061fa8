#include <sql2ldap/control/privileges.hpp>

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include <sql2ldap/base/core_dumps.hpp>

namespace sql2ldap::control {

namespace {

tl::unexpected<error> refused(const std::string& user) {
  return fail(error_kind::usage, fmt::format("cannot become {}: {}", user, std::generic_category().message(errno)),
              "only root can: start it as root, or as that user and without the setting");
}

}  // namespace

result<void> become(const std::string& user, const std::string& group) {
  if (user.empty()) return group.empty() ? result<void>() : fail(error_kind::usage, "a group without a user to become");
  const passwd* const who = ::getpwnam(user.c_str());
  if (who == nullptr) return fail(error_kind::usage, fmt::format("there is no user {}", user));
  const uid_t uid = who->pw_uid;
  gid_t gid = who->pw_gid;
  if (!group.empty()) {
    const ::group* const found = ::getgrnam(group.c_str());
    if (found == nullptr) return fail(error_kind::usage, fmt::format("there is no group {}", group));
    gid = found->gr_gid;
  }
  if (::getuid() == uid && ::geteuid() == uid && ::getegid() == gid) return {};
  if (::initgroups(user.c_str(), gid) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0)
    return refused(user);
  forbid_core_dumps();  // the kernel takes what fs.suid_dumpable says
  // A kernel that says yes and does nothing.
  S2L_ASSERT(uid == 0 || ::setuid(0) != 0);
  return {};
}

std::size_t raise_descriptor_limit(std::size_t wanted) {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return 0;
  if (now.rlim_cur < wanted) {
    now.rlim_cur = std::min<rlim_t>(wanted, now.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &now) != 0) ::getrlimit(RLIMIT_NOFILE, &now);
  }
  return now.rlim_cur;
}

}  // namespace sql2ldap::control
