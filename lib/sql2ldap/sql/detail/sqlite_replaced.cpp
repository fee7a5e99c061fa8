#include <sql2ldap/sql/detail/sqlite_replaced.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sql/detail/render.hpp>
#include <sql2ldap/sql/detail/sqlite.hpp>

namespace sql2ldap::sql::detail {
namespace {

// pragma_index_xinfo
constexpr int rowid_part = -1;
constexpr int hidden_column = 1;  // of pragma_table_xinfo: of a virtual table

struct column {
  std::string name;
  std::string standard;  // the text of its DEFAULT where NULL becomes that one: REPLACE of a NOT NULL column
};

// What stands in quotes or comments from `at` on: its end, or `at` itself.
std::size_t end_of_quoted(std::string_view sql, std::size_t at) {
  const auto after = [&](std::string_view end, std::size_t from) {
    const std::size_t found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  switch (sql[at]) {
    case '\'':
    case '"':
    case '`':
      return after(sql.substr(at, 1), at + 1);  // a doubled one begins the next
    case '[':
      return after("]", at + 1);
    case '-':
      return sql.substr(at).starts_with("--") ? after("\n", at) : at;
    case '/':
      return sql.substr(at).starts_with("/*") ? after("*/", at + 2) : at;
    default:
      return at;
  }
}

// The parts of an index as they stand between the outer parentheses of its CREATE INDEX.
std::vector<std::string> parts_of_index(std::string_view sql) {
  std::vector<std::string> out;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < sql.size(); ++at) {
    if (const std::size_t end = end_of_quoted(sql, at); end != at) {
      at = end - 1;
      continue;
    }
    const char c = sql[at];
    if (c == '(' && ++depth == 1) begin = at + 1;
    if (depth == 1 && (c == ',' || c == ')')) {
      out.emplace_back(trimmed(sql.substr(begin, at - begin)));
      begin = at + 1;
    }
    if (c == ')' && --depth == 0) return out;
  }
  return {};
}

std::string without_direction(const std::string& part) {
  for (const std::string_view word : {"ASC", "DESC"}) {
    if (part.size() <= word.size()) continue;
    const std::size_t at = part.size() - word.size();
    if (equal_ignoring_ascii_case(std::string_view(part).substr(at), word) &&
        std::string_view(" \t\n\r)\"'`]").find(part[at - 1]) != std::string_view::npos)
      return part.substr(0, at);
  }
  return part;
}

class table_reader {
 public:
  table_reader(sqlite3* database, const std::string& table)
      : database_(database), table_(table), name_(quoted_identifier(table)) {}

  result<std::optional<sqlite_replaced>> rows() {
    S2L_TRY(read_columns());
    std::vector<std::string> any;
    S2L_TRY_ASSIGN(const std::string rowid, rowid_name());
    if (!rowid.empty()) any.push_back(fmt::format("{0}.{1} = NEW.{1}", name_, rowid));
    S2L_TRY_ASSIGN(const auto indexes,
                   texts("SELECT name FROM pragma_index_list(" + quoted_literal(table_) + ") WHERE \"unique\" = 1"));
    for (const std::string& index : indexes) {
      S2L_TRY_ASSIGN(const auto same, same_in(index, rowid));
      if (!same) return std::optional<sqlite_replaced>();
      any.push_back(*same);
    }
    return std::optional(sqlite_replaced{fmt::format("{}", fmt::join(any, " OR ")), rowid});
  }

 private:
  result<void> read_columns() {
    S2L_TRY_ASSIGN(const auto rows, sqlite_prepare(database_,
                                                   "SELECT name, dflt_value, \"notnull\", hidden FROM "
                                                   "pragma_table_xinfo(" +
                                                       quoted_literal(table_) + ") ORDER BY cid"));
    while (true) {
      S2L_TRY_ASSIGN(const bool more, sqlite_step(rows.get()));
      if (!more) return {};
      column& one = columns_.emplace_back();
      one.name = sqlite_text(rows.get(), 0);
      if (sqlite3_column_int(rows.get(), 2) != 0) one.standard = sqlite_text(rows.get(), 1);
      if (sqlite3_column_int(rows.get(), 3) == hidden_column) columns_.pop_back();
    }
  }

