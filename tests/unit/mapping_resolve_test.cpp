// What names mean, which questions are asked of the database, and what is refused.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include <sql2ldap/codec/schema_definition.hpp>

#include "support/mapping_rows.hpp"

namespace sql2ldap {
namespace {

using test::complaints;
using test::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One kind with the given statements besides the necessary ones.
std::string with(const std::string& statements) {
  return "mapping \"t\"\nentry e from t {\n key k\n under \"ou=x\"\n rdn cn = k\n class device\n" + statements +
         "\n}\n";
}

std::vector<std::string> names_of(const std::vector<model::column_ref>& columns) {
  std::vector<std::string> out;
  for (const model::column_ref& c : columns) out.push_back(c.alias + "." + c.column);
  return out;
}

TEST(Resolve, QueriesOfAKind) {
  const auto m = parsed(R"(mapping "t"
    param prefix = "pa_"
    table mailbox = "mail.${prefix}mailbox"
    entry account from mailbox m where m.username like '%@%' and m.active {
      join alias a on a.address = m.username
      join unused u on u.x = m.username
      join vacation v on v.email = a.address
      many alias_domain d on d.target_domain = m.domain and d.active = true
      join domain dd on dd.domain = d.alias_domain
      key m.username
      under "ou=people"
      rdn uid = m.username
      class device
      description = v.body
      mail = d.alias_domain + dd.description
    })");
  const mapping::kind_queries& q = m.queries(0);
  EXPECT_EQ(q.key_columns, 1U);
  EXPECT_EQ(q.main.from, (model::table_ref{"mail", "pa_mailbox", "m"}));
  EXPECT_THAT(names_of(q.main.columns), ElementsAre("m.username", "v.body"));
  EXPECT_THAT(names_of(q.main.order), ElementsAre("m.username"));
  ASSERT_EQ(q.main.joins.size(), 2U) << "v, and a because v needs it; not the unused one, not the many";
  EXPECT_EQ(q.main.joins[0].table.alias, "a");
  EXPECT_EQ(q.main.joins[0].kind, model::join::how::left);
  EXPECT_EQ(q.main.joins[1].table.alias, "v");
  ASSERT_NE(q.main.where, nullptr);

  ASSERT_EQ(q.many.size(), 1U);
  EXPECT_THAT(names_of(q.many[0].columns), ElementsAre("m.username", "d.alias_domain", "dd.description"));
  EXPECT_THAT(names_of(q.many[0].order), ElementsAre("m.username", "d.alias_domain", "dd.description"));
  ASSERT_EQ(q.many[0].joins.size(), 2U);
  EXPECT_EQ(q.many[0].joins[0].table.alias, "d");
  EXPECT_EQ(q.many[0].joins[0].kind, model::join::how::inner);
  EXPECT_EQ(q.many[0].joins[1].table.alias, "dd");
  EXPECT_EQ(q.many[0].joins[1].kind, model::join::how::left);
  EXPECT_EQ(q.many[0].where, q.main.where);

  const mapping::diagnostics warnings = m.warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0].message, HasSubstr("`u` is never used"));
}

TEST(Resolve, ParentsComeFirst) {
  const auto m = parsed(R"(mapping "t"
    entry account from m { key u under domain(m.d) orphan skip rdn uid = u class device }
    entry domain from d {
      key name under top(name | domainpart) orphan make rdn associatedDomain = name class device description = org
    }
    entry top made { key o under "ou=tops" rdn ou = o class device })",
                        {});
  ASSERT_EQ(m.kinds().size(), 3U);
  EXPECT_EQ(m.kinds()[0].name, "top");
  EXPECT_EQ(m.kinds()[0].table, "");
  EXPECT_EQ(m.kinds()[0].container, "ou=tops");
  EXPECT_TRUE(m.kinds()[0].is_parent);
  EXPECT_EQ(m.kinds()[1].name, "domain");
  EXPECT_EQ(m.kinds()[1].parent, 0U);
  EXPECT_EQ(m.kinds()[1].orphans, mapping::orphan_policy::make);
  EXPECT_EQ(m.kinds()[2].name, "account");
  EXPECT_EQ(m.kinds()[2].parent, 1U);
  EXPECT_FALSE(m.kinds()[2].is_parent);
}

