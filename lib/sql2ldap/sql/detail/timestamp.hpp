// Points in time as the rows carry them (model/row.hpp): "YYYY-MM-DD HH:MM:SS[.ffffff]" in UTC.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sql2ldap::sql::detail {

// Microseconds since 2000-01-01 00:00:00 UTC, which is also PostgreSQL's binary form.
using timestamp_us = std::int64_t;
using timestamp_text = std::array<char, 40>;

// "YYYY-MM-DD", with a time after a blank or 'T', with a fraction, with a zone (Z, +HH, +HH:MM,
// +HHMM); nothing else, and no date that the calendar does not have.
[[nodiscard]] std::optional<timestamp_us> parse_timestamp(std::string_view text) noexcept;
// Zeros at the end of a fraction are left out; PostgreSQL's two infinities get their names.
[[nodiscard]] std::string_view format_timestamp(timestamp_us when, timestamp_text& buffer) noexcept;

}  // namespace sql2ldap::sql::detail
