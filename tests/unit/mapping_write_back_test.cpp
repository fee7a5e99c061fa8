// The way back: which columns change when an entry does.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/mapping_rows.hpp"

namespace sql2ldap {
namespace {

using test::cells;
using test::mapped_row;
using test::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto text = R"(
mapping "p"
param vacation_domain = "autoreply.example.org"
entry domain from domain { key domain under "ou=domains" rdn associatedDomain = domain | idna class s2lMailDomain }
entry account from mailbox m {
  join alias a on a.address = m.username
  join site s on s.id = m.site
  many alias_domain d on d.target_domain = m.domain
  key m.username
  under domain(m.domain)
  rdn uid = m.username | address
  class inetOrgPerson, s2lMailAccount
  cn, sn = m.name | trim | nonempty | else(m.local_part)
  mail = m.username | address
  mailLocalAddress = m.username | address + "${m.local_part}@${d.alias_domain}" | address
  userPassword = m.password | password(unprefixed: plain)
  s2lEnabled = m.active | flag
  s2lQuotaBytes = m.quota | absent(0) | integer
  homeDirectory = "/var/vmail/${m.maildir | nonempty}" | path
  l = s.city
  partition a.goto | split(",") | trim | nonempty {
    m.username -> s2lKeepCopy | present
    "*@${vacation_domain}" as "${m.local_part}#${m.domain}@${vacation_domain}" -> s2lVacationActive | present
    "*@*" -> s2lForwardTo | address
    else -> s2lForwardTo | lower | ia5
  }
  on insert { m.created = now, m.local_part = m.username | localpart, m.kind = "mail" }
}
)";

struct host {
  mapping::mapping map = parsed(text);
  std::size_t kind = test::kind_named(map, "account");
  cells row = {{"m.username", "joe@a.example"},
               {"m.domain", "a.example"},
               {"m.local_part", "joe"},
               {"m.name", "Joe"},
               {"m.password", "{SSHA}c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
               {"m.active", "t"},
               {"m.quota", "5"},
               {"m.maildir", "a.example/joe/"},
               {"s.city", "Ulm"},
               {"a.goto", "Jim@B.example, joe@a.example,root"}};
  std::vector<std::vector<cells>> many = {{{{"d.alias_domain", "c.example"}}}};

  [[nodiscard]] model::entry entry() const {
    test::made out = test::make(map, "account", row, many);
    EXPECT_TRUE(out.good) << out.why.reason;
    return out.entry;
  }
  // The entry with one attribute set to other values.
  [[nodiscard]] model::entry with(const std::string& attribute, const std::vector<std::string>& wanted) const {
    const model::entry before = entry();
    const model::attribute_name changed(attribute);
    model::entry out;
    out.set_dn(before.dn());
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i].name != changed) out.add(before[i].name, before[i].bytes);
    }
    for (const std::string& w : wanted) out.add(changed, w);
    return out;
  }
  // "alias.column=value", sorted; or the refusal.
  [[nodiscard]] std::vector<std::string> back(const model::entry& wanted) const { return back(wanted, row); }
  [[nodiscard]] std::vector<std::string> back(const model::entry& wanted, const cells& old) const {
    const mapped_row rows(map, kind, old, many);
    mapping::evaluator run(map, *model::dn::parse("dc=example,dc=org"));
    const auto writes = run.write_back(kind, rows.view(), wanted);
    if (!writes) return {writes.error().message};
    std::vector<std::string> out;
    for (const mapping::column_write& w : *writes) {
      out.push_back(w.alias + "." + w.column + (w.now ? " now" : "=" + w.value.value_or("NULL")));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
};

TEST(WriteBack, NothingChanged) {
  const host h;
  EXPECT_THAT(h.back(h.entry()), IsEmpty());
}

TEST(WriteBack, PlainAttributes) {
  const host h;
  EXPECT_THAT(h.back(h.with("s2lEnabled", {"FALSE"})), ElementsAre("m.active=f"));
  EXPECT_THAT(h.back(h.with("s2lQuotaBytes", {})), ElementsAre("m.quota=0"));
  EXPECT_THAT(h.back(h.with("homeDirectory", {"/var/vmail/b"})), ElementsAre("m.maildir=b"));
  EXPECT_THAT(h.back(h.with("userPassword", {"{CRYPT}$6$a$b"})), ElementsAre(HasSubstr("m.password=")));
}

TEST(WriteBack, TwoAttributesFromOneColumn) {
  const host h;
  EXPECT_THAT(h.back(h.with("cn", {"Other"})), ElementsAre(HasSubstr("come from the same column")));
  model::entry both = h.with("cn", {"Other"});
  model::entry wanted;
  wanted.set_dn(both.dn());
  for (std::size_t i = 0; i < both.size(); ++i) {
    wanted.add(both[i].name, both[i].name == model::attribute_name("sn") ? std::string_view("Other") : both[i].bytes);
  }
  EXPECT_THAT(h.back(wanted), ElementsAre("m.name=Other"));
}

TEST(WriteBack, ForwardsCopyAndVacation) {
  const host h;
  EXPECT_THAT(h.back(h.with("s2lForwardTo", {"jim@b.example", "root", "new@c.example", "local"})),
              ElementsAre("a.goto=Jim@B.example, joe@a.example,root,new@c.example,local"));
  EXPECT_THAT(h.back(h.with("s2lForwardTo", {"root"})), ElementsAre("a.goto= joe@a.example,root"));
  EXPECT_THAT(h.back(h.with("s2lForwardTo", {})), ElementsAre("a.goto= joe@a.example"));
  EXPECT_THAT(h.back(h.with("s2lKeepCopy", {})), ElementsAre("a.goto=Jim@B.example,root"));
  EXPECT_THAT(h.back(h.with("s2lVacationActive", {"TRUE"})),
              ElementsAre("a.goto=Jim@B.example, joe@a.example,root,joe#a.example@autoreply.example.org"));
  EXPECT_THAT(h.back(h.with("s2lForwardTo", {"Jim@B.example"})), ElementsAre(HasSubstr("s2lForwardTo")))
      << "a directory value that the mapping never gives";
  EXPECT_THAT(h.back(h.with("s2lForwardTo", {"x@autoreply.example.org"})), ElementsAre(HasSubstr("s2lForwardTo")));
}

TEST(WriteBack, KeepCopyComesBackAsTheAddress) {
  host h;
  h.row["a.goto"] = "root";
  EXPECT_THAT(h.back(h.with("s2lKeepCopy", {"TRUE"})), ElementsAre("a.goto=root,joe@a.example"));
  h.row["a.goto"] = std::nullopt;
  EXPECT_THAT(h.back(h.with("s2lKeepCopy", {"TRUE"})), ElementsAre("a.goto=joe@a.example"));
}

TEST(WriteBack, OneWayAttributesAreNamed) {
  const host h;
  EXPECT_THAT(h.back(h.with("l", {"Rom"})),
              ElementsAre(::testing::AllOf(HasSubstr("l of uid="), HasSubstr("other entries"))));
  EXPECT_THAT(h.back(h.with("mailLocalAddress", {"joe@a.example"})), ElementsAre(HasSubstr("mailLocalAddress")));
}

TEST(WriteBack, ARename) {
  const host h;
  const model::entry before = h.entry();
  model::entry wanted;
  wanted.set_dn("uid=jim@a.example,associatedDomain=a.example,ou=domains,dc=example,dc=org");
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool named = before[i].bytes == "joe@a.example";
    wanted.add(before[i].name, named ? std::string_view("jim@a.example") : before[i].bytes);
  }
  // goto still holds the old address, which now is a forward like any other.
  EXPECT_THAT(h.back(wanted), ElementsAre("a.goto=Jim@B.example,root,jim@a.example", "m.username=jim@a.example"));
}

