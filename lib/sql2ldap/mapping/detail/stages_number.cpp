// Lenses on flags, numbers, fixed choices and points in time.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>

namespace sql2ldap::mapping::detail {

namespace {

constexpr std::string_view yes_text = "TRUE";
constexpr std::string_view no_text = "FALSE";

struct spelling {
  std::string_view on;
  std::string_view off;
};
constexpr std::array<spelling, 6> families = {
    {{"1", "0"}, {"t", "f"}, {"true", "false"}, {"y", "n"}, {"yes", "no"}, {"on", "off"}}};

}  // namespace

std::string_view flag_value(std::string_view text) noexcept {
  for (const spelling& s : families) {
    if (equal_ignoring_ascii_case(text, s.on)) return yes_text;
    if (equal_ignoring_ascii_case(text, s.off)) return no_text;
  }
  return {};
}

// Dovecot, exim and Courier read K, KB and KiB as 1024 alike.
std::int64_t unit_of(std::string_view text) noexcept {
  if (equal_ignoring_ascii_case(text, "b")) return 1;
  if (text.empty() || text.size() > 3) return 0;
  constexpr std::string_view letters = "kmgt";
  const std::size_t power = letters.find(ascii_lower(text.front()));
  text.remove_prefix(1);
  const bool known = text.empty() || equal_ignoring_ascii_case(text, "b") || equal_ignoring_ascii_case(text, "ib") ||
                     equal_ignoring_ascii_case(text, "i");
  return power == std::string_view::npos || !known ? 0 : std::int64_t{1} << 10U * (power + 1);
}

namespace lens {

namespace {

got refuse(run& r, std::string why) {
  r.reason = std::move(why);
  return got::objection;
}

// "-007" -> "-7", "+5" -> "5"; empty when it is no whole number.
std::string_view plain_integer(run& r, std::string_view in) {
  std::string_view digits = in;
  const bool minus = !digits.empty() && digits.front() == '-';
  if (minus || (!digits.empty() && digits.front() == '+')) digits.remove_prefix(1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return {};
  }
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  if (!minus || digits == "0") return digits;
  if (digits.size() + 1 == in.size()) return in;
  char* const begin = r.memory.take(digits.size() + 1);
  *begin = '-';
  std::memcpy(begin + 1, digits.data(), digits.size());
  return {begin, digits.size() + 1};
}

std::optional<std::int64_t> number_of(std::string_view digits) {
  std::int64_t n = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (fault != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return n;
}

std::string_view printed(run& r, std::int64_t n) {
  constexpr std::size_t digits_max = 20;
  char* const begin = r.memory.take(digits_max);
  return {begin, static_cast<std::size_t>(std::to_chars(begin, begin + digits_max, n).ptr - begin)};
}

struct size_text {
  std::string_view whole;
  std::string_view fraction;
  std::string_view unit;
  std::string_view tail;  // the unit with the blanks before it
};
constexpr std::size_t fraction_digits_max = 9;  // a T of bytes has no more of them that count

std::string_view leading_digits(std::string_view& text) {
  const std::string_view out = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  text.remove_prefix(out.size());
  return out;
}

// "10", "1.5 GB"
std::optional<size_text> size_in(std::string_view in) {
  std::string_view text = trimmed(in);
  size_text out;
  out.whole = leading_digits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    out.fraction = leading_digits(text);
    if (out.fraction.empty()) return std::nullopt;
  }
  if (out.whole.empty()) return std::nullopt;
  out.tail = text;
  out.unit = trimmed(text);
  return out;
}

// Are all the flags on (conjunction), or any of them? A flag without a value is off.
bool combine(run& r, const stage& s, std::size_t first, bool all) {
  const std::size_t mine = r.values.size();
  for (const expression& e : s.arguments) {
    if (!get(r, e)) return false;
  }
  if (r.values.size() == first) return true;
  bool any_on = false;
  bool any_off = mine == first;
  for (std::size_t i = first; i < r.values.size(); ++i) {
    const std::string_view flag = flag_value(r.values[i]);
    if (flag.empty()) return r.object(fmt::format("{} is no flag", r.shown(r.values[i])));
    (flag == yes_text ? any_on : any_off) = true;
  }
  if (r.values.size() - mine < s.arguments.size()) any_off = true;
  r.values.resize(first);
  r.values.push_back((all ? !any_off : any_on) ? yes_text : no_text);
  return true;
}

}  // namespace

got get_flag(run& r, const stage& s, std::string_view in, std::string_view& out) {
  if (s.texts.size() == 2) {
    if (in == s.texts[0]) {
      out = yes_text;
    } else if (in == s.texts[1]) {
      out = no_text;
    } else {
      return refuse(r, fmt::format("{} is neither {} nor {}", r.shown(in), quoted_for_message(s.texts[0]),
                                   quoted_for_message(s.texts[1])));
    }
    return got::value;
  }
  out = flag_value(in);
  if (out.empty()) return refuse(r, fmt::format("{} is no flag", r.shown(in)));
  return got::value;
}

bool put_flag(run& r, const stage& s, std::string_view wanted, const std::string_view* old, std::string_view& out) {
  if (wanted != yes_text && wanted != no_text) {
    return r.object(fmt::format("{} is neither TRUE nor FALSE", r.shown(wanted)));
  }
  const bool on = wanted == yes_text;
  if (s.texts.size() == 2) {
    out = s.texts[on ? 0 : 1];
    return true;
  }
  out = on ? families.front().on : families.front().off;
  if (old == nullptr) return true;
  for (const spelling& f : families) {
    const bool was_on = equal_ignoring_ascii_case(*old, f.on);
    if (!was_on && !equal_ignoring_ascii_case(*old, f.off)) continue;
    out = on ? f.on : f.off;
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (std::any_of(old->begin(), old->end(), upper)) {
      const bool whole_word = std::all_of(old->begin(), old->end(), upper);
      char* const begin = r.memory.take(out.size());
      for (std::size_t i = 0; i < out.size(); ++i) {
        const bool raise = (whole_word || i == 0) && out[i] >= 'a';
        begin[i] = raise ? static_cast<char>(out[i] - 'a' + 'A') : out[i];
      }
      out = {begin, out.size()};
    }
    break;
  }
  return true;
}

got get_negate(run& r, const stage&, std::string_view in, std::string_view& out) {
  const std::string_view flag = flag_value(in);
  if (flag.empty()) return refuse(r, fmt::format("{} is no flag", r.shown(in)));
  out = flag == yes_text ? no_text : yes_text;
  return got::value;
}
bool put_negate(run& r, const stage& s, std::string_view wanted, const std::string_view*, std::string_view& out) {
  return get_negate(r, s, wanted, out) == got::value;
}

bool get_conjunction(run& r, const stage& s, std::size_t first) { return combine(r, s, first, true); }
bool get_disjunction(run& r, const stage& s, std::size_t first) { return combine(r, s, first, false); }

bool get_when(run& r, const stage& s, std::size_t first) {
  const std::size_t mine = r.values.size();
  if (mine == first) return true;
  if (!get(r, s.arguments.front())) return false;
  bool on = false;
  for (std::size_t i = mine; i < r.values.size(); ++i) {
    const std::string_view flag = flag_value(r.values[i]);
    if (flag.empty()) return r.object(fmt::format("{} is no flag", r.shown(r.values[i])));
    on = on || flag == yes_text;
  }
  r.values.resize(on ? mine : first);
  return true;
}

got get_map(run& r, const stage& s, std::string_view in, std::string_view& out) {
  const auto found = std::find_if(s.choices.begin(), s.choices.end(), [&](const choice& c) { return c.from == in; });
  if (found == s.choices.end() && !s.remaining) {
    return refuse(r, fmt::format("{} is not in the list of map(...)", r.shown(in)));
  }
  const choice& taken = found == s.choices.end() ? *s.remaining : *found;
  if (!taken.to) return got::nothing;
  out = *taken.to;
  return got::value;
}
bool put_map(run& r, const stage& s, std::string_view wanted, const std::string_view*, std::string_view& out) {
  const auto found = std::find_if(s.choices.begin(), s.choices.end(), [&](const choice& c) { return c.to == wanted; });
  if (found == s.choices.end()) return r.object(fmt::format("{} is not in the list of map(...)", r.shown(wanted)));
  out = found->from;
  return true;
}

got get_scale(run& r, const stage& s, std::string_view in, std::string_view& out) {
  const std::optional<std::int64_t> n = number_of(plain_integer(r, in));
  if (!n) return refuse(r, fmt::format("{} is not a whole number", r.shown(in)));
  std::int64_t product = 0;
  if (__builtin_mul_overflow(*n, s.number, &product)) {
    return refuse(r, fmt::format("{} times {} is too large", r.shown(in), s.number));
  }
  out = printed(r, product);
  return got::value;
}
bool put_scale(run& r, const stage& s, std::string_view wanted, const std::string_view*, std::string_view& out) {
  const std::optional<std::int64_t> n = number_of(plain_integer(r, wanted));
  if (!n || *n % s.number != 0) {
    return r.object(fmt::format("{} is not a multiple of {}", r.shown(wanted), s.number));
  }
  out = printed(r, *n / s.number);
  return true;
}

got get_integer(run& r, const stage&, std::string_view in, std::string_view& out) {
  out = plain_integer(r, in);
  if (out.empty()) return refuse(r, fmt::format("{} is not a whole number", r.shown(in)));
  return got::value;
}

// Of a fraction only whole bytes count: "1.3K" is 1331.
got get_bytes(run& r, const stage& s, std::string_view in, std::string_view& out) {
  const std::optional<size_text> size = size_in(in);
  const std::int64_t unit = !size ? 0 : size->unit.empty() ? s.number : unit_of(size->unit);
  const std::optional<std::int64_t> whole = size ? number_of(plain_integer(r, size->whole)) : std::nullopt;
  if (unit == 0 || !whole) return refuse(r, fmt::format("{} is no number of bytes", r.shown(in)));
  std::int64_t bytes = 0;
  std::int64_t fraction = 0;
  std::int64_t place = 1;
  for (const char digit : size->fraction.substr(0, fraction_digits_max)) {
    fraction = fraction * 10 + (digit - '0');
    place *= 10;
  }
  const auto rest = static_cast<std::int64_t>(static_cast<__int128>(fraction) * unit / place);
  if (__builtin_mul_overflow(*whole, unit, &bytes) || __builtin_add_overflow(bytes, rest, &bytes))
    return refuse(r, fmt::format("{} is too large", r.shown(in)));
  out = printed(r, bytes);
  return got::value;
}

// In the unit that stood there, as it was spelt, else in the largest one that comes out even.
bool put_bytes(run& r, const stage& s, std::string_view wanted, const std::string_view* old, std::string_view& out) {
  const std::optional<std::int64_t> n = number_of(plain_integer(r, wanted));
  if (!n || *n < 0) return r.object(fmt::format("{} is no number of bytes", r.shown(wanted)));
  const std::optional<size_text> before = old == nullptr ? std::nullopt : size_in(*old);
  const std::int64_t unit = before && !before->unit.empty() ? unit_of(before->unit) : s.number;
  if (unit > 0 && *n % unit == 0) {
    const std::string_view spelling = before && !before->unit.empty() ? before->tail : std::string_view();
    out = r.memory.copy(fmt::format("{}{}", *n / unit, spelling));
    return true;
  }
  for (const std::string_view letter : {"T", "G", "M", "K", "B"}) {
    const std::int64_t size = unit_of(letter);
    if (*n % size != 0 || *n < size) continue;
    const bool plain = size == 1 && s.number == 1;
    out = r.memory.copy(fmt::format("{}{}", *n / size, plain ? std::string_view() : letter));
    break;
  }
  return true;
}

got get_at_least(run& r, const stage& s, std::string_view in, std::string_view& out) {
  const std::optional<std::int64_t> n = number_of(plain_integer(r, in));
  if (!n) return refuse(r, fmt::format("{} is not a whole number", r.shown(in)));
  if (*n < s.number) return refuse(r, fmt::format("{} is less than {}", r.shown(in), s.number));
  out = in;
  return got::value;
}

got get_absent(run& r, const stage& s, std::string_view in, std::string_view& out) {
  out = in;
  for (const std::string& v : s.texts) {
    if (v == in) return got::nothing;
    const std::string_view number = plain_integer(r, in);
    if (!number.empty() && number == plain_integer(r, v)) return got::nothing;
  }
  return got::value;
}

// ---- time -------------------------------------------------------------------------------------

namespace {

struct moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::string_view fraction;  // digits
};

bool digits_at(std::string_view& text, std::size_t count, int& out) {
  if (text.size() < count) return false;
  out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}
bool one_of(std::string_view& text, std::string_view marks) {
  if (text.empty() || marks.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}
bool fraction_at(std::string_view& text, std::string_view& out) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  out = text.substr(0, end);
  text.remove_prefix(end);
  while (!out.empty() && out.back() == '0') out.remove_suffix(1);
  return end != 0;
}
bool possible(const moment& m) {
  using namespace std::chrono;
  return year_month_day(year(m.year), month(static_cast<unsigned>(m.month)), day(static_cast<unsigned>(m.day))).ok() &&
         m.hour < 24 && m.minute < 60 && m.second < 61;
}

std::int64_t seconds_of(const moment& m) {
  using namespace std::chrono;
  const sys_days date(year(m.year) / month(static_cast<unsigned>(m.month)) / day(static_cast<unsigned>(m.day)));
  return date.time_since_epoch().count() * 86400 + m.hour * 3600 + m.minute * 60 + m.second;
}

// False when the year has more than four digits, or less than none.
bool set_seconds(moment& m, std::int64_t since_1970) {
  using namespace std::chrono;
  const sys_seconds point{seconds(since_1970)};
  const sys_days date = floor<days>(point);
  const year_month_day ymd(date);
  const hh_mm_ss clock(point - date);
  m.year = static_cast<int>(ymd.year());
  m.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  m.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  m.hour = static_cast<int>(clock.hours().count());
  m.minute = static_cast<int>(clock.minutes().count());
  m.second = static_cast<int>(clock.seconds().count());
  return m.year >= 0 && m.year <= 9999;
}

// Takes the offset from UTC off: "+02", "+0200", "+02:00", "Z"; without one that of the zone.
bool to_utc(std::string_view zone, const time_zone* standard, moment& m) {
  if (zone == "Z" || (zone.empty() && standard == nullptr)) return true;
  if (zone.empty()) {
    const auto utc = standard->to_utc(std::chrono::local_seconds(std::chrono::seconds(seconds_of(m))));
    return set_seconds(m, utc.time_since_epoch().count());
  }
  const bool east = zone.front() == '+';
  if (!one_of(zone, "+-")) return false;
  int hours = 0;
  int minutes = 0;
  if (!digits_at(zone, 2, hours)) return false;
  if (!zone.empty()) {
    one_of(zone, ":");
    if (!digits_at(zone, 2, minutes) || !zone.empty()) return false;
  }
  const std::int64_t shift = hours * 3600 + minutes * 60;
  return set_seconds(m, seconds_of(m) + (east ? -shift : shift));
}

bool read_sql_time(std::string_view text, const time_zone* standard, moment& m) {
  if (!digits_at(text, 4, m.year) || !one_of(text, "-") || !digits_at(text, 2, m.month) || !one_of(text, "-") ||
      !digits_at(text, 2, m.day)) {
    return false;
  }
  if (!text.empty()) {
    if (!one_of(text, " T") || !digits_at(text, 2, m.hour) || !one_of(text, ":") || !digits_at(text, 2, m.minute)) {
      return false;
    }
    if (one_of(text, ":") && !digits_at(text, 2, m.second)) return false;
    if (one_of(text, ".") && !fraction_at(text, m.fraction)) return false;
  }
  return possible(m) && to_utc(text, standard, m);
}

}  // namespace

got get_time(run& r, const stage& s, std::string_view in, std::string_view& out) {
  moment m;
  if (!read_sql_time(in, s.zone.get(), m)) return refuse(r, fmt::format("{} is no point in time", r.shown(in)));
  constexpr std::size_t length_max = 17;
  char* const begin = r.memory.take(length_max + m.fraction.size());
  char* end =
      fmt::format_to(begin, "{:04}{:02}{:02}{:02}{:02}{:02}", m.year, m.month, m.day, m.hour, m.minute, m.second);
  if (!m.fraction.empty()) end = fmt::format_to(end, ".{}", m.fraction);
  *end++ = 'Z';
  out = {begin, static_cast<std::size_t>(end - begin)};
  return got::value;
}

bool put_time(run& r, const stage& s, std::string_view wanted, const std::string_view*, std::string_view& out) {
  moment m;
  std::string_view text = wanted;
  bool good = digits_at(text, 4, m.year) && digits_at(text, 2, m.month) && digits_at(text, 2, m.day) &&
              digits_at(text, 2, m.hour) && digits_at(text, 2, m.minute) && digits_at(text, 2, m.second);
  if (good && one_of(text, ".,")) good = fraction_at(text, m.fraction);
  if (!good || text != "Z" || !possible(m)) {
    return r.object(fmt::format("{} is no GeneralizedTime in UTC", r.shown(wanted)));
  }
  if (s.zone != nullptr) {
    const auto local = s.zone->to_local(std::chrono::sys_seconds(std::chrono::seconds(seconds_of(m))));
    if (!set_seconds(m, local.time_since_epoch().count()))
      return r.object(fmt::format("{} has no year of four digits there", r.shown(wanted)));
  }
  const std::string sql = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}{}", m.year, m.month, m.day, m.hour,
                                      m.minute, m.second, m.fraction.empty() ? "" : ".", m.fraction);
  out = r.memory.copy(sql);
  return true;
}

}  // namespace lens

}  // namespace sql2ldap::mapping::detail
