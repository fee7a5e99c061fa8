// Expressions and stages: from what was written to what runs.
#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cstdint>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/nearest.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>
#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::mapping::detail {

namespace {

position at_of(const syntax::column& c) { return c.column_name.at; }

pipeline constant_pipeline(std::string text) {
  pipeline p;
  p.head = pipeline::head_kind::constant;
  p.constant = std::move(text);
  return p;
}

expression single(pipeline p, std::int32_t rows) {
  expression e;
  e.rows = rows;
  e.parts.push_back(std::move(p));
  return e;
}

bool has_alias(const syntax::entry& e, const std::string& alias) {
  return main_alias_of(e) == alias ||
         std::any_of(e.statements.begin(), e.statements.end(), [&](const syntax::statement& s) {
           const auto* const join = std::get_if<syntax::join>(&s.node);
           return join != nullptr && join->alias.text == alias;
         });
}

// Rows that the values of a pipeline still go along with, after its stages.
std::int32_t rows_after(const pipeline& p) {
  const bool gathered =
      std::any_of(p.stages.begin(), p.stages.end(), [](const stage& s) { return facts_of(s.kind).gathers; });
  return gathered ? no_rows : p.rows;
}

}  // namespace

const syntax::name* lone_word(const syntax::expression& e) {
  if (e.parts.size() != 1 || !e.parts.front().stages.empty()) return nullptr;
  const auto* const column = std::get_if<syntax::column>(&e.parts.front().head);
  return column != nullptr && !column->alias ? &column->column_name : nullptr;
}

// ---- heads ------------------------------------------------------------------------------------

expression lowering::lower(scope& s, const syntax::expression& e, bool in_text) {
  expression out;
  for (const syntax::pipeline& tree : e.parts) {
    pipeline p = lower(s, tree, in_text);
    const std::int32_t rows = rows_after(p);
    if (out.rows == no_rows) out.rows = rows;
    out.parts.push_back(std::move(p));
  }
  out.several = out.parts.size() > 1;
  return out;
}

pipeline lowering::lower(scope& s, const syntax::pipeline& tree, bool in_text) {
  pipeline out;
  struct visitor {
    lowering& self;
    scope& s;
    const syntax::pipeline& tree;
    bool in_text;
    pipeline& out;

    void operator()(const syntax::column& c) const { self.lower_column(s, c, in_text, out); }
    void operator()(const syntax::number& n) const { out = constant_pipeline(std::to_string(n.value)); }
    void operator()(const syntax::text& t) const { self.lower_text(s, t, out); }
    void operator()(const syntax::entry_dn& d) const {
      out.head = pipeline::head_kind::name;
      out.name.push_back(self.name_of(s, d.kind, d.arguments, tree.at));
    }
    void operator()(const syntax::expression_ptr& nested) const {
      out.head = pipeline::head_kind::nested;
      out.nested.push_back(self.lower(s, *nested, in_text));
    }
  };
  std::visit(visitor{*this, s, tree, in_text, out}, tree.head);
  note_rows(out, tree.at);
  std::vector<stage> stages = lower_stages(s, tree.stages);
  out.stages.insert(out.stages.end(), std::make_move_iterator(stages.begin()), std::make_move_iterator(stages.end()));

  std::int32_t rows = out.rows;
  for (std::size_t i = 0; i < out.stages.size() && rows != no_rows; ++i) {
    for (const expression& argument : out.stages[i].arguments) {
      if (argument.rows == rows) out.row_stages = static_cast<std::uint32_t>(i + 1);
    }
    if (facts_of(out.stages[i].kind).gathers) rows = no_rows;
  }
  out.may_be_invalid = out.head == pipeline::head_kind::column && !out.stages.empty() &&
                       out.stages.front().kind == stage_kind::decode && out.stages.front().decoder == coding::latin1;
  return out;
}

// The `many` whose rows the head goes through: texts, names and parentheses take it from inside.
void lowering::note_rows(pipeline& p, position at) {
  const auto join = [&](std::int32_t rows) {
    if (rows == no_rows || rows == p.rows) return;
    if (p.rows == no_rows) {
      p.rows = rows;
    } else {
      report().error(at, "two columns of different `many` joins cannot stand in one text",
                     "write two values with `+`, or join one table to the other inside one `many`");
    }
  };
  for (const text_piece& piece : p.pieces) {
    for (const expression& e : piece.placeholder) join(e.rows);
  }
  for (const name_rule& n : p.name) {
    for (const auto& level : n.levels) {
      for (const name_part& part : level) join(part.value.front().rows);
    }
  }
  if (!p.nested.empty() && p.rows == no_rows) p.rows = p.nested.front().rows;
}

