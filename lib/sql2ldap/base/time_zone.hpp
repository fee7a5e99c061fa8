// A time zone of the system, by its name in the IANA database, or a fixed distance from UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap {

class time_zone {
 public:
  // "UTC", "+02:00", or a name as "Europe/Berlin", which is read from the system's files (TZDIR, else
  // /usr/share/zoneinfo).
  [[nodiscard]] static result<time_zone> named(std::string_view name);
  // The bytes of a TZif file (RFC 8536), version 2 or later.
  [[nodiscard]] static result<time_zone> parse(std::string_view bytes);

  [[nodiscard]] bool is_utc() const noexcept { return changes_.empty() && rule_.empty() && first_ == 0; }
  [[nodiscard]] std::chrono::sys_seconds to_utc(std::chrono::local_seconds local) const;
  [[nodiscard]] std::chrono::local_seconds to_local(std::chrono::sys_seconds utc) const;

 private:
  struct change {
    std::int64_t at = 0;  // seconds of UTC since 1970
    std::int32_t offset = 0;
  };
  struct day_rule {  // of a POSIX TZ string
    enum class kind : std::uint8_t { month_week, julian, zero_based } how = kind::month_week;
    int month = 0, week = 0, day = 0;
    std::int32_t time = 0;
  };
  struct yearly_rule {
    std::int32_t standard = 0;
    std::int32_t daylight = 0;
    std::optional<day_rule> begins;  // none = no daylight time
    std::optional<day_rule> ends;
  };
  [[nodiscard]] std::int32_t offset_at(std::int64_t utc) const;
  [[nodiscard]] static std::optional<yearly_rule> parse_rule(std::string_view text);
  [[nodiscard]] static std::int64_t moment_of(const day_rule& rule, int year, std::int32_t offset);

  std::int32_t first_ = 0;  // seconds east of UTC before the first change
  std::vector<change> changes_;
  std::string rule_;  // after the last one; "" = the last offset stays
  yearly_rule yearly_;
};

}  // namespace sql2ldap
