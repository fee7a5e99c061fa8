// Statements of an entry, the items of a file, the file.
#include <sql2ldap/mapping/detail/grammar.hpp>

namespace sql2ldap::mapping::syntax::detail {
namespace {

namespace chars = x3::standard;

using join_rule = x3::rule<struct join_id, join>;
using key_rule = x3::rule<struct key_id, key>;
using under_rule = x3::rule<struct under_id, under>;
using orphan_rule = x3::rule<struct orphan_id, orphan>;
using rdn_part_rule = x3::rule<struct rdn_part_id, std::pair<name, expression_ptr>>;
using rdn_rule = x3::rule<struct rdn_id, rdn>;
using classes_rule = x3::rule<struct classes_id, classes>;
using assignment_rule = x3::rule<struct assignment_id, assignment>;
using partition_rule_rule = x3::rule<struct partition_rule_id, partition_rule>;
using partition_rule_list = x3::rule<struct partition_id, partition>;
using insert_column_rule = x3::rule<struct insert_column_id, std::pair<column, expression_ptr>>;
using on_insert_rule = x3::rule<struct on_insert_id, on_insert>;
using statement_rule = x3::rule<struct statement_id, statement>;
using parameter_rule = x3::rule<struct parameter_id, parameter>;
using table_rule = x3::rule<struct table_id, table>;
using entry_rule = x3::rule<struct entry_id, entry>;
const join_rule a_join = "a join";
const key_rule a_key = "a key";
const under_rule an_under = "'under'";
const orphan_rule an_orphan = "'orphan'";
const rdn_part_rule rdn_part = "an attribute name";
const rdn_rule an_rdn = "'rdn'";
const classes_rule a_class_list = "'class'";
const assignment_rule an_assignment = "an attribute name";
const partition_rule_rule a_rule = "a rule";
const partition_rule_list a_partition = "'partition'";
const insert_column_rule insert_column = "a column";
const on_insert_rule an_on_insert = "'on insert'";
const statement_rule a_statement = "a statement";
const parameter_rule a_parameter = "'param'";
const table_rule a_table = "'table'";
const entry_rule an_entry = "'entry'";
BOOST_SPIRIT_DECLARE(join_rule, key_rule, under_rule, orphan_rule, rdn_part_rule, rdn_rule, classes_rule)
BOOST_SPIRIT_DECLARE(assignment_rule, partition_rule_rule, partition_rule_list, insert_column_rule, on_insert_rule)
BOOST_SPIRIT_DECLARE(statement_rule, parameter_rule, table_rule, entry_rule)

// ---- statements ---------------------------------------------------------------------------------

// An attribute may be called like a statement: `key = x`, `class, key = x`.
const auto assigns = fixed("=") | fixed("?=") | fixed(",");
auto statement_word(std::string_view word) { return fixed(word) >> !chars::char_(";-") >> !assigns; }

const auto mark_many = [](join& node, std::string_view) { node.many = true; };
const auto a_join_def =
    placed((statement_word("join") | matching(statement_word("many"), mark_many)) >
           named("a table", field(&join::table, a_name)) > named("an alias", field(&join::alias, a_name)) >
           fixed("on") > field(&join::on, a_condition));

const auto key_column = field(&key::columns, a_column);
const auto a_key_def = placed(statement_word("key") > key_column > *(fixed(",") > key_column));

const auto an_under_def = placed(
    statement_word("under") > named("a \"text\" or a kind of entry",
                                    field(&under::container, a_text) |
                                        (field(&under::kind, a_name) > expressions_in_parentheses(&under::arguments))));

const auto one_policy = fixed("skip") | fixed("reject") | fixed("make");
const auto an_orphan_def = placed(statement_word("orphan") >
                                  named("'skip', 'reject' or 'make'", &one_policy >> field(&orphan::policy, a_word)));

const auto rdn_part_def = field(&std::pair<name, expression_ptr>::first, an_attribute) > fixed("=") >
                          field(&std::pair<name, expression_ptr>::second, an_expression);
const auto one_rdn_part = field(&rdn::parts, rdn_part);
const auto an_rdn_def = placed(statement_word("rdn") > one_rdn_part > *(fixed(",") > one_rdn_part));

const auto one_class = field(&classes::names, a_class);
const auto a_class_list_def = placed(statement_word("class") > one_class > *(fixed(",") > one_class));

const auto one_attribute = field(&assignment::attributes, an_attribute);
const auto mark_initial = [](assignment& node, std::string_view) { node.initial = true; };
// These go on with the condition of a join before; behind any other statement they do no better.
const auto condition_word = fixed("and") | fixed("or") | fixed("not") | fixed("like") | fixed("in") | fixed("is");
// `on insert` begins the next statement, so that `on` alone decides nothing.
template <typename Statement>
auto on_error_omit() {
  return -matching(fixed("on") >> fixed("error") > fixed("omit"),
                   [](Statement& node, std::string_view) { node.omitted_on_error = true; });
}
const auto an_assignment_def =
    placed(!(condition_word >> !chars::char_(";-")) >> one_attribute >> *(fixed(",") > one_attribute) >
           named("'=' or '?='", (fixed("=") >> !chars::lit('=')) | matching(fixed("?="), mark_initial)) >
           field(&assignment::value, an_expression) > on_error_omit<assignment>());

const auto a_rule_def =
    placed(((fixed("else") > fixed("->")) |
            (field(&partition_rule::pattern, an_expression) >
             named("'->' or 'as'", fixed("->") | (fixed("as") > field(&partition_rule::written, an_expression) >
                                                  fixed("->"))))) > field(&partition_rule::attribute, an_attribute) >
           *(fixed("|") > field(&partition_rule::stages, a_stage)) > on_error_omit<partition_rule>());
const auto a_partition_def = placed(statement_word("partition") > field(&partition::value, an_expression) > fixed("{") >
                                    *field(&partition::rules, a_rule) > named("a rule or '}'", fixed("}")));

const auto insert_column_def = field(&std::pair<column, expression_ptr>::first, a_column) > fixed("=") >
                               field(&std::pair<column, expression_ptr>::second, an_expression);
const auto one_insert_column = field(&on_insert::columns, insert_column);
const auto an_on_insert_def =
    placed(statement_word("on") > fixed("insert") > fixed("{") >
           named("a column or '}'", fixed("}") | (one_insert_column >> *(fixed(",") >> one_insert_column) >>
                                                  -fixed(",") > named("',' or '}'", fixed("}")))));

const auto a_statement_def = field(&statement::node, a_join) | field(&statement::node, a_key) |
                             field(&statement::node, an_under) | field(&statement::node, an_orphan) |
                             field(&statement::node, an_rdn) | field(&statement::node, a_class_list) |
                             field(&statement::node, a_partition) | field(&statement::node, an_on_insert) |
                             field(&statement::node, an_assignment);

// ---- items --------------------------------------------------------------------------------------

const auto a_parameter_def = placed(fixed("param") > named("a name", field(&parameter::parameter_name, a_name)) >
                                    fixed("=") > field(&parameter::value, a_text));
const auto a_table_def = placed(fixed("table") > named("a name", field(&table::logical, a_name)) > fixed("=") >
                                field(&table::physical, a_text));

const auto mark_made = [](entry& node, std::string_view) { node.made = true; };
const auto entry_source = matching(fixed("made"), mark_made) |
                          (fixed("from") > named("a table", field(&entry::table, a_name)) >
                           -field(&entry::alias, a_name) > -(fixed("where") > field(&entry::where, a_condition)));
const auto an_entry_def = placed(
    fixed("entry") > named("a kind of entry", field(&entry::kind, a_name)) > named("'from' or 'made'", entry_source) >
    fixed("{") > *(!(fixed("}") | standing{&parser_state::at_end} | standing{&parser_state::at_item}) >>
                   recovering(statement_words, field(&entry::statements, a_statement), &parser_state::next_statement)) >
    fixed("}"));

const auto set_mapping_name = [](file& node, text&& value) {
  if (value.pieces.empty()) return true;
  auto* const literal = std::get_if<std::string>(&value.pieces.front());
  if (literal == nullptr || value.pieces.size() > 1) return false;
  node.mapping_name = std::move(*literal);
  return true;
};
const auto header = fixed("mapping") > named("a \"text\" without ${...}", taking(a_text, set_mapping_name));
const auto item = field(&file::items, a_parameter) | field(&file::items, a_table) | field(&file::items, an_entry);
const auto a_file_def = recovering("'mapping'", header, &parser_state::next_item) >>
                        *(!standing{&parser_state::at_end} >> recovering(item_words, item, &parser_state::next_item));

BOOST_SPIRIT_DEFINE(a_join, a_key, an_under, an_orphan, rdn_part, an_rdn, a_class_list, an_assignment, a_rule)
BOOST_SPIRIT_DEFINE(a_partition, insert_column, an_on_insert, a_statement, a_parameter, a_table, an_entry)

}  // namespace

BOOST_SPIRIT_DEFINE(a_file)
BOOST_SPIRIT_INSTANTIATE(file_rule, iterator, context)

}  // namespace sql2ldap::mapping::syntax::detail
