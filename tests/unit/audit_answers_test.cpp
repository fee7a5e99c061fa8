#include <sql2ldap/audit/answers.hpp>

#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/serve/entry_answers.hpp>

#include <support/fake_lookup.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class entries_of_ldif final : public model::entry_stream {
 public:
  explicit entries_of_ldif(const std::string& ldif) : in_(ldif), reader_(in_) {}
  result<const model::entry*> next() override {
    S2L_TRY_ASSIGN(auto record, reader_.next());
    if (!record) return nullptr;
    current_ = std::move(std::get<model::entry>(*record));
    return &current_;
  }

 private:
  std::istringstream in_;
  codec::ldif_reader reader_;
  model::entry current_;
};

std::string domain(const std::string& name, const std::string& more = "s2lEnabled: TRUE\n",
                   const std::string& container = "ou=domains") {
  return "dn: associatedDomain=" + name + "," + container +
         ",dc=x\nobjectClass: s2lMailDomain\nassociatedDomain: " + name + "\n" + more + "\n";
}
std::string account(const std::string& address, const std::string& more = "", const std::string& enabled = "TRUE") {
  return "dn: uid=" + address + ",associatedDomain=" + address.substr(address.find('@') + 1) +
         ",ou=domains,dc=x\nobjectClass: inetOrgPerson\nobjectClass: s2lMailAccount\nuid: " + address +
         "\nmail: " + address + "\nmailLocalAddress: " + address + "\ns2lEnabled: " + enabled + "\n" + more + "\n";
}
std::string alias(const std::string& name, const std::string& address, const std::string& more,
                  const std::string& cls = "s2lMailAlias") {
  return "dn: cn=" + name + ",associatedDomain=" + address.substr(address.find('@') + 1) +
         ",ou=domains,dc=x\nobjectClass: nisMailAlias\nobjectClass: " + cls + "\ncn: " + name +
         "\nmailLocalAddress: " + address + "\ns2lEnabled: TRUE\n" + more + "\n";
}

class audit_of_answers : public ::testing::Test {
 protected:
  audit::answer_counts ask(const std::string& ldif) {
    deferred_.clear();
    circular_.clear();
    long_.clear();
    audit::answer_audit options;
    options.open = [&]() -> result<std::unique_ptr<model::entry_stream>> {
      ++readings_;
      return std::make_unique<entries_of_ldif>(ldif);
    };
    options.schema = &codec::builtin_schema();
    options.on_deferred = [&](const audit::deferred_name& one) { deferred_.push_back(one); };
    options.on_circular = [&](const audit::circular_alias& one) { circular_.push_back(one.address); };
    options.on_long_list = [&](const audit::long_list& one) {
      long_.push_back(one.address + " " + std::to_string(one.targets));
    };
    options.entries_kept_max = kept_max_;
    const auto counts = audit::audit_answers(options);
    EXPECT_TRUE(counts) << counts.error().text();
    return counts.value_or(audit::answer_counts{});
  }
  [[nodiscard]] std::map<std::string, std::string> reasons() const {
    std::map<std::string, std::string> out;
    for (const auto& one : deferred_) out[one.name] += one.reason;
    return out;
  }
  [[nodiscard]] std::vector<std::string> lookups_of(const std::string& name) const {
    for (const auto& one : deferred_)
      if (one.name == name) return one.lookups;
    return {};
  }
  // What `more` makes of one account among others: the lookups that end in "try later".
  std::vector<std::string> lookups_of_account_with(const std::string& more) {
    ask(domain("a.example") + account("ann@a.example", more) + account("bob@a.example"));
    EXPECT_THAT(lookups_of("bob@a.example"), IsEmpty());
    return lookups_of("ann@a.example");
  }

  std::vector<audit::deferred_name> deferred_;
  std::vector<std::string> circular_;
  std::vector<std::string> long_;
  int readings_ = 0;
  std::size_t kept_max_ = audit::limits::entries_kept_max;
};

TEST_F(audit_of_answers, a_sound_content_has_none) {
  const auto counts = ask(domain("a.example") + account("ann@a.example") +
                          alias("info", "info@a.example", "rfc822MailMember: ann@a.example\n") +
                          alias("all", "@a.example", "rfc822MailMember: ann@a.example\n"));
  EXPECT_EQ(counts.deferred, 0U);
  EXPECT_EQ(counts.entries, 4U);
  EXPECT_EQ(counts.names, 4U);
  EXPECT_THAT(reasons(), IsEmpty());
  EXPECT_THAT(circular_, IsEmpty());
  EXPECT_EQ(readings_, 2);
  EXPECT_EQ(ask("").deferred, 0U);
}

