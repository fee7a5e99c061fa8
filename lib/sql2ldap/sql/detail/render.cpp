#include <sql2ldap/sql/detail/render.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sql/detail/timestamp.hpp>

namespace sql2ldap::sql::detail {
namespace {

using model::comparison;
using model::sql_type;

constexpr std::string_view always = "(1 = 1)";
constexpr std::string_view never = "(1 = 0)";
constexpr std::string_view yes_words = "('t', 'true', '1', 'y', 'yes', 'on')";
constexpr std::string_view no_words = "('f', 'false', '0', 'n', 'no', 'off')";

std::string_view sign_of(comparison op) noexcept {
  switch (op) {
    case comparison::equal:
      return "=";
    case comparison::not_equal:
      return "<>";
    case comparison::less:
      return "<";
    case comparison::less_equal:
      return "<=";
    case comparison::greater:
      return ">";
    case comparison::greater_equal:
      return ">=";
  }
  return "=";
}

comparison mirrored(comparison op) noexcept {
  switch (op) {
    case comparison::less:
      return comparison::greater;
    case comparison::less_equal:
      return comparison::greater_equal;
    case comparison::greater:
      return comparison::less;
    case comparison::greater_equal:
      return comparison::less_equal;
    default:
      return op;
  }
}

bool is_ordering(comparison op) noexcept { return op != comparison::equal && op != comparison::not_equal; }

bool is_number(sql_type type) noexcept { return type == sql_type::integer || type == sql_type::real; }

// Only the one spelling that rows give: "007" equals no integer.
bool is_canonical_integer(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && std::to_string(value) == text;
}

bool is_decimal(std::string_view text) noexcept {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (point == std::string_view::npos) return digits(text);
  return digits(text.substr(0, point)) && digits(text.substr(point + 1));
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

// Whether a text has no capital letter of ASCII left: by lower(...), or as it is written.
bool is_lowered(const model::operand& value) {
  if (const auto* folded = std::get_if<model::folded_column>(&value)) return folded->lowered;
  const auto* constant = std::get_if<model::literal>(&value);
  const auto* text = constant == nullptr ? nullptr : std::get_if<std::string>(constant);
  return text != nullptr && std::ranges::none_of(*text, [](char c) { return ascii_lower(c) != c; });
}

bool reads_only(const model::operand& value, const std::string& alias) {
  const auto* column = model::column_of(value);
  return column == nullptr || column->alias == alias;
}

// Whether a condition can be decided on a row of `alias` alone.
bool reads_only(const model::condition& what, const std::string& alias) {
  const auto each = [&](const std::vector<model::condition_ptr>& parts) {
    return std::ranges::all_of(parts, [&](const auto& part) { return reads_only(*part, alias); });
  };
  return std::visit(
      overloaded{
          [&](const model::compare& c) { return reads_only(c.left, alias) && reads_only(c.right, alias); },
          [&](const model::truth& c) { return c.column.alias == alias; },
          [&](const model::all_of& c) { return each(c.parts); },
          [&](const model::any_of& c) { return each(c.parts); },
          [&](const model::none_of& c) { return reads_only(*c.part, alias); },
          [](const model::exists&) { return false; },
          [&](const auto& c) { return reads_only(c.left, alias); },
      },
      what.node);
}

// LIKE would ignore letter case in SQLite; GLOB does not, and has other special characters.
std::string glob_of_like(std::string_view pattern) {
  std::string glob;
  const auto put_plain = [&glob](char c) {
    if (c == '*' || c == '?' || c == '[')
      glob.append({'[', c, ']'});
    else
      glob += c;
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%')
      glob += '*';
    else if (pattern[i] == '_')
      glob += '?';
    else if (pattern[i] == '\\' && i + 1 < pattern.size())
      put_plain(pattern[++i]);
    else
      put_plain(pattern[i]);
  }
  return glob;
}

// PostgreSQL refuses a pattern that ends in a single escape character.
std::string complete_like(std::string_view pattern) {
  std::string whole(pattern);
  const std::size_t last = whole.find_last_not_of('\\');
  const std::size_t backslashes = whole.size() - (last == std::string::npos ? 0 : last + 1);
  if (backslashes % 2 == 1) whole += '\\';
  return whole;
}

class renderer {
 public:
  renderer(dialect engine, const model::catalog& tables)
      : postgresql_(engine == dialect::postgresql), tables_(tables) {}

  std::string select(const model::query& what);
  void declare(const model::table_ref& table) { aliases_[table.alias] = tables_.find(table.schema, table.table); }
  [[nodiscard]] sql_type type_of(const model::column_ref& column) const;

 private:
  // Two expressions that the engine can compare without an error, and with an index if there is one.
  struct sides {
    std::string left;
    std::string right;
  };

  [[nodiscard]] static std::string name(const model::column_ref& column) {
    return quoted_identifier(column.alias) + "." + quoted_identifier(column.column);
  }
  [[nodiscard]] std::string table(const model::table_ref& ref) const;
  [[nodiscard]] std::string as_text(const std::string& expression) const {
    return postgresql_ ? expression + "::text" : "CAST(" + expression + " AS TEXT)";
  }
  [[nodiscard]] std::string text_literal(std::string_view text) const;
  [[nodiscard]] std::string bytes_literal(std::string_view bytes) const {
    return postgresql_ ? "'\\x" + hex_of(bytes) + "'::bytea" : "x'" + hex_of(bytes) + "'";
  }
  [[nodiscard]] std::string trimmed_text(const model::folded_column& column) const;
  [[nodiscard]] std::string folded(const model::folded_column& column) const;
  [[nodiscard]] std::string text_of(const model::operand& value) const;
  [[nodiscard]] std::string selected(const model::column_ref& column) const;
  [[nodiscard]] std::string sort_key(const model::column_ref& column) const;

  [[nodiscard]] std::string condition(const model::condition& what);
  [[nodiscard]] std::string list(const std::vector<model::condition_ptr>& parts, std::string_view between,
                                 std::string_view when_empty);
  [[nodiscard]] std::string truth(const model::column_ref& column, bool wanted) const;
  [[nodiscard]] sides against(const model::column_ref& column, std::int64_t number) const;
  [[nodiscard]] sides against(const model::column_ref& column, const std::string& text) const;
  [[nodiscard]] std::string compare(const model::compare& what) const;
  [[nodiscard]] std::string compare_folded(const model::compare& what) const;
  [[nodiscard]] std::string exists(const model::exists& what);
  [[nodiscard]] std::optional<std::string> as_membership(const model::exists& what);
  [[nodiscard]] std::string compare_columns(const model::column_ref& a, comparison op,
                                            const model::column_ref& b) const;
  [[nodiscard]] std::string compare_literals(const model::literal& a, comparison op, const model::literal& b) const;
  [[nodiscard]] std::string compare_with_literal(const model::column_ref& a, comparison op,
                                                 const model::literal& b) const;
  [[nodiscard]] std::string put_together(const sides& both, comparison op, bool text) const;
  [[nodiscard]] std::string like(const model::like& what) const;
  [[nodiscard]] std::string in_list(const model::in_list& what) const;
  [[nodiscard]] std::string restriction(const model::query& what) const;

  bool postgresql_;
  const model::catalog& tables_;
  std::map<std::string, const model::table_info*> aliases_;
};

sql_type renderer::type_of(const model::column_ref& column) const {
  const auto found = aliases_.find(column.alias);
  if (found == aliases_.end() || found->second == nullptr) return sql_type::other;
  const model::column_info* info = found->second->find(column.column);
  return info == nullptr ? sql_type::other : info->type;
}

std::string renderer::table(const model::table_ref& ref) const {
  std::string text;
  if (!ref.schema.empty()) text = quoted_identifier(ref.schema) + ".";
  return text + quoted_identifier(ref.table) + " AS " + quoted_identifier(ref.alias);
}

std::string renderer::text_literal(std::string_view text) const {
  if (text.find('\0') == std::string_view::npos) return quoted_literal(text);
  // No text in PostgreSQL has a NUL, so nothing equals this one.
  return postgresql_ ? "NULL" : "CAST(x'" + hex_of(text) + "' AS TEXT)";
}

std::string renderer::select(const model::query& what) {
  declare(what.from);
  for (const auto& join : what.joins) declare(join.table);

  std::string sql = "SELECT ";
  for (std::size_t i = 0; i < what.columns.size(); ++i) sql += (i == 0 ? "" : ", ") + selected(what.columns[i]);
  sql += " FROM " + table(what.from);
  for (const auto& join : what.joins) {
    sql += join.kind == model::join::how::left ? " LEFT JOIN " : " INNER JOIN ";
    sql += table(join.table) + " ON " + (join.on ? condition(*join.on) : std::string(always));
  }
  std::vector<std::string> conditions;
  if (what.where) conditions.push_back(condition(*what.where));
  if (!what.restrict_to.empty()) conditions.push_back(restriction(what));
  if (!conditions.empty()) sql += " WHERE " + joined(conditions, " AND ");
  for (std::size_t i = 0; i < what.order.size(); ++i) sql += (i == 0 ? " ORDER BY " : ", ") + sort_key(what.order[i]);
  for (const auto& column : what.descending) sql += ", " + sort_key(column) + " DESC";
  return sql;
}

// The casts fix what travels on the wire, whatever the catalog said a moment ago; those that
// change nothing cost nothing.
std::string renderer::selected(const model::column_ref& column) const {
  const std::string expression = name(column);
  if (!postgresql_) return expression;
  switch (type_of(column)) {
    case sql_type::integer:
      return expression + "::bigint";
    case sql_type::boolean:
      return expression + "::boolean";
    case sql_type::bytes:
      return expression + "::bytea";
    case sql_type::timestamp:
      return expression + "::timestamp";
    default:
      return expression + "::text";
  }
}

// Text is sorted by its bytes: the same order everywhere, and several times faster than by a locale.
std::string renderer::sort_key(const model::column_ref& column) const {
  const std::string expression = name(column);
  if (!postgresql_) return expression + " COLLATE BINARY";
  switch (type_of(column)) {
    case sql_type::integer:
    case sql_type::real:
    case sql_type::boolean:
    case sql_type::bytes:
    case sql_type::timestamp:
      return expression;
    default:
      return expression + "::text COLLATE \"C\"";
  }
}

std::string renderer::condition(const model::condition& what) {
  return std::visit(overloaded{
                        [&](const model::compare& c) { return compare(c); },
                        [&](const model::like& c) { return like(c); },
                        [&](const model::in_list& c) { return in_list(c); },
                        [&](const model::is_null& c) {
                          const auto* column = model::column_of(c.left);
                          if (column != nullptr)
                            return "(" + name(*column) + (c.negated ? " IS NOT NULL)" : " IS NULL)");
                          const bool null =
                              std::holds_alternative<model::null_literal>(std::get<model::literal>(c.left));
                          return std::string(null != c.negated ? always : never);
                        },
                        [&](const model::truth& c) { return truth(c.column, true); },
                        [&](const model::all_of& c) { return list(c.parts, " AND ", always); },
                        [&](const model::any_of& c) { return list(c.parts, " OR ", never); },
                        [&](const model::none_of& c) { return "(NOT " + condition(*c.part) + ")"; },
                        [&](const model::exists& c) {
                          const auto outer = aliases_;
                          declare(c.table);
                          std::string text = exists(c);
                          aliases_ = outer;
                          return text;
                        },
                    },
                    what.node);
}

std::string renderer::exists(const model::exists& what) {
  if (!postgresql_) {
    if (auto membership = as_membership(what)) return *std::move(membership);
  }
  return "EXISTS (SELECT 1 FROM " + table(what.table) + " WHERE " +
         (what.on ? condition(*what.on) : std::string(always)) + ")";
}

// SQLite reads the whole table once a row when the condition compares folded texts, which no index of the table
// serves. As a list that does not depend on the row it is made and sorted once.
std::optional<std::string> renderer::as_membership(const model::exists& what) {
  std::vector<model::condition_ptr> parts;
  if (what.on == nullptr) return std::nullopt;
  if (const auto* all = std::get_if<model::all_of>(&what.on->node))
    parts = all->parts;
  else
    parts.push_back(what.on);
  const std::string& inner = what.table.alias;
  const model::operand* mine = nullptr;
  const model::operand* other = nullptr;
  std::vector<std::string> rest;
  for (const auto& part : parts) {
    if (reads_only(*part, inner)) {
      rest.push_back(condition(*part));
      continue;
    }
    const auto* tie = std::get_if<model::compare>(&part->node);
    if (tie == nullptr || mine != nullptr || tie->op != comparison::equal || !is_lowered(tie->left) ||
        !is_lowered(tie->right))
      return std::nullopt;
    const bool left_is_mine = reads_only(tie->left, inner);
    mine = left_is_mine ? &tie->left : &tie->right;
    other = left_is_mine ? &tie->right : &tie->left;
    if (!reads_only(*mine, inner) || model::column_of(*other) == nullptr || reads_only(*other, inner))
      return std::nullopt;
  }
  if (mine == nullptr) return std::nullopt;
  const std::string member = text_of(*mine);
  rest.push_back(member + " IS NOT NULL");
  return "coalesce(" + text_of(*other) + " COLLATE NOCASE IN (SELECT " + member + " FROM " + table(what.table) +
         " WHERE " + joined(rest, " AND ") + "), 0)";
}

std::string renderer::list(const std::vector<model::condition_ptr>& parts, std::string_view between,
                           std::string_view when_empty) {
  if (parts.empty()) return std::string(when_empty);
  std::vector<std::string> texts;
  for (const auto& part : parts) texts.push_back(condition(*part));
  return "(" + joined(texts, between) + ")";
}

// SQLite keeps 't' in an integer column when that is what was written, so there the words count
// for every type.
std::string renderer::truth(const model::column_ref& column, bool wanted) const {
  const sql_type type = type_of(column);
  if (postgresql_ && type == sql_type::boolean) return "(" + name(column) + (wanted ? " = TRUE)" : " = FALSE)");
  if (postgresql_ && is_number(type)) return "(" + name(column) + (wanted ? " = 1)" : " = 0)");
  return "(lower(" + as_text(name(column)) + ") IN " + std::string(wanted ? yes_words : no_words) + ")";
}

renderer::sides renderer::against(const model::column_ref& column, std::int64_t number) const {
  const std::string digits = std::to_string(number);
  switch (type_of(column)) {
    case sql_type::integer:
    case sql_type::real:
      return {name(column), digits};
    case sql_type::boolean:
      if (!postgresql_) return {name(column), digits};
      return {name(column) + "::integer", digits};
    case sql_type::timestamp:
      if (!postgresql_) return {name(column), digits};
      break;
    default:
      break;
  }
  return against(column, digits);
}

renderer::sides renderer::against(const model::column_ref& column, const std::string& text) const {
  switch (type_of(column)) {
    case sql_type::text:
      return {name(column), text_literal(text)};
    case sql_type::integer:
      if (is_canonical_integer(text)) return {name(column), text};
      break;
    case sql_type::real:
      if (is_decimal(text)) return {name(column), text};
      break;
    case sql_type::boolean:
      if (postgresql_ && text == "t") return {name(column), "TRUE"};
      if (postgresql_ && text == "f") return {name(column), "FALSE"};
      if (postgresql_) return {"CASE WHEN " + name(column) + " THEN 't' ELSE 'f' END", text_literal(text)};
      break;
    case sql_type::bytes:
      if (postgresql_) return {name(column), bytes_literal(text)};
      return {"CAST(" + name(column) + " AS BLOB)", bytes_literal(text)};
    case sql_type::timestamp:
      if (const auto when = parse_timestamp(text)) {
        timestamp_text buffer;
        const std::string literal = quoted_literal(format_timestamp(*when, buffer));
        if (postgresql_) return {name(column), "TIMESTAMP " + literal};
        return {std::string(sqlite_timestamp_function) + "(" + name(column) + ")", literal};
      }
      break;
    case sql_type::json:
    case sql_type::other:
      break;
  }
  return {as_text(name(column)), text_literal(text)};
}

std::string renderer::put_together(const sides& both, comparison op, bool text) const {
  const bool by_bytes = postgresql_ && text && is_ordering(op);
  return "(" + both.left + " " + std::string(sign_of(op)) + " " + both.right + (by_bytes ? " COLLATE \"C\")" : ")");
}

// Without lower(...): SQLite folds in the comparison.
std::string renderer::trimmed_text(const model::folded_column& column) const {
  std::string text = type_of(column.column) == sql_type::text ? name(column.column) : as_text(name(column.column));
  if (!column.trimmed) return text;
  return postgresql_ ? "btrim(" + text + ", E' \\t\\n\\x0b\\f\\r')" : "trim(" + text + ", char(32, 9, 10, 11, 12, 13))";
}

// lower() knows the letters of the database's locale; under the collation "C" those of ASCII.
std::string renderer::folded(const model::folded_column& column) const {
  const std::string text = trimmed_text(column);
  if (!column.lowered) return text;
  return postgresql_ ? "lower(" + text + " COLLATE \"C\")" : std::string(sqlite_lower_function) + "(" + text + ")";
}

std::string renderer::text_of(const model::operand& value) const {
  return std::visit(
      overloaded{
          [this](const model::column_ref& column) {
            return type_of(column) == sql_type::text ? name(column) : as_text(name(column));
          },
          [this](const model::folded_column& column) { return postgresql_ ? folded(column) : trimmed_text(column); },
          [this](const model::literal& constant) {
            return std::visit(overloaded{
                                  [](model::null_literal) { return std::string("NULL"); },
                                  [](bool flag) { return std::string(flag ? "'1'" : "'0'"); },
                                  [](std::int64_t number) { return "'" + std::to_string(number) + "'"; },
                                  [this](const std::string& text) { return text_literal(text); },
                              },
                              constant);
          },
      },
      value);
}

// Equal texts are equal bytes here, whatever the columns' own collations say. SQLite's NOCASE folds ASCII alone and,
// other than its lower(), lets an index serve the comparison: one of the column, or one made for the statement.
std::string renderer::compare_folded(const model::compare& what) const {
  const auto* left = std::get_if<model::folded_column>(&what.left);
  const auto* right = std::get_if<model::folded_column>(&what.right);
  const std::string sign = " " + std::string(sign_of(what.op)) + " ";
  if (postgresql_) return "(" + text_of(what.left) + sign + text_of(what.right) + " COLLATE \"C\")";
  if (is_lowered(what.left) && is_lowered(what.right))
    return "(" + text_of(what.left) + sign + text_of(what.right) + " COLLATE NOCASE)";
  const std::string first = left != nullptr ? folded(*left) : text_of(what.left);
  const std::string second = right != nullptr ? folded(*right) : text_of(what.right);
  return "(" + first + sign + second + " COLLATE BINARY)";
}

std::string renderer::compare(const model::compare& what) const {
  if (std::holds_alternative<model::folded_column>(what.left) ||
      std::holds_alternative<model::folded_column>(what.right))
    return compare_folded(what);
  const auto* left = std::get_if<model::column_ref>(&what.left);
  const auto* right = std::get_if<model::column_ref>(&what.right);
  if (left != nullptr && right != nullptr) return compare_columns(*left, what.op, *right);
  if (left != nullptr) return compare_with_literal(*left, what.op, std::get<model::literal>(what.right));
  if (right != nullptr) return compare_with_literal(*right, mirrored(what.op), std::get<model::literal>(what.left));
  return compare_literals(std::get<model::literal>(what.left), what.op, std::get<model::literal>(what.right));
}

std::string renderer::compare_columns(const model::column_ref& a, comparison op, const model::column_ref& b) const {
  const sql_type left = type_of(a);
  const sql_type right = type_of(b);
  const auto comparable = [this](sql_type type) {
    return type != sql_type::other && (type != sql_type::json || !postgresql_);
  };
  if (left == right && comparable(left)) return put_together({name(a), name(b)}, op, left == sql_type::text);
  if (is_number(left) && is_number(right)) return put_together({name(a), name(b)}, op, false);
  if (postgresql_ && left == sql_type::boolean && is_number(right))
    return put_together({name(a) + "::integer", name(b)}, op, false);
  if (postgresql_ && right == sql_type::boolean && is_number(left))
    return put_together({name(a), name(b) + "::integer"}, op, false);
  // SQLite converts by itself between columns that have a type.
  if (!postgresql_ && comparable(left) && comparable(right)) return put_together({name(a), name(b)}, op, false);
  return put_together({as_text(name(a)), as_text(name(b))}, op, true);
}

std::string renderer::compare_with_literal(const model::column_ref& a, comparison op, const model::literal& b) const {
  return std::visit(overloaded{
                        [&](model::null_literal) { return std::string("(NULL)"); },
                        [&](bool wanted) {
                          if (op == comparison::equal) return truth(a, wanted);
                          if (op == comparison::not_equal) return "(NOT " + truth(a, wanted) + ")";
                          return compare_with_literal(a, op, model::literal(std::int64_t{wanted ? 1 : 0}));
                        },
                        [&](std::int64_t number) {
                          const sql_type type = type_of(a);
                          const bool as_number = is_number(type) || type == sql_type::boolean || !postgresql_;
                          return put_together(against(a, number), op, !as_number);
                        },
                        [&](const std::string& text) {
                          const sides both = against(a, text);
                          return put_together(both, op, both.right.starts_with('\'') && type_of(a) != sql_type::bytes);
                        },
                    },
                    b);
}

std::string renderer::compare_literals(const model::literal& a, comparison op, const model::literal& b) const {
  const auto number = [](const model::literal& value) -> std::optional<std::int64_t> {
    if (const bool* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
    if (const auto* given = std::get_if<std::int64_t>(&value)) return *given;
    return std::nullopt;
  };
  const auto decide = [op](const auto& left, const auto& right) {
    switch (op) {
      case comparison::equal:
        return left == right;
      case comparison::not_equal:
        return left != right;
      case comparison::less:
        return left < right;
      case comparison::less_equal:
        return left <= right;
      case comparison::greater:
        return left > right;
      case comparison::greater_equal:
        return left >= right;
    }
    return false;
  };
  if (std::holds_alternative<model::null_literal>(a) || std::holds_alternative<model::null_literal>(b)) return "(NULL)";
  const auto left = number(a);
  const auto right = number(b);
  if (left && right) return std::string(decide(*left, *right) ? always : never);
  const std::string left_text = left ? std::to_string(*left) : std::get<std::string>(a);
  const std::string right_text = right ? std::to_string(*right) : std::get<std::string>(b);
  return std::string(decide(left_text, right_text) ? always : never);
}

std::string renderer::like(const model::like& what) const {
  std::string left = text_of(what.left);
  if (const auto* column = std::get_if<model::column_ref>(&what.left)) left = as_text(name(*column));
  if (const auto* column = std::get_if<model::folded_column>(&what.left)) left = folded(*column);
  const std::string_view negation = what.negated ? " NOT" : "";
  if (!postgresql_)
    return "(" + left + std::string(negation) + " GLOB " + text_literal(glob_of_like(what.pattern)) + ")";
  return "(" + left + " COLLATE \"C\"" + std::string(negation) + " LIKE " + text_literal(complete_like(what.pattern)) +
         " ESCAPE '\\')";
}

std::string renderer::in_list(const model::in_list& what) const {
  const auto* column = std::get_if<model::column_ref>(&what.left);
  if (const auto* text = std::get_if<model::folded_column>(&what.left)) {
    std::vector<std::string> values;
    for (const auto& value : what.list) values.push_back(text_of(value));
    const std::string any =
        values.empty() ? std::string(never) : "(" + folded(*text) + " IN (" + joined(values, ", ") + "))";
    return what.negated ? "(NOT " + any + ")" : any;
  }
  std::vector<std::string> alternatives;
  std::map<std::string, std::vector<std::string>> by_left;  // one IN for each form of the left side
  for (const auto& value : what.list) {
    if (column == nullptr) {
      alternatives.push_back(compare_literals(std::get<model::literal>(what.left), comparison::equal, value));
      continue;
    }
    std::visit(overloaded{
                   [&](model::null_literal) { alternatives.emplace_back("(NULL)"); },
                   [&](bool wanted) { alternatives.push_back(truth(*column, wanted)); },
                   [&](const auto& plain) {
                     sides both = against(*column, plain);
                     by_left[std::move(both.left)].push_back(std::move(both.right));
                   },
               },
               value);
  }
  for (const auto& [left, values] : by_left) alternatives.push_back(left + " IN (" + joined(values, ", ") + ")");
  const std::string any = alternatives.empty() ? std::string(never) : "(" + joined(alternatives, " OR ") + ")";
  return what.negated ? "(NOT " + any + ")" : any;
}

// One statement however long the list is: in parts, the rows would come out of order.
std::string renderer::restriction(const model::query& what) const {
  std::map<std::string, std::vector<std::string>> by_left;
  for (const auto& key : what.keys) {
    S2L_ASSERT(key.size() == what.restrict_to.size());
    std::vector<std::string> left;
    std::vector<std::string> right;
    for (std::size_t i = 0; i < key.size(); ++i) {
      sides both = against(what.restrict_to[i], key[i]);
      left.push_back(std::move(both.left));
      right.push_back(std::move(both.right));
    }
    by_left[joined(left, ", ")].push_back(joined(right, ", "));
  }
  if (by_left.empty()) return std::string(never);
  const bool single = what.restrict_to.size() == 1;
  std::vector<std::string> alternatives;
  for (const auto& [left, tuples] : by_left) {
    if (single)
      alternatives.push_back(left + " IN (" + joined(tuples, ", ") + ")");
    else
      alternatives.push_back("(" + left + ") IN (VALUES (" + joined(tuples, "), (") + "))");
  }
  return "(" + joined(alternatives, " OR ") + ")";
}

}  // namespace

std::string quoted_identifier(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

std::string quoted_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string render_query(const model::query& what, dialect engine, const model::catalog& tables) {
  return renderer(engine, tables).select(what);
}

std::vector<sql_type> result_types(const model::query& what, const model::catalog& tables) {
  // The types of the columns do not depend on the dialect.
  renderer names(dialect::postgresql, tables);
  names.declare(what.from);
  for (const auto& join : what.joins) names.declare(join.table);
  std::vector<sql_type> types;
  for (const auto& column : what.columns) types.push_back(names.type_of(column));
  return types;
}

}  // namespace sql2ldap::sql::detail
