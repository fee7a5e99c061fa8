// No program of ours that sees passwords leaves them in a core dump.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

namespace fs = std::filesystem;

// The files in /proc of a process that cannot be dumped belong to root (proc(5)), whoever it runs as.
uid_t owner_in_proc(pid_t pid) {
  struct stat facts {};
  return ::stat(fmt::format("/proc/{}/environ", pid).c_str(), &facts) == 0 ? facts.st_uid : static_cast<uid_t>(-1);
}

TEST(core_dumps, are_made_of_no_program_that_sees_passwords) {
  if (::geteuid() != 0) return;  // only root can start them as somebody else
  temp_dir folder;
  fs::permissions(folder.path(), fs::perms(0755));
  ASSERT_EQ(::mkfifo((folder / "never-written").c_str(), 0666), 0);
  fs::permissions(folder / "never-written", fs::perms(0666));
  const auto program = [&](const std::string& name) {
    const fs::path copy = folder / name;
    if (!fs::exists(copy)) fs::copy_file(S2L_BINARY_DIR "/tools/" + name, copy);
    return copy.string();
  };
  // Each reads what nobody writes.
  const std::string mute = folder / "never-written";
  const auto of_descriptor_3 = [&](const std::string& name) {
    return std::vector<std::string>{"/bin/sh", "-c", "exec \"$@\" 3<>" + mute, "sh", program(name), "/bin/true"};
  };
  const std::vector<std::vector<std::string>> commands = {
      {program("sql2ldap"), "lookup", "pass", "anna", "--config", mute},
      {program("sql2ldap-syncd"), "--config", mute},
      {program("sql2ldap-authd"), "--config", mute},
      of_descriptor_3("sql2ldap-checkpassword"),
      of_descriptor_3("sql2ldap-checkpassword-directory"),
  };
  for (const std::vector<std::string>& arguments : commands) {
    child_process running(command{.arguments = arguments, .user = "nobody"}, folder / "out", folder / "out");
    EXPECT_TRUE(eventually(std::chrono::seconds(60), [&] { return owner_in_proc(running.pid()) == 0; }))
        << arguments.back() << read_file(folder / "out");
    EXPECT_TRUE(running.running()) << arguments.front() << read_file(folder / "out");
    EXPECT_THAT(read_file(fmt::format("/proc/{}/status", running.pid())), testing::HasSubstr("Uid:\t65534"));
  }
  child_process other(command{.arguments = {"/bin/sleep", "600"}, .user = "nobody"});
  EXPECT_TRUE(eventually(std::chrono::seconds(60), [&] { return owner_in_proc(other.pid()) == 65534; }))
      << "which is no test then";
}

TEST(core_dumps, are_forbidden_in_the_units) {
  for (const char* name : {"sql2ldap-authd", "sql2ldap-syncd"})
    EXPECT_THAT(read_file(fs::path(S2L_SOURCE_DIR) / "operate" / fmt::format("{}.service", name)),
                testing::HasSubstr("\nLimitCORE=0\n"));
}

}  // namespace
}  // namespace sql2ldap::test