TEST_F(audit_of_answers, two_entries_for_one_address_in_any_letter_case) {
  ask(domain("a.example") + account("ann@a.example") +
      alias("Ann", "Ann@A.example", "rfc822MailMember: copy@b.example\n"));
  ASSERT_EQ(deferred_.size(), 1U);
  EXPECT_THAT(deferred_.front().reason, HasSubstr("two entries for \"ann@a.example\""));
  EXPECT_THAT(deferred_.front().lookups, ElementsAre("route"));
  EXPECT_THAT(deferred_.front().entry_dns,
              UnorderedElementsAre("uid=ann@a.example,associatedDomain=a.example,ou=domains,dc=x",
                                   "cn=Ann,associatedDomain=A.example,ou=domains,dc=x"));
}

TEST_F(audit_of_answers, two_accounts_with_one_name) {
  ask(domain("a.example") + account("ann@a.example") + account("bob@a.example", "mailLocalAddress: ANN@a.example\n"));
  EXPECT_THAT(lookups_of("ann@a.example"), ElementsAre("login", "userdb", "sieve", "route"));
  EXPECT_THAT(lookups_of("bob@a.example"), IsEmpty());
  // Off or on: a login cannot tell which of them is meant.
  ask(domain("a.example") + account("ann@a.example") +
      account("bob@a.example", "mailLocalAddress: ANN@a.example\n", "FALSE"));
  EXPECT_THAT(lookups_of("ann@a.example"), ElementsAre("login", "userdb", "sieve"));
}

TEST_F(audit_of_answers, an_alias_and_two_accounts_with_one_name_in_any_order) {
  const std::string list = alias("list", "ann@a.example", "rfc822MailMember: x@b.example\n");
  const std::string accounts = account("ann@a.example") + account("bob@a.example", "mail: ann@a.example\n");
  for (const std::string& ldif : {list + accounts, accounts + list}) {
    ask(domain("a.example") + ldif);
    EXPECT_THAT(lookups_of("ann@a.example"), ElementsAre("login", "userdb", "sieve"));
    EXPECT_EQ(deferred_.size(), 2U);  // two reasons: the route has its own
  }
}

TEST_F(audit_of_answers, an_address_whose_other_holder_is_off_is_answered) {
  ask(domain("a.example") + account("ann@a.example") + alias("ann", "ann@a.example", "s2lAliasKind: fail\n"));
  EXPECT_THAT(lookups_of("ann@a.example"), ElementsAre("route"));
  std::string off = alias("ann", "ann@a.example", "s2lAliasKind: fail\n");
  off.replace(off.find("s2lEnabled: TRUE"), 16, "s2lEnabled: FALSE");
  EXPECT_EQ(ask(domain("a.example") + account("ann@a.example") + off).deferred, 0U);
}

TEST_F(audit_of_answers, aliases_and_groups_that_lead_nowhere) {
  ask(domain("a.example") + alias("empty", "empty@a.example", "") +
      alias("cmd", "cmd@a.example", "s2lAliasKind: pipe\ns2lPipeCommand: /bin/true\n") +
      alias("odd", "odd@a.example", "s2lAliasKind: strange\nrfc822MailMember: x@b.example\n") +
      alias("file", "file@a.example", "rfc822MailMember: /etc/passwd\n") +
      alias("dns", "dns@a.example", "member: uid=ann,dc=x\n", "s2lMailGroup") +
      alias("both", "both@a.example", "rfc822MailMember: x@b.example\nuid: both\nobjectClass: s2lMailAccount\n") +
      alias("group", "group@a.example", "", "s2lMailGroup"));
  const auto found = reasons();
  EXPECT_THAT(found, Contains(::testing::Pair("empty@a.example", HasSubstr("the alias leads nowhere"))));
  EXPECT_THAT(found, Contains(::testing::Pair("cmd@a.example", HasSubstr("wants a program run"))));
  EXPECT_THAT(found, Contains(::testing::Pair("odd@a.example", HasSubstr("s2lAliasKind"))));
  EXPECT_THAT(found, Contains(::testing::Pair("file@a.example", HasSubstr("is no address"))));
  EXPECT_THAT(found, Contains(::testing::Pair("dns@a.example", HasSubstr("is a DN"))));
  EXPECT_THAT(found, Contains(::testing::Pair("both@a.example", HasSubstr("an account and an alias at once"))));
  EXPECT_THAT(lookups_of("cmd@a.example"), ElementsAre("command"));
  EXPECT_EQ(found.size(), 6U);  // a group without members refuses its mail, which is an answer
}

