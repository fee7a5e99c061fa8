// A whole file: parameters, tables, kinds in order, the statements of each kind.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstdint>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/fingerprint.hpp>
#include <sql2ldap/mapping/detail/nearest.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>
#include <sql2ldap/mapping/detail/touched.hpp>

namespace sql2ldap::mapping::detail {

// ---- parameters and tables --------------------------------------------------------------------

names::names(reporter& report, const syntax::file& tree, const std::map<std::string, std::string>& given)
    : report_(report), given_(given) {
  for (const auto& item : tree.items) {
    const auto* const p = std::get_if<syntax::parameter>(&item);
    if (p == nullptr) continue;
    known_parameter known;
    known.tree = p;
    if (!parameters_.emplace(p->parameter_name.text, known).second) {
      report_.error(p->parameter_name.at, fmt::format("the parameter `{}` is there twice", p->parameter_name.text));
      continue;
    }
    order_.push_back(p->parameter_name.text);
  }
  for (const std::string& name : order_) settle(parameters_.at(name));
  for (const auto& [name, value] : given_) {
    if (!parameters_.contains(name)) {
      report_.error({}, fmt::format("the mapping has no parameter `{}`", name), suggestion(name, order_));
    } else if (!is_utf8(value) || value.find('\0') != std::string::npos) {
      report_.error(parameters_.at(name).tree->at, fmt::format("the value given for `{}` is no text", name));
    }
  }
  for (const auto& item : tree.items) {
    const auto* const t = std::get_if<syntax::table>(&item);
    if (t == nullptr) continue;
    std::string physical;
    for (const auto& piece : t->physical.pieces) {
      if (const auto* const literal = std::get_if<std::string>(&piece)) {
        physical += *literal;
        continue;
      }
      const syntax::name* const word = lone_word(*std::get<syntax::expression_ptr>(piece));
      const std::string* const value = word == nullptr ? nullptr : parameter(word->text);
      if (value != nullptr) {
        physical += *value;
      } else {
        report_.error(word == nullptr ? t->at : word->at, "the name of a table is built from parameters only",
                      word == nullptr ? std::string() : suggestion(word->text, order_));
      }
    }
    model::table_ref ref;
    const std::size_t dot = physical.find('.');
    if (dot != std::string::npos) ref.schema = physical.substr(0, dot);
    ref.table = dot == std::string::npos ? physical : physical.substr(dot + 1);
    if (ref.table.empty()) report_.error(t->at, fmt::format("the table `{}` has an empty name", t->logical.text));
    if (!tables_.emplace(t->logical.text, ref).second) {
      report_.error(t->logical.at, fmt::format("the table `{}` is there twice", t->logical.text));
    }
  }
}

void names::settle(known_parameter& p) {
  using progress = known_parameter::progress;
  if (p.state == progress::done) return;
  if (p.state == progress::under_way) {
    report_.error(p.tree->at, fmt::format("the parameter `{}` depends on itself", p.tree->parameter_name.text));
    return;
  }
  p.state = progress::under_way;
  for (const auto& piece : p.tree->value.pieces) {
    if (const auto* const literal = std::get_if<std::string>(&piece)) {
      p.standard += *literal;
      continue;
    }
    const syntax::name* const word = lone_word(*std::get<syntax::expression_ptr>(piece));
    const auto other = word == nullptr ? parameters_.end() : parameters_.find(word->text);
    if (other == parameters_.end()) {
      report_.error(word == nullptr ? p.tree->at : word->at, "a parameter is built from other parameters only",
                    word == nullptr ? std::string() : suggestion(word->text, order_));
      continue;
    }
    settle(other->second);
    other->second.used = true;
    p.standard += other->second.value;
  }
  const auto given = given_.find(p.tree->parameter_name.text);
  p.value = given == given_.end() ? p.standard : given->second;
  p.state = progress::done;
}

const std::string* names::parameter(std::string_view name) {
  const auto found = parameters_.find(name);
  if (found == parameters_.end()) return nullptr;
  found->second.used = true;
  return &found->second.value;
}

std::vector<std::string> names::parameter_names() const { return order_; }

std::vector<parameter_info> names::parameters() const {
  std::vector<parameter_info> out;
  for (const std::string& name : order_) {
    const known_parameter& p = parameters_.at(name);
    out.push_back({name, p.value, p.standard});
  }
  return out;
}

void names::warn_of_unused() {
  for (const std::string& name : order_) {
    const known_parameter& p = parameters_.at(name);
    if (!p.used) report_.warning(p.tree->parameter_name.at, fmt::format("the parameter `{}` is never used", name));
  }
}

model::table_ref names::table(const syntax::name& logical, std::string_view alias) {
  const auto found = tables_.find(logical.text);
  model::table_ref out = found == tables_.end() ? model::table_ref{"", logical.text, ""} : found->second;
  const auto known = std::find_if(uses_.begin(), uses_.end(),
                                  [&](const table_use& u) { return u.schema == out.schema && u.table == out.table; });
  if (known == uses_.end()) uses_.push_back({out.schema, out.table, {}, logical.at});
  out.alias = alias;
  return out;
}

void names::use_column(const model::table_ref& table, const std::string& column) {
  const auto use = std::find_if(uses_.begin(), uses_.end(),
                                [&](const table_use& u) { return u.schema == table.schema && u.table == table.table; });
  if (use == uses_.end()) return;
  if (std::find(use->columns.begin(), use->columns.end(), column) == use->columns.end()) use->columns.push_back(column);
}

// ---- kinds ------------------------------------------------------------------------------------

namespace {

template <typename T>
const T* only(reporter& report, const syntax::entry& e, std::string_view what) {
  const T* found = nullptr;
  for (const syntax::statement& s : e.statements) {
    const T* const one = std::get_if<T>(&s.node);
    if (one == nullptr) continue;
    if (found == nullptr) {
      found = one;
    } else {
      report.error(one->at, fmt::format("a second `{}` in `{}`", what, e.kind.text));
    }
  }
  return found;
}

class kind_reader {
 public:
  kind_reader(names& n, const std::map<std::string, const syntax::entry*>& kinds, const syntax::entry& tree,
              std::string_view text, kind_program& out)
      : names_(n), report_(n.report()), tree_(tree), text_(text), out_(out), places_(n, out), lowering_(n, kinds) {
    scope_.entry = &tree;
    scope_.target = &places_;
  }