void lowering::lower_column(scope& s, const syntax::column& c, bool in_text, pipeline& out) {
  const std::string& name = c.column_name.text;
  if (in_text && !c.alias && !c.column_name.quoted) {
    if (const std::string* const value = names_.parameter(name)) {
      out = constant_pipeline(*value);
      return;
    }
  }
  if (s.target == nullptr) {
    report().error(at_of(c), fmt::format("`{}` is no parameter, and only a constant can stand here", name),
                   in_text ? suggestion(name, names_.parameter_names())
                           : std::string("write a \"text\" or a number; parameters stand inside texts: \"${name}\""));
    out = constant_pipeline({});
    return;
  }
  const bool main = !c.alias || (s.entry != nullptr && c.alias->text == main_alias_of(*s.entry));
  if (s.given != nullptr) {
    const auto key = std::find(s.given_keys.begin(), s.given_keys.end(), name);
    if (!main || key == s.given_keys.end()) {
      report().error(
          s.use,
          fmt::format("the DN of `{}` is built from `{}`, which its key columns do not tell", s.entry->kind.text, name),
          fmt::format("join the table of `{0}` and give that alias: {0}(ALIAS)", s.entry->kind.text));
      out = constant_pipeline({});
      return;
    }
    const auto n = static_cast<std::size_t>(key - s.given_keys.begin());
    out.head = pipeline::head_kind::nested;
    out.nested.push_back(lower(*s.caller, *(*s.given)[n]));
    return;
  }
  if (s.entry->made) {
    const std::vector<std::string> keys = key_names_of(*s.entry);
    if (!main || std::find(keys.begin(), keys.end(), name) == keys.end()) {
      report().error(at_of(c), fmt::format("`{}`: a kind without a table has only its key columns", name));
      out = constant_pipeline({});
      return;
    }
  }
  const std::string written = c.alias ? c.alias->text : main_alias_of(*s.entry);
  const std::optional<std::string> alias = alias_in(s, names_, written, c.alias ? c.alias->at : at_of(c));
  if (!alias) {
    out = constant_pipeline({});
    return;
  }
  const std::uint32_t number = s.target->column(*alias, name);
  const column_use& use = s.target->kind().columns[number];
  out.head = pipeline::head_kind::column;
  out.column = number;
  out.source = use.source;
  out.index = use.index;
  if (use.source != 0) out.rows = static_cast<std::int32_t>(use.source - 1);
}

void lowering::lower_text(scope& s, const syntax::text& t, pipeline& out) {
  std::vector<text_piece> pieces;
  const auto literal = [&](const std::string& bytes) {
    if (pieces.empty() || !pieces.back().placeholder.empty()) pieces.emplace_back();
    pieces.back().literal += bytes;
  };
  for (const auto& piece : t.pieces) {
    if (const auto* const bytes = std::get_if<std::string>(&piece)) {
      literal(*bytes);
      continue;
    }
    expression e = lower(s, *std::get<syntax::expression_ptr>(piece), true);
    const bool plain =
        e.parts.size() == 1 && e.parts.front().stages.empty() && e.parts.front().head == pipeline::head_kind::constant;
    if (plain) {
      literal(e.parts.front().constant);
    } else {
      pieces.emplace_back().placeholder.push_back(std::move(e));
    }
  }
  if (pieces.empty()) {
    out = constant_pipeline({});
  } else if (pieces.size() == 1 && pieces.front().placeholder.empty()) {
    out = constant_pipeline(std::move(pieces.front().literal));
  } else {
    out.head = pipeline::head_kind::text;
    out.pieces = std::move(pieces);
  }
}

// ---- constants --------------------------------------------------------------------------------

std::optional<std::string> lowering::constant(const syntax::expression& e) {
  const std::size_t before = report().errors();
  scope nothing;
  const expression lowered = lower(nothing, e);
  if (report().errors() != before) return std::nullopt;
  run r;
  list values;
  if (!values_of(r, lowered, values)) {
    report().error(e.at, r.reason);
    return std::nullopt;
  }
  if (values.size() != 1) {
    report().error(e.at, fmt::format("one value is wanted here, not {}", values.size()));
    return std::nullopt;
  }
  return std::string(values.front());
}

