// What the text of a mapping may say, its canonical form, and what a writer of mappings is told.
#include <gmock/gmock.h>

#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/mapping/detail/words.hpp>
#include <sql2ldap/mapping/syntax.hpp>
#include <string>

#include "support/mapping_stages.hpp"

namespace sql2ldap::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string canonical(const std::string& text) {
  const auto tree = mapping::syntax::parse(text);
  return tree ? mapping::syntax::print(*tree) : mapping::render(tree.error(), text, "test.map");
}

// One entry from the table t, with these statements.
std::string entry(const std::string& statements, const std::string& head = "from t") {
  return "mapping \"m\"\n\nentry e " + head +
         " {\n  key   k\n  under \"ou=x\"\n  rdn   cn = k\n  class inetOrgPerson\n" + statements + "}\n";
}

TEST(mapping_words, every_keyword_is_a_word) {
  EXPECT_FALSE(mapping::syntax::detail::is_keyword(""));
  EXPECT_TRUE(mapping::syntax::detail::is_keyword("mapping"));
  EXPECT_TRUE(mapping::syntax::detail::is_keyword("exists"));
}

// ---- on error omit ------------------------------------------------------------------------------

TEST(on_error_omit, stands_behind_the_expression_of_an_attribute_and_behind_a_rule) {
  const std::string text = entry(
      "  sn            = k\n"
      "  mail, mobile  = a | time on error omit\n"
      "  title        ?= b on error omit\n"
      "  partition c {\n"
      "    \"x*\" -> l | integer on error omit\n"
      "    (d)  -> o on error omit\n"
      "    else -> street\n"
      "  }\n"
      "  on insert {\n"
      "    a = \"1\",\n"
      "  }\n");
  EXPECT_EQ(canonical(text), text);
  EXPECT_EQ(canonical(entry("  sn = k on\n error\n omit on insert {}\n")),
            entry("  sn = k on error omit\n  on insert {}\n"));
}

TEST(on_error_omit, is_part_of_what_the_mapping_means) {
  const auto with = parsed(entry("sn = k description = a | time on error omit"));
  const auto without = parsed(entry("sn = k description = a | time"));
  EXPECT_THAT(with.shown(), HasSubstr("a | time on error omit"));
  EXPECT_NE(with.fingerprint(), without.fingerprint());
}

TEST(on_error_omit, is_refused_where_the_attribute_must_be_there) {
  EXPECT_THAT(complaints(entry("s2lEnabled = a | flag on error omit")),
              HasSubstr("`s2lEnabled` cannot be left out on an error"));
  EXPECT_THAT(complaints(entry("partition a { else -> s2lService on error omit }")),
              HasSubstr("`s2lService` cannot be left out on an error"));
  EXPECT_THAT(complaints(entry("cn = a on error omit")), HasSubstr("`cn` is in the RDN"));

  const std::string text = entry("sn = a | limit(5) on error omit");
  EXPECT_THAT(mapping::render(parsed(text).check_schema(codec::builtin_schema()), text, "test.map"),
              HasSubstr("the classes of `e` demand `sn`, so it cannot be left out on an error"));
}

TEST(on_error_omit, fails_the_attribute_alone) {
  const auto map = parsed(entry(
      "sn = k mail = a | integer on error omit partition b { \"x*\" -> l | integer on error omit else -> street } "
      "partition c | split(\",\") | integer { \"1\" -> o on error omit else -> o }"));
  using names = std::vector<model::attribute_name>;
  EXPECT_EQ(map.kinds()[0].optional, (names{model::attribute_name("mail"), model::attribute_name("l")}));
  const test::mapped_row row(map, 0, {{"t.k", "1"}, {"t.a", "seven"}, {"t.b", "xyz"}, {"t.c", "1"}});
  mapping::evaluator run(map, *model::dn::parse("dc=example,dc=org"));
  model::entry out;
  model::reject why;
  EXPECT_EQ(run.make(0, row.view(), out, why), mapping::evaluator::outcome::incomplete);
  ASSERT_EQ(run.failures().size(), 2U);
  EXPECT_EQ(run.failures()[0].attributes, names{model::attribute_name("mail")});
  EXPECT_EQ(run.failures()[1].attributes, names{model::attribute_name("l")});
  EXPECT_THAT(values(out, "o"), testing::ElementsAre("1"));
}

TEST(on_error_omit, leaves_the_column_alone_on_the_way_back) {
  for (const char* const value :
       {"c | integer", "c | flag | not", "c | split(\",\") | scale(3)", "\"${c | integer}-${d}\""}) {
    const lens l(std::string(value) + " on error omit");
    const auto kept = l.put("what, is this", {}, "d");
    EXPECT_EQ(kept.objection, "") << value;
    EXPECT_EQ(kept.c, "what, is this") << value;
  }
  EXPECT_EQ(lens("c | integer on error omit").put("x", {"7"}).c, "7");
}

TEST(on_error_omit, says_how_it_is_written) {
  EXPECT_THAT(complaints(entry("sn = k on error skip")),
              AllOf(HasSubstr("expected 'omit' after 'error'"), HasSubstr("attribute = expression on error omit")));
  EXPECT_THAT(complaints(entry("rdn cn = k on error omit")), HasSubstr("follows the expression of an attribute"));
}

// ---- functions in conditions --------------------------------------------------------------------

