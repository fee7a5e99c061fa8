// Joins, conditions, and what a kind asks the database.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstdint>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/nearest.hpp>

namespace sql2ldap::mapping::detail {

// ---- conditions -------------------------------------------------------------------------------

namespace {

struct condition_reader {
  scope& s;
  names& n;
  std::set<std::string>& needs;
  std::map<std::string, model::table_ref> inner;  // tables of EXISTS around this place

  model::condition_ptr made(decltype(model::condition::node) node) const {
    return std::make_shared<model::condition>(model::condition{std::move(node)});
  }

  model::column_ref column(const syntax::column& c) const {
    const std::string written = c.alias ? c.alias->text : main_alias_of(*s.entry);
    const position at = c.alias ? c.alias->at : c.column_name.at;
    if (const auto found = inner.find(written); found != inner.end()) {
      n.use_column(found->second, c.column_name.text);
      return {written, c.column_name.text};
    }
    const std::optional<std::string> alias = alias_in(s, n, written, at);
    if (!alias) return {written, c.column_name.text};
    needs.insert(*alias);
    n.use_column(s.target->table_of(*alias), c.column_name.text);
    return {*alias, c.column_name.text};
  }

  std::string text(const syntax::text& t, position at) const {
    std::string out;
    for (const auto& piece : t.pieces) {
      if (const auto* const literal = std::get_if<std::string>(&piece)) {
        out += *literal;
        continue;
      }
      const syntax::name* const word = lone_word(*std::get<syntax::expression_ptr>(piece));
      const std::string* const value = word == nullptr ? nullptr : n.parameter(word->text);
      if (value != nullptr) {
        out += *value;
      } else {
        n.report().error(word == nullptr ? at : word->at, "a text in a condition may hold parameters only",
                         word == nullptr ? std::string() : suggestion(word->text, n.parameter_names()));
      }
    }
    return out;
  }

  model::operand operand(const syntax::value& v, position at) const {
    struct visitor {
      const condition_reader& self;
      position at;
      model::operand operator()(const syntax::column& c) const { return self.column(c); }
      model::operand operator()(const syntax::null_value&) const { return model::literal(model::null_literal{}); }
      model::operand operator()(bool b) const { return model::literal(b); }
      model::operand operator()(std::int64_t i) const { return model::literal(i); }
      model::operand operator()(const syntax::text& t) const { return model::literal(self.text(t, at)); }
      model::operand operator()(const syntax::call_ptr& c) const { return self.call(*c); }
    };
    return std::visit(visitor{*this, at}, v);
  }

  model::operand call(const syntax::call& c) const {
    const bool lower = c.function.text == "lower";
    if (!lower && c.function.text != "trim") {
      n.report().error(c.function.at, fmt::format("conditions have no function `{}`", c.function.text),
                       function_hint(c.function.text));
      return model::literal(model::null_literal{});
    }
    if (c.arguments.size() != 1) {
      n.report().error(c.function.at, fmt::format("`{}` takes one value, not {}", c.function.text, c.arguments.size()));
      return model::literal(model::null_literal{});
    }
    const auto apply = [lower](model::folded_column x) -> model::operand {
      (lower ? x.lowered : x.trimmed) = true;
      return x;
    };
    model::operand inside = operand(c.arguments.front(), c.function.at);
    if (const auto* const column = std::get_if<model::column_ref>(&inside)) return apply({*column});
    if (auto* const folded = std::get_if<model::folded_column>(&inside)) return apply(std::move(*folded));
    if (const auto* const text = std::get_if<std::string>(&std::get<model::literal>(inside)))
      return model::literal(folded_text(*text, lower, !lower));
    n.report().error(c.function.at, fmt::format("`{}` takes a column or a text", c.function.text));
    return inside;
  }

  static std::string function_hint(const std::string& name) {
    const std::string close = suggestion(name, {"lower", "trim"});
    return close.empty() ? std::string("there are lower(...) and trim(...); anything else needs a view in the database")
                         : close;
  }

  // A folded text can equal folded texts only.
  void check_folded(const model::operand& a, const model::operand& b, position at) const {
    const auto* const folded = std::get_if<model::folded_column>(&a);
    const auto* const constant = std::get_if<model::literal>(&b);
    if (folded == nullptr || constant == nullptr) return;
    const auto* const text = std::get_if<std::string>(constant);
    if (text == nullptr && !std::holds_alternative<model::null_literal>(*constant)) {
      n.report().error(at, "a function gives a text, and is compared with none", "put the value in single quotes");
    } else if (text != nullptr && folded_text(*text, folded->lowered, folded->trimmed) != *text) {
      n.report().error(at, fmt::format("{} is never the result of the function", quoted_for_message(*text)),
                       fmt::format("write '{}'", folded_text(*text, folded->lowered, folded->trimmed)));
    }
  }

