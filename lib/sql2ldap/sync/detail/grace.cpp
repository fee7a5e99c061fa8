#include <sql2ldap/sync/detail/grace.hpp>

#include <charconv>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sql2ldap::sync {
namespace {

constexpr std::time_t seconds_of_a_day = 24 * 3600;

// Of GeneralizedTime (RFC 4517, 3.3.13) the day, in UTC; nullopt when it is none.
std::optional<std::time_t> day_of(std::string_view text) {
  constexpr std::size_t digits = 8;  // YYYYMMDD
  int number = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + digits, number);
  if (failed != std::errc() || end != text.data() + digits) return std::nullopt;
  std::tm day{};
  day.tm_year = number / 10000 - 1900;
  day.tm_mon = number / 100 % 100 - 1;
  day.tm_mday = number % 100;
  return timegm(&day);
}

}  // namespace

fate fate_of(const model::entry& present, const run_options& how) {
  if (how.grace.count() == 0) return fate::remove;
  const auto since = day_of(present.first_value_of(model::names::gone_since));
  if (!since) return fate::disable;
  return *since + seconds_of_a_day + how.grace.count() <= how.now() ? fate::purge : fate::wait;
}

std::string day_text(std::time_t moment) { return fmt::format("{:%Y%m%d}000000Z", fmt::gmtime(moment)); }

}  // namespace sql2ldap::sync
