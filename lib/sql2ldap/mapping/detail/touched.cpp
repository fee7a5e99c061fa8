#include <sql2ldap/mapping/detail/touched.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>

namespace sql2ldap::mapping::detail {

namespace {

using model::condition_ptr;
using conditions = std::vector<condition_ptr>;

condition_ptr made(decltype(model::condition::node) node) {
  return std::make_shared<model::condition>(model::condition{std::move(node)});
}

// The parts of an AND, without those that hold an EXISTS: to look at fewer conditions finds more
// rows, never less, and the tables of an EXISTS are places themselves.
bool holds_exists(const model::condition& c) {
  const auto any = [](const conditions& parts) {
    return std::any_of(parts.begin(), parts.end(), [](const condition_ptr& p) { return holds_exists(*p); });
  };
  return std::visit(
      overloaded{[](const model::exists&) { return true; }, [&](const model::all_of& x) { return any(x.parts); },
                 [&](const model::any_of& x) { return any(x.parts); },
                 [](const model::none_of& x) { return holds_exists(*x.part); }, [](const auto&) { return false; }},
      c.node);
}

void add_conjuncts(const condition_ptr& c, conditions& out) {
  if (c == nullptr) return;
  if (const auto* const all = std::get_if<model::all_of>(&c->node)) {
    for (const condition_ptr& part : all->parts) add_conjuncts(part, out);
  } else if (!holds_exists(*c)) {
    out.push_back(c);
  }
}
conditions conjuncts(const condition_ptr& c) {
  conditions out;
  add_conjuncts(c, out);
  return out;
}

void add_aliases(const model::condition& c, std::set<std::string>& out) {
  const auto operand = [&](const model::operand& o) {
    if (const auto* const column = model::column_of(o)) out.insert(column->alias);
  };
  const auto each = [&](const conditions& parts) {
    for (const condition_ptr& part : parts) add_aliases(*part, out);
  };
  std::visit(overloaded{[&](const model::compare& x) {
                          operand(x.left);
                          operand(x.right);
                        },
                        [&](const model::truth& x) { out.insert(x.column.alias); },
                        [&](const model::all_of& x) { each(x.parts); }, [&](const model::any_of& x) { each(x.parts); },
                        [&](const model::none_of& x) { add_aliases(*x.part, out); }, [](const model::exists&) {},
                        [&](const auto& x) { operand(x.left); }},
             c.node);
}

// `c` with the columns of `alias` replaced by the row's values; null when one of them is not known.
class filled_in {
 public:
  filled_in(const std::string& alias, const model::row_image& row) : alias_(alias), row_(row) {}

  [[nodiscard]] condition_ptr operator()(const condition_ptr& c) const {
    return std::visit(
        overloaded{[&](const model::compare& x) -> condition_ptr {
                     const auto left = value(x.left);
                     const auto right = value(x.right);
                     return left && right ? made(model::compare{*left, x.op, *right}) : nullptr;
                   },
                   [&](model::like x) -> condition_ptr { return with_left(std::move(x)); },
                   [&](model::in_list x) -> condition_ptr { return with_left(std::move(x)); },
                   [&](model::is_null x) -> condition_ptr { return with_left(x); },
                   [&](const model::truth& x) -> condition_ptr { return x.column.alias == alias_ ? nullptr : c; },
                   [&](const model::all_of& x) -> condition_ptr { return list<model::all_of>(x.parts); },
                   [&](const model::any_of& x) -> condition_ptr { return list<model::any_of>(x.parts); },
                   [&](const model::none_of& x) -> condition_ptr {
                     condition_ptr part = (*this)(x.part);
                     return part == nullptr ? nullptr : made(model::none_of{std::move(part)});
                   },
                   [](const model::exists&) -> condition_ptr { return nullptr; }},
        c->node);
  }

