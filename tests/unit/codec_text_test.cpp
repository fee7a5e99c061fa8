#include <set>

#include <gtest/gtest.h>

#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/idna.hpp>
#include <sql2ldap/codec/schema_definition.hpp>

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;

TEST(base64_text, vectors_of_rfc_4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Z===", "====", "Zm9v ", "Zm\n9", "Zg==Zg=="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(hex_text, both_letter_cases) {
  EXPECT_EQ(hex("\x00\xab"s), "00ab");
  EXPECT_EQ(from_hex("00aB"), "\x00\xab"s);
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(quoted_printable_text, as_php_writes_it) {
  EXPECT_EQ(quoted_printable("a=b \r\nc"), "a=3Db=20\r\nc");
  EXPECT_EQ(quoted_printable("ü"), "=C3=BC");
  EXPECT_EQ(quoted_printable(std::string(76, 'a')), std::string(75, 'a') + "=\r\na");
  EXPECT_EQ(quoted_printable(std::string(70, 'a') + "ü"), std::string(70, 'a') + "=\r\n=C3=BC");
  EXPECT_EQ(from_quoted_printable("a=3d=\r\nb= \nc="), "a=bc");
  EXPECT_FALSE(from_quoted_printable("a=3"));
  EXPECT_FALSE(from_quoted_printable("a=xy"));
}

TEST(percent_text, keeps_unreserved_characters) {
  EXPECT_EQ(percent_encoded("aZ09-._~ /%"), "aZ09-._~%20%2F%25");
  EXPECT_EQ(from_percent_encoded("a%20b%2f"), "a b/");
  EXPECT_FALSE(from_percent_encoded("%2"));
}

TEST(latin1_text, there_and_back) {
  EXPECT_EQ(latin1_to_utf8("B\xfc"
                           "cher\x80"),
            "Bücher\u0080");
  EXPECT_EQ(utf8_to_latin1("Bücher"),
            "B\xfc"
            "cher");
  EXPECT_FALSE(utf8_to_latin1("日"));
  EXPECT_FALSE(utf8_to_latin1("\xc3"));
}

TEST(filter_text, is_built_and_escaped) {
  const filter mail = filter::equal(model::attribute_name("mail"), "a*(b)\\\0\xff"s);
  EXPECT_EQ(mail.text(), "(mail=a\\2a\\28b\\29\\5c\\00\\ff)");
  EXPECT_EQ(filter::equal(model::attribute_name("mail"), "ü").text(), "(mail=ü)");
  const filter any = filter::present(model::attribute_name("uid"));
  EXPECT_EQ(filter::all_of({any, filter::none_of(filter::any_of({any, any}))}).text(),
            "(&(uid=*)(!(|(uid=*)(uid=*))))");
  EXPECT_EQ(filter::all_of({any}).text(), "(uid=*)");
  EXPECT_EQ(filter::any_of({}).text(), "(|)");
}

std::string ascii(std::string_view domain) {
  const auto mapped = domain_to_ascii(domain);
  return mapped ? *mapped : "error";
}

TEST(idna, maps_to_lower_case_a_labels) {
  EXPECT_EQ(ascii("Example.ORG"), "example.org");
  EXPECT_EQ(ascii("Bücher.Example"), "xn--bcher-kva.example");
  EXPECT_EQ(ascii("stra\xc3\x9f"
                  "e.de"),
            "xn--strae-oqa.de");
  EXPECT_EQ(ascii("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
  EXPECT_EQ(ascii("_dmarc.a-b.c1"), "_dmarc.a-b.c1");
  for (const std::string& bad : {""s, "."s, "a..b"s, "a."s, ".a"s, "-a.b"s, "a-.b"s, "a b"s, "a@b"s, "a\0b"s, "ü\0b"s,
                                 "\xff.de"s, std::string(64, 'a'), std::string(300, 'a'), "ü" + std::string(70, 'a')}) {
    EXPECT_EQ(ascii(bad), "error") << bad;
  }
  EXPECT_EQ(domain_to_unicode("xn--bcher-kva.example"), "bücher.example");
  EXPECT_EQ(domain_to_unicode("not a domain"), "not a domain");
}

TEST(schema_definition, reads_the_text_of_a_subschema_entry) {
  const auto type = parse_attribute_type(
      "( 1.2.3 NAME ( 'one' 'uno' ) DESC 'it''s (a) text' OBSOLETE SUP name EQUALITY caseIgnoreMatch "
      "SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{64} SINGLE-VALUE NO-USER-MODIFICATION "
      "USAGE directoryOperation X-ORDERED 'VALUES' X-ORIGIN ( 'a' 'b' ) )");
  ASSERT_TRUE(type.has_value()) << type.error().text();
  EXPECT_EQ(type->oid, "1.2.3");
  EXPECT_EQ(type->names, (std::vector<std::string>{"one", "uno"}));
  EXPECT_EQ(type->sup, "name");
  EXPECT_EQ(type->equality, model::matching_rule::case_ignore);
  EXPECT_TRUE(type->has_substring);
  EXPECT_EQ(type->syntax, model::value_syntax::directory_string);
  EXPECT_TRUE(type->single_value);
  EXPECT_FALSE(type->user_modification);

  const auto object = parse_object_class("(1.2.4 NAME 'thing' SUP (top$other) AUXILIARY MUST cn MAY (sn $ mail))");
  ASSERT_TRUE(object.has_value()) << object.error().text();
  EXPECT_EQ(object->sup, (std::vector<std::string>{"top", "other"}));
  EXPECT_EQ(object->type, model::object_class::kind::auxiliary);
  EXPECT_EQ(object->must.size(), 1U);
  EXPECT_EQ(object->may.at(1), model::attribute_name("mail"));

  for (const char* bad : {"", "1.2.3", "(", "( )", "( 1.2.3 NAME 'a'", "( 1.2.3 ) x", "( 1.2.3 NAME ( 'a' "}) {
    EXPECT_FALSE(parse_attribute_type(bad).has_value()) << bad;
  }
}

TEST(builtin_schema, knows_what_a_mail_host_uses) {
  const model::schema& schema = builtin_schema();
  using model::attribute_name;
  using model::matching_rule;
  EXPECT_EQ(schema.equality_of(attribute_name("mail")), matching_rule::case_ignore_ia5);
  EXPECT_EQ(schema.equality_of(attribute_name("CommonName;lang-de")), matching_rule::case_ignore);  // from `name`
  EXPECT_EQ(schema.equality_of(attribute_name("member")), matching_rule::distinguished_name);
  EXPECT_EQ(schema.equality_of(attribute_name("s2lQuotaBytes")), matching_rule::integer);
  EXPECT_EQ(schema.equality_of(attribute_name("unheardOf")), matching_rule::octet_string);
  EXPECT_TRUE(schema.single_value(attribute_name("s2lOrigin")));
  EXPECT_TRUE(schema.single_value(attribute_name("uidNumber")));
  EXPECT_FALSE(schema.single_value(attribute_name("mail")));
  EXPECT_FALSE(schema.find_attribute(attribute_name("entryUUID"))->user_modification);
  EXPECT_EQ(schema.find_class("INETORGPERSON"), schema.find_class("2.16.840.1.113730.3.2.2"));
  const auto must = schema.must_of({"inetOrgPerson", "s2lManaged"});
  const std::set<std::string> names = [&] {
    std::set<std::string> out;
    for (const attribute_name name : must) out.insert(name.text());
    return out;
  }();
  EXPECT_EQ(names, (std::set<std::string>{"objectClass", "cn", "sn", "s2lOrigin"}));
  EXPECT_TRUE(schema.allows({"inetOrgPerson"}, attribute_name("commonName")));
  EXPECT_FALSE(schema.allows({"inetOrgPerson"}, attribute_name("s2lOrigin")));
  EXPECT_TRUE(schema.allows({"extensibleObject"}, attribute_name("s2lOrigin")));
}

TEST(builtin_schema, names_only_what_it_defines) {
  const model::schema& schema = builtin_schema();
  for (const model::object_class& type : schema.object_classes()) {
    for (const std::string& sup : type.sup) EXPECT_NE(schema.find_class(sup), nullptr) << sup;
    for (const model::attribute_name name : type.must) EXPECT_NE(schema.find_attribute(name), nullptr) << name.text();
  }
  for (const model::attribute_type& type : schema.attribute_types()) {
    EXPECT_TRUE(type.sup.empty() || schema.find_attribute(model::attribute_name(type.sup)) != nullptr) << type.sup;
  }
}

}  // namespace
}  // namespace sql2ldap::codec
