#include <sql2ldap/sql/detail/pg_values.hpp>

#include <charconv>
#include <string>
#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap::sql::detail {

pg_values::pg_values(std::vector<model::sql_type> types, std::vector<std::string> names, std::string table,
                     bool check_text)
    : types_(std::move(types)),
      names_(std::move(names)),
      table_(std::move(table)),
      check_text_(check_text),
      fields_(types_.size()),
      made_(types_.size()) {}

bool pg_values::set(std::size_t column, std::string_view bytes) noexcept {
  model::field& field = fields_[column];
  field.null = false;
  field.invalid_text = false;
  switch (types_[column]) {
    case model::sql_type::integer: {
      if (bytes.size() != 8) return false;
      timestamp_text& text = made_[column];
      const auto number = static_cast<std::int64_t>(read_u64(bytes.data()));
      const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
      field.bytes = {text.data(), static_cast<std::size_t>(end - text.data())};
      return true;
    }
    case model::sql_type::boolean:
      if (bytes.size() != 1) return false;
      field.bytes = bytes[0] != 0 ? "t" : "f";
      return true;
    case model::sql_type::timestamp:
      if (bytes.size() != 8) return false;
      field.bytes = format_timestamp(static_cast<timestamp_us>(read_u64(bytes.data())), made_[column]);
      return true;
    case model::sql_type::bytes:
      break;
    default:
      field.invalid_text = check_text_ && !is_utf8(bytes);
  }
  field.bytes = bytes;
  return bytes.size() <= limits::field_bytes_max;
}

error pg_values::objection(std::size_t column, std::size_t length) const {
  error what;
  what.kind = error_kind::source;
  if (length > limits::field_bytes_max)
    what.message = "a value of column " + names_[column] + " of table " + table_ + " has " + std::to_string(length) +
                   " bytes; the limit is " + std::to_string(limits::field_bytes_max);
  else
    what.message = "column " + names_[column] + " of table " + table_ + " came in an unexpected form (" +
                   std::to_string(length) + " bytes)";
  return what;
}

}  // namespace sql2ldap::sql::detail
