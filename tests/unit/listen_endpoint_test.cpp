// Where protocols are spoken, and the files of their sockets.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/listen/listening_socket.hpp>
#include <support/local_client.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

using listen::endpoint;
using listen::listening_socket;
using testing::HasSubstr;

TEST(listen_endpoint, is_read_as_it_is_written) {
  const auto local = listen::parse_endpoint("auth-client:/run/a,mode=0600,user=exim,group=mail");
  ASSERT_TRUE(local.has_value()) << local.error().text();
  EXPECT_EQ(local->which, serve::protocol::auth_client);
  EXPECT_EQ(local->path, "/run/a");
  EXPECT_EQ(local->mode, 0600U);
  EXPECT_EQ(local->user, "exim");
  EXPECT_EQ(local->group, "mail");
  EXPECT_EQ(listen::parse_endpoint("query:/run/q")->mode, 0660U);
  EXPECT_TRUE(listen::parse_endpoint("dict:/run/d,dovecot=2.4")->dovecot_24);
  EXPECT_FALSE(listen::parse_endpoint("dict:/run/d,dovecot=2.3")->dovecot_24);
  const auto all = listen::parse_endpoint("dict:/run/d")->keys;
  EXPECT_TRUE(all.passdb && all.userdb && all.sieve);
  const auto sieve = listen::parse_endpoint("dict:/run/d,keys=sieve+userdb")->keys;
  EXPECT_TRUE(!sieve.passdb && sieve.userdb && sieve.sieve);
  const auto port = listen::parse_endpoint("tcp:[::1]:4711,map=domains");
  ASSERT_TRUE(port.has_value()) << port.error().text();
  EXPECT_EQ(port->address, "::1");
  EXPECT_EQ(port->port, 4711);
  EXPECT_EQ(port->map, serve::postfix_map::domains);
  EXPECT_EQ(listen::parse_endpoint_name("tcp,map=logins")->map, serve::postfix_map::logins);
  EXPECT_EQ(listen::parse_endpoint_name("socketmap")->which, serve::protocol::socketmap);
  for (const char* wrong : {"", "dict", "imap:/run/x", "dict:run/x", "dict:/x,mode=8", "dict:/x,mode=7777",
                            "dict:/x,mode", "dict:/x,map=aliases", "query:/x,dovecot=2.4", "dict:/x,dovecot=3",
                            "dict:/x,keys=", "dict:/x,keys=mail", "query:/x,keys=sieve", "tcp:/run/x", "tcp:127.0.0.1",
                            "tcp:127.0.0.1:99999", "tcp:127.0.0.1:1,map=none", "tcp:127.0.0.1:1,mode=0660", "dict:/x,"})
    EXPECT_FALSE(listen::parse_endpoint(wrong).has_value()) << wrong;
}

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(::lstat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 07777U;
}

std::string refusal(const std::string& text) {
  const auto made = listening_socket::open(*listen::parse_endpoint(text));
  return made ? "" : made.error().text();
}

