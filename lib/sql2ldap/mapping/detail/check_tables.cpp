#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/check.hpp>
#include <sql2ldap/mapping/detail/nearest.hpp>

namespace sql2ldap::mapping::detail {

namespace {

std::string full_name(std::string_view schema, std::string_view table) {
  return schema.empty() ? std::string(table) : fmt::format("{}.{}", schema, table);
}

std::string with_article(const std::string& type) {
  const bool vowel =
      !type.empty() && std::string_view("aeio").find(ascii_lower(type.front())) != std::string_view::npos;
  return (vowel ? "an " : "a ") + type;
}

// A parameter is always a text; one of digits compares with numbers as they do.
bool is_whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size();
}

class table_check {
 public:
  table_check(const program& p, const model::catalog& tables) : program_(p), tables_(tables) {}

  diagnostics run() {
    for (const table_use& use : program_.tables) check_use(use);
    for (const kind_program& k : program_.kinds) {
      if (k.info.table.empty()) continue;
      check_key(k);
      for (const join_use& j : k.joins) {
        if (!j.many) check_join(j);
      }
      check_conditions(k);
      check_zones(k);
    }
    return std::move(out_);
  }

 private:
  void error(position at, std::string message, std::string hint = {}) {
    out_.push_back({diagnostic::severity::error, at, std::move(message), std::move(hint)});
  }
  void warning(position at, std::string message, std::string hint = {}) {
    const bool told = std::any_of(out_.begin(), out_.end(), [&](const diagnostic& d) { return d.message == message; });
    if (!told) out_.push_back({diagnostic::severity::warning, at, std::move(message), std::move(hint)});
  }

  void check_use(const table_use& use) {
    const model::table_info* const table = tables_.find(use.schema, use.table);
    if (table == nullptr) {
      std::vector<std::string> known;
      for (const model::table_info& t : tables_.tables) known.push_back(t.name);
      std::string hint = suggestion(use.table, known);
      if (hint.empty()) hint = "a parameter of the mapping may change the names of tables: --param table_prefix=...";
      error(use.at, fmt::format("the database has no table `{}`", full_name(use.schema, use.table)), std::move(hint));
      return;
    }
    for (const std::string& column : use.columns) {
      if (table->find(column) != nullptr) continue;
      std::vector<std::string> known;
      for (const model::column_info& c : table->columns) known.push_back(c.name);
      const std::string close = nearest(column, known);
      const bool only_case = !close.empty() && equal_ignoring_ascii_case(close, column);
      error(use.at, fmt::format("the table `{}` has no column `{}`", full_name(use.schema, use.table), column),
            only_case ? fmt::format("letter case counts: write `{}`", close) : suggestion(column, known));
    }
  }

  static bool covers_unique_key(const model::table_info& t, const std::vector<std::string>& columns) {
    const auto inside = [&](const std::vector<std::string>& key) {
      return !key.empty() && std::all_of(key.begin(), key.end(), [&](const std::string& c) {
        return std::find(columns.begin(), columns.end(), c) != columns.end();
      });
    };
    return inside(t.primary_key) || std::any_of(t.unique_keys.begin(), t.unique_keys.end(), inside);
  }

  void check_key(const kind_program& k) {
    const model::table_info* const table = find(k.queries.main.from);
    if (table == nullptr || covers_unique_key(*table, k.key_names)) return;
    warning(k.at,
            fmt::format("nothing in the database makes the key of `{}` unique in `{}`", k.info.name, k.info.table),
            "rows after the first with the same key will be rejected");
  }

  // A boolean column is fixed by itself, and by `not`, as by `= true`.
  static void add_flags(const model::condition& c, const std::string& alias, const model::table_info& table,
                        std::vector<std::string>& out) {
    if (const auto* const all = std::get_if<model::all_of>(&c.node)) {
      for (const model::condition_ptr& p : all->parts) add_flags(*p, alias, table, out);
      return;
    }
    const auto* const negated = std::get_if<model::none_of>(&c.node);
    const auto* const flag = std::get_if<model::truth>(negated == nullptr ? &c.node : &negated->part->node);
    if (flag == nullptr || flag->column.alias != alias) return;
    const model::column_info* const column = table.find(flag->column.column);
    if (column != nullptr && column->type == model::sql_type::boolean) out.push_back(flag->column.column);
  }

  void check_join(const join_use& j) {
    const model::table_info* const table = find(j.table);
    if (table == nullptr) return;
    // A folded tie counts: several rows whose texts differ in letter case alone are a matter of the data, and `check`
    // names them as rows of one key.
    std::vector<std::string> tied;
    for_each_tie(*j.on, j.table.alias,
                 [&](const model::column_ref& mine, const model::operand&, bool) { tied.push_back(mine.column); });
    add_flags(*j.on, j.table.alias, *table, tied);
    if (covers_unique_key(*table, tied)) return;
    warning(j.at,
            fmt::format("`join {}` may find several rows of `{}`: no unique key covers its condition", j.table.alias,
                        full_name(j.table.schema, j.table.table)),
            "rows after the first are rejected; use `many` when several are meant");
  }