std::optional<std::string> lowering::constant(const syntax::text& t, position at) {
  syntax::expression e;
  e.at = at;
  e.parts.push_back({t, {}, at});
  return constant(e);
}

partition_pattern lowering::lower_pattern(scope& s, const syntax::expression& e) {
  partition_pattern out;
  expression lowered = lower(s, e);
  if (lowered.rows != no_rows) report().error(e.at, "a pattern cannot go through the rows of a `many`");
  const bool text = e.parts.size() == 1 && e.parts.front().stages.empty() &&
                    std::holds_alternative<syntax::text>(e.parts.front().head);
  pipeline* const p = text ? &lowered.parts.front() : nullptr;
  std::vector<text_piece> pieces;
  if (p != nullptr && p->head == pipeline::head_kind::constant) {
    pieces.emplace_back().literal = p->constant;
  } else if (p != nullptr) {
    pieces = p->pieces;
  }
  // Only a `*` of the text itself is a wildcard, not one that comes out of a column.
  std::vector<std::vector<text_piece>> segments(1);
  for (text_piece& piece : pieces) {
    if (!piece.placeholder.empty()) {
      segments.back().push_back(std::move(piece));
      continue;
    }
    std::string_view rest = piece.literal;
    for (std::size_t star = rest.find('*'); star != std::string_view::npos; star = rest.find('*')) {
      segments.back().emplace_back().literal = rest.substr(0, star);
      segments.emplace_back();
      rest.remove_prefix(star + 1);
    }
    segments.back().emplace_back().literal = rest;
  }
  out.glob = segments.size() > 1;
  if (!out.glob) {
    out.segments.push_back(std::move(lowered));
    return out;
  }
  for (auto& segment : segments) {
    pipeline part;
    part.head = pipeline::head_kind::text;
    part.pieces = std::move(segment);
    out.segments.push_back(single(std::move(part), no_rows));
  }
  return out;
}

// ---- names of entries -------------------------------------------------------------------------

std::vector<std::string> key_names_of(const syntax::entry& e) {
  std::vector<std::string> out;
  for (const syntax::statement& s : e.statements) {
    const auto* const k = std::get_if<syntax::key>(&s.node);
    if (k == nullptr) continue;
    for (const syntax::column& c : k->columns) out.push_back(c.column_name.text);
  }
  return out;
}

std::optional<scope> lowering::foreign_scope(scope& s, const syntax::name& kind,
                                             const std::vector<syntax::expression_ptr>& arguments, position at) {
  const auto found = kinds_.find(kind.text);
  if (found == kinds_.end()) {
    std::vector<std::string> known;
    for (const auto& [name, tree] : kinds_) known.push_back(name);
    report().error(kind.at, fmt::format("there is no entry kind `{}`", kind.text), suggestion(kind.text, known));
    return std::nullopt;
  }
  if (s.target == nullptr) {
    report().error(at, "the DN of an entry cannot stand where a constant is wanted");
    return std::nullopt;
  }
  if (s.depth >= limits::mapping_depth_max) {
    report().error(at, fmt::format("the DN of `{}` leads back to itself", kind.text));
    return std::nullopt;
  }
  const syntax::entry& parent = *found->second;
  scope out;
  out.entry = &parent;
  out.target = s.target;
  out.foreign = true;
  out.use = s.foreign ? s.use : at;
  out.depth = s.depth + 1;

  // One word that is the alias of a join of that very table: read the parent's text on its rows.
  const syntax::name* const word = arguments.size() == 1 ? lone_word(*arguments.front()) : nullptr;
  if (word != nullptr && parent.table && s.given == nullptr) {
    const bool is_alias = s.foreign ? has_alias(*s.entry, word->text) : s.target->knows(word->text);
    if (is_alias) {
      const std::optional<std::string> alias = alias_in(s, names_, word->text, word->at);
      if (alias && s.target->logical_of(*alias) == parent.table->text) {
        out.renamed[main_alias_of(parent)] = *alias;
        return out;
      }
    }
  }
  out.given = &arguments;
  out.given_keys = key_names_of(parent);
  out.caller = &s;
  if (out.given_keys.size() != arguments.size()) {
    report().error(at,
                   fmt::format("`{}` has {} key column{}, but {} argument{} here", kind.text, out.given_keys.size(),
                               out.given_keys.size() == 1 ? "" : "s", arguments.size(),
                               arguments.size() == 1 ? " stands" : "s stand"),
                   "give a value for each key column, or the alias of a join of its table");
    return std::nullopt;
  }
  return out;
}

