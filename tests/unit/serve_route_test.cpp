// What becomes of mail to an address, and whose domains are ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/serve/detail/mail_words.hpp>
#include <sql2ldap/serve/entry_answers.hpp>
#include <support/fake_lookup.hpp>

namespace sql2ldap::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using what = serve::mail_route::what;

std::string domain(const std::string& name, const std::string& more = "s2lEnabled: TRUE\n") {
  return "dn: associatedDomain=" + name +
         ",ou=domains,dc=example,dc=org\nobjectClass: s2lMailDomain\nassociatedDomain: " + name + "\n" + more + "\n";
}
std::string alias_domain(const std::string& name, const std::string& target, const std::string& enabled = "TRUE") {
  return "dn: associatedDomain=" + name +
         ",ou=domains,dc=example,dc=org\nobjectClass: s2lDomainAlias\nassociatedDomain: " + name +
         "\ns2lTargetDomain: " + target + "\ns2lEnabled: " + enabled + "\n\n";
}
std::string account(const std::string& address, const std::string& more = "") {
  const std::string its_domain = address.substr(address.find('@') + 1);
  return "dn: uid=" + address + ",associatedDomain=" + its_domain +
         ",ou=domains,dc=example,dc=org\nobjectClass: s2lMailAccount\nuid: " + address + "\nmail: " + address +
         "\nmailLocalAddress: " + address + "\n" +
         (more.find("s2lEnabled") == std::string::npos ? "s2lEnabled: TRUE\n" : "") + more + "\n";
}
std::string alias(const std::string& address, const std::string& more) {
  return "dn: cn=" + address + ",ou=domains,dc=example,dc=org\nobjectClass: nisMailAlias\nobjectClass: " +
         (more.find("s2lGroupPublic") == std::string::npos ? "s2lMailAlias" : "s2lMailGroup") + "\ncn: " + address +
         "\nmailLocalAddress: " + address + "\n" +
         (more.find("s2lEnabled") == std::string::npos ? "s2lEnabled: TRUE\n" : "") + more + "\n";
}

class serve_route : public testing::Test {
 protected:
  serve::mail_route to(std::string_view address) {
    const auto way = answers_.route(address);
    EXPECT_TRUE(way) << way.error().text();
    return way.value_or(serve::mail_route{});
  }
  what kind(std::string_view address) { return to(address).kind; }
  std::string user(std::string_view address) {
    const auto way = to(address);
    return way.kind == what::deliver ? way.user : "not delivered";
  }
  std::string later(std::string_view address) {
    const auto way = answers_.route(address);
    return way ? "an answer" : way.error().message;
  }

  fake_lookup entries_{domain("example.org") + account("anna@example.org") +
                       alias("list@example.org", "rfc822MailMember: anna@example.org\nrfc822MailMember: root\n")};
  serve::entry_answers answers_{entries_, nullptr, {}};
};

TEST_F(serve_route, delivers_to_accounts_and_leads_on_to_members) {
  EXPECT_EQ(user("Anna@EXAMPLE.org"), "anna@example.org");
  const auto list = to("list@example.org");
  EXPECT_EQ(list.kind, what::members);
  EXPECT_THAT(list.targets, ElementsAre("anna@example.org", "root"));
  EXPECT_FALSE(list.members_only);
  EXPECT_EQ(kind("nobody@example.org"), what::unknown);
}

TEST_F(serve_route, knows_what_is_not_ours) {
  for (const char* address : {"anna@elsewhere.example", "anna", "", "@", "anna@", "anna@-", "root"})
    EXPECT_EQ(kind(address), what::not_ours) << address;
  entries_.load(domain("off.example", "s2lEnabled: FALSE\n") + account("anna@off.example") +
                domain("unsaid.example", "description: no flag\n") + account("anna@unsaid.example"));
  EXPECT_EQ(kind("anna@off.example"), what::not_ours);
  EXPECT_EQ(kind("anna@unsaid.example"), what::not_ours);
  EXPECT_FALSE(*answers_.domain("off.example"));
  EXPECT_FALSE(*answers_.domain("elsewhere.example"));
}

