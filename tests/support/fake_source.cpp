#include <support/fake_source.hpp>

#include <algorithm>
#include <stdexcept>

#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap::test {
namespace {

using value = std::optional<std::string>;
using tuple = std::vector<value>;

// One row of each table that is joined so far, by alias.
using bindings = std::map<std::string, std::pair<const fake_table*, const tuple*>>;

struct missing_column {
  std::string name;
};

value column_of(const bindings& b, const model::column_ref& c) {
  const auto found = b.find(c.alias);
  if (found == b.end()) throw std::logic_error("no table with the alias " + c.alias);
  const auto& [table, row] = found->second;
  if (row == nullptr) return std::nullopt;
  const auto at = std::find(table->columns.begin(), table->columns.end(), c.column);
  if (at == table->columns.end()) throw missing_column{c.alias + "." + c.column};
  return (*row)[static_cast<std::size_t>(at - table->columns.begin())];
}

value literal_value(const model::literal& l) {
  return std::visit(overloaded{[](model::null_literal) -> value { return std::nullopt; },
                               [](bool b) -> value { return b ? "1" : "0"; },
                               [](std::int64_t i) -> value { return std::to_string(i); },
                               [](const std::string& s) -> value { return s; }},
                    l);
}

value operand_value(const bindings& b, const model::operand& o) {
  if (const auto* c = std::get_if<model::column_ref>(&o)) return column_of(b, *c);
  if (const auto* folded = std::get_if<model::folded_column>(&o)) {
    value text = column_of(b, folded->column);
    if (text && folded->trimmed) text = std::string(trimmed(*text));
    if (text && folded->lowered) text = ascii_lowered(*text);
    return text;
  }
  return literal_value(std::get<model::literal>(o));
}

bool is_true(const value& v) {
  return v && (*v == "1" || *v == "t" || *v == "true" || *v == "y" || *v == "yes" || *v == "on");
}

bool like(std::string_view pattern, std::string_view text) {
  std::string glob;
  for (const char c : pattern) glob += c == '%' ? '*' : c == '_' ? '?' : c;
  return glob_match(glob, text);
}

class evaluator {
 public:
  explicit evaluator(const std::map<std::string, fake_table>& tables) : tables_(tables) {}

  std::vector<tuple> run(const model::query& q) {
    std::vector<tuple> out;  // columns, then order
    const fake_table& from = table(q.from.table);
    for (const tuple& row : from.rows) {
      bindings b{{q.from.alias, {&from, &row}}};
      join(q, 0, b, out);
    }
    const auto first_order = static_cast<std::ptrdiff_t>(q.columns.size());
    const auto first_descending = first_order + static_cast<std::ptrdiff_t>(q.order.size());
    std::stable_sort(out.begin(), out.end(), [&](const tuple& x, const tuple& y) {
      const tuple left(x.begin() + first_order, x.begin() + first_descending);
      const tuple right(y.begin() + first_order, y.begin() + first_descending);
      if (left != right) return left < right;
      return std::lexicographical_compare(y.begin() + first_descending, y.end(), x.begin() + first_descending, x.end());
    });
    for (tuple& row : out) row.resize(q.columns.size());
    return out;
  }

 private:
  const fake_table& table(const std::string& name) const {
    const auto found = tables_.find(name);
    if (found == tables_.end()) throw std::logic_error("no table " + name);
    return found->second;
  }

  void join(const model::query& q, std::size_t next, bindings& b, std::vector<tuple>& out) {
    if (next == q.joins.size()) {
      if (q.where && !holds(b, *q.where)) return;
      if (!restricted(q, b)) return;
      tuple row;
      for (const model::column_ref& c : q.columns) row.push_back(column_of(b, c));
      for (const model::column_ref& c : q.order) row.push_back(column_of(b, c));
      for (const model::column_ref& c : q.descending) row.push_back(column_of(b, c));
      out.push_back(std::move(row));
      return;
    }
    const model::join& j = q.joins[next];
    const fake_table& joined = table(j.table.table);
    bool any = false;
    for (const tuple& row : joined.rows) {
      b[j.table.alias] = {&joined, &row};
      if (j.on && !holds(b, *j.on)) continue;
      any = true;
      join(q, next + 1, b, out);
    }
    if (!any && j.kind == model::join::how::left) {
      b[j.table.alias] = {&joined, nullptr};
      join(q, next + 1, b, out);
    }
    b.erase(j.table.alias);
  }

