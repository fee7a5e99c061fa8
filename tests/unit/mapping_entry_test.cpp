// Whole entries from whole rows: DN, classes, origin, attributes, and why a row is rejected.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "support/mapping_rows.hpp"

namespace sql2ldap {
namespace {

using test::cells;
using test::made;
using test::make;
using test::mapped_row;
using test::parsed;
using test::values;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto postfixadmin = R"(
mapping "postfixadmin"
param vmail_root = "/var/vmail"
param vacation_domain = "autoreply.example.org"

entry domain from domain where domain <> 'ALL' {
  key domain
  under "ou=domains"
  rdn associatedDomain = domain | idna
  class s2lMailDomain
  description = description | nonempty
}

entry account from mailbox m {
  join alias a on a.address = m.username
  many alias_domain d on d.target_domain = m.domain and d.active
  key m.username
  under domain(m.domain)
  rdn uid = m.username | address
  class inetOrgPerson, s2lMailAccount
  cn, sn = m.name | trim | nonempty | else(m.local_part)
  mail = m.username | address
  mailLocalAddress = m.username | address + "${m.local_part}@${d.alias_domain}" | address
  userPassword = m.password | password
  s2lEnabled = m.active | flag
  s2lQuotaBytes = m.quota | absent(0, -1) | integer
  homeDirectory = "${vmail_root}/${m.maildir | nonempty}" | path
  partition a.goto | split(",") | trim | nonempty {
    m.username -> s2lKeepCopy | present
    "*@${vacation_domain}" as "${m.local_part}#${m.domain}@${vacation_domain}" -> s2lVacationActive | present
    "*@*" -> s2lForwardTo | address
    else -> s2lForwardTo | lower | ia5
  }
  on insert { m.created = now, m.local_part = m.username | localpart, m.domain = m.username | domainpart }
}
)";

cells joe() {
  return {{"m.username", "Joe@A.example"},
          {"m.domain", "a.example"},
          {"m.local_part", "Joe"},
          {"m.name", "  "},
          {"m.password", "{SSHA}c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
          {"m.active", "t"},
          {"m.quota", "1024000"},
          {"m.maildir", "a.example/joe/"},
          {"a.goto", "joe@a.example, Jim@B.example,joe#a.example@autoreply.example.org,root"}};
}

TEST(Entry, PostfixadminAccount) {
  const auto m = parsed(postfixadmin);
  const made out =
      make(m, "account", joe(), {{{{"d.alias_domain", "c.example"}}, {{"d.alias_domain", "Bücher.example"}}}});
  ASSERT_TRUE(out.good) << out.why.reason;
  const model::entry& e = out.entry;
  EXPECT_EQ(e.dn(), "uid=joe@a.example,associatedDomain=a.example,ou=domains,dc=example,dc=org");
  EXPECT_THAT(values(e, "objectClass"), ElementsAre("inetOrgPerson", "s2lMailAccount", "s2lManaged"));
  EXPECT_THAT(values(e, "s2lOrigin"), ElementsAre("postfixadmin/account/Joe@A.example"));
  EXPECT_THAT(values(e, "uid"), ElementsAre("joe@a.example"));
  EXPECT_THAT(values(e, "cn"), ElementsAre("Joe"));
  EXPECT_THAT(values(e, "sn"), ElementsAre("Joe"));
  EXPECT_THAT(values(e, "mailLocalAddress"),
              ElementsAre("joe@a.example", "joe@c.example", "joe@xn--bcher-kva.example"));
  EXPECT_THAT(values(e, "s2lEnabled"), ElementsAre("TRUE"));
  EXPECT_THAT(values(e, "s2lQuotaBytes"), ElementsAre("1024000"));
  EXPECT_THAT(values(e, "homeDirectory"), ElementsAre("/var/vmail/a.example/joe"));
  EXPECT_THAT(values(e, "s2lKeepCopy"), ElementsAre("TRUE"));
  EXPECT_THAT(values(e, "s2lVacationActive"), ElementsAre("TRUE"));
  EXPECT_THAT(values(e, "s2lForwardTo"), ElementsAre("jim@b.example", "root"));
  EXPECT_EQ(e.attributes().front().text(), "objectClass");
  EXPECT_EQ(e[0].name.text(), "objectClass");
}

TEST(Entry, AccountWithoutAliasRow) {
  cells row = joe();
  row.erase("a.goto");
  const made out = make(parsed(postfixadmin), "account", row);
  ASSERT_TRUE(out.good) << out.why.reason;
  EXPECT_FALSE(out.entry.has(model::attribute_name("s2lKeepCopy")));
  EXPECT_FALSE(out.entry.has(model::attribute_name("s2lForwardTo")));
  EXPECT_THAT(values(out.entry, "mailLocalAddress"), ElementsAre("joe@a.example"));
}

TEST(Entry, RejectsNameTheColumnAndNeverAPassword) {
  const auto m = parsed(postfixadmin);
  cells row = joe();
  row["m.active"] = "perhaps";
  made out = make(m, "account", row);
  ASSERT_FALSE(out.good);
  EXPECT_EQ(out.why.kind, "account");
  EXPECT_EQ(out.why.table, "mailbox");
  EXPECT_EQ(out.why.key, "Joe@A.example");
  EXPECT_EQ(out.why.column, "active");
  EXPECT_THAT(out.why.reason, HasSubstr("no flag"));
  EXPECT_EQ(out.why.line, 25);
  EXPECT_EQ(out.why.dn, "uid=joe@a.example,associatedDomain=a.example,ou=domains,dc=example,dc=org");

  row = joe();
  row["m.password"] = "hunter2";
  out = make(m, "account", row);
  ASSERT_FALSE(out.good);
  EXPECT_EQ(out.why.column, "password");
  EXPECT_EQ(out.why.reason.find("hunter2"), std::string::npos);

  row = joe();
  row["a.goto"] = "jö@a.example";
  out = make(m, "account", row);
  ASSERT_FALSE(out.good);
  EXPECT_EQ(out.why.column, "alias.goto");
}

TEST(Entry, RowsWithoutAName) {
  const auto m = parsed(postfixadmin);
  cells row = joe();
  row["m.username"] = std::nullopt;
  made out = make(m, "account", row);
  EXPECT_THAT(out.why.reason, HasSubstr("NULL"));
  EXPECT_EQ(out.why.key, "NULL");
  row = joe();
  row["m.domain"] = std::nullopt;
  out = make(m, "account", row);
  EXPECT_THAT(out.why.reason, HasSubstr("parent's name"));

  const auto plain = parsed("mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = v class device }");
  EXPECT_THAT(make(plain, "e", {{"t.k", "1"}, {"t.v", ""}}).why.reason, HasSubstr("RDN has no value"));
  const made null = make(plain, "e", {{"t.k", "1"}, {"t.v", std::nullopt}});
  EXPECT_EQ(null.why.reason, "the RDN has no value: v is NULL");
  EXPECT_EQ(null.why.column, "v");
  const auto several =
      parsed("mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = v | split(\",\") class device }");
  EXPECT_THAT(make(several, "e", {{"t.k", "1"}, {"t.v", "a,b"}}).why.reason, HasSubstr("several values"));
}

TEST(Entry, BytesThatAreNoText) {
  const auto m = parsed(
      "mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k class device\n"
      " description = v sn = w | decode(latin1) }");
  mapped_row row(m, 0, {{"t.k", "1"}, {"t.v", "caf\xE9"}, {"t.w", "caf\xE9"}});
  for (model::field& f : row.main()) f.invalid_text = f.bytes == "caf\xE9";
  mapping::evaluator run(m, *model::dn::parse("dc=x"));
  model::entry e;
  model::reject why;
  EXPECT_EQ(run.make(0, row.view(), e, why), mapping::evaluator::outcome::incomplete);
  EXPECT_THAT(why.reason, HasSubstr("UTF-8"));
  EXPECT_EQ(why.column, "v");
  row.main()[1] = {};
  EXPECT_EQ(run.make(0, row.view(), e, why), mapping::evaluator::outcome::made);
  EXPECT_THAT(values(e, "sn"), ElementsAre("café"));
}

TEST(Entry, HostileNames) {
  const auto m = parsed("mapping \"t\" entry e from t { key k, j under \"ou=x\" rdn cn = k class device }");
  const made out = make(m, "e", {{"t.k", " a,b+\"c\\#d\n"}, {"t.j", "x/y"}});
  ASSERT_TRUE(out.good) << out.why.reason;
  const auto name = model::dn::parse(out.entry.dn());
  ASSERT_TRUE(name);
  EXPECT_EQ(name->rdns().size(), 4U);
  EXPECT_EQ(name->rdns()[0][0].value, " a,b+\"c\\#d\n");
  EXPECT_THAT(values(out.entry, "s2lOrigin"), ElementsAre("t/e/%20a,b+%22c%5C%23d%0A/x%2Fy"));
  const std::string_view key[] = {" a,b+\"c\\#d\n", "x/y"};
  EXPECT_EQ(mapping::origin_of("t", "e", key), values(out.entry, "s2lOrigin").front());
}

TEST(Entry, KeyTextIsPrintable) {
  const auto m = parsed("mapping \"t\" entry e from t { key k, j under \"ou=x\" rdn cn = k class device }");
  const mapped_row row(m, 0, {{"t.k", "a\nb"}, {"t.j", "7"}});
  mapping::evaluator run(m, *model::dn::parse("dc=x"));
  model::entry e;
  model::reject why;
  static_cast<void>(run.make(0, row.view(), e, why));
  EXPECT_EQ(run.key_text().find('\n'), std::string_view::npos);
  EXPECT_TRUE(run.key_text().ends_with("/7")) << run.key_text();
}

// Reports of rejects and `why` are searched for the key as it stands in the table.
TEST(Entry, KeyTextHasNoQuotes) {
  const auto m = parsed("mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k class device }");
  const mapped_row row(m, 0, {{"t.k", "grüße@a b.example"}});
  mapping::evaluator run(m, *model::dn::parse("dc=x"));
  model::entry e;
  model::reject why;
  static_cast<void>(run.make(0, row.view(), e, why));
  EXPECT_EQ(run.key_text(), "grüße@a b.example");
}

TEST(Entry, TheRdnValueIsAmongTheValues) {
  const auto m = parsed(
      "mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k, ou = o class device\n"
      " cn, sn = v description = v }");
  const made out = make(m, "e", {{"t.k", "1"}, {"t.o", "2"}, {"t.v", "3"}});
  ASSERT_TRUE(out.good);
  EXPECT_EQ(out.entry.dn(), "cn=1+ou=2,ou=x,dc=example,dc=org");
  EXPECT_THAT(values(out.entry, "cn"), ElementsAre("1", "3"));
  EXPECT_THAT(values(out.entry, "ou"), ElementsAre("2"));
  EXPECT_THAT(values(out.entry, "sn"), ElementsAre("3"));
}

TEST(Entry, ManyAndHugeValues) {
  const auto m = parsed(
      "mapping \"t\" entry e from t { key k under \"ou=x\" rdn cn = k class device\n"
      " description = v | split(\",\") }");
  std::string list;
  for (int i = 0; i < 5000; ++i) list += std::to_string(i % 2500) + ",";
  const made out = make(m, "e", {{"t.k", "1"}, {"t.v", list}});
  ASSERT_TRUE(out.good);
  EXPECT_EQ(values(out.entry, "description").size(), 2500U);
  std::string endless;
  for (int i = 0; i < 100'001; ++i) endless += "x,";
  EXPECT_THAT(make(m, "e", {{"t.k", "1"}, {"t.v", endless}}).why.reason, HasSubstr("too many values"));
  EXPECT_THAT(make(m, "e", {{"t.k", "1"}, {"t.v", std::string(9U << 20U, 'x')}}).why.reason, HasSubstr("too long"));
  EXPECT_THAT(make(m, "e", {{"t.k", std::string(70U << 10U, 'x')}}).why.reason, HasSubstr("DN is too long"));
}

TEST(Entry, OneTableFiveKinds) {
  const auto m = parsed(R"(mapping "vexim"
    entry domain from domains d {
      key d.domain_id under "ou=domains" rdn associatedDomain = d.domain | idna class s2lMailDomain
    }
    entry account from users u where u.type = 'local' {
      join domains d on d.domain_id = u.domain_id
      key u.user_id under domain(d) rdn uid = u.username class inetOrgPerson
      s2lEnabled = u.enabled | flag | and(d.enabled | flag)
      s2lQuotaBytes = u.quota | absent(0) | scale(1048576)
      s2lVacationText = u.vacation | nonempty | decode(quoted-printable)
    }
    entry group from groups g {
      join domains d on d.domain_id = g.domain_id
      many group_contents c on c.group_id = g.id
      join users m on m.user_id = c.member_id
      key g.id under domain(d) rdn cn = g.name class groupOfNames
      member = dn account(m)
      rfc822MailMember = "${m.localpart}@${d.domain}" | address
    })");
  const cells user = {{"u.user_id", "5"}, {"u.username", "joe"}, {"d.domain", "a.example"},        {"u.enabled", "1"},
                      {"d.enabled", "0"}, {"u.quota", "2"},      {"u.vacation", "Gr=C3=BC=C3=9Fe"}};
  const made account = make(m, "account", user);
  ASSERT_TRUE(account.good) << account.why.reason;
  EXPECT_EQ(account.entry.dn(), "uid=joe,associatedDomain=a.example,ou=domains,dc=example,dc=org");
  EXPECT_THAT(values(account.entry, "s2lEnabled"), ElementsAre("FALSE"));
  EXPECT_THAT(values(account.entry, "s2lQuotaBytes"), ElementsAre("2097152"));
  EXPECT_THAT(values(account.entry, "s2lVacationText"), ElementsAre("Grüße"));

  const made group = make(m, "group", {{"g.id", "1"}, {"g.name", "all"}, {"d.domain", "a.example"}},
                          {{{{"m.username", "joe"}, {"m.localpart", "joe"}, {"m_d.domain", "a.example"}},
                            {{"m.username", "jim"}, {"m.localpart", "jim"}, {"m_d.domain", "b.example"}},
                            {{"m.username", std::nullopt}}}});
  ASSERT_TRUE(group.good) << group.why.reason;
  EXPECT_THAT(values(group.entry, "member"),
              ElementsAre("uid=jim,associatedDomain=b.example,ou=domains,dc=example,dc=org",
                          "uid=joe,associatedDomain=a.example,ou=domains,dc=example,dc=org"));
  EXPECT_THAT(values(group.entry, "rfc822MailMember"), ElementsAre("jim@a.example", "joe@a.example"));
}

TEST(Entry, ParentsThatNoRowMakes) {
  const auto m = parsed(R"(mapping "courier"
    entry domain made {
      key name under "ou=domains" rdn associatedDomain = name | idna class s2lMailDomain description = "for ${name}"
    }
    entry account from passwd p {
      key p.id under domain(p.id | domainpart) orphan make rdn uid = p.id | address class inetOrgPerson
    })");
  const std::size_t kind = test::kind_named(m, "account");
  const mapped_row row(m, kind, {{"p.id", "joe@A.example"}});
  mapping::evaluator run(m, *model::dn::parse("dc=x"));
  model::entry e;
  model::reject why;
  ASSERT_EQ(run.make(kind, row.view(), e, why), mapping::evaluator::outcome::made) << why.reason;
  EXPECT_EQ(e.dn(), "uid=joe@a.example,associatedDomain=a.example,ou=domains,dc=x");
  model::entry parent;
  ASSERT_EQ(run.make_parent(parent, why), mapping::evaluator::outcome::made) << why.reason;
  EXPECT_EQ(parent.dn(), "associatedDomain=a.example,ou=domains,dc=x");
  EXPECT_THAT(values(parent, "s2lOrigin"), ElementsAre("courier/domain/A.example"));
  EXPECT_THAT(values(parent, "description"), ElementsAre("for A.example"));
  EXPECT_EQ(run.key_text(), "joe@A.example");
}

TEST(Entry, Why) {
  const auto m = parsed(postfixadmin);
  const std::size_t kind = test::kind_named(m, "account");
  const mapped_row row(m, kind, joe(), {{{{"d.alias_domain", "c.example"}}}});
  mapping::evaluator run(m, *model::dn::parse("dc=x"));
  const std::vector<mapping::trace> traces = run.explain(kind, row.view());
  const auto find = [&](const std::string& attribute) {
    for (const mapping::trace& t : traces) {
      if (t.attribute == attribute) return t;
    }
    ADD_FAILURE() << attribute;
    return mapping::trace{};
  };
  const mapping::trace quota = find("s2lQuotaBytes");
  EXPECT_EQ(quota.line, 26);
  EXPECT_EQ(quota.expression, "m.quota | absent(0, -1) | integer");
  ASSERT_EQ(quota.inputs.size(), 1U);
  EXPECT_EQ(quota.inputs[0].first, "mailbox.quota");
  EXPECT_THAT(quota.values, ElementsAre("1024000"));
  const mapping::trace password = find("userPassword");
  EXPECT_EQ(password.inputs[0].second, "(secret, SSHA)");
  EXPECT_THAT(password.values, ElementsAre("(secret)"));
  EXPECT_THAT(find("s2lForwardTo").values, ElementsAre("jim@b.example"));
  EXPECT_EQ(find("mailLocalAddress").inputs.size(), 3U);
}

}  // namespace
}  // namespace sql2ldap
