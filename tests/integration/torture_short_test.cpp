// A short torture: the same that `./dev torture` does for as long as one likes.
#include <gtest/gtest.h>

#include <torture/torture.hpp>

namespace sql2ldap::test {
namespace {

TEST(torture_short, both_sides_agree_in_the_end) {
  const torture_result done = torture(1, std::chrono::seconds(20));
  EXPECT_EQ(done.wrong, "") << done.story;
  EXPECT_GT(done.disasters, 3);
}

}  // namespace
}  // namespace sql2ldap::test