  void read() {
    out_.at = tree_.kind.at;
    out_.info.name = tree_.kind.text;
    out_.info.line = line(tree_.at);
    read_tables();
    if (!read_key()) return;
    read_name();
    read_classes();
    for (const syntax::statement& s : tree_.statements) {
      if (const auto* const a = std::get_if<syntax::assignment>(&s.node)) read_assignment(*a);
      if (const auto* const p = std::get_if<syntax::partition>(&s.node)) read_partition(*p);
      if (const auto* const i = std::get_if<syntax::on_insert>(&s.node)) read_insert(*i);
    }
    read_orphan();
    places_.make_queries();
    note_directions();
  }

 private:
  [[nodiscard]] int line(position at) const { return static_cast<int>(locate(text_, at.offset).line); }

  void read_tables() {
    const std::string alias = main_alias_of(tree_);
    model::table_ref main{"", "", alias};
    if (!tree_.made) main = names_.table(*tree_.table, alias);
    out_.info.table = main.schema.empty() ? main.table : fmt::format("{}.{}", main.schema, main.table);
    places_.set_main(std::move(main), tree_.made ? std::string() : tree_.table->text);
    std::vector<const syntax::join*> good;
    for (const syntax::statement& s : tree_.statements) {
      const auto* const j = std::get_if<syntax::join>(&s.node);
      if (j == nullptr) continue;
      if (tree_.made) {
        report_.error(j->at, "a kind without a table has no joins");
        continue;
      }
      places::join added;
      added.table = names_.table(j->table, j->alias.text);
      added.logical = j->table.text;
      added.many = j->many;
      added.at = j->at;
      if (places_.add(std::move(added))) {
        good.push_back(j);
      } else {
        report_.error(j->alias.at, fmt::format("the alias `{}` is taken", j->alias.text));
      }
    }
    for (const syntax::join* const j : good) {
      std::set<std::string> needs;
      model::condition_ptr on = lower_condition(scope_, names_, *j->on, needs);
      places_.set_condition(j->alias.text, std::move(on), std::move(needs), j->at);
    }
    if (tree_.where != nullptr) {
      std::set<std::string> needs;
      model::condition_ptr where = lower_condition(scope_, names_, *tree_.where, needs);
      places_.set_where(std::move(where), std::move(needs));
    }
  }