  std::vector<model::condition_ptr> all(const std::vector<syntax::condition_ptr>& parts) {
    std::vector<model::condition_ptr> out;
    for (const syntax::condition_ptr& p : parts) out.push_back(read(*p));
    return out;
  }

  model::condition_ptr read(const syntax::condition& c) {
    if (const auto* const x = std::get_if<syntax::comparison>(&c.node)) return compare(*x, c.at);
    if (const auto* const x = std::get_if<syntax::like>(&c.node)) {
      return made(model::like{operand(x->left, c.at), text(x->pattern, c.at), x->negated});
    }
    if (const auto* const x = std::get_if<syntax::in_list>(&c.node)) return in(*x, c.at);
    if (const auto* const x = std::get_if<syntax::is_null>(&c.node)) {
      return made(model::is_null{operand(x->left, c.at), x->negated});
    }
    if (const auto* const x = std::get_if<syntax::truth>(&c.node)) return made(model::truth{column(x->flag)});
    if (const auto* const x = std::get_if<syntax::all_of>(&c.node)) return made(model::all_of{all(x->parts)});
    if (const auto* const x = std::get_if<syntax::any_of>(&c.node)) return made(model::any_of{all(x->parts)});
    if (const auto* const x = std::get_if<syntax::negation>(&c.node)) return made(model::none_of{read(*x->part)});
    return exists(std::get<syntax::exists>(c.node));
  }

  model::condition_ptr compare(const syntax::comparison& x, position at) const {
    using op = model::comparison;
    static constexpr std::array<std::pair<std::string_view, op>, 7> ops = {{{"=", op::equal},
                                                                            {"<>", op::not_equal},
                                                                            {"!=", op::not_equal},
                                                                            {"<", op::less},
                                                                            {"<=", op::less_equal},
                                                                            {">", op::greater},
                                                                            {">=", op::greater_equal}}};
    const auto* const found = std::find_if(ops.begin(), ops.end(), [&](const auto& o) { return o.first == x.op; });
    S2L_ASSERT(found != ops.end());
    const bool null =
        std::holds_alternative<syntax::null_value>(x.left) || std::holds_alternative<syntax::null_value>(x.right);
    if (null) n.report().error(at, "a comparison with null is never true", "write `is null` or `is not null`");
    model::compare out{operand(x.left, at), found->second, operand(x.right, at)};
    if (out.op == op::equal || out.op == op::not_equal) {
      check_folded(out.left, out.right, at);
      check_folded(out.right, out.left, at);
    }
    return made(std::move(out));
  }

  model::condition_ptr in(const syntax::in_list& x, position at) const {
    model::in_list out{operand(x.left, at), {}, x.negated};
    for (const syntax::value& v : x.list) {
      const model::operand element = operand(v, at);
      if (const auto* const literal = std::get_if<model::literal>(&element)) {
        check_folded(out.left, element, at);
        out.list.push_back(*literal);
      } else {
        n.report().error(at, "a list of `in` holds constants only", "write `a = b or a = c` for columns");
      }
    }
    return made(std::move(out));
  }