void lowering::append_name(scope& s, const syntax::entry& e, name_rule& out) {
  for (const syntax::statement& statement : e.statements) {
    const auto* const rdn = std::get_if<syntax::rdn>(&statement.node);
    if (rdn == nullptr) continue;
    auto& level = out.levels.emplace_back();
    for (const auto& [attribute, value] : rdn->parts) {
      name_part part;
      part.type = attribute.text;
      part.value.push_back(lower(s, *value));
      level.push_back(std::move(part));
    }
    break;
  }
  for (const syntax::statement& statement : e.statements) {
    const auto* const under = std::get_if<syntax::under>(&statement.node);
    if (under == nullptr) continue;
    if (under->container) {
      const std::optional<std::string> text = constant(*under->container, under->at);
      const result<model::dn> parsed = text ? model::dn::parse(*text) : result<model::dn>(model::dn());
      if (parsed) {
        out.container = parsed->text();
      } else {
        report().error(under->at, fmt::format("this is no DN: {}", parsed.error().message),
                       "write it without the base, as \"ou=domains\"");
      }
    } else if (under->kind) {
      std::optional<scope> parent = foreign_scope(s, *under->kind, under->arguments, under->at);
      if (parent) append_name(*parent, *parent->entry, out);
    }
    break;
  }
}

name_rule lowering::name_of(scope& s, const syntax::name& kind, const std::vector<syntax::expression_ptr>& arguments,
                            position at) {
  name_rule out;
  std::optional<scope> parent = foreign_scope(s, kind, arguments, at);
  if (parent) append_name(*parent, *parent->entry, out);
  return out;
}

std::vector<expression> lowering::key_of(scope& s, const syntax::name& kind,
                                         const std::vector<syntax::expression_ptr>& arguments, position at) {
  std::vector<expression> out;
  std::optional<scope> parent = foreign_scope(s, kind, arguments, at);
  if (!parent) return out;
  if (parent->given != nullptr) {
    for (const syntax::expression_ptr& argument : arguments) out.push_back(lower(s, *argument));
    return out;
  }
  for (const std::string& name : key_names_of(*parent->entry)) {
    pipeline p;
    lower_column(*parent, syntax::column{std::nullopt, syntax::name{name, true, at}}, false, p);
    const std::int32_t rows = p.rows;
    out.push_back(single(std::move(p), rows));
  }
  return out;
}

// ---- stages -----------------------------------------------------------------------------------

std::vector<stage> lowering::lower_stages(scope& s, const std::vector<syntax::stage>& stages) {
  std::vector<stage> out;
  for (const syntax::stage& tree : stages) {
    std::optional<stage> one = lower(s, tree);
    if (one) out.push_back(std::move(*one));
  }
  return out;
}

std::optional<stage> lowering::lower(scope& s, const syntax::stage& tree) {
  const stage_facts* const facts = find_stage(tree.function.text);
  if (facts == nullptr) {
    std::vector<std::string> known;
    for (const stage_facts& f : all_stages()) known.emplace_back(f.name);
    report().error(tree.function.at, fmt::format("there is no stage `{}`", tree.function.text),
                   suggestion(tree.function.text, known));
    return std::nullopt;
  }
  const std::size_t count = tree.arguments.size();
  const bool half_flag = facts->takes == arguments::flag && count == 1;
  if (count < facts->least || count > facts->most || half_flag) {
    std::string wanted = facts->least == facts->most ? std::to_string(facts->least)
                         : facts->most == UINT8_MAX  ? fmt::format("at least {}", facts->least)
                                                     : fmt::format("{} to {}", facts->least, facts->most);
    if (facts->takes == arguments::flag) wanted = "none or two";
    report().error(tree.at, fmt::format("`{}` takes {} argument{}, not {}", facts->name, wanted,
                                        facts->most == 1 ? "" : "s", count));
    return std::nullopt;
  }
  for (const syntax::argument& a : tree.arguments) {
    if (a.label && facts->takes != arguments::password) {
      report().error(a.label->at, fmt::format("`{}` takes no `{}:`", facts->name, a.label->text));
    }
    if (a.becomes && facts->takes != arguments::map) {
      report().error(tree.at, fmt::format("`->` has no meaning in `{}`", facts->name));
    }
  }
  stage out;
  out.kind = facts->kind;
  switch (facts->takes) {
    case arguments::none:
      break;
    case arguments::texts:
    case arguments::flag:
      lower_texts(tree, out);
      break;
    case arguments::number:
      lower_number(tree, out);
      break;
    case arguments::values:
      for (const syntax::argument& a : tree.arguments) out.arguments.push_back(lower(s, *a.value));
      break;
    case arguments::map:
      lower_map(tree, out);
      break;
    case arguments::password:
      lower_password(tree, out);
      break;
    case arguments::decode:
      lower_decode(tree, out);
      break;
    case arguments::unit:
      lower_unit(tree, out);
      break;
    case arguments::zone:
      lower_zone(tree, out);
      break;
  }
  return out;
}

