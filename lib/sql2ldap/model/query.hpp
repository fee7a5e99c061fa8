// A question to a SQL source as a value. The room `sql` renders it in the engine's dialect, with
// identifiers quoted and literals by type, so no SQL text is ever put together elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sql2ldap::model {

struct table_ref {
  std::string schema;  // "" = as the search path finds it
  std::string table;
  std::string alias;  // never empty, unique in a query
  friend bool operator==(const table_ref&, const table_ref&) = default;
};

struct column_ref {
  std::string alias;
  std::string column;
  friend bool operator==(const column_ref&, const column_ref&) = default;
};

struct null_literal {
  friend bool operator==(null_literal, null_literal) = default;
};
using literal = std::variant<null_literal, bool, std::int64_t, std::string>;
// The text of a column, folded the same way by every engine and every collation: lower(...) knows the 26 letters of
// ASCII, trim(...) takes ascii_space off both ends.
struct folded_column {
  column_ref column;
  bool lowered = false;
  bool trimmed = false;
};
using operand = std::variant<column_ref, literal, folded_column>;
// The column that an operand reads, null for a constant.
[[nodiscard]] inline const column_ref* column_of(const operand& o) noexcept {
  if (const auto* const folded = std::get_if<folded_column>(&o)) return &folded->column;
  return std::get_if<column_ref>(&o);
}

struct condition;
using condition_ptr = std::shared_ptr<const condition>;  // immutable tree

enum class comparison { equal, not_equal, less, less_equal, greater, greater_equal };

struct compare {  // a boolean literal against an integer column means 1 or 0
  operand left;
  comparison op = comparison::equal;
  operand right;
};
struct like {  // SQL LIKE with % and _, `\` escapes; case-sensitive on every engine
  operand left;
  std::string pattern;
  bool negated = false;
};
struct in_list {
  operand left;
  std::vector<literal> list;
  bool negated = false;
};
struct is_null {
  operand left;
  bool negated = false;
};
struct truth {  // a bare column: true, 1, 't', 'y', '1', 'yes', 'on', 'true' are true
  column_ref column;
};
struct all_of {
  std::vector<condition_ptr> parts;
};
struct any_of {
  std::vector<condition_ptr> parts;
};
struct none_of {  // NOT
  condition_ptr part;
};
struct exists {  // EXISTS (SELECT 1 FROM table WHERE on)
  table_ref table;
  condition_ptr on;
};
struct condition {
  std::variant<compare, like, in_list, is_null, truth, all_of, any_of, none_of, exists> node;
};

struct join {
  enum class how { left, inner };
  how kind = how::left;
  table_ref table;
  condition_ptr on;
};

// SELECT columns FROM from [JOIN ...] [WHERE where] ORDER BY order.
struct query {
  table_ref from;
  std::vector<join> joins;
  condition_ptr where;  // null = all rows
  std::vector<column_ref> columns;
  std::vector<column_ref> order;       // total over the rows that matter to the caller
  std::vector<column_ref> descending;  // after `order`, texts by their bytes, the greatest first
  // Not empty: only rows whose `restrict_to` columns equal one of these tuples (text form, as
  // row.hpp gives it). For re-reading a few keys; the source splits long lists itself.
  std::vector<column_ref> restrict_to;
  std::vector<std::vector<std::string>> keys;
  bool few_rows = false;  // a hint, also given by `keys`: not worth a connection of its own
};

}  // namespace sql2ldap::model
