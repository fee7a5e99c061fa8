// The control socket: asked and answered, by its owner alone.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <sql2ldap/control/control_socket.hpp>

#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

TEST(control_socket, answers_its_owner) {
  const temp_dir folder;
  const auto path = folder / "control";
  const auto echo = [](const std::string& asked) { return "<" + asked + ">"; };
  {
    const auto server = control::control_server::listen(path, echo);
    ASSERT_TRUE(server.has_value()) << server.error().text();
    EXPECT_EQ(*control::ask(path, "one"), "<one>");
    EXPECT_EQ(*control::ask(path, std::string(20'000, 'x')), "<" + std::string(20'000, 'x') + ">");
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_FALSE(control::control_server::listen(path, echo).has_value());
    EXPECT_FALSE(control::ask(path, std::string(1'000'000, 'x'), std::chrono::seconds(10)).has_value());
    EXPECT_EQ(*control::ask(path, "still there"), "<still there>");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  const auto nobody = control::ask(path, "two");
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().kind, error_kind::local);
}

TEST(control_socket, a_socket_that_nobody_listens_on_is_replaced) {
  const temp_dir folder;
  write_file(folder / "control", "");
  EXPECT_TRUE(control::control_server::listen(folder / "control", [](const std::string&) { return ""; }).has_value());
}

}  // namespace
}  // namespace sql2ldap::test