TEST_F(serve_route, asks_the_address_then_the_target_domain_then_who_catches_all) {
  entries_.load(domain("mixed.example", "s2lEnabled: TRUE\ns2lTargetDomain: example.org\n") +
                account("bert@mixed.example") + account("carla@example.org") +
                alias("info@mixed.example", "rfc822MailMember: bert@mixed.example\n"));
  EXPECT_EQ(user("bert@mixed.example"), "bert@mixed.example");
  EXPECT_EQ(kind("info@mixed.example"), what::members);
  EXPECT_EQ(user("carla@mixed.example"), "carla@example.org");
  EXPECT_EQ(kind("nobody@mixed.example"), what::unknown);
  entries_.load(alias("@example.org", "s2lAliasKind: catchall\nrfc822MailMember: anna@example.org\n"));
  EXPECT_EQ(kind("nobody@mixed.example"), what::members);  // of the target
  EXPECT_EQ(user("carla@mixed.example"), "carla@example.org");
  entries_.load(alias("@mixed.example", "s2lAliasKind: catchall\nrfc822MailMember: bert@mixed.example\n"));
  EXPECT_THAT(to("nobody@mixed.example").targets, ElementsAre("bert@mixed.example"));
  EXPECT_THAT(to("nobody@example.org").targets, ElementsAre("anna@example.org"));
  EXPECT_EQ(user("carla@mixed.example"), "carla@example.org");  // the target before who catches all
}

TEST_F(serve_route, nobody_writes_to_a_catch_all_itself) {
  entries_.load(alias("@example.org", "s2lAliasKind: catchall\nrfc822MailMember: anna@example.org\n"));
  EXPECT_EQ(kind("@example.org"), what::unknown);
  EXPECT_EQ(kind("x@example.org"), what::members);
  for (const char* address : {"x\n@example.org", "x\t@example.org", "a b@example.org", "a@b@example.org"})
    EXPECT_EQ(kind(address), what::unknown) << address;
  EXPECT_EQ(kind(std::string("anna\0@example.org", 17)), what::unknown);
  EXPECT_EQ(kind(std::string(4096, 'x') + "@example.org"), what::unknown);
}

TEST_F(serve_route, an_account_may_catch_all_mail_of_its_domain) {
  entries_.load(account("bert@example.org", "mailLocalAddress: @example.org\n"));
  EXPECT_EQ(user("x@example.org"), "bert@example.org");
  EXPECT_EQ(user("anna@example.org"), "anna@example.org");
}

TEST_F(serve_route, alias_domains_lead_to_their_target) {
  entries_.load(alias_domain("also.example", "EXAMPLE.org") + alias_domain("old.example", "example.org", "FALSE") +
                alias_domain("lost.example", "gone.example") + domain("off.example", "s2lEnabled: FALSE\n") +
                alias_domain("off-too.example", "off.example") +
                account("emil@off.example", "mailLocalAddress: emil@off-too.example\n"));
  EXPECT_EQ(user("anna@also.example"), "anna@example.org");
  EXPECT_EQ(kind("list@also.example"), what::members);
  EXPECT_EQ(kind("nobody@also.example"), what::unknown);
  for (const char* address : {"anna@old.example", "anna@lost.example", "emil@off-too.example"})
    EXPECT_EQ(kind(address), what::not_ours) << address;
  const auto also = answers_.domain("ALSO.example");
  ASSERT_TRUE(also && *also);
  EXPECT_EQ((*also)->kind, serve::mail_domain::what::alias);
  EXPECT_EQ((*also)->target, "example.org");
}

TEST_F(serve_route, a_circle_of_alias_domains_ends) {
  entries_.load(alias_domain("a.example", "b.example") + alias_domain("b.example", "a.example"));
  EXPECT_EQ(kind("x@a.example"), what::unknown);
}