 private:
  [[nodiscard]] std::optional<model::operand> value(const model::operand& o) const {
    const auto* const column = model::column_of(o);
    if (column == nullptr || column->alias != alias_) return o;
    const auto known = row_.columns.find(column->column);
    if (known == row_.columns.end()) return std::nullopt;
    if (!known->second) return model::operand(model::literal(model::null_literal{}));
    if (const auto* const folded = std::get_if<model::folded_column>(&o))
      return model::operand(model::literal(folded_text(*known->second, folded->lowered, folded->trimmed)));
    return model::operand(model::literal(*known->second));
  }
  template <typename T>
  [[nodiscard]] condition_ptr with_left(T x) const {
    const auto left = value(x.left);
    if (!left) return nullptr;
    x.left = *left;
    return made(std::move(x));
  }
  template <typename T>
  [[nodiscard]] condition_ptr list(const conditions& parts) const {
    T out;
    for (const condition_ptr& part : parts) {
      out.parts.push_back((*this)(part));
      if (out.parts.back() == nullptr) return nullptr;
    }
    return made(std::move(out));
  }

  const std::string& alias_;
  const model::row_image& row_;
};

void add_exists(const condition_ptr& c, const std::vector<place>& around, std::vector<way>& out) {
  if (c == nullptr) return;
  const auto each = [&](const conditions& parts) {
    for (const condition_ptr& part : parts) add_exists(part, around, out);
  };
  std::visit(overloaded{[&](const model::all_of& x) { each(x.parts); }, [&](const model::any_of& x) { each(x.parts); },
                        [&](const model::none_of& x) { add_exists(x.part, around, out); },
                        [&](const model::exists& x) {
                          const place here{x.table, conjuncts(x.on)};
                          out.push_back({here, around, {}});
                          std::vector<place> inside = around;
                          inside.push_back(here);
                          add_exists(x.on, inside, out);
                        },
                        [](const auto&) {}},
             c->node);
}

std::vector<way> ways_of(const kind_program& k) {
  std::vector<way> out;
  add_exists(k.queries.main.where, {}, out);
  for (const join_use& j : k.joins) {
    const place here{j.table, conjuncts(j.on)};
    out.push_back({here, {}, {}});
    add_exists(j.on, {here}, out);
  }
  return out;
}

// The joins that conditions of `w` name besides the places on the way.
void add_needed_joins(const kind_program& k, way& w) {
  std::set<std::string> known = {k.queries.main.from.alias, w.here.table.alias};
  std::set<std::string> named;
  const auto note = [&](const place& p) {
    known.insert(p.table.alias);
    for (const condition_ptr& c : p.on) add_aliases(*c, named);
  };
  note(w.here);
  for (const place& p : w.around) note(p);
  for (bool grown = true; grown;) {
    grown = false;
    for (const join_use& j : k.joins) {
      if (!named.contains(j.table.alias) || known.contains(j.table.alias)) continue;
      w.around.push_back({j.table, conjuncts(j.on)});
      note(w.around.back());
      grown = true;
    }
  }
}

// The columns of `alias` that anything in the kind reads; of others with this alias, too.
class used_columns {
 public:
  used_columns(const kind_program& k, const std::string& alias) : alias_(alias) {
    add(k.queries.main);
    for (const auto& many : k.queries.many) add(many);
    for (const join_use& j : k.joins) add(j.on);
  }
  used_columns(const condition_ptr& c, const std::string& alias) : alias_(alias) { add(c); }
  [[nodiscard]] std::set<std::string> take() { return std::move(names_); }

 private:
  void add(const model::query& q) {
    for (const model::column_ref& c : q.columns) add(c);
    for (const model::column_ref& c : q.order) add(c);
    for (const model::join& j : q.joins) add(j.on);
    add(q.where);
  }
  void add(const model::column_ref& c) {
    if (c.alias == alias_) names_.insert(c.column);
  }
  void add(const model::operand& o) {
    if (const auto* const column = model::column_of(o)) add(*column);
  }
  void add(const condition_ptr& c) {
    if (c == nullptr) return;
    const auto each = [&](const conditions& parts) {
      for (const condition_ptr& part : parts) add(part);
    };
    std::visit(overloaded{[&](const model::compare& x) {
                            add(x.left);
                            add(x.right);
                          },
                          [&](const model::truth& x) { add(x.column); }, [&](const model::all_of& x) { each(x.parts); },
                          [&](const model::any_of& x) { each(x.parts); }, [&](const model::none_of& x) { add(x.part); },
                          [&](const model::exists& x) { add(x.on); }, [&](const auto& x) { add(x.left); }},
               c->node);
  }