  bool read_key() {
    const auto* const key = only<syntax::key>(report_, tree_, "key");
    if (key == nullptr) {
      report_.error(tree_.kind.at, fmt::format("`{}` has no `key`", tree_.kind.text),
                    "name the columns that tell one row from another: key username");
      return false;
    }
    for (const syntax::column& c : key->columns) {
      if (c.alias && c.alias->text != main_alias_of(tree_)) {
        report_.error(c.alias->at,
                      fmt::format("a key column belongs to the table of `{}`, not to a join", tree_.kind.text));
        continue;
      }
      const std::uint32_t number = places_.column(main_alias_of(tree_), c.column_name.text);
      if (number != out_.key_names.size()) {
        report_.error(c.column_name.at, fmt::format("`{}` is in the key twice", c.column_name.text));
        continue;
      }
      out_.key_names.push_back(c.column_name.text);
    }
    places_.key_is_complete();
    return !out_.key_names.empty();
  }

  void read_name() {
    const auto* const rdn = only<syntax::rdn>(report_, tree_, "rdn");
    const auto* const under = only<syntax::under>(report_, tree_, "under");
    if (rdn == nullptr) {
      report_.error(tree_.kind.at, fmt::format("`{}` has no `rdn`", tree_.kind.text),
                    "for instance: rdn uid = username");
    }
    if (under == nullptr) {
      report_.error(tree_.kind.at, fmt::format("`{}` has no `under`", tree_.kind.text),
                    "say where its entries stand: under \"ou=people\", or under KIND(column)");
    }
    if (rdn == nullptr || under == nullptr) return;
    lowering_.append_name(scope_, tree_, out_.name);
    out_.info.container = under->kind ? std::string() : out_.name.container;
    if (out_.name.levels.empty()) return;
    for (std::size_t i = 0; i < rdn->parts.size(); ++i) {
      const auto& [attribute, value] = rdn->parts[i];
      if (!take_attribute(attribute, true)) continue;
      assignment_rule rule;
      rule.names.emplace_back(attribute.text);
      rule.value = out_.name.levels.front()[i].value.front();
      rule.text = syntax::print(*value);
      rule.at = attribute.at;
      rule.line = line(attribute.at);
      rule.secret = is_secret(rule.value);
      if (rule.value.rows != no_rows) {
        report_.error(value->at, "the RDN cannot come from the rows of a `many`");
      }
      out_.info.attributes.push_back(rule.names.front());
      out_.info.rdn.push_back(rule.names.front());
      out_.rdn.push_back(std::move(rule));
    }
    for (const auto& level : out_.name.levels) {
      for (const name_part& part : level) {
        if (part.value.front().rows != no_rows)
          report_.error(under->at, "the DN cannot come from the rows of a `many`");
      }
    }
    if (under->kind) out_.parent_key = lowering_.key_of(scope_, *under->kind, under->arguments, under->at);
  }

  void read_classes() {
    const auto* const classes = only<syntax::classes>(report_, tree_, "class");
    if (classes == nullptr) {
      report_.error(tree_.kind.at, fmt::format("`{}` has no `class`", tree_.kind.text));
      return;
    }
    for (const syntax::name& n : classes->names) {
      const bool twice = std::any_of(out_.info.classes.begin(), out_.info.classes.end(),
                                     [&](const std::string& c) { return equal_ignoring_ascii_case(c, n.text); });
      if (twice) {
        report_.warning(n.at, fmt::format("the class `{}` is there twice", n.text));
        continue;
      }
      out_.info.classes.push_back(n.text);
      out_.class_positions.emplace_back(n.text, n.at);
    }
    constexpr std::string_view managed = "s2lManaged";
    const bool there = std::any_of(out_.info.classes.begin(), out_.info.classes.end(),
                                   [&](const std::string& c) { return equal_ignoring_ascii_case(c, managed); });
    if (!there) out_.info.classes.emplace_back(managed);
  }

  // False, with a message, when the mapping may not set this attribute, or does so already.
  bool take_attribute(const syntax::name& n, bool rdn) {
    if (!model::attribute_name::is_valid(n.text)) {
      report_.error(n.at, fmt::format("`{}` is no attribute name", n.text));
      return false;
    }
    const model::attribute_name name(n.text);
    if (name == model::names::object_class || name == model::names::origin) {
      report_.error(n.at, fmt::format("`{}` is set by the program itself", n.text),
                    name == model::names::object_class ? "write: class NAME, NAME" : "");
      return false;
    }
    auto& seen = rdn ? rdn_seen_ : seen_;
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      report_.error(n.at, fmt::format("`{}` is set twice in `{}`", n.text, tree_.kind.text),
                    "write one line and join the values with `+`");
      return false;
    }
    seen.push_back(name);
    return true;
  }