TEST_F(serve_route, what_is_off_is_passed_over) {
  entries_.load(account("off@example.org", "s2lEnabled: FALSE\n") +
                alias("gone@example.org", "s2lEnabled: FALSE\nrfc822MailMember: anna@example.org\n"));
  EXPECT_EQ(kind("off@example.org"), what::unknown);
  EXPECT_EQ(kind("gone@example.org"), what::unknown);
  entries_.load(alias("@example.org", "rfc822MailMember: anna@example.org\n"));
  EXPECT_EQ(kind("off@example.org"), what::members);
  EXPECT_EQ(kind("gone@example.org"), what::members);
  // Who holds the address instead of one that is off is no second one.
  entries_.load(
      "dn: uid=new,dc=org\nobjectClass: s2lMailAccount\nuid: new\nmailLocalAddress: gone@example.org\n"
      "s2lEnabled: TRUE\n");
  EXPECT_EQ(user("gone@example.org"), "new");
}

TEST_F(serve_route, what_is_off_need_not_be_readable) {
  const std::string off = "s2lEnabled: FALSE\n";
  entries_.load(alias("@example.org", "rfc822MailMember: anna@example.org\n") +
                alias("kind@example.org", off + "s2lAliasKind: unheard-of\n") + alias("empty@example.org", off) +
                alias("pipe@example.org", off + "rfc822MailMember: |/bin/sh\n") +
                alias("group@example.org", off + "s2lGroupPublic: perhaps\nmember: cn=x\n") +
                account("home@example.org", off + "homeDirectory: here\n") +
                account("both@example.org", off + "objectClass: s2lMailAlias\n") +
                account("quota@example.org", off + "s2lQuotaBytes: many\ns2lLoginEnabled: perhaps\n"));
  for (const char* name : {"kind", "empty", "pipe", "group", "home", "both", "quota"})
    EXPECT_EQ(kind(name + std::string("@example.org")), what::members) << name;
  entries_.load(domain("off.example", off + "uidNumber: 0\ns2lMaxMessageBytes: many\ns2lTargetDomain: -\n") +
                account("emil@off.example", "mailLocalAddress: emil@example.org\nhomeDirectory: here\n"));
  EXPECT_EQ(kind("emil@example.org"), what::members);
  EXPECT_EQ(kind("emil@off.example"), what::not_ours);
  EXPECT_FALSE(*answers_.domain("off.example"));
  EXPECT_FALSE(*answers_.userdb_of("emil@off.example"));
  EXPECT_FALSE(*answers_.userdb_of("home@example.org"));
  // Whether it is off has to be readable.
  entries_.load(account("unclear@example.org", "s2lEnabled: perhaps\n"));
  EXPECT_THAT(later("unclear@example.org"), HasSubstr("neither TRUE nor FALSE"));
}

TEST_F(serve_route, an_account_is_off_where_its_domain_is) {
  entries_.load(domain("off.example", "s2lEnabled: FALSE\n") +
                account("emil@off.example", "mailLocalAddress: emil@example.org\n"));
  EXPECT_EQ(kind("emil@example.org"), what::unknown);
}

