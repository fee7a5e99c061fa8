#include <sql2ldap/sql/detail/timestamp.hpp>

#include <charconv>
#include <chrono>
#include <limits>

namespace sql2ldap::sql::detail {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t day_us = 86'400 * second_us;
constexpr std::chrono::sys_days epoch = std::chrono::year{2000} / 1 / 1;

class reader {
 public:
  explicit reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  bool take(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `digits` digits, at most `max`.
  std::optional<int> number(std::size_t digits, int max) noexcept {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    if (value > max) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  // The digits after the point, in microseconds; further digits are cut.
  std::optional<std::int64_t> fraction() noexcept {
    std::int64_t value = 0;
    std::int64_t weight = second_us / 10;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      value += weight * (rest_[digits] - '0');
      weight /= 10;
    }
    if (digits == 0) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<std::int64_t> parse_zone(reader& in) noexcept {
  if (in.at_end() || in.take('Z')) return 0;
  const bool east = in.take('+');
  if (!east && !in.take('-')) return std::nullopt;
  const auto hours = in.number(2, 15);
  if (!hours) return std::nullopt;
  int minutes = 0;
  if (!in.at_end()) {
    in.take(':');
    const auto given = in.number(2, 59);
    if (!given) return std::nullopt;
    minutes = *given;
  }
  const std::int64_t offset = (*hours * 60 + minutes) * 60 * second_us;
  return east ? offset : -offset;
}

char* put_number(char* at, unsigned value, int digits) noexcept {
  for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + digits;
}

}  // namespace

std::optional<timestamp_us> parse_timestamp(std::string_view text) noexcept {
  reader in(text);
  const auto year = in.number(4, 9999);
  if (!year || !in.take('-')) return std::nullopt;
  const auto month = in.number(2, 12);
  if (!month || !in.take('-')) return std::nullopt;
  const auto day = in.number(2, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (*year == 0 || !date.ok()) return std::nullopt;
  timestamp_us when = (std::chrono::sys_days(date) - epoch).count() * day_us;
  if (in.at_end()) return when;

  if (!in.take(' ') && !in.take('T')) return std::nullopt;
  const auto hour = in.number(2, 23);
  if (!hour || !in.take(':')) return std::nullopt;
  const auto minute = in.number(2, 59);
  if (!minute) return std::nullopt;
  when += (*hour * 60 + *minute) * 60 * second_us;
  if (in.take(':')) {
    const auto second = in.number(2, 59);
    if (!second) return std::nullopt;
    when += *second * second_us;
    if (in.take('.')) {
      const auto fraction = in.fraction();
      if (!fraction) return std::nullopt;
      when += *fraction;
    }
  }
  const auto zone = parse_zone(in);
  if (!zone || !in.at_end()) return std::nullopt;
  return when - *zone;
}

std::string_view format_timestamp(timestamp_us when, timestamp_text& buffer) noexcept {
  if (when == std::numeric_limits<timestamp_us>::max()) return "infinity";
  if (when == std::numeric_limits<timestamp_us>::min()) return "-infinity";
  std::int64_t days = when / day_us;
  std::int64_t rest = when % day_us;
  if (rest < 0) {
    rest += day_us;
    --days;
  }
  const std::chrono::year_month_day date(epoch + std::chrono::days(days));
  const auto second = static_cast<unsigned>(rest / second_us);
  auto fraction = static_cast<unsigned>(rest % second_us);

  // std::chrono has years to 32767 only; PostgreSQL's go to 294276. 400 years are 146097 days.
  int year = static_cast<int>(date.year());
  if (days > 146'097 * 50) {
    constexpr std::int64_t cycle_days = 146'097;
    const std::int64_t cycles = days / cycle_days;
    const std::chrono::year_month_day early(epoch + std::chrono::days(days % cycle_days));
    year = static_cast<int>(early.year()) + static_cast<int>(cycles) * 400;
  }
  const bool before_christ = year <= 0;
  if (before_christ) year = 1 - year;

  char* at = buffer.data();
  at = year > 9999 ? std::to_chars(at, at + 10, year).ptr : put_number(at, static_cast<unsigned>(year), 4);
  *at++ = '-';
  at = put_number(at, static_cast<unsigned>(date.month()), 2);
  *at++ = '-';
  at = put_number(at, static_cast<unsigned>(date.day()), 2);
  *at++ = ' ';
  at = put_number(at, second / 3600, 2);
  *at++ = ':';
  at = put_number(at, second / 60 % 60, 2);
  *at++ = ':';
  at = put_number(at, second % 60, 2);
  if (fraction != 0) {
    *at++ = '.';
    int digits = 6;
    for (; fraction % 10 == 0; fraction /= 10) --digits;
    at = put_number(at, fraction, digits);
  }
  if (before_christ)
    for (const char c : {' ', 'B', 'C'}) *at++ = c;
  return {buffer.data(), static_cast<std::size_t>(at - buffer.data())};
}

}  // namespace sql2ldap::sql::detail
