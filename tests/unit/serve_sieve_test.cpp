// Forwards and absence notices as scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/serve/sieve_script.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using serve::mail_account;
using serve::sieve_options;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::sys_seconds at(int year, unsigned month, unsigned day, std::chrono::seconds of_day = 0s) {
  return std::chrono::sys_days(
             std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day))) +
         of_day;
}
constexpr auto today = at(2026, 8, 15);

mail_account carla() {
  mail_account who;
  who.dn = "uid=carla";
  who.mail = "carla@example.org";
  who.addresses = {"carla@example.org", "c@example.org"};
  return who;
}

mail_account away(const std::string& subject, const std::string& text) {
  mail_account who = carla();
  who.vacation.active = true;
  who.vacation.subject = subject;
  who.vacation.text = text;
  return who;
}

std::string script_of(const mail_account& who, const sieve_options& how = {}, std::chrono::sys_seconds now = today) {
  const auto made = serve::render_sieve(who, how, now);
  if (!made) return "try later: " + made.error().message;
  return *made ? (*made)->text : "nothing";
}

TEST(serve_sieve, nothing_to_do_is_no_script) {
  EXPECT_EQ(script_of(carla()), "nothing");
  mail_account off = away("s", "t");
  off.vacation.active = false;
  EXPECT_EQ(script_of(off), "nothing");
  EXPECT_EQ(script_of(away("", "  \n")), "nothing");
}

TEST(serve_sieve, forwards) {
  mail_account who = carla();
  who.forward_to = {"x@y.example", "z@y.example"};
  EXPECT_EQ(script_of(who), "# Sieve filter, made by sql2ldap\nredirect \"x@y.example\";\nredirect \"z@y.example\";\n");
  who.keep_copy = true;
  EXPECT_EQ(script_of(who),
            "# Sieve filter, made by sql2ldap\nrequire [\"copy\"];\nredirect :copy \"x@y.example\";\n"
            "redirect :copy \"z@y.example\";\n");
  sieve_options by_mail_server;
  by_mail_server.forwards = false;
  EXPECT_EQ(script_of(who, by_mail_server), "nothing");
}