  model::condition_ptr exists(const syntax::exists& x) {
    if (inner.contains(x.alias.text) || (!s.foreign && s.target->knows(x.alias.text))) {
      n.report().error(x.alias.at, fmt::format("the alias `{}` is taken", x.alias.text));
    }
    const model::table_ref table = n.table(x.table, x.alias.text);
    inner[x.alias.text] = table;
    model::condition_ptr on = read(*x.on);
    inner.erase(x.alias.text);
    return made(model::exists{table, std::move(on)});
  }
};

}  // namespace

std::string folded_text(std::string_view text, bool lowered, bool trimmed) {
  const std::string_view rest = trimmed ? sql2ldap::trimmed(text) : text;
  return lowered ? ascii_lowered(rest) : std::string(rest);
}

model::condition_ptr lower_condition(scope& s, names& n, const syntax::condition& c, std::set<std::string>& needs) {
  return condition_reader{s, n, needs, {}}.read(c);
}

std::optional<std::string> alias_in(scope& s, names& n, const std::string& written, position at) {
  if (!s.foreign) {
    if (s.target->knows(written)) return written;
    n.report().error(at, fmt::format("there is no table alias `{}` here", written),
                     suggestion(written, s.target->aliases()));
    return std::nullopt;
  }
  if (const auto found = s.renamed.find(written); found != s.renamed.end()) return found->second;
  // A join of the other kind: the same join, on our rows.
  for (const syntax::statement& statement : s.entry->statements) {
    const auto* const tree = std::get_if<syntax::join>(&statement.node);
    if (tree == nullptr || tree->alias.text != written) continue;
    if (tree->many) {
      n.report().error(at, fmt::format("the DN of `{}` cannot be built from many rows", s.entry->kind.text));
      return std::nullopt;
    }
    const auto main = s.renamed.find(main_alias_of(*s.entry));
    const std::string alias = s.target->free_alias(main == s.renamed.end() ? written : main->second + "_" + written);
    s.renamed[written] = alias;
    places::join copy;
    copy.table = n.table(tree->table, alias);
    copy.logical = tree->table.text;
    copy.at = tree->at;
    if (!s.target->add(std::move(copy))) return std::nullopt;
    std::set<std::string> needs;
    model::condition_ptr on = lower_condition(s, n, *tree->on, needs);
    s.target->set_condition(alias, std::move(on), std::move(needs), tree->at);
    return alias;
  }
  n.report().error(at, fmt::format("there is no table alias `{}` in `{}`", written, s.entry->kind.text));
  return std::nullopt;
}

// ---- places -----------------------------------------------------------------------------------

void places::set_main(model::table_ref table, std::string logical) {
  main_ = std::move(table);
  main_logical_ = std::move(logical);
  of_source_.resize(1);
}

bool places::add(join j) {
  const std::string alias = j.table.alias;
  if (knows(alias)) return false;
  order_.push_back(alias);
  joins_.emplace(alias, std::move(j));
  return true;
}

void places::set_condition(const std::string& alias, model::condition_ptr on, std::set<std::string> needs,
                           position at) {
  join& mine = joins_.at(alias);
  needs.erase(alias);
  for (const std::string& other : needs) {
    const auto found = joins_.find(other);
    if (found == joins_.end()) continue;
    const std::string owner = found->second.many ? other : found->second.owner;
    if (owner.empty()) continue;
    if (mine.many) {
      names_.report().error(at, fmt::format("`many {}` cannot build on `many {}`", alias, owner),
                            fmt::format("write `join` for {}: it then comes with each row of {}", alias, owner));
    } else if (!mine.owner.empty() && mine.owner != owner) {
      names_.report().error(at, fmt::format("`{}` names two `many` joins: {} and {}", alias, mine.owner, owner));
    } else {
      mine.owner = owner;
    }
  }
  mine.on = std::move(on);
  mine.needs = std::move(needs);
}

void places::set_where(model::condition_ptr where, std::set<std::string> needs) {
  for (const std::string& alias : needs) {
    const auto found = joins_.find(alias);
    if (found != joins_.end() && (found->second.many || !found->second.owner.empty())) {
      names_.report().error(out_.at, fmt::format("`where` cannot look at the many rows of `{}`", alias),
                            "write `exists TABLE ALIAS on ...`");
    }
    use(alias);
  }
  where_ = std::move(where);
  where_needs_ = std::move(needs);
}

void places::use(const std::string& alias) {
  const auto found = joins_.find(alias);
  if (found == joins_.end() || found->second.used) return;
  found->second.used = true;
  for (const std::string& other : found->second.needs) use(other);
}

const model::table_ref& places::table_of(const std::string& alias) const {
  return alias == main_.alias ? main_ : joins_.at(alias).table;
}
const std::string& places::logical_of(const std::string& alias) const {
  return alias == main_.alias ? main_logical_ : joins_.at(alias).logical;
}

std::vector<std::string> places::aliases() const {
  std::vector<std::string> out = order_;
  out.push_back(main_.alias);
  return out;
}

std::string places::free_alias(const std::string& wish) const {
  std::string alias = wish;
  for (int n = 2; knows(alias); ++n) alias = fmt::format("{}_{}", wish, n);
  return alias;
}

std::uint32_t places::source_of(const std::string& alias) {
  if (is_main(alias)) return 0;
  const join& j = joins_.at(alias);
  const std::string many = j.many ? alias : j.owner;
  if (many.empty()) return 0;
  const auto found = std::find(many_sources_.begin(), many_sources_.end(), many);
  if (found != many_sources_.end()) return static_cast<std::uint32_t>(found - many_sources_.begin() + 1);
  many_sources_.push_back(many);
  of_source_.emplace_back();
  return static_cast<std::uint32_t>(many_sources_.size());
}

std::uint32_t places::column(const std::string& alias, const std::string& name) {
  for (std::uint32_t i = 0; i < out_.columns.size(); ++i) {
    if (out_.columns[i].alias == alias && out_.columns[i].column == name) return i;
  }
  use(alias);
  column_use c;
  c.alias = alias;
  c.column = name;
  c.main_table = is_main(alias);
  c.source = source_of(alias);
  const model::table_ref& table = table_of(alias);
  c.shared = !c.main_table && is_shared(alias);
  c.shown = c.main_table ? name : fmt::format("{}.{}", table.table, name);
  // The rows of a `many` begin with the key columns, which say to whom they belong.
  auto& mine = of_source_[c.source];
  c.index = static_cast<std::uint32_t>(mine.size() + (c.source == 0 ? 0 : key_count_));
  const auto number = static_cast<std::uint32_t>(out_.columns.size());
  mine.push_back(number);
  out_.columns.push_back(std::move(c));
  if (!table.table.empty()) names_.use_column(table, name);
  return number;
}

// A joined row is ours alone when the join ties it to our whole key. A folded tie counts: rows of the
// main table whose keys fold to one text want one name, and only the first of them has an entry.
bool places::is_shared(const std::string& alias) const {
  const join& j = joins_.at(alias);
  if (j.on == nullptr) return true;
  std::set<std::string> tied;
  for_each_tie(*j.on, alias, [&](const model::column_ref&, const model::operand& other, bool) {
    const auto* const column = model::column_of(other);
    if (column != nullptr && is_main(column->alias)) tied.insert(column->column);
  });
  return !std::all_of(out_.key_names.begin(), out_.key_names.end(),
                      [&](const std::string& k) { return tied.contains(k); });
}

void places::key_is_complete() {
  key_count_ = out_.columns.size();
  for (std::uint32_t i = 0; i < key_count_; ++i) {
    out_.columns[i].key = true;
    out_.key_columns.push_back(i);
  }
}

void places::close_over(std::set<std::string>& wanted) const {
  std::vector<std::string> open(wanted.begin(), wanted.end());
  while (!open.empty()) {
    const std::string alias = open.back();
    open.pop_back();
    const auto found = joins_.find(alias);
    if (found == joins_.end()) continue;
    for (const std::string& other : found->second.needs) {
      if (wanted.insert(other).second) open.push_back(other);
    }
  }
}

void places::make_queries() {
  const auto ref = [&](std::uint32_t number) {
    return model::column_ref{out_.columns[number].alias, out_.columns[number].column};
  };
  std::vector<model::column_ref> key;
  for (const std::uint32_t number : out_.key_columns) key.push_back(ref(number));

  const auto ask = [&](std::size_t source) {
    model::query q;
    q.from = main_;
    q.where = where_;
    q.order = key;
    std::set<std::string> needed = where_needs_;
    if (source != 0) {
      q.columns = key;
      needed.insert(many_sources_[source - 1]);
    }
    for (const std::uint32_t number : of_source_[source]) {
      q.columns.push_back(ref(number));
      needed.insert(out_.columns[number].alias);
      if (source != 0) q.order.push_back(ref(number));
    }
    close_over(needed);
    // A folded join may find several rows, and the first one counts: that in small letters, which mail servers ask for.
    for (const std::string& alias : order_) {
      const join& j = joins_.at(alias);
      if (source != 0 || !needed.contains(alias) || j.many || !j.owner.empty()) continue;
      for_each_tie(*j.on, alias, [&](const model::column_ref& mine, const model::operand&, bool folded) {
        if (folded) q.descending.push_back(mine);
      });
    }
    // The joins of the main row first: a `many` may look at them.
    for (const bool of_many : {false, true}) {
      for (const std::string& alias : order_) {
        const join& j = joins_.at(alias);
        if (!needed.contains(alias) || of_many != (j.many || !j.owner.empty())) continue;
        q.joins.push_back({j.many ? model::join::how::inner : model::join::how::left, j.table, j.on});
      }
    }
    return q;
  };
  out_.queries.key_columns = key_count_;
  out_.queries.main = ask(0);
  for (std::size_t source = 1; source < of_source_.size(); ++source) out_.queries.many.push_back(ask(source));

  for (const std::string& alias : order_) {
    const join& j = joins_.at(alias);
    if (j.used) {
      out_.joins.push_back({j.table, j.logical, j.many, j.on, j.at});
    } else {
      names_.report().warning(j.at, fmt::format("the join `{}` is never used", alias));
    }
  }
}

}  // namespace sql2ldap::mapping::detail
