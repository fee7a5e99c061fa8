// What systemd hands over, and whom we become.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <sql2ldap/control/privileges.hpp>
#include <sql2ldap/control/systemd.hpp>

#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

// In a process of its own, as systemd starts it: with sockets from descriptor 3 on.
[[noreturn]] void take_over() {
  for (const int wanted : {3, 4}) {
    const int made = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (made != wanted) ::dup2(made, wanted);
  }
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_FDNAMES", "dict:tcp,map=domains", 1);
  const auto taken = control::handed_over_sockets();
  const bool right = taken && taken->size() == 2 && (*taken)[0].name == "dict" && (*taken)[0].descriptor == 3 &&
                     (*taken)[1].name == "tcp,map=domains" && (*taken)[1].descriptor == 4 &&
                     std::getenv("LISTEN_FDS") == nullptr && control::handed_over_sockets()->empty();
  std::_Exit(right ? 0 : 1);
}

TEST(systemd, hands_over_its_sockets_once) {
  EXPECT_EXIT(take_over(), testing::ExitedWithCode(0), "");
  EXPECT_TRUE(control::handed_over_sockets()->empty());
}

// A line of its own would be a command to systemd: MAINPID=1, STOPPING=1.
TEST(systemd, a_status_is_one_line_whatever_is_in_it) {
  const temp_dir folder;
  const std::string path = folder / "notify";
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(socket, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  control::notify_status("waits: no such row\nMAINPID=1\nhint: look");
  ::unsetenv("NOTIFY_SOCKET");
  std::string received(1000, '\0');
  const ssize_t size = ::recv(socket, received.data(), received.size(), MSG_DONTWAIT);
  ::close(socket);
  ASSERT_GT(size, 0);
  EXPECT_EQ(received.substr(0, static_cast<std::size_t>(size)), "STATUS=waits: no such row MAINPID=1 hint: look");
}

TEST(privileges, are_dropped_for_good) {
  EXPECT_TRUE(control::become("", ""));
  EXPECT_FALSE(control::become("no-such-user", ""));
  EXPECT_FALSE(control::become("nobody", "no-such-group"));
  EXPECT_FALSE(control::become("", "nogroup"));
  const bool is_root = ::geteuid() == 0;
  const auto drop = [&] {
    const auto dropped = control::become("nobody", "nogroup");
    const bool back = ::setuid(0) == 0 || ::seteuid(0) == 0;
    std::_Exit(dropped.has_value() == is_root && (!is_root || (!back && ::getuid() != 0)) ? 0 : 1);
  };
  EXPECT_EXIT(drop(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sql2ldap::test
