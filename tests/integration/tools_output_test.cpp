// Where --ldif and --output may lead.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool has_user(const std::string& ldif) { return ldif.find("\ndn: uid=user1@") != std::string::npos; }

class output : public testing::Test {
 protected:
  [[nodiscard]] captured migrate_to(const fs::path& file) const {
    return sql2ldap_("migrate", {"--ldif", file.string()});
  }

  temp_dir folder_;
  sqlite_database tables_{postfixadmin_text(small_host, sql_engine::sqlite)};
  tool sql2ldap_{tables_.url(), "postfixadmin", "ldapi://nobody"};
};

TEST_F(output, to_a_file_replaces_it_for_its_owner_alone) {
  const fs::path file = folder_ / "users.ldif";
  std::ofstream(file) << "old";
  const captured run = migrate_to(file);
  EXPECT_EQ(run.status, done) << run.err;
  EXPECT_TRUE(has_user(content(file)));
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

// For people: a value is escaped once, and a key that is a whole text is cut.
TEST_F(output, of_rejects_is_a_table_that_can_be_read) {
  tables_.execute(
      "UPDATE mailbox SET username = 'x' || char(27) || printf('%.200c', 'y') || '@domain0.example', password = 'none' "
      "WHERE username = (SELECT max(username) FROM mailbox)");
  const captured run = migrate_to("/dev/null");
  EXPECT_EQ(run.status, differences);
  const std::string shown = run.err.substr(run.err.find("rejected: 1\n"));
  const std::string row = shown.substr(shown.find('\n') + 1);
  EXPECT_TRUE(row.starts_with("  mailbox  x\\x1byyyy")) << shown;
  EXPECT_NE(row.find("yyy...  "), std::string::npos) << shown;
  EXPECT_EQ(row.find("\\\\x1b"), std::string::npos) << shown;
  EXPECT_EQ(row.find(std::string(60, 'y')), std::string::npos) << shown;
}

TEST_F(output, to_a_link_replaces_what_it_names) {
  const fs::path file = folder_ / "users.ldif";
  const fs::path link = folder_ / "link";
  std::ofstream(file) << "old";
  fs::create_symlink("users.ldif", link);
  const captured run = migrate_to(link);
  EXPECT_EQ(run.status, done) << run.err;
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_TRUE(has_user(content(file)));
}

TEST_F(output, to_a_pipe_is_written_into_it) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int writer = open(pipe.c_str(), O_RDWR | O_CLOEXEC);  // the reader sees no end before the run's
  ASSERT_GE(writer, 0);
  std::promise<void> opened;
  auto reader = std::async(std::launch::async, [&] {
    std::ifstream in(pipe);
    opened.set_value();
    return std::string{std::istreambuf_iterator<char>(in), {}};
  });
  opened.get_future().wait();
  const captured run = migrate_to(pipe);
  close(writer);
  EXPECT_EQ(run.status, done) << run.err;
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_TRUE(has_user(reader.get()));
}

}  // namespace