TEST(serve_sieve, targets_without_a_whole_address) {
  mail_account who = carla();
  who.forward_to = {"@y.example"};
  EXPECT_THAT(script_of(who), HasSubstr("redirect \"carla@y.example\";"));
  who.forward_to = {"root"};
  EXPECT_THAT(script_of(who), HasSubstr("try later: uid=carla"));
  sieve_options how;
  how.local_domain = "host.example";
  EXPECT_THAT(script_of(who, how), HasSubstr("redirect \"root@host.example\";"));
  who.forward_to = {"\"odd\\\"one\"@y.example"};
  EXPECT_THAT(script_of(who), HasSubstr(R"(redirect "\"odd\\\"one\"@y.example";)"));
}

TEST(serve_sieve, notices) {
  EXPECT_EQ(script_of(away("Away \"now\" \\ here", "I am away.\n")),
            "# Sieve filter, made by sql2ldap\nrequire [\"vacation\"];\n"
            "vacation :subject \"Away \\\"now\\\" \\\\ here\"\n"
            "  :addresses [\"carla@example.org\", \"c@example.org\"] text:\nI am away.\n.\n;\n");
  EXPECT_THAT(script_of(away("", "text")), Not(HasSubstr(":subject")));
  EXPECT_THAT(script_of(away("only\nthis\x7f", "")), HasSubstr(":subject \"only this\""));
  EXPECT_THAT(script_of(away("only this", "")), HasSubstr("text:\nonly this\n.\n;"));
  EXPECT_THAT(script_of(away("Grüße ☀", "Grüße")), HasSubstr(":subject \"Grüße ☀\""));
  mail_account who = away("s", "t");
  sieve_options none;
  none.notices = false;
  EXPECT_EQ(script_of(who, none), "nothing");
  who.addresses.clear();
  EXPECT_THAT(script_of(who), Not(HasSubstr(":addresses")));
}

TEST(serve_sieve, lines_that_begin_with_a_dot_and_line_ends) {
  EXPECT_THAT(script_of(away("", ".\n..b\r\nc\r.d\n.")), HasSubstr("text:\n..\n...b\nc\n..d\n..\n.\n;\n"));
  EXPECT_THAT(script_of(away("", ".\r\n;discard;\n")), HasSubstr("text:\n..\n;discard;\n.\n;\n"));
}

TEST(serve_sieve, what_is_no_text_is_an_error) {
  EXPECT_THAT(script_of(away("s", "\xff")), HasSubstr("try later"));
  EXPECT_THAT(script_of(away("\xff", "t")), HasSubstr("try later"));
  EXPECT_THAT(script_of(away("s", std::string("a\0b", 3))), HasSubstr("try later"));
}

TEST(serve_sieve, from_and_until) {
  mail_account who = away("s", "t");
  who.vacation.from = at(2026, 8, 1, 10h);
  EXPECT_THAT(
      script_of(who),
      HasSubstr("require [\"vacation\", \"date\", \"relational\"];\n"
                "if anyof(currentdate :zone \"+0000\" :value \"gt\" \"date\" \"2026-08-01\",\n"
                "    allof(currentdate :zone \"+0000\" :is \"date\" \"2026-08-01\", currentdate :zone \"+0000\" "
                ":value \"ge\" \"time\" \"10:00:00\")) {\nvacation"));
  who.vacation.until = at(2026, 8, 31, 23h + 59min + 59s);
  EXPECT_THAT(script_of(who), HasSubstr("if allof(anyof("));
  EXPECT_THAT(script_of(who), HasSubstr(":value \"lt\" \"date\" \"2026-08-31\""));
  EXPECT_THAT(script_of(who), HasSubstr(":value \"le\" \"time\" \"23:59:59\""));
  EXPECT_THAT(script_of(who), HasSubstr("\n;\n}\n"));
  // The text does not depend on the time at which it is asked for.
  EXPECT_EQ(script_of(who), script_of(who, {}, at(2030, 1, 1)));
}

TEST(serve_sieve, intervals) {
  const auto with = [](std::chrono::seconds interval, bool to_the_second) {
    mail_account who = away("s", "t");
    who.vacation.interval = interval;
    sieve_options how;
    how.vacation_seconds = to_the_second;
    return script_of(who, how);
  };
  EXPECT_THAT(script_of(away("s", "t")), Not(HasSubstr(":days")));
  EXPECT_THAT(with(0s, true), HasSubstr("vacation :days 365 "));
  EXPECT_THAT(with(1s, true), HasSubstr("vacation :seconds 1 "));
  EXPECT_THAT(with(1s, true), HasSubstr("require [\"vacation-seconds\"]"));
  EXPECT_THAT(with(1s, false), HasSubstr("vacation :days 1 "));
  EXPECT_THAT(with(86400s, true), HasSubstr("vacation :days 1 "));
  EXPECT_THAT(with(86401s, false), HasSubstr("vacation :days 2 "));
  EXPECT_THAT(with(86401s, true), HasSubstr("vacation :seconds 86401 "));
  EXPECT_THAT(with(std::chrono::seconds::max(), false), HasSubstr("vacation :days 365 "));
}

TEST(serve_sieve, exim_is_told_by_the_time_of_asking) {
  mail_account who = away("s", "t");
  who.vacation.from = at(2026, 8, 1);
  who.vacation.until = at(2026, 8, 31);
  who.vacation.interval = 60s;
  who.forward_to = {"x@y.example"};
  sieve_options how;
  how.of = sieve_options::engine::exim;
  how.vacation_seconds = true;
  const std::string within = script_of(who, how);
  EXPECT_THAT(within, testing::StartsWith("# Sieve filter"));
  EXPECT_THAT(within, HasSubstr("require [\"vacation\"];\nvacation :days 1 "));
  EXPECT_EQ(script_of(who, how, at(2026, 8, 1)), within);
  EXPECT_EQ(script_of(who, how, at(2026, 8, 31)), within);
  const std::string outside = "# Sieve filter, made by sql2ldap\nredirect \"x@y.example\";\n";
  EXPECT_EQ(script_of(who, how, at(2026, 7, 31, 23h)), outside);
  EXPECT_EQ(script_of(who, how, at(2026, 8, 31, 1s)), outside);
}

TEST(serve_sieve, another_text_has_another_id) {
  const auto id = [](const mail_account& who) { return (*serve::render_sieve(who, {}, today))->id; };
  const std::string first = id(away("s", "t"));
  EXPECT_EQ(first, id(away("s", "t")));
  EXPECT_NE(first, id(away("s", "u")));
  EXPECT_NE(first, id(away("S", "t")));
  EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace sql2ldap::test
