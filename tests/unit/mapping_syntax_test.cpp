// What the text of a mapping may say, its canonical form, and what a writer of mappings is told.
#include <gmock/gmock.h>

#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/mapping/detail/words.hpp>
#include <sql2ldap/mapping/syntax.hpp>
#include <string>

#include "support/mapping_rows.hpp"

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

TEST(on_error_omit, says_how_it_is_written) {
  EXPECT_THAT(complaints(entry("sn = k on error skip")),
              AllOf(HasSubstr("expected 'omit' after 'error'"), HasSubstr("attribute = expression on error omit")));
  EXPECT_THAT(complaints(entry("rdn cn = k on error omit")), HasSubstr("follows the expression of an attribute"));
}

}  // namespace
}  // namespace sql2ldap::test