TEST_F(serve_route, forwards_with_and_without_a_copy) {
  entries_.load(account("bert@example.org", "s2lForwardTo: bert@elsewhere.example\ns2lForwardTo: root\n") +
                account("carla@example.org", "s2lForwardTo: carla@elsewhere.example\ns2lKeepCopy: TRUE\n") +
                account("dora@example.org", "s2lKeepCopy: FALSE\n") +
                account("emil@example.org", "s2lForwardTo: @elsewhere.example\n") +
                account("frieda@example.org",
                        "mailLocalAddress: f@example.org\ns2lForwardTo: F@example.org\ns2lForwardTo: x@y.example\n") +
                account("gustav@example.org", "s2lForwardTo: gustav@example.org\n"));
  const auto bert = to("bert@example.org");
  EXPECT_EQ(bert.kind, what::redirect);
  EXPECT_THAT(bert.targets, ElementsAre("bert@elsewhere.example", "root"));
  EXPECT_FALSE(bert.keep_copy);
  const auto carla = to("carla@example.org");
  EXPECT_EQ(carla.kind, what::redirect);
  EXPECT_TRUE(carla.keep_copy);
  EXPECT_EQ(carla.user, "carla@example.org");
  EXPECT_EQ(user("dora@example.org"), "dora@example.org");  // without a target nothing is forwarded
  EXPECT_THAT(to("emil@example.org").targets, ElementsAre("emil@elsewhere.example"));
  const auto frieda = to("frieda@example.org");  // to herself is a copy
  EXPECT_THAT(frieda.targets, ElementsAre("x@y.example"));
  EXPECT_TRUE(frieda.keep_copy);
  EXPECT_EQ(user("gustav@example.org"), "gustav@example.org");
}

TEST_F(serve_route, members_with_a_domain_alone_keep_the_local_part) {
  entries_.load(alias("@example.org", "s2lAliasKind: catchall\nrfc822MailMember: @elsewhere.example\n"));
  EXPECT_THAT(to("Some.Body+x@example.org").targets, ElementsAre("some.body+x@elsewhere.example"));
}

TEST_F(serve_route, kinds_of_aliases) {
  entries_.load(alias("closed@example.org", "s2lAliasKind: FAIL\ns2lRejectText:: Q2xvc2VkLApmb3IgZ29vZA==\n") +
                alias("trap@example.org", "s2lAliasKind: fail\n") +
                alias("noreply@example.org", "s2lAliasKind: discard\n") +
                alias("tickets@example.org", "s2lAliasKind: pipe\ns2lPipeCommand: /bin/tickets\n") +
                alias("both@example.org", "rfc822MailMember: anna@example.org\ns2lPipeCommand: /bin/tickets\n") +
                alias("staff@example.org", "s2lGroupPublic: FALSE\nrfc822MailMember: anna@example.org\n") +
                alias("all@example.org", "s2lGroupPublic: TRUE\nrfc822MailMember: anna@example.org\n") +
                alias("none@example.org", "s2lGroupPublic: TRUE\n") +
                alias("odd@example.org", "s2lAliasKind: odd\nrfc822MailMember: anna@example.org\n") +
                alias("empty@example.org", "s2lAliasKind: list\n") +
                alias("dns@example.org", "s2lGroupPublic: TRUE\nmember: uid=anna@example.org,dc=org\n"));
  EXPECT_EQ(kind("closed@example.org"), what::refuse);
  EXPECT_EQ(to("closed@example.org").text, "Closed, for good");
  EXPECT_EQ(kind("trap@example.org"), what::refuse);
  EXPECT_EQ(kind("noreply@example.org"), what::discard);
  for (const char* address : {"tickets@example.org", "both@example.org"}) {
    EXPECT_EQ(kind(address), what::command) << address;
    EXPECT_THAT(to(address).targets, IsEmpty()) << address;
  }
  EXPECT_TRUE(to("staff@example.org").members_only);
  EXPECT_FALSE(to("all@example.org").members_only);
  EXPECT_EQ(kind("none@example.org"), what::refuse);
  for (const char* address : {"odd@example.org", "empty@example.org", "dns@example.org"})
    EXPECT_THAT(later(address), HasSubstr("cn=")) << address;
}

