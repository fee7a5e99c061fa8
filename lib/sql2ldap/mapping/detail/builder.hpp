// From the syntax tree to the program: gives every name its meaning. Private to the room.
//   resolve.cpp   the file: parameters, tables, kinds and their order, statements
//   lower.cpp     expressions and stages
//   queries.cpp   joins, conditions and the queries of a kind
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/mapping/detail/program.hpp>
#include <sql2ldap/mapping/syntax.hpp>

namespace sql2ldap::mapping::detail {

class reporter {
 public:
  void error(position at, std::string message, std::string hint = {}) {
    // The text of another kind is read once for each part of its name.
    const bool known = std::any_of(list_.begin(), list_.end(), [&](const diagnostic& d) {
      return d.at.offset == at.offset && d.at.length == at.length && d.message == message;
    });
    if (known) return;
    list_.push_back({diagnostic::severity::error, at, std::move(message), std::move(hint)});
    ++errors_;
  }
  void warning(position at, std::string message, std::string hint = {}) {
    list_.push_back({diagnostic::severity::warning, at, std::move(message), std::move(hint)});
  }
  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }
  [[nodiscard]] const diagnostics& list() const noexcept { return list_; }

 private:
  diagnostics list_;
  std::size_t errors_ = 0;
};

// What the whole file knows: parameters and tables.
class names {
 public:
  names(reporter& report, const syntax::file& tree, const std::map<std::string, std::string>& given);

  [[nodiscard]] const std::string* parameter(std::string_view name);  // marks it used
  [[nodiscard]] model::table_ref table(const syntax::name& logical, std::string_view alias);
  void use_column(const model::table_ref& table, const std::string& column);
  void warn_of_unused();

  [[nodiscard]] std::vector<parameter_info> parameters() const;
  [[nodiscard]] std::vector<table_use> tables() const { return uses_; }
  [[nodiscard]] reporter& report() noexcept { return report_; }
  [[nodiscard]] std::vector<std::string> parameter_names() const;

 private:
  struct known_parameter {
    const syntax::parameter* tree = nullptr;
    std::string standard;
    std::string value;
    enum class progress { untouched, under_way, done } state = progress::untouched;
    bool used = false;
  };
  void settle(known_parameter& p);

  reporter& report_;
  const std::map<std::string, std::string>& given_;
  std::map<std::string, known_parameter, std::less<>> parameters_;
  std::vector<std::string> order_;
  std::map<std::string, model::table_ref, std::less<>> tables_;
  std::vector<table_use> uses_;
};

// The places of one kind: its joins, the columns it reads, and from these its queries.
class places {
 public:
  places(names& n, kind_program& out) : names_(n), out_(out) {}

  struct join {
    model::table_ref table;
    std::string logical;
    bool many = false;
    std::string owner;  // alias of the `many` whose rows it comes with, "" = main
    model::condition_ptr on;
    std::set<std::string> needs;  // aliases in `on`
    position at;
    bool used = false;
  };

  void set_main(model::table_ref table, std::string logical);
  // False when the alias is taken.
  [[nodiscard]] bool add(join j);
  void set_condition(const std::string& alias, model::condition_ptr on, std::set<std::string> needs, position at);
  void set_where(model::condition_ptr where, std::set<std::string> needs);
  void use(const std::string& alias);

  [[nodiscard]] bool knows(const std::string& alias) const { return alias == main_.alias || joins_.contains(alias); }
  [[nodiscard]] bool is_main(const std::string& alias) const { return alias == main_.alias; }
  [[nodiscard]] const model::table_ref& table_of(const std::string& alias) const;
  [[nodiscard]] const std::string& logical_of(const std::string& alias) const;
  [[nodiscard]] std::vector<std::string> aliases() const;
  [[nodiscard]] std::string free_alias(const std::string& wish) const;

  // The place of a column; the same one each time. Key columns must be asked for first.
  [[nodiscard]] std::uint32_t column(const std::string& alias, const std::string& name);
  void key_is_complete();
  [[nodiscard]] names& file() noexcept { return names_; }
  [[nodiscard]] kind_program& kind() noexcept { return out_; }

  void make_queries();

 private:
  [[nodiscard]] std::uint32_t source_of(const std::string& alias);
  void close_over(std::set<std::string>& wanted) const;
  [[nodiscard]] bool is_shared(const std::string& alias) const;

  names& names_;
  kind_program& out_;
  model::table_ref main_;
  std::string main_logical_;
  model::condition_ptr where_;
  std::set<std::string> where_needs_;
  std::map<std::string, join> joins_;
  std::vector<std::string> order_;                     // of the joins, as written
  std::vector<std::string> many_sources_;              // source n is many_sources_[n - 1]
  std::vector<std::vector<std::uint32_t>> of_source_;  // column numbers; [0] = main
  std::size_t key_count_ = 0;
};

// How names in a piece of text are to be read: those of an entry, on the places of a kind. For
// the DN of another kind its text is read with its key columns replaced by `given`, or with its
// aliases renamed.
struct scope {
  const syntax::entry* entry = nullptr;
  places* target = nullptr;                    // null: only constants
  std::map<std::string, std::string> renamed;  // alias in the text -> alias in the target
  bool foreign = false;                        // the text of another kind
  const std::vector<syntax::expression_ptr>* given = nullptr;
  std::vector<std::string> given_keys;  // their names, in order
  scope* caller = nullptr;              // where `given` is to be read
  position use;                         // where the mapping names the other kind
  std::size_t depth = 0;
};

[[nodiscard]] inline std::string main_alias_of(const syntax::entry& e) {
  if (e.alias) return e.alias->text;
  return e.table ? e.table->text : e.kind.text;
}