void lowering::lower_texts(const syntax::stage& tree, stage& out) {
  for (const syntax::argument& a : tree.arguments) {
    const std::optional<std::string> text = constant(*a.value);
    if (!text) return;
    const bool must_not_be_empty = out.kind == stage_kind::split || out.kind == stage_kind::join ||
                                   out.kind == stage_kind::json || out.kind == stage_kind::required ||
                                   out.kind == stage_kind::reject ||
                                   (out.kind == stage_kind::replace && out.texts.empty());
    if (text->empty() && must_not_be_empty && out.kind != stage_kind::join) {
      report().error(a.value->at, fmt::format("`{}` needs a text that is not empty", tree.function.text));
    }
    const bool any_case = out.kind == stage_kind::match || out.kind == stage_kind::drop;
    out.texts.push_back(any_case ? ascii_lowered(*text) : *text);
  }
  if (out.kind == stage_kind::flag && out.texts.size() == 2 && out.texts[0] == out.texts[1]) {
    report().error(tree.at, "`flag` needs two different spellings");
  }
  if (out.kind == stage_kind::json && !out.texts.empty()) {
    const std::string path = out.texts.front();
    out.texts.clear();
    for (const std::string_view member : split(path, '.')) out.texts.emplace_back(member);
  }
}

void lowering::lower_number(const syntax::stage& tree, stage& out) {
  const std::optional<std::string> text = constant(*tree.arguments.front().value);
  if (!text) return;
  const char* const end = text->data() + text->size();
  const auto [stop, fault] = std::from_chars(text->data(), end, out.number);
  const bool fits =
      fault == std::errc() && stop == end && (out.kind == stage_kind::scale ? out.number != 0 : out.number >= 0);
  if (!fits) {
    report().error(tree.arguments.front().value->at,
                   fmt::format("`{}` needs a whole number{}, not {}", tree.function.text,
                               out.kind == stage_kind::scale ? " other than 0" : "", quoted_for_message(*text)));
    out.number = 1;
  }
}

void lowering::lower_map(const syntax::stage& tree, stage& out) {
  for (const syntax::argument& a : tree.arguments) {
    if (!a.becomes) {
      report().error(a.value->at, "`map` takes pairs", "write map(\"a\" -> \"x\", \"b\" -> \"y\")");
      continue;
    }
    choice c;
    const syntax::name* const target = lone_word(**a.becomes);
    const bool drops = target != nullptr && !target->quoted && target->text == "none";
    if (!drops) c.to = constant(**a.becomes);
    const syntax::name* const word = lone_word(*a.value);
    if (word != nullptr && !word->quoted && word->text == "else") {
      if (out.remaining) report().error(a.value->at, "a second `else`");
      out.remaining = std::move(c);
      continue;
    }
    const std::optional<std::string> from = constant(*a.value);
    if (!from) continue;
    c.from = *from;
    const bool twice =
        std::any_of(out.choices.begin(), out.choices.end(), [&](const choice& other) { return other.from == c.from; });
    if (twice) report().error(a.value->at, fmt::format("{} stands in the list twice", quoted_for_message(c.from)));
    out.choices.push_back(std::move(c));
  }
}