TEST_F(audit_of_answers, values_that_cannot_be_read) {
  const auto all_but_login = ElementsAre("userdb", "sieve", "route");
  const auto all = ElementsAre("login", "userdb", "sieve", "route");
  EXPECT_THAT(lookups_of_account_with("s2lQuotaBytes: much\n"), all_but_login);
  EXPECT_THAT(lookups_of_account_with("uidNumber: 0\n"), all_but_login);
  EXPECT_THAT(lookups_of_account_with("homeDirectory: ../up\n"), all_but_login);
  EXPECT_THAT(lookups_of_account_with("s2lVacationFrom: yesterday\n"), all_but_login);
  EXPECT_THAT(lookups_of_account_with("s2lForwardTo: |/bin/true\n"), all_but_login);
  EXPECT_THAT(lookups_of_account_with("s2lEnabled: FALSE\n"), all);  // two values
  EXPECT_THAT(lookups_of_account_with("s2lLoginEnabled: perhaps\n"), all);
  EXPECT_THAT(lookups_of_account_with("s2lAllowNets: at home\n"), ElementsAre("login"));
  EXPECT_THAT(lookups_of_account_with("s2lService: imap\ns2lAllowNets: at home\n"), ElementsAre("login"));
  EXPECT_THAT(lookups_of_account_with("s2lForwardTo: root\n"), ElementsAre("sieve"));  // has no domain for Sieve
  EXPECT_THAT(lookups_of_account_with("s2lVacationActive: TRUE\ns2lVacationText:: //79/A==\n"), ElementsAre("sieve"));
}

TEST_F(audit_of_answers, domains_that_cannot_be_read_and_all_below_them) {
  ask(domain("a.example", "s2lEnabled: TRUE\ns2lMaxMessageBytes: big\n") + domain("b.example") +
      account("ann@a.example") + account("bob@b.example"));
  EXPECT_THAT(lookups_of("a.example"), ElementsAre("domain"));
  EXPECT_THAT(lookups_of("ann@a.example"), ElementsAre("login", "userdb", "sieve", "route"));
  EXPECT_THAT(lookups_of("bob@b.example"), IsEmpty());
  ask(domain("a.example") + domain("A.example", "s2lEnabled: TRUE\n", "ou=more") + account("ann@a.example"));
  EXPECT_EQ(deferred_.size(), 2U);  // the name of the domain once
  EXPECT_THAT(reasons(), Contains(::testing::Pair("a.example", HasSubstr("two entries for \"a.example\""))));
}

TEST_F(audit_of_answers, a_catch_all_is_asked_for_mail_that_nobody_has_an_address_for) {
  ask(domain("a.example") + account("ann@a.example") + alias("all", "@a.example", ""));
  EXPECT_THAT(lookups_of("@a.example"), ElementsAre("route"));
  EXPECT_THAT(lookups_of("ann@a.example"), IsEmpty());
}