  static bool restricted(const model::query& q, const bindings& b) {
    if (q.restrict_to.empty()) return true;
    return std::any_of(q.keys.begin(), q.keys.end(), [&](const std::vector<std::string>& key) {
      for (std::size_t i = 0; i < key.size(); ++i)
        if (column_of(b, q.restrict_to[i]) != key[i]) return false;
      return true;
    });
  }

  bool holds(const bindings& b, const model::condition& c) {
    return std::visit(
        overloaded{[&](const model::compare& n) {
                     const value l = operand_value(b, n.left);
                     const value r = operand_value(b, n.right);
                     if (!l || !r) return false;
                     switch (n.op) {
                       case model::comparison::equal:
                         return *l == *r;
                       case model::comparison::not_equal:
                         return *l != *r;
                       case model::comparison::less:
                         return *l < *r;
                       case model::comparison::less_equal:
                         return *l <= *r;
                       case model::comparison::greater:
                         return *l > *r;
                       case model::comparison::greater_equal:
                         return *l >= *r;
                     }
                     return false;
                   },
                   [&](const model::like& n) {
                     const value l = operand_value(b, n.left);
                     return l && like(n.pattern, *l) != n.negated;
                   },
                   [&](const model::in_list& n) {
                     const value l = operand_value(b, n.left);
                     return l && std::any_of(n.list.begin(), n.list.end(), [&](const model::literal& x) {
                                   return literal_value(x) == l;
                                 }) != n.negated;
                   },
                   [&](const model::is_null& n) { return operand_value(b, n.left).has_value() == n.negated; },
                   [&](const model::truth& n) { return is_true(column_of(b, n.column)); },
                   [&](const model::all_of& n) {
                     return std::all_of(n.parts.begin(), n.parts.end(), [&](const auto& p) { return holds(b, *p); });
                   },
                   [&](const model::any_of& n) {
                     return std::any_of(n.parts.begin(), n.parts.end(), [&](const auto& p) { return holds(b, *p); });
                   },
                   [&](const model::none_of& n) { return !holds(b, *n.part); },
                   [&](const model::exists& n) {
                     const fake_table& t = table(n.table.table);
                     return std::any_of(t.rows.begin(), t.rows.end(), [&](const tuple& row) {
                       bindings inner = b;
                       inner[n.table.alias] = {&t, &row};
                       return holds(inner, *n.on);
                     });
                   }},
        c.node);
  }

  const std::map<std::string, fake_table>& tables_;
};

class stream : public model::row_stream {
 public:
  stream(std::vector<tuple> rows, fake_source& owner) : rows_(std::move(rows)), owner_(owner) {}

  result<std::optional<model::row_view>> next() override {
    if (owner_.cut()) return fail_transient(error_kind::source, "the connection was lost");
    if (next_ == rows_.size()) return std::nullopt;
    ++owner_.rows_given;
    // As a real stream does: the view before this one is worth nothing any more.
    bytes_.clear();
    for (const value& v : rows_[next_]) bytes_.push_back(v.value_or(""));
    fields_.clear();
    for (std::size_t i = 0; i < bytes_.size(); ++i)
      fields_.push_back({bytes_[i], !rows_[next_][i], !is_utf8(bytes_[i])});
    ++next_;
    return model::row_view(fields_);
  }

 private:
  std::vector<tuple> rows_;
  fake_source& owner_;
  std::size_t next_ = 0;
  std::vector<std::string> bytes_;
  std::vector<model::field> fields_;
};

class state : public model::snapshot {
 public:
  explicit state(fake_source& owner) : owner_(owner), tables_(owner.tables) {}
  result<std::unique_ptr<model::row_stream>> rows(const model::query& what) override {
    if (owner_.forbidden.contains(what.from.table))
      return fail(error_kind::source, "query would be affected by row-level security policy for " + what.from.table);
    try {
      return std::make_unique<stream>(evaluator(tables_).run(what), owner_);
    } catch (const missing_column& gone) {
      return fail(error_kind::source, "fake: there is no column " + gone.name);
    }
  }

 private:
  fake_source& owner_;
  std::map<std::string, fake_table> tables_;
};

}  // namespace

result<model::catalog> fake_source::describe() {
  model::catalog out;
  out.engine = "SQLite";
  out.version = "3";
  out.encoding = "UTF8";
  for (const auto& [name, table] : tables) {
    model::table_info info;
    info.name = name;
    for (const std::string& c : table.columns) info.columns.push_back({c, model::sql_type::text, "text", true});
    info.primary_key = table.primary_key;
    out.tables.push_back(std::move(info));
  }
  return out;
}

result<std::unique_ptr<model::snapshot>> fake_source::open_snapshot() { return std::make_unique<state>(*this); }

}  // namespace sql2ldap::test