TEST(WriteBack, ANewRow) {
  host h;
  h.many.clear();
  model::entry wanted;
  wanted.set_dn("uid=new@a.example,associatedDomain=a.example,ou=domains,dc=example,dc=org");
  const auto add = [&](const std::string& name, const std::string& value) {
    wanted.add(model::attribute_name(name), value);
  };
  add("uid", "new@a.example");
  add("cn", "new");
  add("sn", "new");
  add("mail", "new@a.example");
  add("mailLocalAddress", "new@a.example");
  add("s2lEnabled", "TRUE");
  add("s2lKeepCopy", "TRUE");
  EXPECT_THAT(h.back(wanted, {}),
              ElementsAre("a.goto=new@a.example", "m.active=1", "m.created now", "m.domain=a.example", "m.kind=mail",
                          "m.local_part=new", "m.username=new@a.example"));
}

TEST(WriteBack, APlaceThatIsNotOurs) {
  const host h;
  const model::entry before = h.entry();
  model::entry wanted;
  wanted.set_dn("uid=joe@a.example,ou=elsewhere,dc=example,dc=org");
  for (std::size_t i = 0; i < before.size(); ++i) wanted.add(before[i].name, before[i].bytes);
  EXPECT_THAT(h.back(wanted), ElementsAre(HasSubstr("not where the mapping puts")));
}

TEST(WriteBack, AHashOfTheClearTextIsNoChange) {
  host h;
  h.row["m.password"] = "{PLAIN}secret";
  EXPECT_THAT(h.back(h.with("userPassword", {"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="})), IsEmpty());
}

}  // namespace
}  // namespace sql2ldap
