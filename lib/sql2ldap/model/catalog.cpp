#include <sql2ldap/model/catalog.hpp>

#include <algorithm>

namespace sql2ldap::model {

const column_info* table_info::find(std::string_view column) const noexcept {
  const auto at = std::find_if(columns.begin(), columns.end(), [&](const column_info& c) { return c.name == column; });
  return at == columns.end() ? nullptr : &*at;
}

const table_info* catalog::find(std::string_view schema, std::string_view table) const noexcept {
  const auto at = std::find_if(tables.begin(), tables.end(), [&](const table_info& t) {
    return t.name == table && (schema.empty() || t.schema == schema);
  });
  return at == tables.end() ? nullptr : &*at;
}

}  // namespace sql2ldap::model