TEST(Resolve, ParentsNameFromKeyOrFromARow) {
  // The domain's name does not follow from its key: only a join can tell it.
  const std::string domains =
      "mapping \"t\" entry domain from domains d { key d.id under \"ou=domains\" rdn associatedDomain = d.name class "
      "device }\n";
  EXPECT_THAT(
      complaints(domains + "entry a from users u { key u.id under domain(u.domain_id) rdn uid = u.id class device }"),
      HasSubstr("join the table of `domain`"));
  EXPECT_THAT(complaints("mapping \"t\" entry a from t { key k under self(k) rdn cn = k class device }"),
              HasSubstr("no entry kind `self`"));

  const auto m = parsed(domains +
                        "entry a from users u { join domains d on d.id = u.domain_id\n"
                        "key u.id under domain(d) rdn uid = u.id class device }");
  const test::made out = test::make(m, "a", {{"u.id", "7"}, {"d.id", "3"}, {"d.name", "a.example"}});
  ASSERT_TRUE(out.good) << out.why.reason;
  EXPECT_EQ(out.entry.dn(), "uid=7,associatedDomain=a.example,ou=domains,dc=example,dc=org");
}

TEST(Resolve, JoinsOfTheParentAreCopied) {
  const auto m = parsed(R"(mapping "t"
    entry domain from domains d { join owners o on o.id = d.owner key d.id under "ou=domains"
      rdn associatedDomain = d.name, ou = o.name class device }
    entry account from users u { join domains x on x.id = u.domain_id
      key u.id under domain(x) rdn uid = u.id class device })");
  const model::query& q = m.queries(1).main;
  ASSERT_EQ(q.joins.size(), 2U);
  EXPECT_EQ(q.joins[1].table, (model::table_ref{"", "owners", "x_o"}));
  const test::made out = test::make(m, "account", {{"u.id", "1"}, {"x.name", "a.example"}, {"x_o.name", "me"}});
  ASSERT_TRUE(out.good) << out.why.reason;
  EXPECT_EQ(out.entry.dn(), "uid=1,associatedDomain=a.example+ou=me,ou=domains,dc=example,dc=org");
}

TEST(Resolve, Parameters) {
  const std::string text = R"(mapping "t" param a = "1${b}" param b = "2" table t = "x${a}"
    entry e from t { key k under "ou=${b}" rdn cn = k class device description = "${a}" })";
  const auto m = parsed(text, {{"b", "3"}});
  ASSERT_EQ(m.parameters().size(), 2U);
  EXPECT_EQ(m.parameters()[0].value, "13");
  EXPECT_EQ(m.parameters()[1].standard, "2");
  EXPECT_EQ(m.parameters()[1].value, "3");
  EXPECT_EQ(m.kinds()[0].table, "x13");
  EXPECT_EQ(m.kinds()[0].container, "ou=3");
  EXPECT_NE(m.fingerprint(), parsed(text).fingerprint());
  EXPECT_EQ(parsed(text).fingerprint().size(), 32U);
  EXPECT_EQ(parsed(text).fingerprint(), parsed("# a comment\n" + text).fingerprint());

  EXPECT_THAT(complaints(text, {{"c", "3"}}), HasSubstr("no parameter `c`"));
  EXPECT_THAT(complaints("mapping \"t\" param a = \"${b}\" param b = \"${a}\"\n" + with("").substr(12)),
              HasSubstr("depends on itself"));
  const mapping::diagnostics unused = parsed("mapping \"t\" param a = \"\"\n" + with("").substr(12)).warnings();
  ASSERT_EQ(unused.size(), 1U);
  EXPECT_THAT(unused[0].message, HasSubstr("`a` is never used"));
}

