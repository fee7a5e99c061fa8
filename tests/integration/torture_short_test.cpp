// A short torture: the same that `./dev torture` does for as long as one likes.
#include <gtest/gtest.h>

#include <torture/torture.hpp>

namespace sql2ldap::test {
namespace {

TEST(torture_short, by_wal) {
  const torture_result done = torture(1, std::chrono::seconds(15));
  EXPECT_EQ(done.wrong, "") << done.story;
  EXPECT_GT(done.disasters, 3);
}

TEST(torture_short, by_journal) {
  const torture_result done = torture(3, std::chrono::seconds(15));
  EXPECT_EQ(done.wrong, "") << done.story;
  EXPECT_GT(done.disasters, 3);
}

}  // namespace
}  // namespace sql2ldap::test
