// Who guesses passwords is slowed down, and nobody else.
#include <gtest/gtest.h>

#include <sql2ldap/serve/guess_limiter.hpp>

namespace sql2ldap::test {
namespace {

using std::chrono::seconds;

class guess_limiter : public testing::Test {
 protected:
  serve::guess_limiter::clock::time_point now_;
  serve::guess_limiter limiter_{{.wrong_per_name_max = 3,
                                 .wrong_per_address_max = 5,
                                 .wrong_per_login_max = 4,
                                 .forgotten_after = seconds(60),
                                 .kept_max = 10,
                                 .now = [this] { return now_; }}};
};

TEST_F(guess_limiter, shuts_a_name_to_the_address_that_guessed) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(limiter_.may_try({"anna", {}, "192.0.2.1"}));
    limiter_.wrong({"Anna", {}, "192.0.2.1"});
  }
  EXPECT_FALSE(limiter_.may_try({"anna", {}, "192.0.2.1"}));
  EXPECT_FALSE(limiter_.may_try({"ANNA", {}, "192.0.2.1"}));
  EXPECT_TRUE(limiter_.may_try({"anna", {}, "192.0.2.2"}));
  EXPECT_TRUE(limiter_.may_try({"bert", {}, "192.0.2.1"}));
  now_ += seconds(19);
  EXPECT_FALSE(limiter_.may_try({"anna", {}, "192.0.2.1"}));
  now_ += seconds(1);
  EXPECT_TRUE(limiter_.may_try({"anna", {}, "192.0.2.1"})) << "a third of the time pays for one of three";
  limiter_.wrong({"anna", {}, "192.0.2.1"});
  EXPECT_FALSE(limiter_.may_try({"anna", {}, "192.0.2.1"}));
}

TEST_F(guess_limiter, shuts_an_address_where_many_names_are_guessed) {
  for (const char* name : {"a", "b", "c", "d", "e"}) limiter_.wrong({name, {}, "192.0.2.1"});
  EXPECT_FALSE(limiter_.may_try({"f", {}, "192.0.2.1"}));
  EXPECT_TRUE(limiter_.may_try({"f", {}, "192.0.2.2"}));
  EXPECT_TRUE(limiter_.may_try({"f", {}, ""})) << "who comes from nowhere known shares no address";
}

TEST_F(guess_limiter, a_right_password_pays_for_its_name) {
  for (int i = 0; i < 2; ++i) limiter_.wrong({"anna", {}, "192.0.2.1"});
  limiter_.right({"anna", {}, "192.0.2.1"});
  limiter_.wrong({"anna", {}, "192.0.2.1"});
  EXPECT_TRUE(limiter_.may_try({"anna", {}, "192.0.2.1"}));
  limiter_.right({"nobody", {}, "192.0.2.1"});
}

TEST_F(guess_limiter, forgets_the_quiet_ones_first) {
  for (int i = 0; i < 3; ++i) limiter_.wrong({"anna", {}, ""});
  for (int i = 0; i < 9; ++i) limiter_.wrong({std::to_string(i), {}, ""});
  EXPECT_EQ(limiter_.size(), 10U);
  EXPECT_FALSE(limiter_.may_try({"anna", {}, ""}));
  limiter_.wrong({"another", {}, ""});
  EXPECT_EQ(limiter_.size(), 10U);
  EXPECT_TRUE(limiter_.may_try({"anna", {}, ""}));
}

TEST_F(guess_limiter, zero_is_no_limit) {
  serve::guess_limiter open({.wrong_per_name_max = 0, .wrong_per_address_max = 0});
  for (int i = 0; i < 1000; ++i) open.wrong({"anna", {}, "192.0.2.1"});
  EXPECT_TRUE(open.may_try({"anna", {}, "192.0.2.1"}));
  EXPECT_EQ(open.size(), 0U);
}

TEST_F(guess_limiter, takes_the_names_and_spellings_of_an_account_for_one) {
  limiter_.wrong({"info@example.org", "anna@example.org", "192.0.2.1"});
  limiter_.wrong({"ANNA@example.org", "anna@example.org", "192.0.2.1"});
  EXPECT_TRUE(limiter_.may_try({"sales@example.org", "anna@example.org", "192.0.2.1"}));
  limiter_.wrong({"sales@example.org", "anna@example.org", "192.0.2.1"});
  EXPECT_FALSE(limiter_.may_try({"another@example.org", "anna@example.org", "192.0.2.1"}));
  EXPECT_TRUE(limiter_.may_try({"sales@example.org", {}, "192.0.2.1"}));
  limiter_.wrong({"x@b\u00FCcher.example", {}, ""});
  limiter_.wrong({"X@xn--bcher-kva.example", {}, ""});
  limiter_.wrong({"x@B\u00DCcher.example", {}, ""});
  EXPECT_FALSE(limiter_.may_try({"x@xn--bcher-kva.example", {}, ""}));
}

TEST_F(guess_limiter, takes_the_addresses_of_a_client_for_one) {
  for (const char* from : {"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:DB8::1:0:0:0:3"})
    limiter_.wrong({"anna", {}, from});
  EXPECT_FALSE(limiter_.may_try({"anna", {}, "2001:db8:0:1::4"}));
  EXPECT_TRUE(limiter_.may_try({"anna", {}, "2001:db8:0:2::4"}));
  for (const char* from : {"192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"}) limiter_.wrong({"bert", {}, from});
  EXPECT_FALSE(limiter_.may_try({"bert", {}, "192.0.2.1"}));
  for (int i = 0; i < 3; ++i) limiter_.wrong({"carla", {}, std::string(16'000, static_cast<char>('a' + i))});
  EXPECT_FALSE(limiter_.may_try({"carla", {}, ""})) << "what is no address is as good as none";
}

TEST_F(guess_limiter, knows_a_login_that_is_guessed_from_everywhere) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(limiter_.is_guessed({"anna", "anna", ""}));
    const std::string from = "192.0.2." + std::to_string(i);
    limiter_.wrong({"anna", "anna", from});
  }
  EXPECT_TRUE(limiter_.is_guessed({"Anna", "ANNA", ""}));
  EXPECT_TRUE(limiter_.may_try({"anna", "anna", "192.0.2.9"})) << "nobody can shut others out";
  now_ += seconds(60);
  EXPECT_FALSE(limiter_.is_guessed({"anna", "anna", ""}));
}

}  // namespace
}  // namespace sql2ldap::test
