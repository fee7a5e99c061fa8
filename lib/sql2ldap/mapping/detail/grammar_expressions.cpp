// Columns, texts with placeholders, stages, expressions.
#include <sql2ldap/mapping/detail/grammar.hpp>

#include <cstdint>

namespace sql2ldap::mapping::syntax::detail {
namespace {

namespace chars = x3::standard;

using label_rule = x3::rule<struct label_id, name>;
using bare_rule = x3::rule<struct bare_id, expression>;
using argument_rule = x3::rule<struct argument_id, argument>;
using entry_dn_rule = x3::rule<struct entry_dn_id, entry_dn>;
using pipeline_rule = x3::rule<struct pipeline_id, pipeline>;
const label_rule label = "a label";
const bare_rule bare = "a word";
const argument_rule an_argument = "an argument";
const entry_dn_rule a_dn = "dn KIND(...)";
const pipeline_rule a_pipeline = "an expression";
BOOST_SPIRIT_DECLARE(label_rule, bare_rule, argument_rule, entry_dn_rule, pipeline_rule)

const auto alias_was_read = [](column& node, std::string_view) { node.alias = std::move(node.column_name); };
const auto a_column_def = field(&column::column_name, a_name) >>
                          -(glued_token("'.'", matching(chars::lit('.'), alias_was_read)) >
                            field(&column::column_name, a_name));

// ---- "text ${expression}" -----------------------------------------------------------------------

const auto append = [](text& node, std::string_view bytes) {
  if (node.pieces.empty() || !std::holds_alternative<std::string>(node.pieces.back()))
    node.pieces.emplace_back(std::string());
  std::get<std::string>(node.pieces.back()) += bytes;
};
const auto append_escaped = [](text& node, std::string_view bytes) {
  append(node, bytes == "n" ? "\n" : bytes == "t" ? "\t" : bytes);
};
const auto append_expression = [](text& node, expression&& value) {
  node.pieces.emplace_back(std::make_shared<const expression>(std::move(value)));
};

const auto escape = chars::lit('\\') >> demanding(matching(chars::char_("\"\\nt$"), append_escaped),
                                                  "there is no such escape in a text",
                                                  "the escapes are \\\" \\\\ \\n \\t \\$");
const auto placeholder = token("${", chars::lit("${")) > nesting(taking(an_expression, append_expression)) > fixed("}");
const auto a_text_def = token(
    "a \"text\"",
    chars::lit('"') >> *(matching(+(chars::char_ - chars::char_("\"\\$\n")), append) | escape |
                         (&chars::lit("${") >> placeholder) | matching(chars::lit('$'), append)) >>
        demanding(chars::lit('"'), "this text has no closing \" on its line", "a line break inside is written \\n"));

// ---- stages -------------------------------------------------------------------------------------

const auto label_def = whole(a_word) >> fixed(":");

// A word alone in an argument may be a keyword or have a '-': decode(quoted-printable), map("a" -> none).
const auto bare_column = [](expression& node, name&& word) {
  pipeline only;
  only.at = word.at;
  only.head = column{std::nullopt, std::move(word)};
  node.at = only.at;
  node.parts.push_back(std::move(only));
};
const auto bare_def = taking(a_bare_word, bare_column) >> &(fixed(",") | fixed(")") | fixed("->"));

const auto an_argument_def = -field(&argument::label, label) >>
                             (field(&argument::value, bare) | field(&argument::value, an_expression)) >>
                             -(fixed("->") > named("an expression", field(&argument::becomes, bare) |
                                                                        field(&argument::becomes, an_expression)));

const auto argument_of_stage = field(&stage::arguments, an_argument);
const auto arguments = fixed("(") >
                       named("an argument or ')'",
                             fixed(")") | (nesting(argument_of_stage >> *(fixed(",") > argument_of_stage)) >
                                           named("',' or ')'", fixed(")"))));
const auto a_stage_def = placed(field(&stage::function, a_word) >> -arguments);

// ---- expressions --------------------------------------------------------------------------------

const auto a_dn_def = fixed("dn") > named("a kind of entry", field(&entry_dn::kind, a_name)) >
                      expressions_in_parentheses(&entry_dn::arguments);

const auto set_number = [](pipeline& node, std::int64_t value) { node.head = number{value}; };
const auto head = (fixed("(") > nesting(field(&pipeline::head, an_expression)) > fixed(")")) |
                  taking(an_integer, set_number) | field(&pipeline::head, a_text) | field(&pipeline::head, a_dn) |
                  field(&pipeline::head, a_column);
const auto a_pipeline_def = placed(head >> *(fixed("|") > field(&pipeline::stages, a_stage)));

const auto part = field(&expression::parts, a_pipeline);
const auto an_expression_def = placed(part >> *(fixed("+") > part));

BOOST_SPIRIT_DEFINE(label, bare, an_argument, a_dn, a_pipeline)

}  // namespace

BOOST_SPIRIT_DEFINE(a_column, a_text, a_stage, an_expression)
BOOST_SPIRIT_INSTANTIATE(column_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(text_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(stage_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(expression_rule, iterator, context)

}  // namespace sql2ldap::mapping::syntax::detail