  [[nodiscard]] bool in_rdn(model::attribute_name name) const {
    return std::find(rdn_seen_.begin(), rdn_seen_.end(), name) != rdn_seen_.end();
  }

  void note(model::attribute_name name, bool initial) {
    if (in_rdn(name)) return;
    (initial ? out_.info.initial : out_.info.attributes).push_back(name);
  }

  // An attribute whose absence grants what its value would have refused may not be left out.
  void check_omission(const syntax::name& n) {
    constexpr std::array<std::string_view, 3> grants = {"s2lEnabled", "s2lLoginEnabled", "s2lService"};
    if (!model::attribute_name::is_valid(n.text)) return;
    const model::attribute_name name(n.text);
    if (in_rdn(name)) {
      report_.error(n.at, fmt::format("`{}` is in the RDN, so `on error omit` cannot stand here", n.text));
    } else if (std::any_of(grants.begin(), grants.end(),
                           [&](std::string_view g) { return equal_ignoring_ascii_case(g, n.text); })) {
      report_.error(n.at,
                    fmt::format("`{}` cannot be left out on an error: without it nothing is switched off", n.text),
                    "without `on error omit` the row is rejected, and an entry that exists stays as it is");
    }
  }

  void read_assignment(const syntax::assignment& a) {
    assignment_rule rule;
    for (const syntax::name& n : a.attributes) {
      if (!take_attribute(n, false)) continue;
      rule.names.emplace_back(n.text);
      note(rule.names.back(), a.initial);
      const bool named = in_rdn(rule.names.back());
      if (!named) rule.emitted.push_back(rule.names.back());
      if (a.initial && named) report_.error(n.at, fmt::format("`{}` is in the RDN, so `?=` cannot stand here", n.text));
    }
    if (rule.names.empty()) return;
    rule.initial = a.initial;
    if (a.omitted_on_error) {
      rule.on_error = error_policy::omit;
      out_.info.optional.insert(out_.info.optional.end(), rule.names.begin(), rule.names.end());
      for (const syntax::name& n : a.attributes) check_omission(n);
    }
    rule.value = lowering_.lower(scope_, *a.value);
    rule.text = syntax::print(*a.value);
    rule.at = a.attributes.front().at;
    rule.line = line(rule.at);
    rule.secret = is_secret(rule.value) ||
                  std::find(rule.names.begin(), rule.names.end(), model::names::user_password) != rule.names.end();
    out_.steps.emplace_back(std::move(rule));
  }

  void read_partition(const syntax::partition& p) {
    partition_rule rule;
    rule.value = lowering_.lower(scope_, *p.value);
    rule.text = syntax::print(*p.value);
    rule.line = line(p.at);
    std::vector<model::attribute_name> mine;
    bool ended = false;
    for (const syntax::partition_rule& tree : p.rules) {
      if (ended) report_.error(tree.at, "nothing is left for a rule after `else`");
      const bool again = model::attribute_name::is_valid(tree.attribute.text) &&
                         std::find(mine.begin(), mine.end(), model::attribute_name(tree.attribute.text)) != mine.end();
      if (!again && !take_attribute(tree.attribute, false)) continue;
      if (in_rdn(model::attribute_name(tree.attribute.text))) {
        report_.error(tree.attribute.at, fmt::format("`{}` is in the RDN already", tree.attribute.text));
      }
      partition_branch branch{{}, {}, model::attribute_name(tree.attribute.text), {}, {}, {}, {}, 0, {}};
      if (tree.omitted_on_error) {
        branch.on_error = error_policy::omit;
        check_omission(tree.attribute);
      }
      if (!again) {
        mine.push_back(branch.name);
        note(branch.name, false);
      }
      if (tree.pattern) {
        branch.pattern = lowering_.lower_pattern(scope_, **tree.pattern);
        branch.text = syntax::print(**tree.pattern);
      } else {
        branch.pattern.remaining = true;
        branch.text = "else";
        ended = true;
      }
      if (tree.written) branch.written = lowering_.lower(scope_, **tree.written);
      branch.stages = lowering_.lower_stages(scope_, tree.stages);
      branch.at = tree.attribute.at;
      branch.line = line(branch.at);
      rule.branches.push_back(std::move(branch));
    }
    // Several rules may give one attribute.
    for (const model::attribute_name name : mine) {
      const bool always = std::all_of(rule.branches.begin(), rule.branches.end(), [&](const partition_branch& b) {
        return b.name != name || b.on_error == error_policy::omit;
      });
      if (always) out_.info.optional.push_back(name);
    }
    out_.steps.emplace_back(std::move(rule));
  }