  const std::string& alias_;
  std::set<std::string> names_;
};

// An update of columns that nobody reads touches nothing.
bool matters(const std::set<std::string>& columns_read, const model::row_image& row) {
  return !row.changed || std::any_of(columns_read.begin(), columns_read.end(),
                                     [&](const std::string& name) { return row.changed->contains(name); });
}

bool is_of(const model::table_ref& table, const model::row_image& row) {
  return table.table == row.table && (table.schema.empty() || table.schema == row.schema);
}

// Those that tie a row at this place to rows of other places; see through().
std::set<std::string> linking_columns(const place& here) {
  std::set<std::string> out;
  for (const condition_ptr& c : here.on) {
    std::set<std::string> aliases;
    add_aliases(*c, aliases);
    if (aliases.size() > 1) out.merge(used_columns(c, here.table.alias).take());
  }
  return out;
}

std::vector<model::column_ref> key_of(const kind_program& k) {
  const auto& columns = k.queries.main.columns;
  return {columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(k.queries.key_columns)};
}

// The keys of the main rows that the row, seen at `w`, goes with.
touched through(std::size_t kind, const kind_program& k, const way& w, const model::row_image& row) {
  const filled_in fill(w.here.table.alias, row);
  model::all_of where;
  bool linked = false;
  for (const condition_ptr& c : w.here.on) {
    condition_ptr filled = fill(c);
    if (filled == nullptr) continue;
    std::set<std::string> aliases;
    add_aliases(*filled, aliases);
    if (aliases.empty()) continue;  // says nothing of other rows
    linked = true;
    where.parts.push_back(std::move(filled));
  }
  if (!linked) return {kind, everything{}};
  model::query q;
  q.few_rows = true;
  q.from = k.queries.main.from;
  for (const place& p : w.around) {
    q.joins.push_back({model::join::how::inner, p.table, nullptr});
    where.parts.insert(where.parts.end(), p.on.begin(), p.on.end());
  }
  q.where = made(std::move(where));
  q.columns = key_of(k);
  q.order = q.columns;
  return {kind, std::move(q)};
}

std::optional<touched> as_main_row(std::size_t kind, const kind_program& k, const model::row_image& row) {
  std::vector<std::string> key;
  for (const model::column_ref& c : key_of(k)) {
    const auto known = row.columns.find(c.column);
    if (known == row.columns.end()) return touched{kind, everything{}};
    if (!known->second) return std::nullopt;  // such a row never makes an entry
    key.push_back(*known->second);
  }
  return touched{kind, std::move(key)};
}

}  // namespace

void find_ways(kind_program& k) {
  if (k.info.table.empty()) return;
  k.columns_read = used_columns(k, k.queries.main.from.alias).take();
  k.ways = ways_of(k);
  for (way& w : k.ways) {
    w.columns_read = used_columns(k, w.here.table.alias).take();
    add_needed_joins(k, w);
  }
}

std::vector<touched> touched_by(const program& p, const model::row_image& row) {
  std::vector<touched> out;
  for (std::size_t i = 0; i < p.kinds.size(); ++i) {
    const kind_program& k = p.kinds[i];
    if (k.info.table.empty()) continue;
    const model::table_ref& main = k.queries.main.from;
    if (is_of(main, row) && matters(k.columns_read, row)) {
      if (auto own = as_main_row(i, k, row)) out.push_back(std::move(*own));
    }
    for (const way& w : k.ways)
      if (is_of(w.here.table, row) && matters(w.columns_read, row)) out.push_back(through(i, k, w, row));
  }
  return out;
}

noted_columns noted(const program& p, const model::table_ref& table) {
  // Two names may stand for one table.
  const auto may_be = [&](const model::table_ref& other) {
    return other.table == table.table && (other.schema == table.schema || other.schema.empty() || table.schema.empty());
  };
  noted_columns out;
  for (const kind_program& k : p.kinds) {
    if (k.info.table.empty()) continue;
    if (may_be(k.queries.main.from)) {
      out.read.insert(k.columns_read.begin(), k.columns_read.end());
      for (const model::column_ref& c : key_of(k)) out.keys.insert(c.column);
    }
    for (const way& w : k.ways) {
      if (!may_be(w.here.table)) continue;
      out.read.insert(w.columns_read.begin(), w.columns_read.end());
      out.keys.merge(linking_columns(w.here));
    }
  }
  out.read.insert(out.keys.begin(), out.keys.end());
  return out;
}

}  // namespace sql2ldap::mapping::detail
