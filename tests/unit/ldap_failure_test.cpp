#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/ldap/detail/failure.hpp>

using namespace sql2ldap;
using namespace sql2ldap::ldap::detail;

namespace {

TEST(ldap_failure, the_servers_no_is_a_refusal) {
  for (const int code : {11, 16, 17, 18, 19, 20, 21, 32, 34, 50, 53, 64, 65, 66, 67, 68, 69, 71, 80, 122})
    EXPECT_EQ(verdict_of(code), verdict::refused) << code;
}

TEST(ldap_failure, trouble_that_passes_is_later) {
  for (const int code : {51, 52, -1, -5, -11}) {
    EXPECT_EQ(verdict_of(code), verdict::later) << code;
    EXPECT_TRUE(failure("ldapi:///", "adding x", code, "").transient);
  }
}

TEST(ldap_failure, everything_else_stops_the_run) {
  for (const int code : {1, 2, 3, 4, 7, 8, 10, 12, 13, 49, 54, 118, 4711}) {
    EXPECT_EQ(verdict_of(code), verdict::broken) << code;
    EXPECT_FALSE(failure("ldapi:///", "adding x", code, "").transient);
  }
  EXPECT_EQ(verdict_of(0), verdict::done);
}

TEST(ldap_failure, says_server_operation_code_and_the_servers_words_in_one_line) {
  const error what = failure("ldap://x", "adding uid=a,dc=b", 68, "line one\nline two");
  EXPECT_EQ(what.message, "ldap://x: adding uid=a,dc=b: Already exists (68): line one line two");
  EXPECT_EQ(what.ldap_code, 68);
  EXPECT_EQ(what.kind, error_kind::directory);
}

TEST(ldap_failure, long_words_are_cut) { EXPECT_LT(code_text(80, std::string(100'000, 'x')).size(), 1000U); }

}  // namespace