TEST_F(serve_route, targets_that_a_mail_server_would_run_or_read_are_refused) {
  for (const char* target :
       {"|/bin/sh", "\"|/bin/sh\"", "/etc/passwd", ":include:/etc/passwd", "|x@example.org", "/x@example.org",
        ":fail:@example.org", "\\root", "a@b.example,c@d.example", "\"a,b", "a b@example.org", "a@b@example.org",
        "\"|/bin/sh\"@example.org", "\"a\", \"b\"@example.org", "#a@example.org", "x@not_a_domain..example",
        "(a)@example.org"}) {
    entries_ = fake_lookup(
        domain("example.org") + account("anna@example.org") +
        alias("x@example.org", std::string("rfc822MailMember: ok@example.org\nrfc822MailMember: ") + target + "\n") +
        alias("y@example.org", "rfc822MailMember: ok@example.org\n"));
    if (std::string_view(target).starts_with(':'))  // an LDIF value that begins with a colon is base64
      entries_ = fake_lookup(domain("example.org") + account("anna@example.org") +
                             alias("x@example.org", "rfc822MailMember:: OmluY2x1ZGU6L2V0Yy9wYXNzd2Q=\n") +
                             alias("y@example.org", "rfc822MailMember: ok@example.org\n"));
    EXPECT_THAT(later("x@example.org"), HasSubstr("is no address")) << target;
    EXPECT_EQ(kind("y@example.org"), what::members) << target;
    EXPECT_EQ(kind("anna@example.org"), what::deliver) << target;
  }
}

// What a sender writes before the '@' becomes a part of a list in three places.
TEST_F(serve_route, local_parts_that_a_mail_server_would_run_read_or_split_are_nobodys) {
  entries_.load(
      domain("onward.example") + alias("@onward.example", "rfc822MailMember: @b.example\n") + domain("kept.example") +
      account("carla@kept.example", "mailLocalAddress: @kept.example\ns2lForwardTo: c@b.example\ns2lKeepCopy: TRUE\n") +
      alias_domain("relayed.example", "far.example") +
      domain("far.example", "s2lEnabled: TRUE\ns2lTransport: relay:[mx.far.example]\n"));
  for (const char* place : {"onward.example", "kept.example", "relayed.example"}) {
    const std::string at = std::string("@") + place;
    EXPECT_NE(kind("x.y+z/1|2" + at), what::unknown) << place;
    EXPECT_NE(kind("\"x,y\"" + at), what::unknown) << place << ": one address in any list";
    for (const char* local : {"x,root", "|/bin/sh", "/etc/passwd", ":include:/etc/passwd", "\"|/bin/sh\"", "\":fail:\"",
                              "x\"y", "\"x\",\"y\"", "\"x\\\"", "x@y", "\\root", "#x", "x;y", "<x>", "x(y)"})
      EXPECT_THAT(kind(local + at), testing::AnyOf(what::unknown, what::relay)) << local << at;
  }
}

TEST_F(serve_route, what_users_add_to_their_name) {
  entries_.load(
      "dn: uid=o'brien\\+tag@example.org,dc=org\nobjectClass: s2lMailAccount\nuid: o'brien+tag@example.org\n"
      "mailLocalAddress: o'brien+tag@example.org\ns2lEnabled: TRUE\n\n" +
      account("tag@example.org") + alias("@example.org", "rfc822MailMember: root\n"));
  EXPECT_EQ(user("anna+folder@example.org"), "anna@example.org");
  EXPECT_EQ(user("anna+a+b@example.org"), "anna@example.org");
  EXPECT_EQ(user("anna+@example.org"), "anna@example.org");
  EXPECT_EQ(user("o'brien+tag@example.org"), "o'brien+tag@example.org");  // as a whole first
  EXPECT_EQ(kind("o'brien+other@example.org"), what::members);
  EXPECT_EQ(kind("+tag@example.org"), what::members);
  EXPECT_EQ(kind("anna-folder@example.org"), what::members);
  entries_.load(alias_domain("also.example", "example.org"));
  EXPECT_EQ(user("anna+x@also.example"), "anna@example.org");

  // Nothing stands before the separator: that is no way to who catches all.
  entries_.load(domain("mixed.example", "s2lEnabled: TRUE\ns2lTargetDomain: example.org\n") +
                alias("@mixed.example", "rfc822MailMember: root\n") +
                "dn: uid=plus,dc=org\nobjectClass: s2lMailAccount\nuid: plus\nmailLocalAddress: +plus@example.org\n"
                "s2lEnabled: TRUE\n");
  EXPECT_EQ(user("+plus@mixed.example"), "plus");

  serve::entry_answers none(entries_, nullptr, {.separators = "", .sieve = {}});
  EXPECT_EQ(none.route("anna+x@example.org")->kind, what::members);
  serve::entry_answers two(entries_, nullptr, {.separators = "+-", .sieve = {}});
  EXPECT_EQ(two.route("anna-x@example.org")->user, "anna@example.org");
}