TEST(functions_in_conditions, are_printed_as_they_are_written) {
  const std::string head = "from t where lower(a) = lower(trim(b)) and lower(c) in ('x', 'y') and not trim(d) is null";
  EXPECT_EQ(canonical(entry("  sn = k\n", head)), entry("  sn = k\n", head));
  // A column may be called like a function.
  EXPECT_EQ(canonical(entry("  sn = lower\n", "from t where lower = 1 and trim")),
            entry("  sn = lower\n", "from t where lower = 1 and trim"));
}

TEST(functions_in_conditions, fold_constants_at_once) {
  const auto map = parsed(entry("sn = k", "from t where a = lower(trim(' Anna '))"));
  const auto& where = std::get<model::compare>(map.queries(0).main.where->node);
  EXPECT_EQ(std::get<std::string>(std::get<model::literal>(where.right)), "anna");
}

TEST(functions_in_conditions, are_lower_and_trim_with_one_text) {
  const auto where = [](const std::string& condition) {
    return complaints(entry("sn = k", "from t where " + condition));
  };
  EXPECT_THAT(where("lowr(a) = 'x'"), AllOf(HasSubstr("conditions have no function `lowr`"), HasSubstr("`lower`")));
  EXPECT_THAT(where("a < now()"), AllOf(HasSubstr("no function `now`"), HasSubstr("a view in the database")));
  EXPECT_THAT(where("lower(a, b) = 'x'"), HasSubstr("`lower` takes one value, not 2"));
  EXPECT_THAT(where("lower(1) = 'x'"), HasSubstr("`lower` takes a column or a text"));
  EXPECT_THAT(where("lower(a) = 5"), HasSubstr("put the value in single quotes"));
  EXPECT_THAT(where("lower(a) = 'Anna'"), AllOf(HasSubstr("is never the result"), HasSubstr("write 'anna'")));
  EXPECT_THAT(where("trim(a) in ('x', ' y')"), HasSubstr("write 'y'"));
  EXPECT_THAT(where("lower(a) = lower(null)"), HasSubstr("takes a column or a text"));
  EXPECT_THAT(where("lower(a)"), HasSubstr("only a column can stand alone"));
}

TEST(functions_in_conditions, tie_a_joined_row_as_plain_columns_do) {
  const std::string text =
      "mapping \"m\" entry e from t { join a a on lower(a.k) = lower(t.k) key k under \"ou=x\" rdn cn = k class device "
      "description = a.v | nonempty }";
  const auto map = parsed(text);
  // Of several rows that it finds the one in small letters comes first.
  ASSERT_EQ(map.queries(0).main.descending.size(), 1U);
  EXPECT_EQ(map.queries(0).main.descending.front().column, "k");
  EXPECT_THAT(map.shown(), HasSubstr("<-> description"));

  model::catalog tables;
  for (const char* const name : {"t", "a"}) {
    model::table_info& table = tables.tables.emplace_back();
    table.name = name;
    for (const char* const column : {"k", "v"}) table.columns.push_back({column, model::sql_type::text, "text", true});
    table.primary_key = {"k"};
  }
  EXPECT_THAT(mapping::render(map.check_tables(tables), text, "test.map"), IsEmpty());
}

TEST(functions_in_conditions, fold_the_row_whose_entries_are_looked_for) {
  const auto map = parsed(
      "mapping \"m\" entry e from t { join a a on lower(a.k) = lower(t.k) key k under \"ou=x\" rdn cn = k class device "
      "description = a.v }");
  const auto touched = map.touched_by({"", "a", {{"k", "Anna"}, {"v", "x"}}, {}});
  ASSERT_EQ(touched.size(), 1U);
  const auto& query = std::get<model::query>(touched.front().which);
  const auto& tie = std::get<model::compare>(std::get<model::all_of>(query.where->node).parts.front()->node);
  EXPECT_EQ(std::get<std::string>(std::get<model::literal>(tie.left)), "anna");
  EXPECT_TRUE(std::get<model::folded_column>(tie.right).lowered);
}

// ---- what a writer is told ----------------------------------------------------------------------

TEST(a_writer, is_told_how_the_thing_is_written) {
  EXPECT_THAT(complaints(entry("mail = a, b")), HasSubstr("joined with '+'"));
  EXPECT_THAT(complaints(entry("mail = enablelib-storage")), HasSubstr("needs `backticks`"));
  EXPECT_THAT(complaints(entry("sn = k", "from t where mail-box = 'x'")), HasSubstr("needs `backticks`"));
  EXPECT_THAT(complaints(entry("sn = k", "from t where a || b = 'x'")), HasSubstr("do not join texts"));
  EXPECT_THAT(complaints(entry("mail = a | lowercase")), HasSubstr("did you mean `lower`?"));
}

TEST(a_writer, is_told_of_the_key_of_another_kind_where_it_is_used_and_once) {
  const std::string text =
      "mapping \"m\"\n"
      "entry domain from d { key id under \"ou=x\" rdn associatedDomain = id class domain }\n"
      "entry account from a { key id under domain(dom) rdn uid = name, cn = dom class account "
      "}\n"
      "entry list from l { key id under \"ou=x\" rdn cn = id class device\n"
      "  owner = dn account(moderator)\n"
      "}\n";
  const std::string found = complaints(text);
  EXPECT_THAT(found, AllOf(HasSubstr("test.map:5:"), HasSubstr("built from `name`"), HasSubstr("`dom`")));
  EXPECT_THAT(found, ::testing::Not(HasSubstr("test.map:3:")));
  EXPECT_EQ(found.find("built from `dom`"), found.rfind("built from `dom`")) << found;
}

}  // namespace
}  // namespace sql2ldap::test
