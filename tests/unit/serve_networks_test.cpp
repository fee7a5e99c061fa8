#include <gtest/gtest.h>

#include <sql2ldap/serve/networks.hpp>

namespace sql2ldap::serve {
namespace {

bool within(const std::string& network, std::string_view address) {
  const auto answer = is_within({"203.0.113.0/24", network}, address);
  EXPECT_TRUE(answer) << answer.error().text();
  return answer && *answer;
}

TEST(serve_networks, of_any_size) {
  EXPECT_TRUE(within("10.128.0.0/9", "10.255.255.255"));
  EXPECT_FALSE(within("10.128.0.0/9", "10.127.255.255"));
  EXPECT_TRUE(within("192.0.2.77/25", "192.0.2.1"));  // bits behind the prefix do not count
  EXPECT_FALSE(within("192.0.2.77/25", "192.0.2.128"));
  EXPECT_TRUE(within("192.0.2.77", "192.0.2.77"));
  EXPECT_FALSE(within("192.0.2.77", "192.0.2.76"));
  EXPECT_TRUE(within("192.0.2.77/32", "192.0.2.77"));
  EXPECT_FALSE(within("192.0.2.77/31", "192.0.2.78"));
  EXPECT_TRUE(within("0.0.0.0/0", "198.51.100.1"));
  EXPECT_TRUE(within("2001:db8:8000::/33", "2001:db8:ffff::1"));
  EXPECT_FALSE(within("2001:db8:8000::/33", "2001:db8:7fff::1"));
  EXPECT_TRUE(within("::/0", "2001:db8::1"));
  EXPECT_TRUE(within("2001:db8::1", "2001:db8:0:0:0:0:0:1"));
  EXPECT_TRUE(within("fe80::/10", "fe80::1%eth0"));
}

TEST(serve_networks, of_one_family) {
  EXPECT_FALSE(within("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(within("::/96", "192.0.2.1"));
  EXPECT_TRUE(within("192.0.2.0/24", "::ffff:192.0.2.1"));
  EXPECT_TRUE(within("::ffff:192.0.2.0/120", "::ffff:192.0.2.1"));
  EXPECT_FALSE(within("192.0.2.0/24", "::192.0.2.1"));
}

TEST(serve_networks, what_is_no_address_is_in_none) {
  for (const char* address :
       {"", "localhost", "192.0.2", "192.0.2.1/32", "192.0.2.1 ", " 192.0.2.1", "0x7f.1", "1", ":"})
    EXPECT_FALSE(within("0.0.0.0/0", address)) << address;
  EXPECT_FALSE(within("0.0.0.0/0", std::string_view("192.0.2.1\0", 10)));
  EXPECT_FALSE(within("::/0", std::string(200, ':')));
  EXPECT_FALSE(*is_within({}, "192.0.2.1"));
}

TEST(serve_networks, a_broken_one_is_an_error_behind_one_that_fits) {
  EXPECT_FALSE(is_within({"192.0.2.0/24", "192.0.2.0/33"}, "192.0.2.1"));
  EXPECT_FALSE(is_within({""}, "192.0.2.1"));
}

TEST(serve_networks, of_one_client) {
  for (const char* text : {"192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"})
    EXPECT_EQ(serve::network_of_client(text), "192.0.2.1") << text;
  for (const char* text : {"2001:db8:0:1::1", "2001:DB8::1:ffff:0:0:2", "2001:db8:0:1::3%eth0"})
    EXPECT_EQ(serve::network_of_client(text), "2001:db8:0:1::/64") << text;
  for (const char* text : {"", "local", "192.0.2", "192.0.2.1 ", "192.0.2.0/24"})
    EXPECT_EQ(serve::network_of_client(text), "") << text;
}

}  // namespace
}  // namespace sql2ldap::serve
