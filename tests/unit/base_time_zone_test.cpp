// Time zones: names of the system, distances from UTC, and the files themselves.
#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include <sql2ldap/base/time_zone.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono;
using ::testing::HasSubstr;

local_seconds local(int y, unsigned m, unsigned d, int hour, int minute = 0) {
  return local_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}
sys_seconds utc(int y, unsigned m, unsigned d, int hour, int minute = 0) {
  return sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}

time_zone zone(const char* name) {
  auto found = time_zone::named(name);
  if (!found) throw std::runtime_error(found.error().text());
  return *std::move(found);
}

TEST(time_zone, has_daylight_time_by_the_years_rules) {
  const time_zone berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.to_utc(local(2024, 1, 1, 12)), utc(2024, 1, 1, 11));
  EXPECT_EQ(berlin.to_utc(local(2024, 7, 1, 12)), utc(2024, 7, 1, 10));
  EXPECT_EQ(berlin.to_local(utc(2024, 7, 1, 10)), local(2024, 7, 1, 12));
  EXPECT_FALSE(berlin.is_utc());
}

TEST(time_zone, goes_on_by_rule_after_the_last_change_of_the_file) {
  const time_zone berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.to_utc(local(2060, 7, 1, 12)), utc(2060, 7, 1, 10));
  EXPECT_EQ(berlin.to_utc(local(2060, 12, 1, 12)), utc(2060, 12, 1, 11));
  const time_zone south = zone("America/Santiago");  // daylight time over the turn of the year
  EXPECT_EQ(south.to_utc(local(2060, 1, 1, 12)), utc(2060, 1, 1, 15));
  EXPECT_EQ(south.to_utc(local(2060, 7, 1, 12)), utc(2060, 7, 1, 16));
}

TEST(time_zone, reads_a_time_shown_twice_as_the_first_and_a_skipped_one_as_before_the_change) {
  const time_zone berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.to_utc(local(2024, 10, 27, 2, 30)), utc(2024, 10, 27, 0, 30));
  EXPECT_EQ(berlin.to_utc(local(2024, 3, 31, 2, 30)), utc(2024, 3, 31, 1, 30));
}

TEST(time_zone, may_be_a_distance_from_utc) {
  EXPECT_EQ(zone("+02:00").to_utc(local(2024, 7, 1, 12)), utc(2024, 7, 1, 10));
  EXPECT_EQ(zone("-0330").to_utc(local(2024, 7, 1, 12)), utc(2024, 7, 1, 15, 30));
  EXPECT_EQ(zone("+05").to_local(utc(2024, 7, 1, 12)), local(2024, 7, 1, 17));
  EXPECT_TRUE(zone("UTC").is_utc());
  EXPECT_TRUE(zone("+00:00").is_utc());
}

TEST(time_zone, refuses_what_is_none) {
  for (const char* const name :
       {"", "Berlin/", "/etc/passwd", "../../../etc/passwd", "Europe/Berlin\n", "+2", "+99:00"})
    EXPECT_FALSE(time_zone::named(name)) << name;
  const auto unknown = time_zone::named("Europe/Atlantis");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().text(), HasSubstr("Europe/Atlantis"));
  EXPECT_THAT(unknown.error().hint, HasSubstr("+02:00"));
}

// A file of version 2 with these changes and rule, each change one hour on from the one before.
std::string tzif(int changes, const std::string& rule) {
  const auto number = [](std::int64_t value, int size) {
    std::string out;
    for (int i = size - 1; i >= 0; --i)
      out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8U * static_cast<unsigned>(i)));
    return out;
  };
  const std::string start = "TZif2" + std::string(15, '\0');
  std::string out = start + number(0, 4) + number(0, 4) + number(0, 4) + number(0, 4) + number(1, 4) + number(1, 4) +
                    std::string(7, '\0');
  out += start + number(0, 4) + number(0, 4) + number(0, 4) + number(changes, 4) + number(2, 4) + number(4, 4);
  for (int i = 0; i < changes; ++i) out += number(i * 3600, 8);
  for (int i = 0; i < changes; ++i) out += static_cast<char>(i % 2 == 0 ? 1 : 0);
  for (const int offset : {0, 7200}) out += number(offset, 4) + std::string(2, '\0');
  return out + std::string("ABC\0", 4) + "\n" + rule + "\n";
}

TEST(time_zone, reads_the_bytes_of_a_file) {
  const auto found = time_zone::parse(tzif(1, ""));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->to_local(sys_seconds(seconds(-1))), local_seconds(seconds(-1)));
  EXPECT_EQ(found->to_local(sys_seconds(seconds(0))), local_seconds(seconds(7200)));
  const auto by_rule = time_zone::parse(tzif(0, "<+03>-3"));
  ASSERT_TRUE(by_rule) << by_rule.error().text();
  EXPECT_EQ(by_rule->to_local(sys_seconds(seconds(0))), local_seconds(seconds(3 * 3600)));
}

TEST(time_zone, refuses_broken_files_wherever_they_are_cut) {
  const std::string whole = tzif(3, "CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(time_zone::parse(whole));
  for (std::size_t length = 0; length + 40 < whole.size(); ++length)
    EXPECT_FALSE(time_zone::parse(std::string_view(whole).substr(0, length))) << length;
  for (const char* const rule :
       {"CET", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "C-1", "CET-1CEST,M3.5.0,M10.5.0/3x"})
    EXPECT_FALSE(time_zone::parse(tzif(0, rule))) << rule;
}

}  // namespace
}  // namespace sql2ldap::test