  // PostgreSQL gives a timestamptz in UTC: a zone of the mapping would move it once more.
  void check_zones(const kind_program& k) {
    for (const step& s : k.steps) {
      const auto* const a = std::get_if<assignment_rule>(&s);
      if (a == nullptr) continue;
      for_each_pipeline(a->value, [&](const pipeline& p) {
        const bool shifted =
            std::any_of(p.stages.begin(), p.stages.end(), [](const stage& t) { return t.zone != nullptr; });
        if (!shifted || p.column == no_column) return;
        const column_use& use = k.columns[p.column];
        const model::column_info* const column = column_of(k, use);
        if (column == nullptr || column->declared.find("with time zone") == std::string::npos) return;
        error(a->at, fmt::format("`{}` knows its time zone, so time(...) may not name another", use.shown),
              "write `time` alone, or set the parameter to UTC");
      });
    }
  }

  const model::column_info* column_of(const kind_program& k, const column_use& use) const {
    aliases known = {k.queries.main.from};
    for (const join_use& j : k.joins) known.push_back(j.table);
    return column(model::column_ref{use.alias, use.column}, known);
  }

  // ---- types in conditions ----

  using aliases = std::vector<model::table_ref>;

  void check_conditions(const kind_program& k) {
    aliases known = {k.queries.main.from};
    for (const join_use& j : k.joins) known.push_back(j.table);
    if (k.queries.main.where != nullptr) check_types(*k.queries.main.where, known, k.at);
    for (const join_use& j : k.joins) check_types(*j.on, known, j.at);
  }

  const model::column_info* column(const model::operand& o, const aliases& known) const {
    const auto* const ref = std::get_if<model::column_ref>(&o);
    if (ref == nullptr) return nullptr;
    for (auto t = known.rbegin(); t != known.rend(); ++t) {
      if (t->alias != ref->alias) continue;
      const model::table_info* const table = find(*t);
      return table == nullptr ? nullptr : table->find(ref->column);
    }
    return nullptr;
  }

  void check_types(const model::condition& c, aliases& known, position at) {
    if (const auto* const x = std::get_if<model::compare>(&c.node)) {
      check_pair(column(x->left, known), x->right, at);
      check_pair(column(x->right, known), x->left, at);
    } else if (const auto* const list = std::get_if<model::in_list>(&c.node)) {
      for (const model::literal& l : list->list) check_pair(column(list->left, known), l, at);
    } else if (const auto* const all = std::get_if<model::all_of>(&c.node)) {
      for (const model::condition_ptr& p : all->parts) check_types(*p, known, at);
    } else if (const auto* const any = std::get_if<model::any_of>(&c.node)) {
      for (const model::condition_ptr& p : any->parts) check_types(*p, known, at);
    } else if (const auto* const none = std::get_if<model::none_of>(&c.node)) {
      check_types(*none->part, known, at);
    } else if (const auto* const inner = std::get_if<model::exists>(&c.node)) {
      known.push_back(inner->table);
      check_types(*inner->on, known, at);
      known.pop_back();
    }
  }

  void check_pair(const model::column_info* column, const model::operand& other, position at) {
    const auto* const value = std::get_if<model::literal>(&other);
    if (column == nullptr || value == nullptr) return;
    const bool text = std::holds_alternative<std::string>(*value);
    const bool number = std::holds_alternative<std::int64_t>(*value);
    const bool flag = std::holds_alternative<bool>(*value);
    if (column->type == model::sql_type::boolean && (text || number)) {
      warning(at,
              fmt::format("`{}` is {}, but is compared with a {}", column->name, with_article(column->declared),
                          text ? "text" : "number"),
              fmt::format("write `{}`, or compare with true or false", column->name));
    } else if (column->type == model::sql_type::integer && text && !is_whole_number(std::get<std::string>(*value))) {
      warning(at, fmt::format("`{}` is {}, but is compared with a text", column->name, with_article(column->declared)));
    } else if (column->type == model::sql_type::text && (number || flag)) {
      warning(at,
              fmt::format("`{}` is {}, but is compared with a {}", column->name, with_article(column->declared),
                          number ? "number" : "boolean"),
              "put the value in single quotes");
    }
  }

  const model::table_info* find(const model::table_ref& t) const { return tables_.find(t.schema, t.table); }

  const program& program_;
  const model::catalog& tables_;
  diagnostics out_;
};

}  // namespace

diagnostics check_tables(const program& p, const model::catalog& tables) { return table_check(p, tables).run(); }

}  // namespace sql2ldap::mapping::detail