namespace {
// The word an option or a decoder is named by, as a bare word or a text.
std::string word_of(const syntax::expression& e) {
  if (const syntax::name* const word = lone_word(e)) return word->text;
  if (e.parts.size() != 1) return {};
  const auto* const text = std::get_if<syntax::text>(&e.parts.front().head);
  if (text == nullptr || text->pieces.size() != 1) return {};
  const auto* const literal = std::get_if<std::string>(&text->pieces.front());
  return literal == nullptr ? std::string() : *literal;
}
}  // namespace

void lowering::lower_password(const syntax::stage& tree, stage& out) {
  const auto wrong = [&](const syntax::argument& a, std::string_view words) {
    report().error(a.value->at, fmt::format("`{}:` is one of {}", a.label->text, words));
  };
  for (const syntax::argument& a : tree.arguments) {
    if (!a.label) {
      report().error(a.value->at, "`password` takes options by name", "write password(unprefixed: crypt)");
      continue;
    }
    const std::string word = word_of(*a.value);
    if (a.label->text == "unprefixed") {
      using p = codec::unprefixed_policy;
      if (word == "crypt")
        out.password.unprefixed = p::crypt;
      else if (word == "plain")
        out.password.unprefixed = p::plain;
      else if (word == "refuse")
        out.password.unprefixed = p::refuse;
      else
        wrong(a, "crypt, plain, refuse");
    } else if (a.label->text == "plain") {
      using p = codec::plain_policy;
      if (word == "hash")
        out.password.plain = p::hash;
      else if (word == "lock")
        out.password.plain = p::lock;
      else if (word == "refuse")
        out.password.plain = p::refuse;
      else
        wrong(a, "hash, lock, refuse");
    } else if (a.label->text == "unknown") {
      using p = codec::unknown_policy;
      if (word == "lock")
        out.password.unknown = p::lock;
      else if (word == "drop")
        out.password.unknown = p::drop;
      else if (word == "refuse")
        out.password.unknown = p::refuse;
      else
        wrong(a, "lock, drop, refuse");
    } else {
      report().error(a.label->at, fmt::format("`password` has no option `{}`", a.label->text),
                     suggestion(a.label->text, {"unprefixed", "plain", "unknown"}));
    }
  }
}

void lowering::lower_decode(const syntax::stage& tree, stage& out) {
  const std::string word = word_of(*tree.arguments.front().value);
  if (word == "quoted-printable")
    out.decoder = coding::quoted_printable;
  else if (word == "base64")
    out.decoder = coding::base64;
  else if (word == "url")
    out.decoder = coding::url;
  else if (word == "latin1")
    out.decoder = coding::latin1;
  else if (word == "hex")
    out.decoder = coding::hex;
  else
    report().error(tree.arguments.front().value->at, fmt::format("`decode` knows no {}", quoted_for_message(word)),
                   suggestion(word, {"quoted-printable", "base64", "url", "latin1", "hex"}));
  if (tree.arguments.size() < 2) return;
  out.or_latin1 = word_of(*tree.arguments[1].value) == "latin1";
  if (!out.or_latin1 || out.decoder == coding::latin1)
    report().error(tree.arguments[1].value->at, "what bytes are that are not UTF-8 can be `latin1` only",
                   "write decode(quoted-printable, latin1)");
}

void lowering::lower_unit(const syntax::stage& tree, stage& out) {
  out.number = 1;
  if (tree.arguments.empty()) return;
  const syntax::expression& argument = *tree.arguments.front().value;
  std::string word = word_of(argument);
  if (word.empty()) word = constant(argument).value_or("");
  out.number = unit_of(word);
  if (out.number != 0) return;
  out.number = 1;
  report().error(argument.at, fmt::format("{} is no unit", quoted_for_message(word)), "write K, M, G or T");
}

void lowering::lower_zone(const syntax::stage& tree, stage& out) {
  if (tree.arguments.empty()) return;
  const std::optional<std::string> name = constant(*tree.arguments.front().value);
  if (!name) return;
  result<time_zone> zone = time_zone::named(*name);
  if (!zone) {
    report().error(tree.arguments.front().value->at, zone.error().message, zone.error().hint);
  } else if (!zone->is_utc()) {
    out.zone = std::make_shared<const time_zone>(*std::move(zone));
  }
}

}  // namespace sql2ldap::mapping::detail