  void read_insert(const syntax::on_insert& tree) {
    for (const auto& [column, value] : tree.columns) {
      insert_rule rule;
      const std::string alias = column.alias ? column.alias->text : main_alias_of(tree_);
      const std::optional<std::string> known =
          alias_in(scope_, names_, alias, column.alias ? column.alias->at : column.column_name.at);
      if (!known) continue;
      rule.alias = *known;
      rule.column = column.column_name.text;
      names_.use_column(places_.table_of(*known), rule.column);
      const syntax::name* const word = lone_word(*value);
      if (word == nullptr || word->quoted || word->text != "now") rule.value = lowering_.lower(scope_, *value);
      out_.inserts.push_back(std::move(rule));
    }
  }

  void read_orphan() {
    const auto* const orphan = only<syntax::orphan>(report_, tree_, "orphan");
    if (orphan == nullptr) return;
    if (orphan->policy.text == "skip") out_.info.orphans = orphan_policy::skip;
    if (orphan->policy.text == "make") out_.info.orphans = orphan_policy::make;
    const bool has_parent =
        std::any_of(tree_.statements.begin(), tree_.statements.end(), [](const syntax::statement& s) {
          const auto* const under = std::get_if<syntax::under>(&s.node);
          return under != nullptr && under->kind;
        });
    if (!has_parent) report_.warning(orphan->at, "`orphan` has no effect: these entries have no parent kind");
  }

  void note_directions() {
    for (insert_rule& rule : out_.inserts) {
      for (std::uint32_t i = 0; i < out_.columns.size(); ++i) {
        if (out_.columns[i].alias == rule.alias && out_.columns[i].column == rule.column) rule.slot = i;
      }
    }
    for (assignment_rule& rule : out_.rdn) {
      rule.way = direction_of(out_, rule.value);
      for (std::size_t i = 0; i < out_.steps.size(); ++i) {
        const auto* const a = std::get_if<assignment_rule>(&out_.steps[i]);
        if (a == nullptr || std::find(a->names.begin(), a->names.end(), rule.names.front()) == a->names.end()) continue;
        rule.also.push_back(i);
      }
    }
    for (step& s : out_.steps) {
      if (auto* const a = std::get_if<assignment_rule>(&s)) {
        a->way = direction_of(out_, a->value);
        continue;
      }
      auto& p = std::get<partition_rule>(s);
      p.way = direction_of(out_, p.value);
      for (partition_branch& b : p.branches) b.way = direction_of_branch(p, b);
    }
  }

  static direction direction_of_branch(const partition_rule& p, const partition_branch& b) {
    if (!p.way.two_way) return p.way;
    for (const stage& s : b.stages) {
      const stage_facts& f = facts_of(s.kind);
      if (!f.one_way.empty()) return {false, std::string(f.one_way)};
      if (s.kind == stage_kind::map && s.remaining) return {false, "`else` of map(...) forgets the value"};
    }
    const bool only_presence = !b.stages.empty() && b.stages.front().kind == stage_kind::present;
    if (only_presence && !b.written && (b.pattern.glob || b.pattern.remaining)) {
      return {false, "nothing says which text to write when it appears; give the rule an `as`"};
    }
    return {};
  }

