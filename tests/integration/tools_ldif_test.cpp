// `migrate --ldif` makes what slapadd takes, and what it took is in step with the tables.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <support/child_process.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

namespace {

using namespace sql2ldap;

TEST(migrate_ldif, goes_into_slapadd_and_is_in_step) {
  const test::temp_dir folder;
  const auto made = test::run_and_capture({.arguments = {"sqlite3", folder / "mail.db"},
                                           .input = test::read_file(S2L_SOURCE_DIR "/demo/postfixadmin.sql")});
  ASSERT_EQ(made.status, 0) << made.err;
  const std::vector<std::string> sides = {"--source",  "sqlite:" + (folder / "mail.db").string(),
                                          "--mapping", "postfixadmin",
                                          "--base",    std::string(test::slapd_server::suffix)};
  const auto sql2ldap = [&](std::vector<std::string> words) {
    words.insert(words.begin(), S2L_BINARY_DIR "/tools/sql2ldap");
    words.insert(words.end(), sides.begin(), sides.end());
    return test::run_and_capture({.arguments = words});
  };
  const auto wrote = sql2ldap({"migrate", "--ldif", (folder / "all.ldif").string()});
  EXPECT_EQ(wrote.status, 1) << wrote.err;  // two rows are rejected

  test::slapd_server slapd(
      {.writes = test::slapd_server::kept::dbnosync, .network = false, .base_entries = false, .more_config = {}});
  slapd.stop();
  slapd.slapadd(folder / "all.ldif", true);
  slapd.start();
  const auto verified = sql2ldap({"verify", "--directory", slapd.ldapi()});
  EXPECT_THAT(verified.out, testing::HasSubstr("verify: 0 differences, 40 entries in step")) << verified.err;
}

}  // namespace