// Calls f(mine, other, folded) for each equality that an AND of conditions demands between a column of
// `alias` and something else; `folded` when functions are between them.
template <typename F>
void for_each_tie(const model::condition& c, const std::string& alias, const F& f) {
  if (const auto* const all = std::get_if<model::all_of>(&c.node)) {
    for (const model::condition_ptr& p : all->parts) for_each_tie(*p, alias, f);
    return;
  }
  const auto* const compare = std::get_if<model::compare>(&c.node);
  if (compare == nullptr || compare->op != model::comparison::equal) return;
  const auto tie = [&](const model::operand& mine, const model::operand& other) {
    const auto* const column = model::column_of(mine);
    const auto* const same = model::column_of(other);
    if (column != nullptr && column->alias == alias && (same == nullptr || same->alias != alias))
      f(*column, other,
        std::holds_alternative<model::folded_column>(mine) || std::holds_alternative<model::folded_column>(other));
  };
  tie(compare->left, compare->right);
  tie(compare->right, compare->left);
}

// What lower(...) and trim(...) of a condition make of a text, in every engine.
[[nodiscard]] std::string folded_text(std::string_view text, bool lowered, bool trimmed);

// Conditions; `needs` gets the aliases that stand in it.
[[nodiscard]] model::condition_ptr lower_condition(scope& s, names& n, const syntax::condition& c,
                                                   std::set<std::string>& needs);

class lowering {
 public:
  lowering(names& n, const std::map<std::string, const syntax::entry*>& kinds) : names_(n), kinds_(kinds) {}

  [[nodiscard]] expression lower(scope& s, const syntax::expression& e, bool in_text = false);
  [[nodiscard]] std::vector<stage> lower_stages(scope& s, const std::vector<syntax::stage>& stages);
  [[nodiscard]] std::optional<std::string> constant(const syntax::expression& e);
  [[nodiscard]] std::optional<std::string> constant(const syntax::text& t, position at);
  [[nodiscard]] partition_pattern lower_pattern(scope& s, const syntax::expression& e);

  // The DN of an entry of `kind`, with these arguments read in `s`.
  [[nodiscard]] name_rule name_of(scope& s, const syntax::name& kind,
                                  const std::vector<syntax::expression_ptr>& arguments, position at);
  // The values of the key columns of `kind` that the arguments mean.
  [[nodiscard]] std::vector<expression> key_of(scope& s, const syntax::name& kind,
                                               const std::vector<syntax::expression_ptr>& arguments, position at);
  void append_name(scope& s, const syntax::entry& e, name_rule& out);

 private:
  [[nodiscard]] pipeline lower(scope& s, const syntax::pipeline& p, bool in_text);
  void lower_column(scope& s, const syntax::column& c, bool in_text, pipeline& out);
  void lower_text(scope& s, const syntax::text& t, pipeline& out);
  void note_rows(pipeline& p, position at);
  [[nodiscard]] std::optional<stage> lower(scope& s, const syntax::stage& tree);
  void lower_texts(const syntax::stage& tree, stage& out);
  void lower_number(const syntax::stage& tree, stage& out);
  void lower_map(const syntax::stage& tree, stage& out);
  void lower_password(const syntax::stage& tree, stage& out);
  void lower_decode(const syntax::stage& tree, stage& out);
  void lower_unit(const syntax::stage& tree, stage& out);
  void lower_zone(const syntax::stage& tree, stage& out);
  [[nodiscard]] std::optional<scope> foreign_scope(scope& s, const syntax::name& kind,
                                                   const std::vector<syntax::expression_ptr>& arguments, position at);
  [[nodiscard]] reporter& report() noexcept { return names_.report(); }

  names& names_;
  const std::map<std::string, const syntax::entry*>& kinds_;
};

// The alias that `written` means in the scope; joins of another kind are copied on first use.
[[nodiscard]] std::optional<std::string> alias_in(scope& s, names& n, const std::string& written, position at);
// A lone word without alias and stages, as `now`, `none` or an alias; else null.
[[nodiscard]] const syntax::name* lone_word(const syntax::expression& e);
[[nodiscard]] std::vector<std::string> key_names_of(const syntax::entry& e);

// Can LDAP values be written back through it, and if not, why.
[[nodiscard]] direction direction_of(const kind_program& kind, const expression& e);
[[nodiscard]] direction direction_of(const kind_program& kind, const pipeline& p);
[[nodiscard]] bool reads_only_keys(const kind_program& kind, const expression& e);
[[nodiscard]] bool is_constant(const expression& e);
[[nodiscard]] bool is_secret(const expression& e);
// Calls f(const pipeline&) for every pipeline in the expression, at any depth.
template <typename F>
void for_each_pipeline(const expression& e, const F& f) {
  for (const pipeline& p : e.parts) {
    f(p);
    for (const text_piece& piece : p.pieces) {
      for (const expression& inner : piece.placeholder) for_each_pipeline(inner, f);
    }
    for (const name_rule& n : p.name) {
      for (const auto& level : n.levels) {
        for (const name_part& part : level) for_each_pipeline(part.value.front(), f);
      }
    }
    for (const expression& inner : p.nested) for_each_pipeline(inner, f);
    for (const stage& s : p.stages) {
      for (const expression& inner : s.arguments) for_each_pipeline(inner, f);
    }
  }
}

[[nodiscard]] tl::expected<std::shared_ptr<const program>, diagnostics> resolve(
    const syntax::file& tree, std::string_view text, const std::map<std::string, std::string>& parameters);

}  // namespace sql2ldap::mapping::detail
