#include <sql2ldap/sync/grace.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <sql2ldap/codec/password.hpp>

namespace sql2ldap::sync {
namespace {

constexpr std::time_t seconds_of_a_day = 24 * 3600;
constexpr std::string_view off = "FALSE";

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

std::string day_text(std::time_t moment) { return fmt::format("{:%Y%m%d}000000Z", fmt::gmtime(moment)); }

}  // namespace

fate fate_of(const model::entry& present, const run_options& how) {
  if (how.grace.count() == 0) return fate::remove;
  const auto since = day_of(present.first_value_of(model::names::gone_since));
  if (!since) return fate::disable;
  return *since + seconds_of_a_day + how.grace.count() <= how.now() ? fate::purge : fate::wait;
}

std::vector<model::modification> turning_off(const model::entry& present, const model::schema& schema,
                                             std::time_t now) {
  using operation = model::modification::operation;
  std::vector<model::modification> out;
  std::vector<std::string> classes;
  for (const std::string_view v : present.values_of(model::names::object_class)) classes.emplace_back(v);
  if (schema.allows(classes, model::names::enabled)) {
    if (present.first_value_of(model::names::enabled) != off)
      out.push_back({operation::replace, model::names::enabled, {std::string(off)}});
  } else if (present.has(model::names::user_password)) {
    out.push_back({operation::replace, model::names::user_password, {std::string(codec::locked_password)}});
  }
  out.push_back({operation::replace, model::names::gone_since, {day_text(now)}});
  return out;
}

bool is_turned_off(const model::entry& present, model::attribute_name name) {
  if (!present.has(model::names::gone_since)) return false;
  const std::string_view value = present.first_value_of(name);
  return (name == model::names::enabled && value == off) ||
         (name == model::names::user_password && value == codec::locked_password);
}

}  // namespace sql2ldap::sync
