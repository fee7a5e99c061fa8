// What Pigeonhole does with a message, told by the scripts that are rendered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/serve/sieve_script.hpp>
#include <support/pigeonhole.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class serve_sieve_run : public testing::Test {
 protected:
  serve_sieve_run() {
    who_.dn = "uid=carla";
    who_.mail = "carla@example.org";
    who_.addresses = {"carla@example.org", "c@example.org"};
  }

  std::string actions() {
    serve::sieve_options how;
    how.vacation_seconds = true;
    const auto script = serve::render_sieve(who_, how, {});
    EXPECT_TRUE(script && *script);
    if (!script || !*script) return "";
    const captured ran = engine_.actions((*script)->text, "friend@elsewhere.example", "carla@example.org",
                                         "From: friend@elsewhere.example\nTo: Carla <c@example.org>\n"
                                         "Subject: hello\n\nhow are you\n");
    EXPECT_EQ(ran.status, 0) << (*script)->text << ran.err;
    return ran.out;
  }
  // Is a notice sent when the absence begins and ends so far from now?
  bool sent(std::optional<std::chrono::seconds> from, std::optional<std::chrono::seconds> until) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    who_.vacation.from.reset();
    who_.vacation.until.reset();
    if (from) who_.vacation.from = now + *from;
    if (until) who_.vacation.until = now + *until;
    return actions().find("vacation") != std::string::npos;
  }

  pigeonhole engine_;
  serve::mail_account who_;
};

TEST_F(serve_sieve_run, forwards_instead_of_or_besides_the_mailbox) {
  who_.forward_to = {"x@y.example", "\"odd one\"@y.example"};
  std::string done = actions();
  EXPECT_THAT(done, HasSubstr("redirect message to: <x@y.example>"));
  EXPECT_THAT(done, HasSubstr("redirect message to: <\"odd one\"@y.example>"));
  EXPECT_THAT(done, Not(HasSubstr("store message")));
  who_.keep_copy = true;
  done = actions();
  EXPECT_THAT(done, HasSubstr("redirect message to: <x@y.example>"));
  EXPECT_THAT(done, HasSubstr("store message in folder: INBOX"));
}

TEST_F(serve_sieve_run, notices_are_sent_in_their_time_alone) {
  who_.vacation.active = true;
  who_.vacation.subject = "Grüße \"☀\" \\";
  who_.vacation.text = ".\nI am away.\n..\n";
  who_.vacation.interval = 3600s;
  EXPECT_TRUE(sent({}, {}));
  EXPECT_TRUE(sent(-1s, {}));
  EXPECT_TRUE(sent({}, 60s));
  EXPECT_TRUE(sent(-1h, 1h));
  EXPECT_TRUE(sent(-24h * 40, 24h * 40));
  EXPECT_FALSE(sent(1h, {}));
  EXPECT_FALSE(sent(60s, 24h));
  EXPECT_FALSE(sent(24h * 40, {}));
  EXPECT_FALSE(sent({}, -1s));
  EXPECT_FALSE(sent({}, -1h));
  EXPECT_FALSE(sent(-24h * 40, -24h * 20));
}

TEST_F(serve_sieve_run, a_notice_besides_a_forward) {
  who_.vacation.active = true;
  who_.vacation.text = "I am away.";
  who_.forward_to = {"x@y.example"};
  const std::string done = actions();
  EXPECT_THAT(done, HasSubstr("vacation"));
  EXPECT_THAT(done, HasSubstr("redirect message to: <x@y.example>"));
  EXPECT_THAT(done, HasSubstr("I am away."));
}

}  // namespace
}  // namespace sql2ldap::test
