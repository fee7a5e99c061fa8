// The canonical text: one statement a line, what belongs together in columns, comments kept.
#include <algorithm>
#include <vector>

#include <sql2ldap/mapping/detail/print_expressions.hpp>
#include <sql2ldap/mapping/syntax.hpp>

namespace sql2ldap::mapping::syntax {
namespace {

using namespace detail;

enum class look { joins, keywords, assignments, parameters, tables, rules, alone };

constexpr std::string_view on_error_omit = " on error omit";

// A line in the making. Rows of one look that follow each other get their right parts aligned.
struct row {
  look kind = look::alone;
  std::string left;  // up to the column that is aligned
  std::string sign;  // "=", "?=", "->", or none
  std::string right;
  const comments* notes = nullptr;
  std::vector<std::string> block;  // lines below, up to the closing brace
};

std::size_t width_of(std::string_view text) {  // in code points
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t present = width_of(text);
  if (present < width) text.append(width - present, ' ');
  return text;
}

std::string comment_line(const std::string& line) {
  if (line.empty()) return line;
  return line == " " ? "#" : '#' + line;
}

void append_comments(std::vector<std::string>& lines, const std::vector<std::string>& before) {
  for (const std::string& line : before) lines.push_back(comment_line(line));
}

void append_group(std::vector<std::string>& lines, const row* first, const row* last) {
  std::size_t left = 0;
  std::size_t sign = 0;
  for (const row* r = first; r != last; ++r) {
    left = std::max(left, width_of(r->left));
    sign = std::max(sign, r->sign.size());
  }
  for (const row* r = first; r != last; ++r) {
    append_comments(lines, r->notes->before);
    std::string line = r->right.empty() ? r->left : padded(r->left, left) + ' ';
    if (sign > 0) line += std::string(sign - r->sign.size(), ' ') + r->sign + ' ';
    line += r->right;
    const std::string note = r->notes->after.empty() ? "" : "  " + comment_line(r->notes->after);
    lines.push_back(r->block.empty() ? line + note : line);
    for (const std::string& below : r->block) lines.push_back(below);
    if (!r->block.empty()) lines.back() += note;
  }
}

void append_rows(std::vector<std::string>& lines, const std::vector<row>& rows) {
  const row* first = rows.data();
  const row* const end = first + rows.size();
  while (first != end) {
    const row* last = first + 1;
    while (last != end && last->kind == first->kind && last->kind != look::alone && last->notes->before.empty()) ++last;
    append_group(lines, first, last);
    first = last;
  }
}

std::vector<std::string> indented(std::vector<std::string> lines) {
  for (std::string& line : lines)
    if (!line.empty()) line.insert(0, "  ");
  return lines;
}

std::string print_arguments(const std::vector<expression_ptr>& list) {
  std::string out;
  for (const expression_ptr& one : list) out += (out.empty() ? "" : ", ") + print_expression(*one);
  return '(' + out + ')';
}

template <typename List, typename Print>
std::string separated(const List& list, Print print_one) {
  std::string out;
  for (const auto& one : list) out += (out.empty() ? "" : ", ") + print_one(one);
  return out;
}

// ---- statements ---------------------------------------------------------------------------------

bool begins_with_parenthesis(const partition_rule& rule) {
  return rule.pattern && std::holds_alternative<expression_ptr>((*rule.pattern)->parts.front().head);
}

std::vector<std::string> print_rules(const partition& p) {
  std::vector<row> rows;
  for (std::size_t i = 0; i < p.rules.size(); ++i) {
    const partition_rule& rule = p.rules[i];
    row r{look::rules, rule.pattern ? print_expression(**rule.pattern) : "else", "->", rule.attribute.text, &rule.notes,
          {}};
    if (rule.written) r.left += " as " + print_expression(**rule.written);
    for (const stage& s : rule.stages) r.right += " | " + print_stage(s);
    // Or the next rule's "(" would open the arguments of this rule's last stage.
    const bool next_opens = !rule.omitted_on_error && i + 1 < p.rules.size() && begins_with_parenthesis(p.rules[i + 1]);
    if (next_opens && !rule.stages.empty() && rule.stages.back().arguments.empty()) r.right += "()";
    if (rule.omitted_on_error) r.right += on_error_omit;
    rows.push_back(std::move(r));
  }
  std::vector<std::string> lines;
  append_rows(lines, rows);
  append_comments(lines, p.closing);
  return lines;
}

std::vector<std::string> braced(std::vector<std::string> inner) {
  inner = indented(std::move(inner));
  inner.emplace_back("}");
  return inner;
}

struct statement_printer {
  const comments& notes;

