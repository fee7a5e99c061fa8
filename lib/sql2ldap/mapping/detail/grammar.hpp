// The rules of the grammar that more than one file uses. grammar_words, _expressions, _conditions
// and _statements define them: four files, because X3 takes its time to compile.
#pragma once

#include <cstdint>

#include <sql2ldap/mapping/detail/grammar_parsers.hpp>

namespace sql2ldap::mapping::syntax::detail {

using name_rule = x3::rule<struct name_id, name>;            // not a keyword, or in backticks
using word_rule = x3::rule<struct word_id, name>;            // any word: names of stages, labels
using attribute_rule = x3::rule<struct attribute_id, name>;  // mail, cn;lang-de
using class_rule = x3::rule<struct class_id, name>;
using bare_word_rule = x3::rule<struct bare_word_id, name>;  // quoted-printable
using integer_rule = x3::rule<struct integer_id, std::int64_t>;
using string_rule = x3::rule<struct string_id, text>;  // 'text'
using column_rule = x3::rule<struct column_id, column>;
using text_rule = x3::rule<struct text_id, text>;  // "text ${expression}"
using stage_rule = x3::rule<struct stage_id, stage>;
using expression_rule = x3::rule<struct expression_id, expression>;
using condition_rule = x3::rule<struct condition_id, condition>;
using file_rule = x3::rule<struct file_id, file>;

inline const name_rule a_name = "a name";
inline const word_rule a_word = "a word";
inline const attribute_rule an_attribute = "an attribute name";
inline const class_rule a_class = "an object class";
inline const bare_word_rule a_bare_word = "a word";
inline const integer_rule an_integer = "a number";
inline const string_rule a_string = "a 'text'";
inline const column_rule a_column = "a column";
inline const text_rule a_text = "a \"text\"";
inline const stage_rule a_stage = "a stage name";
inline const expression_rule an_expression = "an expression";
inline const condition_rule a_condition = "a condition";
inline const file_rule a_file = "a mapping";

BOOST_SPIRIT_DECLARE(name_rule, word_rule, attribute_rule, class_rule, bare_word_rule, integer_rule, string_rule)
BOOST_SPIRIT_DECLARE(column_rule, text_rule, stage_rule, expression_rule, condition_rule, file_rule)

// ( expression, expression ... ), appended to a member of the node.
template <typename Struct, typename Member>
auto expressions_in_parentheses(Member Struct::*member) {
  const auto one = field(member, an_expression);
  return fixed("(") > named("an expression or ')'",
                            fixed(")") | (nesting(one >> *(fixed(",") > one)) > named("',' or ')'", fixed(")"))));
}

}  // namespace sql2ldap::mapping::syntax::detail