  result<std::vector<std::string>> texts(const std::string& sql) {
    S2L_TRY_ASSIGN(const auto rows, sqlite_prepare(database_, sql));
    std::vector<std::string> out;
    while (true) {
      S2L_TRY_ASSIGN(const bool more, sqlite_step(rows.get()));
      if (!more) return out;
      out.emplace_back(sqlite_text(rows.get(), 0));
    }
  }

  // "" for a table WITHOUT ROWID. A column may have taken one of the names.
  result<std::string> rowid_name() {
    for (const std::string_view name : {"rowid", "_rowid_", "oid"}) {
      const bool taken = std::any_of(columns_.begin(), columns_.end(),
                                     [&](const column& c) { return equal_ignoring_ascii_case(c.name, name); });
      if (!taken && sqlite_prepare(database_, fmt::format("SELECT {} FROM {}", name, name_))) return std::string(name);
    }
    return std::string();
  }

  // All parts of the index are the same, whatever its WHERE says.
  result<std::optional<std::string>> same_in(const std::string& index, const std::string& rowid) {
    S2L_TRY_ASSIGN(const auto parts,
                   sqlite_prepare(database_, "SELECT cid, name, coll, seqno FROM pragma_index_xinfo(" +
                                                 quoted_literal(index) + ") WHERE key = 1 ORDER BY seqno"));
    std::vector<std::string> all;
    while (true) {
      S2L_TRY_ASSIGN(const bool more, sqlite_step(parts.get()));
      if (!more) return std::optional(fmt::format("({})", fmt::join(all, " AND ")));
      const int id = sqlite3_column_int(parts.get(), 0);
      const std::string collation = quoted_identifier(sqlite_text(parts.get(), 2));
      if (id == rowid_part) {
        all.push_back(fmt::format("{0}.{1} = NEW.{1}", name_, rowid));
      } else if (id >= 0) {
        const std::string name(sqlite_text(parts.get(), 1));
        all.push_back(
            fmt::format("{}.{} = {} COLLATE {}", name_, quoted_identifier(name), value_in_new(name), collation));
      } else {
        S2L_TRY_ASSIGN(const auto expression,
                       expression_in(index, static_cast<std::size_t>(sqlite3_column_int(parts.get(), 3))));
        if (!expression) return std::optional<std::string>();
        // Names without a table are columns of the innermost FROM.
        all.push_back(fmt::format("({}) = (SELECT {} FROM (SELECT {}) AS {}) COLLATE {}", *expression, *expression,
                                  new_row(), name_, collation));
      }
    }
  }

  // As it stands in the index; nullopt where this connection cannot compute it.
  result<std::optional<std::string>> expression_in(const std::string& index, std::size_t place) {
    S2L_TRY_ASSIGN(const auto sql,
                   texts("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = " + quoted_literal(index)));
    const auto parts = sql.empty() ? std::vector<std::string>() : parts_of_index(sql.front());
    if (place >= parts.size()) return std::optional<std::string>();
    std::string expression = without_direction(parts[place]);
    if (!sqlite_prepare(database_, fmt::format("SELECT ({}) FROM {}", expression, name_)))
      return std::optional<std::string>();
    return std::optional(std::move(expression));
  }

  [[nodiscard]] std::string value_in_new(const std::string& name) const {
    const auto known = std::find_if(columns_.begin(), columns_.end(), [&](const column& c) { return c.name == name; });
    const std::string value = "NEW." + quoted_identifier(name);
    if (known == columns_.end() || known->standard.empty()) return value;
    return fmt::format("coalesce({}, ({}))", value, known->standard);
  }

  [[nodiscard]] std::string new_row() const {
    std::string out;
    for (const column& one : columns_)
      out += fmt::format("{}{} AS {}", out.empty() ? "" : ", ", value_in_new(one.name), quoted_identifier(one.name));
    return out;
  }

  sqlite3* database_;
  const std::string& table_;
  std::string name_;
  std::vector<column> columns_;
};

}  // namespace

result<std::optional<sqlite_replaced>> sqlite_replaced_rows(sqlite3* database, const std::string& table) {
  return table_reader(database, table).rows();
}

}  // namespace sql2ldap::sql::detail
