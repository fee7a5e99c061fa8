// A mapping against live tables and a live schema.
#include <gmock/gmock.h>

#include <sql2ldap/codec/schema_definition.hpp>
#include <string>

#include "support/mapping_rows.hpp"

namespace sql2ldap {
namespace {

using test::parsed;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

model::table_info table(const std::string& name, std::vector<std::pair<std::string, model::sql_type>> columns,
                        std::vector<std::string> key) {
  model::table_info out;
  out.name = name;
  for (auto& [column, type] : columns) {
    const std::string declared = type == model::sql_type::boolean ? "boolean"
                                 : type == model::sql_type::text  ? "text"
                                                                  : "integer";
    out.columns.push_back({column, type, declared, true});
  }
  out.primary_key = std::move(key);
  return out;
}

model::catalog mail_tables() {
  using t = model::sql_type;
  model::catalog out;
  out.tables.push_back(
      table("mailbox", {{"username", t::text}, {"active", t::boolean}, {"quota", t::integer}, {"alias_id", t::integer}},
            {"username"}));
  out.tables.push_back(table("alias", {{"address", t::text}, {"goto", t::text}, {"owner", t::text}}, {"address"}));
  return out;
}

std::string found_in_tables(const std::string& body, const std::string& head = "from mailbox m") {
  const std::string text =
      "mapping \"t\" entry e " + head + " { " + body + " under \"ou=x\" rdn cn = m.username class device }";
  return mapping::render(parsed(text).check_tables(mail_tables()), text, "t.map");
}

TEST(CheckTables, Good) {
  EXPECT_THAT(found_in_tables("join alias a on a.address = m.username key m.username description = a.goto"), IsEmpty());
}

TEST(CheckTables, Names) {
  EXPECT_THAT(found_in_tables("key m.username description = m.quoat"),
              AllOf(HasSubstr("`mailbox` has no column `quoat`"), HasSubstr("did you mean `quota`?")));
  EXPECT_THAT(found_in_tables("key m.username description = m.Quota"), HasSubstr("letter case counts: write `quota`"));
  EXPECT_THAT(found_in_tables("key m.username", "from mailbxo m"),
              AllOf(HasSubstr("no table `mailbxo`"), HasSubstr("did you mean `mailbox`?")));
  EXPECT_THAT(found_in_tables("key m.username on insert { m.nothing = now }"), HasSubstr("no column `nothing`"));
  EXPECT_THAT(found_in_tables("key m.username", "from mailbox m where exists alias x on x.nope = m.username"),
              HasSubstr("no column `nope`"));
}

TEST(CheckTables, Keys) {
  EXPECT_THAT(found_in_tables("key m.quota"),
              HasSubstr("warning: nothing in the database makes the key of `e` unique"));
  EXPECT_THAT(found_in_tables("key m.username, m.quota"), IsEmpty());
  EXPECT_THAT(found_in_tables("join alias a on a.owner = m.username key m.username description = a.goto"),
              HasSubstr("warning: `join a` may find several rows"));
  EXPECT_THAT(found_in_tables("many alias a on a.owner = m.username key m.username description = a.goto"), IsEmpty());
}

TEST(CheckTables, AFlagCompletesAUniqueKey) {
  model::catalog tables = mail_tables();
  tables.tables[0].primary_key = {"username", "active"};
  const auto found = [&](const std::string& flag) {
    const std::string text = "mapping \"t\" entry e from alias a { join mailbox m on m.username = a.address and " +
                             flag +
                             " key a.address under \"ou=x\" rdn cn = a.address class device description = m.quota }";
    return mapping::render(parsed(text).check_tables(tables), text, "t.map");
  };
  EXPECT_THAT(found("m.active"), IsEmpty());
  EXPECT_THAT(found("not m.active"), IsEmpty());
  EXPECT_THAT(found("m.quota = 1"), HasSubstr("may find several rows"));
}

TEST(CheckTables, AParameterMayBeComparedWithANumber) {
  const std::string text =
      "mapping \"t\" param kind = \"5\" entry e from mailbox m where m.quota = \"${kind}\" { key m.username under "
      "\"ou=x\" rdn cn = m.username class device }";
  EXPECT_THAT(mapping::render(parsed(text).check_tables(mail_tables()), text, "t.map"), IsEmpty());
  EXPECT_THAT(mapping::render(parsed(text, {{"kind", "x"}}).check_tables(mail_tables()), text, "t.map"),
              HasSubstr("`quota` is an integer, but is compared with a text"));
}

TEST(CheckTables, AColumnThatKnowsItsTimeZoneTakesNoOther) {
  model::catalog tables = mail_tables();
  tables.tables[0].columns.push_back({"last", model::sql_type::timestamp, "timestamp with time zone", true});
  tables.tables[0].columns.push_back({"local", model::sql_type::timestamp, "timestamp without time zone", true});
  const auto found = [&](const std::string& value) {
    const std::string text =
        "mapping \"t\" entry e from mailbox m { key m.username under \"ou=x\" rdn cn = m.username "
        "class device description = " +
        value + " }";
    return mapping::render(parsed(text).check_tables(tables), text, "t.map");
  };
  EXPECT_THAT(found("m.last | time"), IsEmpty());
  EXPECT_THAT(found("m.last | time(\"UTC\")"), IsEmpty());
  EXPECT_THAT(found("m.local | time(\"Europe/Berlin\")"), IsEmpty());
  EXPECT_THAT(found("m.last | time(\"Europe/Berlin\")"), HasSubstr("error: `last` knows its time zone"));
}

TEST(CheckTables, Types) {
  const auto where = [](const std::string& condition) {
    return found_in_tables("key m.username", "from mailbox m where " + condition);
  };
  EXPECT_THAT(where("m.active = 'yes'"), HasSubstr("`active` is a boolean, but is compared with a text"));
  EXPECT_THAT(where("m.active = true"), IsEmpty());
  EXPECT_THAT(where("m.username = 1"), HasSubstr("put the value in single quotes"));
  EXPECT_THAT(where("m.quota in ('a', 'b')"), HasSubstr("compared with a text"));
  EXPECT_THAT(where("not (m.quota = 5)"), IsEmpty());
}

std::string found_in_schema(const std::string& statements) {
  const std::string text = "mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k\n" + statements + " }";
  return mapping::render(parsed(text).check_schema(codec::builtin_schema()), text, "t.map");
}

TEST(CheckSchema, Good) { EXPECT_THAT(found_in_schema("class inetOrgPerson sn = k mail = v + w"), IsEmpty()); }

TEST(CheckSchema, Names) {
  EXPECT_THAT(found_in_schema("class inetOrgPersn sn = k"),
              AllOf(HasSubstr("no class `inetOrgPersn`"), HasSubstr("did you mean `inetOrgPerson`?")));
  EXPECT_THAT(found_in_schema("class inetOrgPerson sn = k mial = v"),
              AllOf(HasSubstr("no attribute `mial`"), HasSubstr("did you mean `mail`?")));

  model::schema bare;
  bare.complete();
  const std::string text =
      "mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k class s2lMailAlias mailLocalAddress = v }";
  const std::string found = mapping::render(parsed(text).check_schema(bare), text, "t.map");
  EXPECT_THAT(found, HasSubstr("load sql2ldap.schema"));
  EXPECT_THAT(found, HasSubstr("load misc.schema"));
  EXPECT_THAT(found, HasSubstr("core, cosine and inetorgperson"));
}

TEST(CheckSchema, AMistypedNameOfOurSchemaIsNotAMissingSchema) {
  model::schema loaded = codec::builtin_schema();
  loaded.add(*codec::parse_attribute_type("( 1.2.3.1 NAME 's2lQuotaBytes' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )"));
  loaded.add(*codec::parse_object_class("( 1.2.3.2 NAME 's2lManaged' SUP top AUXILIARY )"));
  loaded.complete();
  const std::string text =
      "mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k class inetOrgPerson sn = k s2lQuota = v }";
  EXPECT_THAT(mapping::render(parsed(text).check_schema(loaded), text, "t.map"),
              AllOf(HasSubstr("did you mean `s2lQuotaBytes`?"), Not(HasSubstr("load sql2ldap.schema"))));
}

TEST(CheckSchema, Classes) {
  EXPECT_THAT(found_in_schema("class s2lMailAccount"), HasSubstr("has no structural class"));
  EXPECT_THAT(found_in_schema("class inetOrgPerson, groupOfNames sn = k member = v"),
              HasSubstr("several structural classes"));
  EXPECT_THAT(found_in_schema("class person, inetOrgPerson sn = k"), Not(HasSubstr("structural")));
}

TEST(CheckSchema, Attributes) {
  EXPECT_THAT(found_in_schema("class inetOrgPerson"), HasSubstr("demand `sn`, which is not mapped"));
  EXPECT_THAT(found_in_schema("class inetOrgPerson sn = k member = v"),
              HasSubstr("no class of `e` allows the attribute `member`"));
  EXPECT_THAT(found_in_schema("class inetOrgPerson sn = k createTimestamp = v"), HasSubstr("createTimestamp"));
}

TEST(CheckSchema, SingleValues) {
  const std::string account = "class inetOrgPerson, s2lMailAccount sn, uid = k s2lEnabled = \"TRUE\"\n";
  EXPECT_THAT(found_in_schema(account + "s2lQuotaBytes = v"), IsEmpty());
  for (const std::string several : {"v + w", "v | split(\",\")", "\"${v | split(\",\")}\"", "v | json(\"a\")"}) {
    EXPECT_THAT(found_in_schema(account + "s2lQuotaBytes = " + several),
                HasSubstr("warning: `s2lQuotaBytes` holds one value"))
        << several;
  }
  EXPECT_THAT(found_in_schema(account + "s2lQuotaBytes = v | split(\",\") | first"), IsEmpty());
  EXPECT_THAT(found_in_schema(account + "many n n on n.k = t.k s2lQuotaBytes = n.v"), HasSubstr("may give several"));
  EXPECT_THAT(
      found_in_schema(account + "partition v | split(\",\") { k -> s2lKeepCopy | present else -> s2lForwardTo }"),
      IsEmpty());
}

}  // namespace
}  // namespace sql2ldap