TEST_F(audit_of_answers, an_alias_of_itself_without_a_mailbox_goes_in_a_circle) {
  ask(domain("a.example") + account("ann@a.example", "s2lForwardTo: ann@a.example\n") +
      alias("info", "info@a.example", "rfc822MailMember: ann@a.example\nrfc822MailMember: Info@a.example\n") +
      alias("all", "@a.example", "rfc822MailMember: @a.example\n"));
  EXPECT_THAT(circular_, ElementsAre("info@a.example", "@a.example"));
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(audit_of_answers, a_list_that_is_longer_than_postfix_takes) {
  std::string members;
  for (int i = 0; i < 8000; ++i) members += "rfc822MailMember: " + std::to_string(10'000 + i) + "@b.example\n";
  ask(domain("a.example") + alias("all", "all@a.example", members) +
      alias("few", "few@a.example", "rfc822MailMember: x@b.example\n"));
  EXPECT_THAT(long_, ElementsAre("all@a.example 8000"));
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(audit_of_answers, is_bounded_and_counts_what_it_leaves_out) {
  kept_max_ = 2;
  std::string ldif = domain("a.example");
  for (int i = 0; i < 5; ++i)
    ldif += account("u" + std::to_string(i) + "@a.example", "mailLocalAddress: one@a.example\n");
  EXPECT_EQ(ask(ldif).not_asked, 3U);
  EXPECT_THAT(reasons(), Contains(::testing::Pair("one@a.example", HasSubstr("two entries"))));
}

TEST_F(audit_of_answers, a_broken_reading_is_an_error) {
  audit::answer_audit options;
  options.schema = &codec::builtin_schema();
  int readings = 0;
  options.open = [&]() -> result<std::unique_ptr<model::entry_stream>> {
    if (++readings == 2) return fail_transient(error_kind::directory, "the directory is away");
    return std::make_unique<entries_of_ldif>(domain("a.example"));
  };
  const auto counts = audit::audit_answers(options);
  ASSERT_FALSE(counts);
  EXPECT_TRUE(counts.error().transient);
}

// What the part in view gives is what the whole content gives.
class random_content {
 public:
  explicit random_content(unsigned seed) : random_(seed) {
    for (const char* name : {"a.example", "b.example"})
      for (int times = one_in(8) ? 2 : 1; times > 0; --times)
        add(domain(times == 2 ? "A" + std::string(name).substr(1) : name,
                   one_in(8) ? "s2lEnabled: TRUE\ns2lMaxMessageBytes: big\n" : "s2lEnabled: TRUE\n",
                   times == 2 ? "ou=more" : "ou=domains"));
    for (int n = 0; n < 8; ++n) add(one_in(2) ? some_account(n) : some_alias(n));
  }
  [[nodiscard]] const std::string& ldif() const noexcept { return ldif_; }

 private:
  [[nodiscard]] bool one_in(unsigned n) { return random_() % n == 0; }
  [[nodiscard]] std::string pick(const std::vector<std::string>& list) { return list[random_() % list.size()]; }
  [[nodiscard]] std::string address() {
    return pick({"ann", "Ann", "bob", "eve", "max", "zoe", "kim"}) + "@" +
           pick({"a.example", "A.example", "b.example"});
  }
  void add(const std::string& entry) { ldif_ += entry; }
  std::string some_account(int n) {
    const std::string odd = pick({"", "", "", "s2lQuotaBytes: much\n", "s2lAllowNets: home\n", "s2lForwardTo: root\n",
                                  "s2lLoginEnabled: FALSE\ns2lAllowNets: home\n"});
    return account("u" + std::to_string(n) + "@" + pick({"a.example", "b.example"}),
                   "mailLocalAddress: " + address() + "\n" + odd, pick({"TRUE", "TRUE", "FALSE"}));
  }
  std::string some_alias(int n) {
    return alias(
        "l" + std::to_string(n), one_in(4) ? pick({"@a.example", "@b.example"}) : address(),
        pick({"rfc822MailMember: x@c.example\n", "rfc822MailMember: /etc/passwd\n", "s2lAliasKind: fail\n", ""}),
        pick({"s2lMailAlias", "s2lMailGroup"}));
  }

  std::mt19937 random_;
  std::string ldif_;
};

using name_and_lookup = std::set<std::pair<std::string, std::string>>;

// Asked of the whole, under the same names.
name_and_lookup deferred_by_the_whole(const std::string& ldif) {
  fake_lookup whole(ldif);
  serve::entry_answers answers(whole, nullptr, {});
  name_and_lookup out;
  std::istringstream in(ldif);
  codec::ldif_reader reader(in);
  while (true) {
    const auto record = reader.next();
    if (!record || !*record) return out;
    const auto& one = std::get<model::entry>(**record);
    const auto note = [&](const std::string& name, const char* lookup, bool failed) {
      if (failed) out.emplace(ascii_lowered(name), lookup);
    };
    if (serve::is_domain(one)) {
      const std::string name(one.first_value_of(model::attribute_name("associatedDomain")));
      note(name, "domain", !answers.domain(name));
      continue;
    }
    for (const char* attribute : {"uid", "mail", "mailLocalAddress"})
      for (const std::string_view value : one.values_of(model::attribute_name(attribute))) {
        const std::string name(value);
        note(name, "route", !answers.route(name.front() == '@' ? "anybody" + name : name));
        note(name, "login", !answers.account_for_login({.name = name, .service = {}, .from = {}}));
        note(name, "userdb", !answers.userdb_of(name));
        note(name, "sieve", !answers.sieve_of(name));
      }
  }
}

TEST_F(audit_of_answers, the_part_in_view_answers_as_the_whole) {
  std::size_t found = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const random_content content(seed);
    ask(content.ldif());
    name_and_lookup deferred;
    for (const auto& one : deferred_)
      for (const std::string& lookup : one.lookups) deferred.emplace(ascii_lowered(one.name), lookup);
    EXPECT_EQ(deferred, deferred_by_the_whole(content.ldif())) << "seed " << seed << "\n" << content.ldif();
    found += deferred.size();
  }
  EXPECT_GT(found, 1000U);  // else the contents are too sound to say anything
}

}  // namespace
}  // namespace sql2ldap::test
