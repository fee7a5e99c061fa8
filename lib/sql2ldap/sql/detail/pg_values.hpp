// PostgreSQL's binary values in the form of model/row.hpp. What travels is fixed by the casts of
// render.cpp: bigint, boolean, bytea, timestamp, and text for all else.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <sql2ldap/base/big_endian.hpp>
#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/row.hpp>
#include <sql2ldap/sql/detail/timestamp.hpp>

namespace sql2ldap::sql::detail {

class pg_values {
 public:
  // `names` and `table` are for messages. `check_text`: the server does not vouch for UTF-8.
  pg_values(std::vector<model::sql_type> types, std::vector<std::string> names, std::string table, bool check_text);

  [[nodiscard]] std::size_t size() const noexcept { return types_.size(); }
  void set_null(std::size_t column) noexcept { fields_[column] = {}; }
  // False: not what the column's type looks like, or too long; see objection().
  [[nodiscard]] bool set(std::size_t column, std::string_view bytes) noexcept;
  // Text and bytes stay where they came from: the view lives as long as they do.
  [[nodiscard]] model::row_view row() const noexcept { return fields_; }

  [[nodiscard]] error objection(std::size_t column, std::size_t length) const;
  [[nodiscard]] const std::string& table() const noexcept { return table_; }

 private:
  std::vector<model::sql_type> types_;
  std::vector<std::string> names_;
  std::string table_;
  bool check_text_;
  std::vector<model::field> fields_;
  std::vector<timestamp_text> made_;  // numbers and times have no text to point at
};

// PostgreSQL counts its time from the year 2000.
inline constexpr std::int64_t seconds_1970_to_2000 = 946'684'800;

}  // namespace sql2ldap::sql::detail