  row operator()(const join& s) const {
    return keyword(look::joins, s.many ? "many" : "join",
                   print_name(s.table) + ' ' + print_name(s.alias) + " on " + print_condition(*s.on));
  }
  row operator()(const key& s) const { return keyword(look::keywords, "key", separated(s.columns, print_column)); }
  row operator()(const under& s) const {
    return keyword(look::keywords, "under",
                   s.container ? print_text(*s.container) : print_name(*s.kind) + print_arguments(s.arguments));
  }
  row operator()(const orphan& s) const { return keyword(look::keywords, "orphan", s.policy.text); }
  row operator()(const rdn& s) const {
    return keyword(look::keywords, "rdn", separated(s.parts, [](const auto& part) {
                     return part.first.text + " = " + print_expression(*part.second);
                   }));
  }
  row operator()(const classes& s) const { return keyword(look::keywords, "class", separated(s.names, print_class)); }
  row operator()(const assignment& s) const {
    return {look::assignments,
            separated(s.attributes, [](const name& n) { return n.text; }),
            s.initial ? "?=" : "=",
            print_expression(*s.value) + std::string(s.omitted_on_error ? on_error_omit : ""),
            &notes,
            {}};
  }
  row operator()(const partition& s) const {
    return {look::alone, "partition " + print_expression(*s.value) + " {", "", "", &notes, braced(print_rules(s))};
  }
  row operator()(const on_insert& s) const {
    if (s.columns.empty()) return {look::alone, "on insert {}", "", "", &notes, {}};
    static const comments none;
    std::vector<row> rows;
    for (const auto& [target, value] : s.columns)
      rows.push_back({look::assignments, print_column(target), "=", print_expression(*value) + ',', &none, {}});
    std::vector<std::string> lines;
    append_rows(lines, rows);
    return {look::alone, "on insert {", "", "", &notes, braced(std::move(lines))};
  }

 private:
  [[nodiscard]] row keyword(look kind, std::string word, std::string right) const {
    return {kind, std::move(word), "", std::move(right), &notes, {}};
  }
};

// ---- items --------------------------------------------------------------------------------------

row row_of(const parameter& p) {
  return {look::parameters, "param " + print_name(p.parameter_name), "=", print_text(p.value), &p.notes, {}};
}

row row_of(const table& t) {
  return {look::tables, "table " + print_name(t.logical), "=", print_text(t.physical), &t.notes, {}};
}

void append_entry(std::vector<std::string>& lines, const entry& e) {
  append_comments(lines, e.notes.before);
  std::string header = "entry " + print_name(e.kind);
  if (e.made) {
    header += " made";
  } else {
    header += " from " + print_name(*e.table);
    if (e.alias) header += ' ' + print_name(*e.alias);
    if (e.where) header += " where " + print_condition(*e.where);
  }
  header += " {";
  if (!e.notes.after.empty()) header += "  " + comment_line(e.notes.after);
  lines.push_back(std::move(header));
  std::vector<row> rows;
  for (const statement& s : e.statements) rows.push_back(std::visit(statement_printer{s.notes}, s.node));
  std::vector<std::string> inner;
  append_rows(inner, rows);
  append_comments(inner, e.closing);
  for (std::string& line : braced(std::move(inner))) lines.push_back(std::move(line));
}

bool begins_with_empty_line(const comments& notes) { return !notes.before.empty() && notes.before.front().empty(); }

}  // namespace

std::string print(const expression& tree) { return print_expression(tree); }

std::string print(const file& tree) {
  std::vector<std::string> lines;
  text mapping_name;
  mapping_name.pieces.emplace_back(tree.mapping_name);
  const row header{look::alone, "mapping " + print_text(mapping_name), "", "", &tree.notes, {}};
  append_rows(lines, {header});

  std::vector<row> rows;
  const auto flush = [&] {
    append_rows(lines, rows);
    rows.clear();
  };
  for (std::size_t i = 0; i < tree.items.size(); ++i) {
    const auto& item = tree.items[i];
    const comments& notes = std::visit([](const auto& node) -> const comments& { return node.notes; }, item);
    // An empty line stands between things of different sort, and between entries.
    const bool apart = i == 0 || item.index() != tree.items[i - 1].index() || std::holds_alternative<entry>(item);
    if (apart) {
      flush();
      if (!begins_with_empty_line(notes)) lines.emplace_back();
    }
    if (const auto* const e = std::get_if<entry>(&item))
      append_entry(lines, *e);
    else if (const auto* const p = std::get_if<parameter>(&item))
      rows.push_back(row_of(*p));
    else
      rows.push_back(row_of(std::get<table>(item)));
  }
  flush();
  append_comments(lines, tree.closing);
  std::string out;
  for (const std::string& line : lines) out += line + '\n';
  return out;
}

}  // namespace sql2ldap::mapping::syntax
