#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>

namespace sql2ldap::sql::detail {
namespace {

constexpr int hidden_column = 1;  // of a virtual table; 2 and 3 are generated columns

result<void> read_columns(sqlite3* database, model::table_info& table) {
  S2L_TRY_ASSIGN(const auto columns, sqlite_prepare(database,
                                                    "SELECT name, type, \"notnull\", pk, hidden FROM "
                                                    "pragma_table_xinfo(" +
                                                        quoted_literal(table.name) + ") ORDER BY cid"));
  std::vector<std::pair<int, std::string>> key;
  for (;;) {
    S2L_TRY_ASSIGN(const bool more, sqlite_step(columns.get()));
    if (!more) break;
    if (sqlite3_column_int(columns.get(), 4) == hidden_column) continue;
    model::column_info& column = table.columns.emplace_back();
    column.name = sqlite_text(columns.get(), 0);
    column.declared = sqlite_text(columns.get(), 1);
    column.type = sqlite_type_of(column.declared);
    column.nullable = sqlite3_column_int(columns.get(), 2) == 0;
    if (const int place = sqlite3_column_int(columns.get(), 3); place > 0) key.emplace_back(place, column.name);
  }
  std::ranges::sort(key);
  for (auto& [place, name] : key) table.primary_key.push_back(std::move(name));
  return {};
}

// Nothing when the index has an expression in it.
result<std::vector<std::string>> index_columns(sqlite3* database, const std::string& index) {
  S2L_TRY_ASSIGN(const auto parts,
                 sqlite_prepare(database, "SELECT cid, name FROM pragma_index_xinfo(" + quoted_literal(index) +
                                              ") WHERE key = 1 ORDER BY seqno"));
  std::vector<std::string> names;
  for (;;) {
    S2L_TRY_ASSIGN(const bool more, sqlite_step(parts.get()));
    if (!more) return names;
    if (sqlite3_column_int(parts.get(), 0) < 0) return std::vector<std::string>{};
    names.emplace_back(sqlite_text(parts.get(), 1));
  }
}

result<void> read_unique_keys(sqlite3* database, model::table_info& table) {
  S2L_TRY_ASSIGN(const auto indexes,
                 sqlite_prepare(database, "SELECT name FROM pragma_index_list(" + quoted_literal(table.name) +
                                              ") WHERE \"unique\" = 1 AND partial = 0 AND origin "
                                              "<> 'pk' ORDER BY seq DESC"));
  for (;;) {
    S2L_TRY_ASSIGN(const bool more, sqlite_step(indexes.get()));
    if (!more) return {};
    S2L_TRY_ASSIGN(auto columns, index_columns(database, std::string(sqlite_text(indexes.get(), 0))));
    if (!columns.empty()) table.unique_keys.push_back(std::move(columns));
  }
}

// As ANALYZE left them: the first number of `stat` is the rows of the table.
result<void> read_estimates(sqlite3* database, model::catalog& catalog) {
  S2L_TRY_ASSIGN(const auto present,
                 sqlite_prepare(database, "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"));
  S2L_TRY_ASSIGN(const bool analyzed, sqlite_step(present.get()));
  if (!analyzed) return {};
  S2L_TRY_ASSIGN(const auto statistics, sqlite_prepare(database, "SELECT tbl, stat FROM sqlite_stat1"));
  for (;;) {
    S2L_TRY_ASSIGN(const bool more, sqlite_step(statistics.get()));
    if (!more) return {};
    const std::string_view name = sqlite_text(statistics.get(), 0);
    const std::string_view numbers = sqlite_text(statistics.get(), 1);
    std::uint64_t rows = 0;
    if (std::from_chars(numbers.data(), numbers.data() + numbers.size(), rows).ec != std::errc()) continue;
    for (auto& table : catalog.tables)
      if (table.name == name) table.estimated_rows = rows;
  }
}

}  // namespace

model::sql_type sqlite_type_of(std::string_view declared) {
  using model::sql_type;
  const std::string words = ascii_lowered(declared);
  const auto has = [&words](std::string_view word) { return words.find(word) != std::string::npos; };
  if (words.empty()) return sql_type::other;
  if (has("bool")) return sql_type::boolean;
  if (has("timestamp") || has("datetime") || words == "date") return sql_type::timestamp;
  if (has("json")) return sql_type::json;
  if (has("int")) return sql_type::integer;
  if (has("char") || has("clob") || has("text")) return sql_type::text;
  if (has("blob") || has("binary") || has("bytea")) return sql_type::bytes;
  if (has("real") || has("floa") || has("doub") || has("num") || has("dec")) return sql_type::real;
  return sql_type::other;
}

result<model::catalog> read_sqlite_catalog(sqlite3* database) {
  model::catalog catalog;
  catalog.engine = "SQLite";
  catalog.version = sqlite3_libversion();
  S2L_TRY_ASSIGN(const auto encoding, sqlite_prepare(database, "PRAGMA encoding"));
  S2L_TRY_ASSIGN(const bool told, sqlite_step(encoding.get()));
  if (told) catalog.encoding = sqlite_text(encoding.get(), 0);

  S2L_TRY_ASSIGN(const auto tables,
                 sqlite_prepare(database,
                                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT "
                                "LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name COLLATE BINARY"));
  for (;;) {
    S2L_TRY_ASSIGN(const bool more, sqlite_step(tables.get()));
    if (!more) break;
    model::table_info& table = catalog.tables.emplace_back();
    table.name = sqlite_text(tables.get(), 0);
    S2L_TRY(read_columns(database, table));
    S2L_TRY(read_unique_keys(database, table));
  }
  S2L_TRY(read_estimates(database, catalog));
  return catalog;
}

}  // namespace sql2ldap::sql::detail