// dovecot takes off what stands behind its own '+'; of any other separator it must not hear, or it asks for a user that
// nobody is, and names with that character would lose their end.
TEST_F(serve_route, another_separator_than_plus_is_taken_off_before_dovecot) {
  entries_.load(account("anna-maria@example.org") +
                "dn: uid=kim@example.org,dc=org\nobjectClass: s2lMailAccount\nuid: kim@example.org\n"
                "mailLocalAddress: kim@example.org\ns2lEnabled: TRUE\ns2lForwardTo: kim@elsewhere.example\n"
                "s2lKeepCopy: TRUE\n\n" +
                alias_domain("also.example", "example.org"));
  serve::entry_answers both(entries_, nullptr, {.separators = "-+", .sieve = {}});
  const auto aliases = [&](std::string_view address) {
    const auto postfix = serve::detail::postfix_value(both, serve::postfix_map::aliases, address);
    EXPECT_EQ(*postfix, *serve::detail::exim_redirect(both, address)) << address;
    return postfix->value_or("nothing");
  };
  EXPECT_EQ(aliases("anna-list@example.org"), "anna@example.org");
  EXPECT_EQ(aliases("anna-list@also.example"), "anna@example.org");
  EXPECT_EQ(aliases("anna+list@example.org"), "nothing");
  EXPECT_EQ(aliases("anna-maria@example.org"), "nothing");
  EXPECT_EQ(aliases("anna@example.org"), "nothing");
  EXPECT_EQ(aliases("kim-list@example.org"), "kim@elsewhere.example, kim@example.org");
  EXPECT_EQ(aliases("kim+list@example.org"), "kim@elsewhere.example, kim+list@example.org");
  EXPECT_EQ(*serve::detail::postfix_value(both, serve::postfix_map::mailboxes, "anna-list@example.org"),
            "anna@example.org");
}

TEST_F(serve_route, targets_may_be_at_an_address_of_a_host) {
  entries_.load(
      alias("literal@example.org", "rfc822MailMember: user@[192.0.2.1]\nrfc822MailMember: user@[IPv6:2001:DB8::1]\n"));
  EXPECT_THAT(to("literal@example.org").targets,
              testing::UnorderedElementsAre("user@[192.0.2.1]", "user@[ipv6:2001:db8::1]"));
}

TEST_F(serve_route, two_who_have_one_address_are_an_error) {
  entries_.load(
      "dn: uid=other,dc=org\nobjectClass: s2lMailAccount\nuid: other\nmailLocalAddress: list@example.org\n"
      "s2lEnabled: TRUE\n");
  EXPECT_THAT(later("list@example.org"), HasSubstr("two entries"));
  EXPECT_EQ(user("anna@example.org"), "anna@example.org");
  entries_.load(
      "dn: associatedDomain=example.org,ou=again,dc=org\nobjectClass: s2lMailDomain\nassociatedDomain: example.org\n"
      "s2lEnabled: TRUE\n");
  EXPECT_THAT(later("anna@example.org"), HasSubstr("two entries"));
}

TEST_F(serve_route, an_account_that_is_an_alias_as_well_is_an_error) {
  entries_.load(account("bert@example.org", "objectClass: s2lMailAlias\nrfc822MailMember: x@y.example\n"));
  EXPECT_THAT(later("bert@example.org"), HasSubstr("at once"));
}

