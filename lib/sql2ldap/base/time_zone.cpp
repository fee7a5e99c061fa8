#include <sql2ldap/base/time_zone.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap {

namespace {

using namespace std::chrono;

constexpr std::size_t file_bytes_max = 256U << 10U;  // the largest in the IANA database has 4 KiB
constexpr std::size_t name_bytes_max = 100;
constexpr std::int32_t offset_max = 26 * 3600;  // RFC 8536, 3.2: about a day

// Big-endian numbers, one after the other.
class reader {
 public:
  explicit reader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::int64_t number(std::size_t size) {
    if (bytes_.size() < size) return fail_now();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8U | static_cast<unsigned char>(bytes_[i]);
    bytes_.remove_prefix(size);
    return size == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(value)) : static_cast<std::int64_t>(value);
  }
  [[nodiscard]] std::string_view take(std::size_t size) {
    if (bytes_.size() < size) {
      good_ = false;
      size = bytes_.size();
    }
    const std::string_view out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return bytes_; }
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  std::int64_t fail_now() {
    good_ = false;
    bytes_ = {};
    return 0;
  }
  std::string_view bytes_;
  bool good_ = true;
};

struct header {
  std::array<std::int64_t, 6> counts{};  // isutc, isstd, leap, time, type, char
  char version = 0;
};

std::optional<header> read_header(reader& in) {
  header out;
  if (in.take(4) != "TZif") return std::nullopt;
  const std::string_view version = in.take(1);
  out.version = version.empty() ? '\0' : version.front();
  (void)in.take(15);
  for (std::int64_t& count : out.counts) {
    count = in.number(4);
    if (count < 0 || count > static_cast<std::int64_t>(file_bytes_max)) return std::nullopt;
  }
  return in.good() ? std::optional(out) : std::nullopt;
}

std::size_t body_size(const header& h, std::int64_t time_size) {
  const auto& [utc, standard, leap, times, types, chars] = h.counts;
  return static_cast<std::size_t>(times * (time_size + 1) + types * 6 + chars + leap * (time_size + 4) + standard +
                                  utc);
}

bool read_digits(std::string_view& text, std::size_t most, int& out) {
  std::size_t used = 0;
  out = 0;
  while (used < most && used < text.size() && text[used] >= '0' && text[used] <= '9')
    out = out * 10 + (text[used++] - '0');
  text.remove_prefix(used);
  return used != 0;
}

bool read_sign(std::string_view& text, bool& minus) {
  minus = !text.empty() && text.front() == '-';
  if (minus || (!text.empty() && text.front() == '+')) {
    text.remove_prefix(1);
    return true;
  }
  return false;
}

// [+-]hh[:mm[:ss]]
bool read_clock(std::string_view& text, std::int32_t& out) {
  bool minus = false;
  read_sign(text, minus);
  int parts[3] = {0, 0, 0};
  if (!read_digits(text, 3, parts[0])) return false;
  for (int i = 1; i < 3 && text.starts_with(':'); ++i) {
    text.remove_prefix(1);
    if (!read_digits(text, 2, parts[i])) return false;
  }
  out = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (minus) out = -out;
  return parts[1] < 60 && parts[2] < 60;
}

// CET, or <+03>
bool skip_abbreviation(std::string_view& text) {
  std::size_t end = 0;
  if (text.starts_with('<')) {
    end = text.find('>');
    if (end == std::string_view::npos) return false;
    ++end;
  } else {
    while (end < text.size() && ((text[end] >= 'A' && text[end] <= 'Z') || (text[end] >= 'a' && text[end] <= 'z')))
      ++end;
  }
  text.remove_prefix(end);
  return end >= 3;
}

