#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>

#include <cstdint>
#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/matching.hpp>

namespace sql2ldap::model {
namespace {

TEST(attribute_name, is_one_whatever_its_letter_case) {
  const attribute_name one("x-CaseTest;lang-de");
  const attribute_name two("X-casetest;LANG-DE");
  EXPECT_EQ(one, two);
  EXPECT_EQ(two.text(), "x-CaseTest;lang-de");
  EXPECT_EQ(two.folded(), "x-casetest;lang-de");
  EXPECT_FALSE(one == attribute_name("x-CaseTest"));
  EXPECT_EQ(names::object_class, attribute_name("OBJECTCLASS"));
}

const attribute_name at_static_initialisation = names::origin;
TEST(attribute_name, is_there_before_main) { EXPECT_EQ(at_static_initialisation.text(), "s2lOrigin"); }

TEST(attribute_name, is_checked) {
  for (const char* good : {"cn", "a-1", "2.5.4.3", "cn;lang-de", "userCertificate;binary;x"}) {
    EXPECT_TRUE(attribute_name::is_valid(good)) << good;
  }
  for (const char* bad : {"", "1", "1.", "01.2", "c n", "cn;", "-a", "a_b", ";x", "ü", "1.2a"}) {
    EXPECT_FALSE(attribute_name::is_valid(bad)) << bad;
  }
}

TEST(entry, keeps_values_in_order_and_is_used_again) {
  entry e;
  for (int round = 0; round < 2; ++round) {
    e.clear();
    e.set_dn("uid=a,dc=x");
    e.add(names::object_class, "top");
    e.add(names::object_class, "person");
    e.add(attribute_name("cn"), "A");
    EXPECT_EQ(e.dn(), "uid=a,dc=x");
    EXPECT_EQ(e.size(), 3U);
    EXPECT_THAT(e.values_of(names::object_class), testing::ElementsAre("top", "person"));
    EXPECT_EQ(e.first_value_of(attribute_name("CN")), "A");
    EXPECT_EQ(e.first_value_of(attribute_name("sn")), "");
    EXPECT_TRUE(e.has(attribute_name("cn")));
    EXPECT_FALSE(e.has(attribute_name("sn")));
    EXPECT_EQ(e.attributes().size(), 2U);
  }
}

TEST(change, knows_its_dn) {
  entry e;
  e.set_dn("dc=a");
  EXPECT_EQ((change{"", add_entry{e}}.dn()), "dc=a");
  EXPECT_EQ((change{"", modify_entry{"dc=b", {}}}.dn()), "dc=b");
  EXPECT_EQ((change{"", rename_entry{"dc=c", "dc=d", true, ""}}.dn()), "dc=c");
  EXPECT_EQ((change{"", delete_entry{"dc=e"}}.dn()), "dc=e");
}

TEST(catalog, finds_tables_by_search_path) {
  catalog c;
  c.tables = {{"mail", "users", {{"id", sql_type::integer, "int", false}}, {}, {}, {}},
              {"public", "users", {}, {}, {}, {}}};
  EXPECT_EQ(c.find("", "users")->schema, "mail");
  EXPECT_EQ(c.find("public", "users")->schema, "public");
  EXPECT_EQ(c.find("", "nobody"), nullptr);
  EXPECT_EQ(c.tables[0].find("id")->type, sql_type::integer);
  EXPECT_EQ(c.tables[0].find("ID"), nullptr);
}

std::string canonical(std::string_view text) {
  const auto parsed = dn::parse(text);
  return parsed ? parsed->text() : "error";
}

TEST(dn, is_read_liberally_and_written_one_way) {
  EXPECT_EQ(canonical(""), "");
  EXPECT_EQ(canonical("UID=a\\+b , DC=x"), "UID=a\\2Bb,DC=x");
  EXPECT_EQ(canonical("cn = J\\C3\\BCrgen + sn= x ,o=A"), "cn=Jürgen+sn=x,o=A");
  EXPECT_EQ(canonical("cn=\\ a\\ ,o=\\#b"), "cn=\\20a\\20,o=\\23b");
  EXPECT_EQ(canonical("cn=#0403616263"), "cn=abc");
  EXPECT_EQ(canonical("cn="), "cn=");
  EXPECT_EQ(canonical("cn=\\ff"), "cn=\\FF");
  EXPECT_EQ(canonical("2.5.4.3=a=b"), "2.5.4.3=a=b");
}

TEST(dn, refuses_what_is_none) {
  for (const char* bad : {"cn", "cn=a,", ",", "=a", "cn=a\\", "cn=a\\g", "cn=a;o=b", "cn=\"a\"", "cn=#0403", "cn=#",
                          "cn=#0c0161", "c n=a", "cn;lang-de=a", "cn=a++o=b", "cn=\xff", "cn=#040161x"}) {
    EXPECT_FALSE(dn::parse(bad).has_value()) << bad;
  }
  EXPECT_FALSE(dn::parse("cn=" + std::string(limits::dn_bytes_max, 'a')).has_value());
  std::string deep = "cn=a";
  for (std::size_t i = 0; i < limits::dn_depth_max; ++i) deep += ",cn=a";
  EXPECT_FALSE(dn::parse(deep).has_value());
}

TEST(dn, grows_and_shrinks) {
  const dn base = dn::parse("dc=example,dc=org").value();
  const dn user = base.child("ou", "a,b").child("uid", "c");
  EXPECT_EQ(user.text(), "uid=c,ou=a\\2Cb,dc=example,dc=org");
  EXPECT_EQ(user.parent().parent(), base);
  EXPECT_EQ(user.rdn_text(), "uid=c");
  EXPECT_EQ(user.depth(), 4U);
  EXPECT_TRUE(user.is_below(base));
  EXPECT_FALSE(base.is_below(base));
  EXPECT_FALSE(dn::parse("uid=xdc\\=example,dc=org")->is_below(base));
  EXPECT_TRUE(user.is_below(dn()));
  EXPECT_TRUE(dn().parent().empty());
  EXPECT_EQ(dn::parse("ou=a")->below(base).text(), "ou=a,dc=example,dc=org");
  EXPECT_EQ(user.rdns()[1], (rdn{{"ou", "a,b"}}));
  EXPECT_EQ(parent_text("cn=a\\,b, dc=x"), "dc=x");
  EXPECT_EQ(parent_text("dc=x"), "");
}

TEST(dn, has_one_hash_for_all_its_texts) {
  const std::uint64_t hash = dn_hash("uid=a\\2Bb,dc=x");
  EXPECT_EQ(hash, dn_hash("UID=a\\+b , DC=x"));
  EXPECT_EQ(hash, dn_hash("uid = A\\+B,dc=X"));
  EXPECT_NE(hash, dn_hash("uid=a,dc=x"));
  EXPECT_EQ(dn_hash("cn=a  b,dc=x"), dn_hash("CN= A b , DC=x "));
  EXPECT_EQ(dn_hash("cn=a\\20b"), dn_hash("cn=a b"));
  EXPECT_EQ(dn_hash("cn=\\61,dc=x"), dn_hash("cn=a,dc=x"));
  EXPECT_EQ(dn_hash("cn=JÜRGEN"), dn_hash("cn=j\\c3\\bcrgen"));
  EXPECT_EQ(dn_hash("cn=a+sn=b"), dn_hash("sn=B+cn=A"));
}

TEST(matching, compares_as_the_server_does) {
  EXPECT_TRUE(values_match(matching_rule::case_ignore, " Über  ALLES ", "über alles"));
  EXPECT_TRUE(values_match(matching_rule::case_ignore,
                           "Stra\xc3\x9f"
                           "e",
                           "STRASSE"));
  EXPECT_FALSE(values_match(matching_rule::case_exact, "A", "a"));
  EXPECT_TRUE(values_match(matching_rule::case_exact, "A  b", " A b"));
  EXPECT_TRUE(values_match(matching_rule::case_ignore_ia5, "A@Example.ORG", "a@example.org"));
  EXPECT_FALSE(values_match(matching_rule::case_exact_ia5, "/Var", "/var"));
  EXPECT_TRUE(values_match(matching_rule::numeric_string, "12 34", "1234"));
  EXPECT_TRUE(values_match(matching_rule::telephone_number, "+49 30-12", "+493012"));
  EXPECT_TRUE(values_match(matching_rule::integer, "-007", "-7"));
  EXPECT_TRUE(values_match(matching_rule::integer, "-0", "000"));
  EXPECT_FALSE(values_match(matching_rule::integer, "7x", "07x"));
  EXPECT_TRUE(values_match(matching_rule::boolean, "true", "TRUE"));
  EXPECT_TRUE(values_match(matching_rule::generalized_time, "20240301010000+0200", "20240229230000.000Z"));
  EXPECT_TRUE(values_match(matching_rule::generalized_time, "2024022923.5Z", "202402292330Z"));
  EXPECT_FALSE(values_match(matching_rule::generalized_time, "20230229000000Z", "20230301000000Z"));
  EXPECT_TRUE(values_match(matching_rule::distinguished_name, "CN=a, DC=b", "cn=A,dc=b"));
  EXPECT_TRUE(values_match(matching_rule::object_identifier, "inetOrgPerson", "INETORGPERSON"));
  EXPECT_FALSE(values_match(matching_rule::octet_string, "a", "A"));
}

TEST(matching, names_and_syntaxes) {
  EXPECT_EQ(matching_rule_named("CASEignoreIA5Match"), matching_rule::case_ignore_ia5);
  EXPECT_EQ(matching_rule_named("2.5.13.14"), matching_rule::integer);
  EXPECT_EQ(matching_rule_named("unheardOf"), matching_rule::octet_string);
  EXPECT_EQ(syntax_with_oid("1.3.6.1.4.1.1466.115.121.1.26{256}"), value_syntax::ia5_string);
  EXPECT_EQ(syntax_with_oid("1.2.3"), value_syntax::other);
}

TEST(matching, objects_to_what_a_server_refuses) {
  EXPECT_EQ(syntax_objection(value_syntax::directory_string, ""), "empty");
  EXPECT_EQ(syntax_objection(value_syntax::directory_string, "\xff"), "not UTF-8");
  EXPECT_EQ(syntax_objection(value_syntax::directory_string, "ü"), "");
  EXPECT_EQ(syntax_objection(value_syntax::ia5_string, "ü"), "not ASCII");
  EXPECT_EQ(syntax_objection(value_syntax::integer, "-12"), "");
  EXPECT_NE(syntax_objection(value_syntax::integer, "012"), "");
  EXPECT_EQ(syntax_objection(value_syntax::integer, "1.5"), "not a number");
  EXPECT_EQ(syntax_objection(value_syntax::boolean, "TRUE"), "");
  EXPECT_NE(syntax_objection(value_syntax::boolean, "true"), "");
  EXPECT_EQ(syntax_objection(value_syntax::generalized_time, "20240101000000Z"), "");
  EXPECT_NE(syntax_objection(value_syntax::generalized_time, "20241301000000Z"), "");
  EXPECT_NE(syntax_objection(value_syntax::distinguished_name, "x"), "");
  EXPECT_EQ(syntax_objection(value_syntax::octet_string, ""), "");
}

}  // namespace
}  // namespace sql2ldap::model