TEST(listening_socket, has_its_mode_and_goes_away_with_its_owner) {
  const temp_dir folder;
  const std::string path = folder / "socket";
  {
    const auto made = listening_socket::open(*listen::parse_endpoint("dict:" + path + ",mode=0602"));
    ASSERT_TRUE(made.has_value()) << made.error().text();
    EXPECT_EQ(mode_of(path), 0602U);
    EXPECT_TRUE(somebody_listens(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(listening_socket, replaces_only_what_nobody_listens_on) {
  const temp_dir folder;
  const std::string path = folder / "socket";
  auto first = listening_socket::open(*listen::parse_endpoint("dict:" + path));
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(refusal("dict:" + path), HasSubstr("another process listens"));
  ::close(::dup(first->descriptor()));
  // What a daemon that was killed leaves behind.
  const int kept = ::dup(first->descriptor());
  std::filesystem::rename(path, path + ".old");
  first->close();
  ::close(kept);
  std::filesystem::rename(path + ".old", path);
  ASSERT_FALSE(somebody_listens(path));
  EXPECT_EQ(refusal("dict:" + path), "");
  write_file(path, "of somebody's");
  EXPECT_THAT(refusal("dict:" + path), HasSubstr("no socket"));
  EXPECT_EQ(read_file(path), "of somebody's");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(folder / "elsewhere", path);
  EXPECT_THAT(refusal("dict:" + path), HasSubstr("no socket"));
}

TEST(listening_socket, does_not_remove_what_another_has_put_there) {
  const temp_dir folder;
  const std::string path = folder / "socket";
  auto made = listening_socket::open(*listen::parse_endpoint("dict:" + path));
  ASSERT_TRUE(made.has_value());
  std::filesystem::remove(path);
  const auto other = listening_socket::open(*listen::parse_endpoint("query:" + path));
  ASSERT_TRUE(other.has_value());
  made->close();
  EXPECT_TRUE(somebody_listens(path));
}

TEST(listening_socket, is_for_this_host_alone) {
  for (const char* text : {"tcp:0.0.0.0:0", "tcp:192.0.2.1:0", "tcp:[::]:0", "tcp:localhost:0"})
    EXPECT_THAT(refusal(text), HasSubstr("this host alone")) << text;
  const temp_dir folder;
  EXPECT_THAT(refusal("dict:/" + std::string(200, 'x')), HasSubstr("too long"));
  EXPECT_THAT(refusal("dict:" + (folder / "none").string() + "/socket"), HasSubstr("making its file"));
  EXPECT_THAT(refusal("dict:" + (folder / "s").string() + ",user=no.such.user"), HasSubstr("no user no.such.user"));
  EXPECT_THAT(refusal("dict:" + (folder / "s").string() + ",group=no.such.group"), HasSubstr("no group"));
}

TEST(listening_socket, is_taken_over_when_it_listens) {
  const temp_dir folder;
  auto made = listening_socket::open(*listen::parse_endpoint("dict:" + (folder / "socket").string()));
  ASSERT_TRUE(made.has_value());
  {
    const auto taken = listening_socket::take_over(*listen::parse_endpoint_name("dict"), ::dup(made->descriptor()));
    ASSERT_TRUE(taken.has_value()) << taken.error().text();
    EXPECT_EQ(taken->name(), made->name());
  }
  EXPECT_TRUE(somebody_listens(folder / "socket")) << "the file is not its own";
  EXPECT_FALSE(listening_socket::take_over(*listen::parse_endpoint_name("tcp"), ::dup(made->descriptor())).has_value());
  EXPECT_FALSE(listening_socket::take_over(*listen::parse_endpoint_name("dict"), ::dup(2)).has_value());
}

TEST(listening_socket, is_taken_over_where_it_is_for_this_host_alone) {
  const auto taken = [](std::uint32_t address) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(address);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(socket, 1), 0);
    const auto made = listening_socket::take_over(*listen::parse_endpoint_name("tcp"), socket);
    return made ? "" : made.error().text();
  };
  EXPECT_EQ(taken(INADDR_LOOPBACK), "");
  EXPECT_THAT(taken(INADDR_ANY), HasSubstr("this host alone"));
}

TEST(listening_socket, is_put_in_its_place_by_one_at_a_time) {
  const temp_dir folder;
  const int lock = ::open((folder / ".sql2ldap.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  const auto made = std::async(std::launch::async, [&] { return refusal("dict:" + (folder / "socket").string()); });
  EXPECT_EQ(made.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  EXPECT_FALSE(std::filesystem::exists(folder / "socket"));
  ::close(lock);
  EXPECT_EQ(made.wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(listening_socket, leaves_the_umask_as_it_was) {
  const temp_dir folder;
  const mode_t before = ::umask(0077);
  const auto made =
      listening_socket::open(*listen::parse_endpoint("dict:" + (folder / "socket").string() + ",mode=0666"));
  EXPECT_EQ(::umask(before), 0077U);
  EXPECT_EQ(mode_of(folder / "socket"), 0666U);
}

}  // namespace
}  // namespace sql2ldap::test