// "+02", "+0200", "-03:30"
std::optional<std::int32_t> fixed_offset(std::string_view text) {
  bool minus = false;
  int hours = 0;
  int minutes = 0;
  if (!read_sign(text, minus) || text.size() < 2 || !read_digits(text, 2, hours)) return std::nullopt;
  if (text.starts_with(':')) text.remove_prefix(1);
  if (!text.empty() && (text.size() != 2 || !read_digits(text, 2, minutes))) return std::nullopt;
  const std::int32_t seconds = hours * 3600 + minutes * 60;
  if (!text.empty() || minutes >= 60 || seconds > offset_max) return std::nullopt;
  return minus ? -seconds : seconds;
}

// Letters, digits and _+- between single slashes: never a way out of the folder.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max || name.front() == '/' || name.back() == '/') return false;
  return name.find("//") == std::string_view::npos && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
                  c == '-' || c == '/';
         });
}

}  // namespace

result<time_zone> time_zone::named(std::string_view name) {
  time_zone out;
  if (name == "UTC" || name == "Z") return out;
  if (const auto offset = fixed_offset(name)) {
    out.first_ = *offset;
    return out;
  }
  const std::string hint = "name one as the system does, for instance Europe/Berlin, or a distance from UTC as +02:00";
  if (!is_zone_name(name)) return fail(error_kind::input, quoted_for_message(name) + " is no time zone", hint);
  const char* const folder = std::getenv("TZDIR");
  const std::string path = std::string(folder != nullptr ? folder : "/usr/share/zoneinfo") + "/" + std::string(name);
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  if (file) {
    bytes.resize(file_bytes_max);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
  }
  if (bytes.empty()) {
    return fail(error_kind::input, "the system knows no time zone " + quoted_for_message(name),
                hint + "; " + path + " cannot be read (is the package tzdata installed?)");
  }
  result<time_zone> zone = parse(bytes);
  if (!zone) return tl::make_unexpected(std::move(zone).error().within(path));
  return zone;
}

result<time_zone> time_zone::parse(std::string_view bytes) {
  const auto broken = [] { return fail(error_kind::input, "this is no time zone file of version 2 or later"); };
  reader in(bytes);
  const auto first = read_header(in);
  if (!first || first->version < '2') return broken();
  (void)in.take(body_size(*first, 4));
  const auto h = read_header(in);
  if (!h || !in.good()) return broken();
  const auto& [utc, standard, leap, times, types, chars] = h->counts;
  if (body_size(*h, 8) > in.rest().size() || types == 0) return broken();

  time_zone out;
  out.changes_.resize(static_cast<std::size_t>(times));
  for (change& c : out.changes_) c.at = in.number(8);
  std::vector<std::int64_t> kinds;
  for (std::int64_t i = 0; i < times; ++i) kinds.push_back(static_cast<unsigned char>(in.take(1).front()));
  std::vector<std::int32_t> offsets;
  for (std::int64_t i = 0; i < types; ++i) {
    offsets.push_back(static_cast<std::int32_t>(in.number(4)));
    (void)in.take(2);
    if (offsets.back() > offset_max || offsets.back() < -offset_max) return broken();
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] >= types || (i != 0 && out.changes_[i].at <= out.changes_[i - 1].at)) return broken();
    out.changes_[i].offset = offsets[static_cast<std::size_t>(kinds[i])];
  }
  out.first_ = offsets.front();
  (void)in.take(static_cast<std::size_t>(chars + leap * 12 + standard + utc));
  std::string_view footer = in.rest();
  if (!in.good() || !footer.starts_with('\n')) return broken();
  footer.remove_prefix(1);
  out.rule_ = footer.substr(0, footer.find('\n'));
  if (out.rule_.empty()) return out;
  const auto rule = parse_rule(out.rule_);
  if (!rule) return broken();
  out.yearly_ = *rule;
  return out;
}

