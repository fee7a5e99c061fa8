#include <sql2ldap/serve/detail/entry_reader.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/model/matching.hpp>
#include <sql2ldap/serve/detail/address.hpp>

namespace sql2ldap::serve::detail {

namespace {

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Of GeneralizedTime in its normal form: YYYYMMDDhhmmss, perhaps a fraction, Z.
std::optional<std::chrono::sys_seconds> time_in(std::string_view utc) {
  if (utc.size() < 15 || utc.back() != 'Z') return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t length) { return number_in<unsigned>(utc.substr(at, length)); };
  const auto year = part(0, 4);
  const auto month = part(4, 2);
  const auto day = part(6, 2);
  const auto hour = part(8, 2);
  const auto minute = part(10, 2);
  const auto second = part(12, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace

entry_reader::entry_reader(const model::entry& of) : entry_(of) {
  for (std::size_t i = 0; i < of.size(); ++i) marks_ |= mark_of(of[i].name);
}

tl::unexpected<error> entry_reader::objection(model::attribute_name name, std::string_view value,
                                              std::string_view why) const {
  return fail(error_kind::directory,
              fmt::format("{}: {} {} {}", entry_.dn(), name.text(), quoted_for_message(value), why),
              "correct the entry; until then who needs the value is told to try later");
}

bool entry_reader::is_a(std::string_view object_class) const {
  for (std::size_t i = 0; i < entry_.size(); ++i)
    if (entry_[i].name == model::names::object_class && equal_ignoring_ascii_case(entry_[i].bytes, object_class))
      return true;
  return false;
}

result<std::optional<std::string_view>> entry_reader::only_value(model::attribute_name name) const {
  std::optional<std::string_view> out;
  if (!may_have(name)) return out;
  std::optional<std::string_view> other;
  entry_.for_each_value_of(name, [&](std::string_view value) { (out ? other : out) = value; });
  if (other) return objection(name, *other, "is one value too many");
  return out;
}

result<bool> entry_reader::flag(model::attribute_name name, bool when_absent) const {
  S2L_TRY_ASSIGN(const auto value, only_value(name));
  if (!value) return when_absent;
  if (equal_ignoring_ascii_case(*value, "TRUE")) return true;
  if (equal_ignoring_ascii_case(*value, "FALSE")) return false;
  return objection(name, *value, "is neither TRUE nor FALSE");
}

result<std::optional<std::uint64_t>> entry_reader::number(model::attribute_name name) const {
  S2L_TRY_ASSIGN(const auto value, only_value(name));
  if (!value) return std::nullopt;
  const auto number = number_in<std::uint64_t>(*value);
  // dovecot and exim count in signed numbers.
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return objection(name, *value, "is no number from 0 to 2^63-1");
  return *number;
}

result<std::optional<std::uint32_t>> entry_reader::id_number(model::attribute_name name) const {
  S2L_TRY_ASSIGN(const auto value, number(name));
  if (!value) return std::nullopt;
  // (uid_t)-1 means "leave it as it is" to setuid's family.
  if (*value == 0 || *value >= std::numeric_limits<std::uint32_t>::max())
    return objection(name, std::to_string(*value), "is no owner of mail");
  return static_cast<std::uint32_t>(*value);
}

result<std::optional<std::chrono::sys_seconds>> entry_reader::time(model::attribute_name name) const {
  S2L_TRY_ASSIGN(const auto value, only_value(name));
  if (!value) return std::nullopt;
  const auto read = time_in(model::normalized(model::matching_rule::generalized_time, *value));
  if (!read) return objection(name, *value, "is no time");
  return *read;
}

result<std::string> entry_reader::text(model::attribute_name name) const {
  S2L_TRY_ASSIGN(const auto value, only_value(name));
  return std::string(value.value_or(""));
}

result<std::string> entry_reader::line(model::attribute_name name) const {
  S2L_TRY_ASSIGN(auto value, text(name));
  if (has_control_characters(value)) return objection(name, value, "has a control character");
  return value;
}

result<std::string> entry_reader::path(model::attribute_name name) const {
  auto value = line(name);
  if (!value || value->empty()) return value;
  if (!value->starts_with('/')) return objection(name, *value, "does not begin with '/'");
  if (value->ends_with("/..") || value->find("/../") != std::string::npos)
    return objection(name, *value, "leads upwards");
  return value;
}

void entry_reader::add_lowered(std::vector<std::string>& to, model::attribute_name name) const {
  if (!may_have(name)) return;
  entry_.for_each_value_of(name, [&](std::string_view value) {
    const auto is_same = [&](const std::string& other) { return equal_ignoring_ascii_case(other, value); };
    if (std::none_of(to.begin(), to.end(), is_same)) to.push_back(ascii_lowered(value));
  });
}

result<std::vector<std::string>> entry_reader::targets(model::attribute_name name) const {
  std::vector<std::string> out;
  if (!may_have(name)) return out;
  for (const std::string_view value : entry_.values_of(name)) {
    const auto target = target_in(value);
    if (!target) return objection(name, value, "is no address");
    if (std::find(out.begin(), out.end(), *target) == out.end()) out.push_back(*target);
  }
  return out;
}

}  // namespace sql2ldap::serve::detail
