// The syntax tree of a mapping text: what was written and where, nothing resolved yet. Values
// only, no parser library in sight. parse() makes it, print() turns it into the canonical text,
// the checker (program.hpp) gives it meaning.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include <sql2ldap/mapping/diagnostics.hpp>

namespace sql2ldap::mapping::syntax {

struct name {  // an identifier as written, backticks removed
  std::string text;
  bool quoted = false;  // was written in backticks
  position at;
};

// ---- expressions ----------------------------------------------------------------------------

struct expression;
using expression_ptr = std::shared_ptr<const expression>;

struct column {  // m.username, or username; also a bare word where a stage wants one
  std::optional<name> alias;
  name column_name;
};
struct number {
  std::int64_t value = 0;
};
struct text {  // "a${x | lower}b": pieces are literal text or an expression
  std::vector<std::variant<std::string, expression_ptr>> pieces;
};
struct entry_dn {  // dn KIND(args): the DN of another entry
  name kind;
  std::vector<expression_ptr> arguments;
};

struct argument {
  std::optional<name> label;  // unprefixed: crypt
  expression_ptr value;
  std::optional<expression_ptr> becomes;  // "y" -> "TRUE", in map(...)
};
struct stage {
  name function;
  std::vector<argument> arguments;
  position at;
};
struct pipeline {  // head | stage | stage
  std::variant<column, number, text, entry_dn, expression_ptr /* parentheses */> head;
  std::vector<stage> stages;
  position at;
};
struct expression {  // pipeline + pipeline: the union of the values
  std::vector<pipeline> parts;
  position at;
};

// ---- conditions -----------------------------------------------------------------------------

struct condition;
using condition_ptr = std::shared_ptr<const condition>;

struct null_value {};
struct call;  // lower(a.address)
using call_ptr = std::shared_ptr<const call>;
// In a condition a string is '...' ('' doubles the quote) or "..." (a template of parameters).
using value = std::variant<column, null_value, bool, std::int64_t, text, call_ptr>;
struct call {
  name function;
  std::vector<value> arguments;
};

struct comparison {
  value left;
  std::string op;  // "=", "<>", "<", "<=", ">", ">="
  value right;
};
struct like {
  value left;
  text pattern;
  bool negated = false;
};
struct in_list {
  value left;
  std::vector<value> list;
  bool negated = false;
};
struct is_null {
  value left;
  bool negated = false;
};
struct truth {
  column flag;
};
struct exists {  // exists TABLE ALIAS on CONDITION
  name table;
  name alias;
  condition_ptr on;
};
struct all_of {
  std::vector<condition_ptr> parts;
};
struct any_of {
  std::vector<condition_ptr> parts;
};
struct negation {
  condition_ptr part;
};
struct condition {
  std::variant<comparison, like, in_list, is_null, truth, exists, all_of, any_of, negation> node;
  position at;
};

// ---- statements -----------------------------------------------------------------------------

// A comment belongs to the statement after it, or to the end of the line before it; the
// formatter keeps both kinds.
struct comments {
  std::vector<std::string> before;  // whole lines, without '#'; "" entry = an empty line before
  std::string after;                // on the same line, without '#'
};

struct join {
  bool many = false;
  name table;
  name alias;
  condition_ptr on;
  position at;
};
struct key {
  std::vector<column> columns;
  position at;
};
struct under {
  std::optional<text> container;  // "ou=domains", below the base
  std::optional<name> kind;       // or KIND(args)
  std::vector<expression_ptr> arguments;
  position at;
};
struct orphan {
  name policy;  // skip, reject, make
  position at;
};
struct rdn {
  std::vector<std::pair<name, expression_ptr>> parts;
  position at;
};
struct classes {
  std::vector<name> names;
  position at;
};
struct assignment {
  std::vector<name> attributes;
  bool initial = false;  // ?=
  expression_ptr value;
  bool omitted_on_error = false;  // on error omit
  position at;
};
struct partition_rule {
  std::optional<expression_ptr> pattern;  // none = else
  std::optional<expression_ptr> written;  // as EXPR: the token to write when it is to appear
  name attribute;
  std::vector<stage> stages;
  bool omitted_on_error = false;  // on error omit
  position at;
  comments notes;
};
struct partition {
  expression_ptr value;
  std::vector<partition_rule> rules;
  position at;
  std::vector<std::string> closing;  // comment lines before the closing brace
};
struct on_insert {
  std::vector<std::pair<column, expression_ptr>> columns;
  position at;
};

struct statement {
  std::variant<join, key, under, orphan, rdn, classes, assignment, partition, on_insert> node;
  comments notes;
};

struct parameter {
  name parameter_name;
  text value;
  comments notes;
  position at;
};
struct table {  // table mailbox = "${prefix}mailbox"
  name logical;
  text physical;
  comments notes;
  position at;
};
struct entry {
  name kind;
  bool made = false;  // entry KIND made: no table, exists only as somebody's parent
  std::optional<name> table;
  std::optional<name> alias;  // none = the table's name
  condition_ptr where;        // null = all rows
  std::vector<statement> statements;
  comments notes;
  std::vector<std::string> closing;  // comment lines before the closing brace
  position at;
};
struct file {
  std::string mapping_name;
  comments notes;  // of the line: mapping "name"
  std::vector<std::variant<parameter, table, entry>> items;
  std::vector<std::string> closing;
};

// At most limits::mapping_text_bytes_max bytes of UTF-8; nesting up to limits::mapping_depth_max.
[[nodiscard]] tl::expected<file, diagnostics> parse(std::string_view source);
// Canonical text: print(parse(print(f))) == print(f), and parse(print(f)) means what f means.
[[nodiscard]] std::string print(const file& tree);
[[nodiscard]] std::string print(const expression& tree);

}  // namespace sql2ldap::mapping::syntax