// RFC 8536, 3.3.1: std offset [dst [offset] , begin [/time] , end [/time]]; offsets count west of UTC.
std::optional<time_zone::yearly_rule> time_zone::parse_rule(std::string_view text) {
  yearly_rule out;
  std::int32_t west = 0;
  if (!skip_abbreviation(text) || !read_clock(text, west)) return std::nullopt;
  out.standard = -west;
  if (text.empty()) return out;
  if (!skip_abbreviation(text)) return std::nullopt;
  out.daylight = out.standard + 3600;
  if (!text.starts_with(',')) {
    if (!read_clock(text, west)) return std::nullopt;
    out.daylight = -west;
  }
  for (std::optional<day_rule>* const day : {&out.begins, &out.ends}) {
    if (!text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
    day_rule rule;
    rule.time = 2 * 3600;
    bool good = false;
    if (text.starts_with('M')) {
      text.remove_prefix(1);
      good = read_digits(text, 2, rule.month) && text.starts_with('.');
      if (good) text.remove_prefix(1);
      good = good && read_digits(text, 1, rule.week) && text.starts_with('.');
      if (good) text.remove_prefix(1);
      good = good && read_digits(text, 1, rule.day) && rule.month >= 1 && rule.month <= 12 && rule.week >= 1 &&
             rule.week <= 5 && rule.day <= 6;
    } else {
      rule.how = text.starts_with('J') ? day_rule::kind::julian : day_rule::kind::zero_based;
      if (text.starts_with('J')) text.remove_prefix(1);
      good = read_digits(text, 3, rule.day) && rule.day <= 365;
    }
    if (good && text.starts_with('/')) {
      text.remove_prefix(1);
      good = read_clock(text, rule.time);
    }
    if (!good) return std::nullopt;
    *day = rule;
  }
  return text.empty() ? std::optional(out) : std::nullopt;
}

std::int64_t time_zone::moment_of(const day_rule& rule, int at_year, std::int32_t offset) {
  sys_days date;
  if (rule.how == day_rule::kind::month_week) {
    const weekday wanted(static_cast<unsigned>(rule.day));
    const auto in_month = year(at_year) / month(static_cast<unsigned>(rule.month));
    date = rule.week == 5 ? sys_days(in_month / wanted[last])
                          : sys_days(in_month / wanted[static_cast<unsigned>(rule.week)]);
  } else {
    // Jn never counts February 29th.
    const bool leap = year(at_year).is_leap();
    const bool julian = rule.how == day_rule::kind::julian;
    const int skipped = julian ? (leap && rule.day >= 60 ? 0 : -1) : 0;
    date = sys_days(year(at_year) / January / 1) + days(rule.day + skipped);
  }
  return date.time_since_epoch().count() * 86400 + rule.time - offset;
}

std::int32_t time_zone::offset_at(std::int64_t utc) const {
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), utc,
                                      [](std::int64_t moment, const change& c) { return moment < c.at; });
  if (after != changes_.end() || rule_.empty()) return after == changes_.begin() ? first_ : std::prev(after)->offset;
  if (!yearly_.begins) return yearly_.standard;
  const auto day = floor<days>(sys_seconds(seconds(utc + yearly_.standard)));
  const int at_year = static_cast<int>(year_month_day(day).year());
  const std::int64_t begins = moment_of(*yearly_.begins, at_year, yearly_.standard);
  const std::int64_t ends = moment_of(*yearly_.ends, at_year, yearly_.daylight);
  const bool daylight = begins < ends ? utc >= begins && utc < ends : utc >= begins || utc < ends;
  return daylight ? yearly_.daylight : yearly_.standard;
}

// A time that the clock shows twice is the first of both; one that it skips is read as before the change.
sys_seconds time_zone::to_utc(local_seconds local) const {
  const std::int64_t shown = local.time_since_epoch().count();
  const std::int32_t earlier = offset_at(shown - 86400);
  const std::int32_t later = offset_at(shown + 86400);
  const std::int64_t by_earlier = shown - earlier;
  if (offset_at(by_earlier) == earlier) return sys_seconds(seconds(by_earlier));
  const std::int64_t by_later = shown - later;
  return sys_seconds(seconds(offset_at(by_later) == later ? by_later : by_earlier));
}

local_seconds time_zone::to_local(sys_seconds utc) const {
  const std::int64_t moment = utc.time_since_epoch().count();
  return local_seconds(seconds(moment + offset_at(moment)));
}

}  // namespace sql2ldap
