// Conditions: what SQL could say in a WHERE, as far as the language wants it.
#include <sql2ldap/mapping/detail/grammar.hpp>

namespace sql2ldap::mapping::syntax::detail {
namespace {

namespace chars = x3::standard;

using call_rule = x3::rule<struct call_id, call>;
using value_rule = x3::rule<struct value_id, value>;
using disjunction_rule = x3::rule<struct disjunction_id, any_of>;
using conjunction_rule = x3::rule<struct conjunction_id, all_of>;
using exists_rule = x3::rule<struct exists_id, exists>;
using comparison_rule = x3::rule<struct comparison_id, comparison>;
using like_rule = x3::rule<struct like_id, like>;
using in_list_rule = x3::rule<struct in_list_id, in_list>;
using is_null_rule = x3::rule<struct is_null_id, is_null>;
using simple_rule = x3::rule<struct simple_id, condition>;
using operand_rule = x3::rule<struct operand_id, condition>;
using conjoined_rule = x3::rule<struct conjoined_id, condition>;
const call_rule a_call = "a function";
const value_rule a_value = "a value";
const disjunction_rule disjunction = "a condition";
const conjunction_rule conjunction = "a condition";
const exists_rule an_exists = "'exists'";
const comparison_rule a_comparison = "a comparison";
const like_rule a_like = "'like'";
const in_list_rule an_in = "'in'";
const is_null_rule an_is = "'is'";
const simple_rule a_simple = "a condition";
const operand_rule an_operand = "a condition";
const conjoined_rule conjoined = "a condition";
BOOST_SPIRIT_DECLARE(call_rule, value_rule, disjunction_rule, conjunction_rule, exists_rule, comparison_rule, like_rule)
BOOST_SPIRIT_DECLARE(in_list_rule, is_null_rule, simple_rule, operand_rule, conjoined_rule)

// ---- values -------------------------------------------------------------------------------------

template <typename Value>
auto constant(const char* word, Value standing_for) {
  return matching(fixed(word), [standing_for](value& node, std::string_view) { node = standing_for; });
}
const auto function_argument = field(&call::arguments, a_value);
const auto a_call_def = field(&call::function, a_name) >> fixed("(") >
                        named("a value or ')'",
                              fixed(")") | (nesting(function_argument >> *(fixed(",") > function_argument)) >
                                            named("',' or ')'", fixed(")"))));
const auto keep_call = [](value& node, call&& read) { node = std::make_shared<const call>(std::move(read)); };
const auto a_value_def = whole(an_integer) | whole(a_string) | whole(a_text) | constant("true", true) |
                         constant("false", false) | constant("null", null_value{}) | taking(a_call, keep_call) |
                         whole(a_column);

// ---- comparisons: what stands behind the first value ------------------------------------------------

const auto set_operator = [](comparison& node, std::string_view bytes) { node.op = bytes == "!=" ? "<>" : bytes; };
const auto comparing =
    token("a comparison",
          demanding(!chars::lit("=="), "there is no '==' in a condition", "write a single '='") >>
              matching(chars::lit("<>") | chars::lit("!=") | chars::lit("<=") | chars::lit(">=") | chars::char_("=<>"),
                       set_operator));
const auto a_comparison_def = comparing > field(&comparison::right, a_value);

template <typename Condition>
auto negated() {
  return matching(fixed("not"), [](Condition& node, std::string_view) { node.negated = true; });
}
const auto a_like_def = -negated<like>() >> (fixed("like") > named("a 'text'", field(&like::pattern, a_string) |
                                                                                   field(&like::pattern, a_text)));
const auto listed = field(&in_list::list, a_value);
const auto an_in_def = -negated<in_list>() >>
                       (fixed("in") > fixed("(") > listed > *(fixed(",") > listed) > named("',' or ')'", fixed(")")));
const auto an_is_def = fixed("is") > -negated<is_null>() > fixed("null");

// The first value waits in a comparison until it is known what follows it.
const auto keep_left = [](condition& node, value&& left) { node.node = comparison{std::move(left), {}, {}}; };
const auto complete = [](condition& node, auto&& read) {
  read.left = std::move(std::get<comparison>(node.node).left);
  node.node = std::move(read);
};
const auto lone_column = [](condition& node, std::string_view) {
  auto* const flag = std::get_if<column>(&std::get<comparison>(node.node).left);
  if (flag == nullptr) return false;
  column only = std::move(*flag);
  node.node = truth{std::move(only)};
  return true;
};
const auto a_simple_def = taking(a_value, keep_left) >
                          named("a comparison", taking(a_comparison, complete) | taking(a_like, complete) |
                                                    taking(an_in, complete) | taking(an_is, complete) |
                                                    matching(!fixed("not") >> x3::eps, lone_column));

// ---- not, and, or -------------------------------------------------------------------------------

const auto an_exists_def = fixed("exists") > named("a table", field(&exists::table, a_name)) >
                           named("an alias", field(&exists::alias, a_name)) > fixed("on") >
                           nesting(field(&exists::on, a_condition));

const auto negate = [](condition& node, condition&& part) {
  node.node = negation{std::make_shared<const condition>(std::move(part))};
};
const auto an_operand_def =
    placed((fixed("not") > nesting(taking(an_operand, negate))) |
           (fixed("(") > nesting(whole(a_condition)) > named("'and', 'or' or ')'", fixed(")"))) |
           field(&condition::node, an_exists) | whole(a_simple));

// A list of one is its only member.
const auto one_or_all = [](condition& node, auto&& list) {
  if (list.parts.size() == 1)
    node = *list.parts.front();
  else
    node.node = std::move(list);
};
const auto conjunct = field(&all_of::parts, an_operand);
const auto conjunction_def = conjunct >> *(fixed("and") > conjunct);
const auto conjoined_def = placed(taking(conjunction, one_or_all));
const auto disjunct = field(&any_of::parts, conjoined);
const auto disjunction_def = disjunct >> *(fixed("or") > disjunct);
const auto a_condition_def = placed(taking(disjunction, one_or_all));

BOOST_SPIRIT_DEFINE(a_call, a_value, disjunction, conjunction, an_exists, a_comparison, a_like, an_in, an_is, a_simple,
                    an_operand, conjoined)

}  // namespace

BOOST_SPIRIT_DEFINE(a_condition)
BOOST_SPIRIT_INSTANTIATE(condition_rule, iterator, context)

}  // namespace sql2ldap::mapping::syntax::detail