  names& names_;
  reporter& report_;
  const syntax::entry& tree_;
  std::string_view text_;
  kind_program& out_;
  places places_;
  lowering lowering_;
  scope scope_;
  std::vector<model::attribute_name> seen_;
  std::vector<model::attribute_name> rdn_seen_;
};

const syntax::name* parent_kind(const syntax::entry& e) {
  for (const syntax::statement& s : e.statements) {
    const auto* const under = std::get_if<syntax::under>(&s.node);
    if (under != nullptr && under->kind) return &*under->kind;
  }
  return nullptr;
}

bool makes_parents(const syntax::entry& e) {
  return std::any_of(e.statements.begin(), e.statements.end(), [](const syntax::statement& s) {
    const auto* const orphan = std::get_if<syntax::orphan>(&s.node);
    return orphan != nullptr && orphan->policy.text == "make";
  });
}

// Parents before children; of one depth those first that make their parents, so that for all others
// it is settled who has one; else as written. A cycle, or a parent that does not exist, is an error.
std::vector<const syntax::entry*> in_order(reporter& report, const std::vector<const syntax::entry*>& written,
                                           const std::map<std::string, const syntax::entry*>& kinds) {
  std::vector<const syntax::entry*> out;
  std::map<const syntax::entry*, std::size_t> depths;
  for (const syntax::entry* const e : written) {
    std::vector<const syntax::entry*> chain;
    const syntax::entry* next = e;
    while (next != nullptr && std::find(out.begin(), out.end(), next) == out.end()) {
      if (std::find(chain.begin(), chain.end(), next) != chain.end()) {
        report.error(next->kind.at, fmt::format("`{}` stands under itself", next->kind.text));
        return {};
      }
      chain.push_back(next);
      const syntax::name* const parent = parent_kind(*next);
      const auto found = parent == nullptr ? kinds.end() : kinds.find(parent->text);
      next = found == kinds.end() ? nullptr : found->second;
    }
    std::size_t depth = next == nullptr ? 0 : depths.at(next) + 1;
    for (auto link = chain.rbegin(); link != chain.rend(); ++link) depths[*link] = depth++;
    out.insert(out.end(), chain.rbegin(), chain.rend());
  }
  std::stable_sort(out.begin(), out.end(), [&](const syntax::entry* a, const syntax::entry* b) {
    return std::pair(depths.at(a), !makes_parents(*a)) < std::pair(depths.at(b), !makes_parents(*b));
  });
  return out;
}

}  // namespace

tl::expected<std::shared_ptr<const program>, diagnostics> resolve(
    const syntax::file& tree, std::string_view text, const std::map<std::string, std::string>& parameters) {
  reporter report;
  auto out = std::make_shared<program>();
  out->name = tree.mapping_name;
  out->text = text;
  if (out->name.empty()) report.error({}, "the mapping has an empty name");
  names n(report, tree, parameters);

  std::map<std::string, const syntax::entry*> kinds;
  std::vector<const syntax::entry*> written;
  for (const auto& item : tree.items) {
    const auto* const e = std::get_if<syntax::entry>(&item);
    if (e == nullptr) continue;
    if (kinds.emplace(e->kind.text, e).second) {
      written.push_back(e);
    } else {
      report.error(e->kind.at, fmt::format("the entry kind `{}` is there twice", e->kind.text));
    }
  }
  if (written.empty()) report.error({}, "the mapping describes no entries", "write: entry KIND from TABLE { ... }");

  const std::vector<const syntax::entry*> ordered = in_order(report, written, kinds);
  out->kinds.resize(ordered.size());
  for (std::size_t i = 0; i < ordered.size(); ++i) kind_reader(n, kinds, *ordered[i], text, out->kinds[i]).read();
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const syntax::name* const parent = parent_kind(*ordered[i]);
    if (parent == nullptr) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (out->kinds[j].info.name != parent->text) continue;
      out->kinds[i].info.parent = j;
      out->kinds[j].info.is_parent = true;
    }
  }
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const bool parent_is_made =
        out->kinds[i].info.parent && ordered[i] != nullptr && out->kinds[*out->kinds[i].info.parent].info.table.empty();
    if (parent_is_made && out->kinds[i].info.orphans != orphan_policy::make) {
      report.error(ordered[i]->kind.at,
                   fmt::format("`{}` stands under a kind without a table", out->kinds[i].info.name),
                   "write `orphan make`: nothing else makes its parents");
    }
    if (ordered[i]->made && !out->kinds[i].info.is_parent) {
      report.warning(ordered[i]->kind.at,
                     fmt::format("nothing stands under `{}`, so it is never made", ordered[i]->kind.text));
    }
  }
  n.warn_of_unused();
  if (report.errors() != 0) return tl::make_unexpected(report.list());

  out->parameters = n.parameters();
  out->tables = n.tables();
  out->warnings = report.list();
  for (const kind_program& k : out->kinds) out->infos.push_back(k.info);
  for (kind_program& k : out->kinds) find_ways(k);
  out->fingerprint = fingerprint_of(tree, out->parameters);
  return out;
}

}  // namespace sql2ldap::mapping::detail
