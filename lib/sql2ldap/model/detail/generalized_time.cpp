#include <sql2ldap/model/detail/generalized_time.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

namespace sql2ldap::model::detail {

namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Takes exactly `digits` digits from the front, of a number from `low` to `high`.
std::optional<int> take_number(std::string_view& text, std::size_t digits, int low, int high) {
  if (text.size() < digits ||
      !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(digits), is_digit)) {
    return std::nullopt;
  }
  int number = 0;
  for (const char c : text.substr(0, digits)) number = number * 10 + (c - '0');
  text.remove_prefix(digits);
  if (number < low || number > high) return std::nullopt;
  return number;
}

// "Z", "+HH", "-HHMM": seconds to take away to reach UTC.
std::optional<int> take_offset(std::string_view text) {
  if (text == "Z") return 0;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2, 0, 23);
  if (!hours) return std::nullopt;
  if (text.empty()) return sign * *hours * 3600;
  const auto minutes = take_number(text, 2, 0, 59);
  if (!minutes || !text.empty()) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

}  // namespace

std::optional<std::string> generalized_time_in_utc(std::string_view text) {
  const auto year = take_number(text, 4, 0, 9999);
  const auto month = year ? take_number(text, 2, 1, 12) : std::nullopt;
  const auto day = month ? take_number(text, 2, 1, 31) : std::nullopt;
  const auto hour = day ? take_number(text, 2, 0, 23) : std::nullopt;
  if (!hour) return std::nullopt;

  int minute = 0;
  int second = 0;
  std::int64_t unit = 3600;  // seconds that a fraction is a part of
  if (!text.empty() && is_digit(text.front())) {
    const auto taken = take_number(text, 2, 0, 59);
    if (!taken) return std::nullopt;
    minute = *taken;
    unit = 60;
    if (!text.empty() && is_digit(text.front())) {
      const auto seconds = take_number(text, 2, 0, 60);  // 60: a leap second
      if (!seconds) return std::nullopt;
      second = *seconds;
      unit = 1;
    }
  }

  // Nanoseconds are enough for every clock; digits after them do not tell times apart here.
  std::int64_t nanoseconds = 0;
  if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
    text.remove_prefix(1);
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    std::int64_t weight = unit * 100'000'000;
    while (!text.empty() && is_digit(text.front())) {
      nanoseconds += (text.front() - '0') * weight;
      weight /= 10;
      text.remove_prefix(1);
    }
  }
  const auto offset = take_offset(text);
  if (!offset) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::int64_t seconds = std::int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86400 +
                               *hour * 3600 + minute * 60 + second - *offset + nanoseconds / second_ns;
  nanoseconds %= second_ns;

  const std::int64_t days = seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
  const std::chrono::year_month_day utc{
      std::chrono::sys_days(std::chrono::days(static_cast<std::chrono::days::rep>(days)))};
  const auto of_day = static_cast<int>(seconds - days * 86400);
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d%02u%02u%02d%02d%02d", static_cast<int>(utc.year()),
                static_cast<unsigned>(utc.month()), static_cast<unsigned>(utc.day()), of_day / 3600, of_day / 60 % 60,
                of_day % 60);
  std::string out = buffer.data();
  if (nanoseconds != 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%09lld", static_cast<long long>(nanoseconds));
    out += buffer.data();
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + 'Z';
}

}  // namespace sql2ldap::model::detail
