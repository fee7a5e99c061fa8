// What a SQL database says of its tables: input of `inspect` and `check`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sql2ldap::model {

enum class sql_type { text, integer, real, boolean, bytes, timestamp, json, other };

struct column_info {
  std::string name;
  sql_type type = sql_type::other;
  std::string declared;  // the engine's own words: "character varying(255)"
  bool nullable = true;
};

struct table_info {
  std::string schema;  // "" in SQLite
  std::string name;
  std::vector<column_info> columns;
  std::vector<std::string> primary_key;
  std::vector<std::vector<std::string>> unique_keys;  // without the primary key
  std::optional<std::uint64_t> estimated_rows;
  bool tells_old_rows = true;  // to who follows its changes; else only their keys (PostgreSQL's replica identity)

  [[nodiscard]] const column_info* find(std::string_view column) const noexcept;
};

struct catalog {
  std::string engine;    // "PostgreSQL" or "SQLite"
  std::string version;   // "15.18"
  std::string encoding;  // "UTF8", "SQL_ASCII", ...
  std::vector<table_info> tables;

  // `schema` empty: the table that an unqualified name finds (search_path order of `tables`).
  [[nodiscard]] const table_info* find(std::string_view schema, std::string_view table) const noexcept;
};

}  // namespace sql2ldap::model