TEST_F(serve_route, relays_what_nobody_has_here) {
  entries_.load(domain("backup.example", "s2lEnabled: TRUE\ns2lTransport: relay\n") +
                alias("team@backup.example", "rfc822MailMember: anna@example.org\n") +
                domain("hub.example", "s2lEnabled: TRUE\ns2lTransport: smtp:[hub.internal]:26\n") +
                alias_domain("also-backup.example", "backup.example"));
  EXPECT_EQ(kind("team@backup.example"), what::members);
  EXPECT_EQ(kind("x@backup.example"), what::relay);
  EXPECT_EQ(to("x@hub.example").transport, "smtp:[hub.internal]:26");
  EXPECT_EQ((*answers_.domain("hub.example"))->kind, serve::mail_domain::what::relay);
  const auto also = to("x@also-backup.example");
  EXPECT_EQ(also.kind, what::members);
  EXPECT_THAT(also.targets, ElementsAre("x@backup.example"));
}

// exim and Postfix hand on all mail of such a domain, so that no answer may be another.
TEST_F(serve_route, hands_on_mail_for_accounts_of_a_domain_that_is_relayed) {
  entries_.load(domain("backup.example", "s2lEnabled: TRUE\ns2lTransport: relay:[mx.backup.example]\n") +
                account("anna@backup.example", "") +
                account("gina@backup.example", "s2lForwardTo: x@far.example\ns2lKeepCopy: TRUE\n") +
                account("own@backup.example", "s2lTransport: relay:[other.example]\n") +
                alias_domain("also-backup.example", "backup.example"));
  EXPECT_EQ(kind("anna@backup.example"), what::relay);
  EXPECT_EQ(to("anna@backup.example").transport, "relay:[mx.backup.example]");
  EXPECT_EQ(to("own@backup.example").transport, "relay:[other.example]");
  const auto gina = to("gina@backup.example");
  EXPECT_EQ(gina.kind, what::redirect);
  EXPECT_THAT(gina.targets, ElementsAre("x@far.example", "gina@backup.example"));
  EXPECT_FALSE(gina.keep_copy);
  const auto also = to("anna@also-backup.example");
  EXPECT_EQ(also.kind, what::members);
  EXPECT_THAT(also.targets, ElementsAre("anna@backup.example"));
}

TEST_F(serve_route, transports_and_sizes) {
  entries_.load(
      domain("big.example", "s2lEnabled: TRUE\ns2lTransport: lmtp:unix:/run/lmtp\ns2lMaxMessageBytes: 500\n") +
      account("a@big.example", "s2lMaxMessageBytes: 100\n") +
      account("b@big.example", "s2lMaxMessageBytes: 900\ns2lTransport: lmtp:inet:[::1]:24\n"));
  EXPECT_EQ(to("a@big.example").message_bytes_max, 100U);
  EXPECT_EQ(to("a@big.example").transport, "lmtp:unix:/run/lmtp");
  EXPECT_EQ(to("b@big.example").message_bytes_max, 500U);
  EXPECT_EQ(to("b@big.example").transport, "lmtp:inet:[::1]:24");
  EXPECT_EQ(kind("c@big.example"), what::unknown);
  entries_.load(alias_domain("also-big.example", "big.example"));
  EXPECT_EQ(to("a@also-big.example").transport, "lmtp:unix:/run/lmtp");
  EXPECT_EQ(to("b@also-big.example").message_bytes_max, 500U);
  EXPECT_EQ(to("anna@example.org").message_bytes_max, std::nullopt);
  EXPECT_EQ((*answers_.domain("big.example"))->kind, serve::mail_domain::what::local);
}

TEST_F(serve_route, try_later_is_never_unknown) {
  entries_.broken = true;
  for (const char* address : {"anna@example.org", "nobody@example.org", "x@elsewhere.example"}) {
    EXPECT_EQ(later(address), "the directory is away") << address;
    EXPECT_FALSE(answers_.domain(std::string_view(address).substr(std::string_view(address).find('@') + 1)));
  }
}

}  // namespace
}  // namespace sql2ldap::test
