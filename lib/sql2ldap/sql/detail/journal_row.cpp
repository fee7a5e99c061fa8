#include <sql2ldap/sql/detail/journal_row.hpp>

#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sql2ldap/sql/limits.hpp>

namespace sql2ldap::sql::detail {
namespace {

// As PostgreSQL writes those of a domain.
bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::string> as_in_rows(const nlohmann::json& value, model::sql_type type) {
  using model::sql_type;
  switch (type) {
    case sql_type::text:
    case sql_type::other:
      if (value.is_string()) return value.get<std::string>();
      if (value.is_number_integer()) return value.dump();  // as SQLite keeps what looks like a number
      return std::nullopt;
    case sql_type::integer:
      if (value.is_number_integer()) return value.dump();
      if (value.is_string() && is_integer(value.get_ref<const std::string&>())) return value.get<std::string>();
      return std::nullopt;
    case sql_type::boolean:
      if (value.is_boolean()) return value.get<bool>() ? "t" : "f";
      if (value == "t" || value == "f") return value.get<std::string>();
      if (value.is_number_integer()) return value.dump();  // SQLite has no other
      return std::nullopt;
    case sql_type::real:
    case sql_type::bytes:
    case sql_type::timestamp:
    case sql_type::json:
      break;
  }
  return std::nullopt;
}

model::row_image image_of(const std::string& schema, const std::string& name, const model::table_info* table,
                          const nlohmann::json& row) {
  model::row_image out{schema, name, {}};
  if (table == nullptr || !row.is_object()) return out;
  for (const auto& [column, value] : row.items()) {
    const model::column_info* known = table->find(column);
    if (known == nullptr) continue;
    if (value.is_null()) {
      out.columns.emplace(column, std::nullopt);
    } else if (auto text = as_in_rows(value, known->type)) {
      out.columns.emplace(column, std::move(text));
    }
  }
  return out;
}

}  // namespace

std::vector<model::row_image> journal_rows(const std::string& schema, const std::string& name,
                                           const model::table_info* table, std::string_view before,
                                           std::string_view after, std::string_view changed) {
  std::vector<model::row_image> out;
  for (const std::string_view row : {before, after})
    if (!row.empty()) out.push_back(image_of(schema, name, table, nlohmann::json::parse(row, nullptr, false)));
  const nlohmann::json names = nlohmann::json::parse(changed, nullptr, false);
  if (!names.is_array()) return out;
  std::set<std::string, std::less<>> columns;
  for (const nlohmann::json& column : names)
    if (column.is_string()) columns.insert(column.get<std::string>());
  for (model::row_image& image : out) image.changed = columns;
  return out;
}

std::vector<model::table_ref> names_of(const std::vector<noted_table>& tables) {
  std::vector<model::table_ref> out;
  for (const noted_table& one : tables) out.push_back(one.table);
  return out;
}

std::string overflowed_text() {
  return fmt::format("more than {} changes were not taken in time, and no more were noted", limits::journal_rows_max);
}

}  // namespace sql2ldap::sql::detail
