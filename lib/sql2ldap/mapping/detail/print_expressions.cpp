#include <algorithm>
#include <cstdint>

#include <sql2ldap/mapping/detail/print_expressions.hpp>
#include <sql2ldap/mapping/detail/words.hpp>

namespace sql2ldap::mapping::syntax::detail {
namespace {

std::string in_backticks(const std::string& text) { return '`' + text + '`'; }

bool is_class_word(std::string_view text) {
  return !text.empty() && is_word_start(text.front()) && !is_keyword(text) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word_char(c) || c == '-'; });
}

// "quoted-printable": what may stand bare when it is a whole argument.
bool is_bare_word(std::string_view text) {
  if (text.empty() || !is_word_start(text.front()) || text.back() == '-') return false;
  char before = 'a';
  for (const char c : text) {
    if (!is_word_char(c) && (c != '-' || before == '-')) return false;
    before = c;
  }
  return true;
}

template <typename List, typename Print>
std::string print_list(const List& list, std::string_view separator, Print print_one) {
  std::string out;
  for (const auto& one : list) {
    if (!out.empty()) out += separator;
    out += print_one(one);
  }
  return out;
}

std::string print_pointer(const expression_ptr& e) { return print_expression(*e); }

std::string print_argument_value(const expression& e) {
  if (e.parts.size() == 1 && e.parts.front().stages.empty()) {
    const auto* const only = std::get_if<column>(&e.parts.front().head);
    if (only != nullptr && !only->alias && !only->column_name.quoted && is_bare_word(only->column_name.text))
      return only->column_name.text;
  }
  return print_expression(e);
}

std::string print_argument(const argument& a) {
  std::string out;
  if (a.label) out += print_word(*a.label) + ": ";
  out += print_argument_value(*a.value);
  if (a.becomes) out += " -> " + print_argument_value(**a.becomes);
  return out;
}

void append_escaped(std::string& out, std::string_view literal) {
  for (std::size_t i = 0; i < literal.size(); ++i) {
    const char c = literal[i];
    const bool opens_placeholder = c == '$' && (i + 1 == literal.size() || literal[i + 1] == '{');
    if (c == '"' || c == '\\' || opens_placeholder) out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
}

struct head_printer {
  std::string operator()(const column& c) const { return print_column(c); }
  std::string operator()(const number& n) const { return std::to_string(n.value); }
  std::string operator()(const text& t) const { return print_text(t); }
  std::string operator()(const entry_dn& d) const {
    return "dn " + print_name(d.kind) + '(' + print_list(d.arguments, ", ", print_pointer) + ')';
  }
  std::string operator()(const expression_ptr& e) const { return '(' + print_expression(*e) + ')'; }
};

std::string print_pipeline(const pipeline& p) {
  std::string out = std::visit(head_printer{}, p.head);
  for (const stage& s : p.stages) out += " | " + print_stage(s);
  return out;
}

// ---- conditions ---------------------------------------------------------------------------------

// '...' as SQL has it, unless the text needs an escape or a placeholder.
std::string print_sql_text(const text& t) {
  std::string literal;
  for (const auto& piece : t.pieces) {
    const auto* const part = std::get_if<std::string>(&piece);
    if (part == nullptr || part->find_first_of("\n\t") != std::string::npos) return print_text(t);
    literal += *part;
  }
  std::string out = "'";
  for (const char c : literal) out.append(c == '\'' ? 2 : 1, c);
  return out + '\'';
}

std::string print_value(const value& v);

struct value_printer {
  std::string operator()(const column& c) const { return print_column(c); }
  std::string operator()(null_value) const { return "null"; }
  std::string operator()(bool b) const { return b ? "true" : "false"; }
  std::string operator()(std::int64_t n) const { return std::to_string(n); }
  std::string operator()(const text& t) const { return print_sql_text(t); }
  std::string operator()(const call_ptr& c) const {
    return print_name(c->function) + '(' + print_list(c->arguments, ", ", print_value) + ')';
  }
};
std::string print_value(const value& v) { return std::visit(value_printer{}, v); }

enum class binding { any, conjunct, operand };  // how tight the place of a condition binds

// `last`: nothing of an enclosing condition follows. What follows an `exists` would be its own.
struct condition_printer {
  binding place = binding::any;
  bool last = true;

  std::string operator()(const comparison& c) const {
    return print_value(c.left) + ' ' + c.op + ' ' + print_value(c.right);
  }
  std::string operator()(const like& c) const {
    return print_value(c.left) + (c.negated ? " not like " : " like ") + print_sql_text(c.pattern);
  }
  std::string operator()(const in_list& c) const {
    return print_value(c.left) + (c.negated ? " not in (" : " in (") + print_list(c.list, ", ", print_value) + ')';
  }
  std::string operator()(const is_null& c) const {
    return print_value(c.left) + (c.negated ? " is not null" : " is null");
  }
  std::string operator()(const truth& c) const { return print_column(c.flag); }
  std::string operator()(const exists& c) const {
    const std::string out = "exists " + print_name(c.table) + ' ' + print_name(c.alias) + " on " +
                            std::visit(condition_printer{}, c.on->node);
    return last ? out : '(' + out + ')';
  }
  std::string operator()(const all_of& c) const {
    return joined(c.parts, " and ", binding::operand, place == binding::operand);
  }
  std::string operator()(const any_of& c) const {
    return joined(c.parts, " or ", binding::conjunct, place != binding::any);
  }
  std::string operator()(const negation& c) const {
    return "not " + std::visit(condition_printer{binding::operand, last}, c.part->node);
  }

 private:
  [[nodiscard]] std::string joined(const std::vector<condition_ptr>& parts, std::string_view word, binding inner,
                                   bool in_parentheses) const {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool is_last = (last || in_parentheses) && i + 1 == parts.size();
      if (i > 0) out += word;
      out += std::visit(condition_printer{inner, is_last}, parts[i]->node);
    }
    return in_parentheses ? '(' + out + ')' : out;
  }
};

}  // namespace

std::string print_name(const name& n) {
  return n.quoted || !is_plain_word(n.text) || is_keyword(n.text) ? in_backticks(n.text) : n.text;
}

std::string print_word(const name& n) { return n.quoted || !is_plain_word(n.text) ? in_backticks(n.text) : n.text; }

std::string print_class(const name& n) { return n.quoted || !is_class_word(n.text) ? in_backticks(n.text) : n.text; }

std::string print_column(const column& c) {
  return c.alias ? print_name(*c.alias) + '.' + print_name(c.column_name) : print_name(c.column_name);
}

std::string print_text(const text& t) {
  std::string out = "\"";
  for (const auto& piece : t.pieces) {
    if (const auto* const literal = std::get_if<std::string>(&piece))
      append_escaped(out, *literal);
    else
      out += "${" + print_expression(*std::get<expression_ptr>(piece)) + '}';
  }
  return out + '"';
}

std::string print_stage(const stage& s) {
  std::string out = print_word(s.function);
  if (!s.arguments.empty()) out += '(' + print_list(s.arguments, ", ", print_argument) + ')';
  return out;
}

std::string print_expression(const expression& e) { return print_list(e.parts, " + ", print_pipeline); }

std::string print_condition(const condition& c) { return std::visit(condition_printer{}, c.node); }

}  // namespace sql2ldap::mapping::syntax::detail