TEST(Resolve, Complaints) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {with("description = x.y"), "no table alias `x`"},
      {with("description = k | lowr"), "did you mean `lower`?"},
      {with("description = k | lower(1)"), "takes 0 arguments, not 1"},
      {with("description = k | flag(\"a\")"), "takes none or two"},
      {with("description = k | scale(0)"), "other than 0"},
      {with("description = k | scale(\"x\")"), "whole number"},
      {with("description = k | split(\"\")"), "not empty"},
      {with("description = k | prefix(d)"), "only a constant"},
      {with("description = k | decode(utf7)"), "`decode` knows no"},
      {with("description = k | password(plain: maybe)"), "one of hash, lock, refuse"},
      {with("description = k | password(plai: hash)"), "did you mean `plain`?"},
      {with("description = k | map(\"a\")"), "takes pairs"},
      {with("description = k | map(\"a\" -> \"b\", \"a\" -> \"c\")"), "twice"},
      {with("description = k\ndescription = j"), "`description` is set twice"},
      {with("objectClass = k"), "set by the program itself"},
      {with("s2lOrigin = k"), "set by the program itself"},
      {with("many a a on a.k = t.k\nmany b b on b.k = t.k\ndescription = \"${a.v}${b.v}\""), "different `many` joins"},
      {with("many a a on a.k = t.k\nmany b b on b.k = a.v\ndescription = b.v"), "cannot build on `many a`"},
      {with("join a t on t.k = 1\ndescription = t.v"), "the alias `t` is taken"},
      {with("description = dn nobody(k)"), "no entry kind `nobody`"},
      {with("partition v { else -> mail \"x\" -> sn }"), "after `else`"},
      {with("key j"), "a second `key`"},
      {"mapping \"t\" entry e from t { under \"ou=x\" rdn cn = k class device }", "has no `key`"},
      {"mapping \"t\" entry e from t { key k rdn cn = k class device }", "has no `under`"},
      {"mapping \"t\" entry e from t { key k under \"ou=x\" class device }", "has no `rdn`"},
      {"mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k }", "has no `class`"},
      {"mapping \"t\" entry e from t { key k under \"nothing\" rdn cn = k class device }", "no DN"},
      {"mapping \"t\" entry a from t { key k under b(k) rdn cn = k class device }\n"
       "entry b from t { key k under a(k) rdn cn = k class device }",
       "stands under itself"},
      {"mapping \"t\" entry a from t { key k under b(k) rdn cn = k class device }\n"
       "entry b made { key k under \"ou=x\" rdn cn = k class device }",
       "orphan make"},
      {"mapping \"t\" entry a from t where x.y = 1 { key k under \"ou=x\" rdn cn = k class device }",
       "no table alias `x`"},
      {"mapping \"t\" entry a from t where y = null { key k under \"ou=x\" rdn cn = k class device }", "is null"},
      {"mapping \"t\"", "describes no entries"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_THAT(complaints(text), HasSubstr(wanted)) << text;
}

TEST(Resolve, EveryErrorHasAPlace) {
  EXPECT_THAT(complaints(with("description = k | lowr")), HasSubstr("test.map:7:19: error: there is no stage `lowr`"));
}

TEST(Resolve, Listing) {
  const auto m =
      parsed(with("description = d | lower\nsn = d | first\nmail = \"x\"\n"
                  "partition g | split(\",\") { \"*@a\" -> l | present  k -> street | present  else -> st }"));
  const std::string text = m.shown();
  EXPECT_THAT(text, HasSubstr("<-> description"));
  EXPECT_THAT(text, HasSubstr("->  sn"));
  EXPECT_THAT(text, HasSubstr("# `first` drops the other values"));
  EXPECT_THAT(text, HasSubstr("# a constant"));
  EXPECT_THAT(text, HasSubstr("give the rule an `as`"));
  EXPECT_THAT(text, HasSubstr("<-> street"));
  EXPECT_THAT(text, HasSubstr("<-> st "));
}

TEST(Resolve, TablesInUse) {
  const auto m = parsed(with("join a x on x.id = t.k\ndescription = x.v\non insert { t.created = now, t.z = \"1\" }"));
  const auto uses = m.tables();
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].table, "t");
  EXPECT_THAT(uses[0].columns, ::testing::UnorderedElementsAre("k", "created", "z"));
  EXPECT_EQ(uses[1].table, "a");
  EXPECT_THAT(uses[1].columns, ::testing::UnorderedElementsAre("id", "v"));
}

TEST(Resolve, ShippedMappingsAreGood) {
  for (const std::string name : {"postfixadmin", "vexim", "virtual-tables", "courier"}) {
    std::ifstream file(std::string(S2L_SOURCE_DIR) + "/mappings/" + name + ".map");
    ASSERT_TRUE(file) << name;
    std::stringstream text;
    text << file.rdbuf();
    const auto m = mapping::mapping::parse(text.str());
    ASSERT_TRUE(m) << mapping::render(m.error(), text.str(), name);
    EXPECT_THAT(mapping::render(m->warnings(), text.str(), name), IsEmpty());
    const auto found = m->check_schema(codec::builtin_schema());
    EXPECT_FALSE(mapping::has_errors(found)) << mapping::render(found, text.str(), name);
  }
}

}  // namespace
}  // namespace sql2ldap
