// Who may log in, and what dovecot is told of a user.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/serve/detail/names.hpp>
#include <sql2ldap/serve/entry_answers.hpp>
#include <support/fake_lookup.hpp>

namespace sql2ldap::test {
namespace {

using serve::field_list;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using verdict = serve::login_answer::verdict;

const std::string host = R"(dn: associatedDomain=example.org,ou=domains,dc=example,dc=org
objectClass: s2lMailDomain
associatedDomain: example.org
s2lEnabled: TRUE
uidNumber: 5000
gidNumber: 5001

dn: associatedDomain=off.example,ou=domains,dc=example,dc=org
objectClass: s2lMailDomain
associatedDomain: off.example
s2lEnabled: FALSE

dn: associatedDomain=also.example,ou=domains,dc=example,dc=org
objectClass: s2lDomainAlias
associatedDomain: also.example
s2lTargetDomain: example.org
s2lEnabled: TRUE

dn: associatedDomain=old.example,ou=domains,dc=example,dc=org
objectClass: s2lDomainAlias
associatedDomain: old.example
s2lTargetDomain: example.org
s2lEnabled: FALSE

dn: uid=anna@example.org,associatedDomain=example.org,ou=domains,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: s2lmailaccount
uid: anna@example.org
mail: anna@example.org
mailLocalAddress: anna@example.org
mailLocalAddress: info@example.org
mailLocalAddress: @example.org
userPassword: {SSHA}anna
userPassword: {CRYPT}anna
s2lEnabled: TRUE
uidNumber: 1001
gidNumber: 1002
homeDirectory: /var/vmail/anna
s2lMailStore: maildir:/var/vmail/anna/mail:LAYOUT=fs:INDEX=/var/index/anna
s2lQuotaBytes: 1048576
s2lQuotaMessages: 1000

dn: uid=bertlogin,associatedDomain=example.org,ou=domains,dc=example,dc=org
objectClass: s2lMailAccount
uid: bertlogin
mail: bert@example.org
mailLocalAddress: bert@example.org
s2lEnabled: TRUE
s2lService: IMAP
s2lService: smtp
s2lAllowNets: 192.0.2.0/24
s2lAllowNets: 2001:db8::/32

dn: uid=carla@example.org,associatedDomain=example.org,ou=domains,dc=example,dc=org
objectClass: s2lMailAccount
uid: carla@example.org
mail: carla@example.org
mailLocalAddress: carla@example.org
s2lEnabled: TRUE
s2lLoginEnabled: FALSE
s2lQuotaBytes: 0

dn: uid=dora@example.org,associatedDomain=example.org,ou=domains,dc=example,dc=org
objectClass: s2lMailAccount
uid: dora@example.org
mail: dora@example.org
mailLocalAddress: dora@example.org
s2lEnabled: FALSE

dn: uid=emil@off.example,associatedDomain=off.example,ou=domains,dc=example,dc=org
objectClass: s2lMailAccount
uid: emil@off.example
mail: emil@off.example
mailLocalAddress: emil@off.example
s2lEnabled: TRUE

dn: uid=noflag@example.org,associatedDomain=example.org,ou=domains,dc=example,dc=org
objectClass: s2lMailAccount
uid: noflag@example.org
mailLocalAddress: noflag@example.org

dn: cn=list@example.org,associatedDomain=example.org,ou=domains,dc=example,dc=org
objectClass: nisMailAlias
objectClass: s2lMailAlias
cn: list@example.org
mailLocalAddress: list@example.org
rfc822MailMember: anna@example.org
s2lEnabled: TRUE
)";

constexpr const char* of_new_domain =
    "dn: uid=z@new.example,associatedDomain=new.example,dc=org\nobjectClass: s2lMailAccount\nuid: z@new.example\n"
    "s2lEnabled: TRUE\n";

class serve_login : public testing::Test {
 protected:
  std::optional<verdict> verdict_on(std::string_view name, std::string_view service = "imap",
                                    std::string_view from = "192.0.2.7") {
    const auto answer = answers_.account_for_login({name, service, from});
    EXPECT_TRUE(answer) << answer.error().text();
    if (!answer || !*answer) return std::nullopt;
    return (*answer)->now;
  }
  // `began`: of a login whose password is proved next.
  std::string login_of(std::string_view name, std::optional<std::chrono::steady_clock::time_point> began = {}) {
    const auto answer = answers_.account_for_login({name, "imap", "192.0.2.7", nullptr, began});
    if (!answer) return "try later: " + answer.error().message;
    return *answer ? (*answer)->who->login : "nobody";
  }
  std::string user_of(std::string_view name) {
    const auto answer = answers_.userdb_of(name);
    if (!answer) return "try later: " + answer.error().message;
    return *answer ? (*answer)->user : "nobody";
  }
  // An account with one more line, which must make it an error.
  std::string with_line(const std::string& line) {
    entries_.load(
        "dn: uid=x@example.org,associatedDomain=example.org\nobjectClass: s2lMailAccount\nuid: x@example.org\n"
        "mailLocalAddress: x@example.org\ns2lEnabled: TRUE\n" +
        line + "\n");
    return user_of("x@example.org");
  }

  void new_domain_is(const char* enabled) {
    entries_.load(std::string("dn: associatedDomain=new.example,dc=org\nobjectClass: s2lMailDomain\n"
                              "associatedDomain: new.example\ns2lEnabled: ") +
                  enabled + "\n");
  }

  fake_lookup entries_{host};
  serve::entry_answers answers_{entries_, &entries_, {}};
};

// Also where the account has the address itself: its own domain is on, and the one in the name is not.
TEST_F(serve_login, nobody_logs_in_by_a_domain_that_is_off) {
  entries_.load(
      "dn: uid=gina@example.org,associatedDomain=example.org,ou=domains,dc=example,dc=org\n"
      "objectClass: s2lMailAccount\nuid: gina@example.org\nmailLocalAddress: gina@example.org\n"
      "mailLocalAddress: gina@old.example\nmailLocalAddress: gina@also.example\ns2lEnabled: TRUE\n");
  EXPECT_EQ(verdict_on("gina@example.org"), verdict::allowed);
  EXPECT_EQ(verdict_on("gina@also.example"), verdict::allowed);
  EXPECT_EQ(verdict_on("GINA@Old.Example"), verdict::disabled);
  EXPECT_EQ(user_of("gina@also.example"), "gina@example.org");
  EXPECT_EQ(user_of("gina@old.example"), "nobody");
}

TEST_F(serve_login, finds_an_account_by_each_of_its_names) {
  for (const char* name :
       {"anna@example.org", "ANNA@Example.ORG", "info@example.org", "anna@also.example", "info@ALSO.example"})
    EXPECT_EQ(login_of(name), "anna@example.org") << name;
  EXPECT_EQ(login_of("bertlogin"), "bertlogin");
  EXPECT_EQ(login_of("BertLogin"), "bertlogin");
  EXPECT_EQ(login_of("bert@example.org"), "bertlogin");
  EXPECT_EQ(login_of("noflag@example.org"), "noflag@example.org");
}

TEST_F(serve_login, knows_nobody_else) {
  for (const char* name :
       {"", "anna", "anna@", "@example.org", "anna@old.example", "anna@off.example", "anna@nowhere.example",
        "list@example.org", "nobody@example.org", "anna+x@example.org", "bertlogin@example.org"})
    EXPECT_EQ(login_of(name), "nobody") << name;
}

TEST_F(serve_login, never_answers_with_another_users_data) {
  const std::string nul("anna@example.org\0", 17);
  for (const std::string& name : {std::string("*"),
                                  std::string("anna*"),
                                  std::string("*@example.org"),
                                  std::string("anna@example.org)(uid=*"),
                                  std::string("anna@example.org,ou=x"),
                                  std::string("anna@example.org\t"),
                                  std::string("anna@example.org\n"),
                                  std::string("anna@example.org\r\n"),
                                  std::string("\tanna@example.org"),
                                  std::string(" anna@example.org"),
                                  std::string("anna@example.org "),
                                  std::string("an  na@example.org"),
                                  nul,
                                  nul + "x",
                                  std::string("\0", 1),
                                  std::string("anna@example.org\x01"),
                                  std::string("anna@example.org\xff"),
                                  std::string("\\61nna@example.org"),
                                  std::string("anna@example.org\\00"),
                                  std::string("anna@@example.org"),
                                  std::string("anna@example.org."),
                                  std::string(4096, 'a'),
                                  "anna@example.org" + std::string(4096, ' '),
                                  std::string(4096, 'a') + "@example.org"}) {
    EXPECT_EQ(login_of(name), "nobody") << name;
    EXPECT_EQ(user_of(name), "nobody") << name;
  }
}

TEST_F(serve_login, does_not_ask_for_names_that_nobody_can_have) {
  EXPECT_EQ(login_of("anna\n"), "nobody");
  EXPECT_EQ(login_of(std::string(limits::user_name_bytes_max + 1, 'a')), "nobody");
  EXPECT_EQ(entries_.questions, 0U);
  EXPECT_EQ(login_of(std::string(limits::user_name_bytes_max, 'a')), "nobody");
  EXPECT_GT(entries_.questions, 0U);
}

TEST_F(serve_login, blanks_are_a_part_of_a_name) {
  entries_.load("dn: uid=a b,dc=org\nobjectClass: s2lMailAccount\nuid: a b\ns2lEnabled: TRUE\n");
  EXPECT_EQ(login_of("A b"), "a b");
  for (const char* name : {"a  b", " a b", "a b ", "ab", "a\tb"}) EXPECT_EQ(login_of(name), "nobody") << name;
}

TEST_F(serve_login, reads_domains_as_people_write_them) {
  entries_.load(
      "dn: uid=max@xn--bcher-kva.example,dc=org\nobjectClass: s2lMailAccount\nuid: max@xn--bcher-kva.example\n"
      "mailLocalAddress: max@xn--bcher-kva.example\ns2lEnabled: TRUE\n");
  EXPECT_EQ(login_of("Max@BÜCHER.example"), "max@xn--bcher-kva.example");
  EXPECT_EQ(login_of("max@xn--bcher-kva.example"), "max@xn--bcher-kva.example");
  EXPECT_EQ(login_of("müx@bücher.example"), "nobody");
}

TEST_F(serve_login, tells_why_somebody_may_not_log_in) {
  EXPECT_EQ(verdict_on("anna@example.org"), verdict::allowed);
  EXPECT_EQ(verdict_on("carla@example.org"), verdict::no_login);
  EXPECT_EQ(verdict_on("dora@example.org"), verdict::disabled);
  EXPECT_EQ(verdict_on("emil@off.example"), verdict::disabled);
  EXPECT_EQ(verdict_on("noflag@example.org"), verdict::disabled);
  EXPECT_EQ(verdict_on("nobody@example.org"), std::nullopt);
}

TEST_F(serve_login, a_lock_of_the_directory_counts_where_it_does_not_verify_itself) {
  entries_.load(
      "dn: uid=locked,dc=org\nobjectClass: s2lMailAccount\nuid: locked\ns2lEnabled: TRUE\n"
      "pwdAccountLockedTime: 000001010000Z\n");
  EXPECT_EQ(verdict_on("locked"), verdict::no_login);
  EXPECT_EQ(user_of("locked"), "locked");
  serve::entry_answers by_bind(entries_, nullptr, {.separators = "+", .sieve = {}, .locks_count = false});
  EXPECT_EQ((*by_bind.account_for_login({"locked", "imap", {}}))->now, verdict::allowed);
}

TEST_F(serve_login, is_for_the_services_that_are_named) {
  for (const char* service : {"imap", "smtp", "IMAP", "submission"})
    EXPECT_EQ(verdict_on("bertlogin", service), verdict::allowed) << service;
  for (const char* service : {"pop3", "sieve", "managesieve", "", "imapx"})
    EXPECT_EQ(verdict_on("bertlogin", service), verdict::wrong_service) << service;
  EXPECT_EQ(verdict_on("anna@example.org", ""), verdict::allowed);
  EXPECT_EQ(verdict_on("anna@example.org", "anything"), verdict::allowed);
}

TEST_F(serve_login, is_from_the_networks_that_are_named) {
  for (const char* from : {"192.0.2.0", "192.0.2.255", "::ffff:192.0.2.3", "2001:db8::1", "2001:0DB8:ffff::"})
    EXPECT_EQ(verdict_on("bertlogin", "imap", from), verdict::allowed) << from;
  for (const char* from : {"192.0.3.1", "192.0.1.255", "2001:db9::", "", "local", "192.0.2", "::1", "192.0.2.1 "})
    EXPECT_EQ(verdict_on("bertlogin", "imap", from), verdict::wrong_network) << from;
  EXPECT_EQ(verdict_on("anna@example.org", "imap", ""), verdict::allowed);
}

TEST_F(serve_login, gives_passwords_to_who_checks_them) {
  const auto answer = answers_.account_for_login({"anna@example.org", "imap", ""});
  ASSERT_TRUE(answer && *answer);
  std::multiset<std::string> values;
  for (const secret& one : (*answer)->who->passwords) values.emplace(one.reveal());
  EXPECT_THAT(values, ElementsAre("{CRYPT}anna", "{SSHA}anna"));
}

TEST_F(serve_login, all_addresses_of_an_account_are_read_and_those_that_catch_all_are_none) {
  const auto found = entries_.find(serve::names::uid, "anna@example.org");
  ASSERT_TRUE(found && found->size() == 1);
  const auto who = serve::read_mail_account(found->front());
  ASSERT_TRUE(who);
  EXPECT_THAT((*who)->addresses, ElementsAre("anna@example.org", "info@example.org"));
  EXPECT_EQ((*who)->mail, "anna@example.org");
}

// Its mail waits, and who asks for the mailbox is told so; to log in nobody needs to know it.
TEST_F(serve_login, what_a_login_does_not_need_keeps_nobody_from_it) {
  for (const char* line : {"homeDirectory: relative", "s2lVacationFrom: tomorrow", "s2lForwardTo: |/bin/sh"}) {
    EXPECT_THAT(with_line(line), HasSubstr("try later")) << line;
    EXPECT_EQ(login_of("x@example.org"), "x@example.org") << line;
  }
  EXPECT_THAT(with_line("s2lLoginEnabled: perhaps"), HasSubstr("try later"));
  EXPECT_THAT(login_of("x@example.org"), HasSubstr("try later"));
}

// Neither its DN nor its login names one.
TEST_F(serve_login, an_account_is_in_the_domain_of_its_address) {
  for (const char* name : {"mail", "mailLocalAddress"}) {
    entries_.load(std::string("dn: uid=zed,dc=org\nobjectClass: s2lMailAccount\nuid: zed\ns2lEnabled: TRUE\n") + name +
                  ": zed@off.example\n");
    EXPECT_EQ(verdict_on("zed"), verdict::disabled) << name;
  }
}

// Nobody is kept out by what is true no more: only what lets in is known for longer than a question.
TEST_F(serve_login, a_domain_that_is_on_is_known_until_the_version_is_another) {
  entries_.load(of_new_domain);
  entries_.now_version = 1;
  EXPECT_EQ(verdict_on("z@new.example"), verdict::allowed);  // nobody wrote the domain down
  new_domain_is("FALSE");
  EXPECT_EQ(verdict_on("z@new.example"), verdict::disabled);
  const std::uint64_t before = entries_.questions;
  new_domain_is("TRUE");
  EXPECT_EQ(verdict_on("z@new.example"), verdict::allowed);
  const std::uint64_t with_unknown_domain = entries_.questions - before;
  new_domain_is("FALSE");
  EXPECT_EQ(verdict_on("Z@New.example"), verdict::allowed);  // as the version promises
  EXPECT_LT(entries_.questions - before - with_unknown_domain, with_unknown_domain);
  entries_.now_version = 2;
  EXPECT_EQ(verdict_on("z@new.example"), verdict::disabled);
  new_domain_is("TRUE");
  entries_.now_version.reset();
  EXPECT_EQ(verdict_on("z@new.example"), verdict::allowed);
  new_domain_is("FALSE");
  EXPECT_EQ(verdict_on("z@new.example"), verdict::disabled);
}

TEST_F(serve_login, where_nothing_tells_of_changes_a_domain_is_on_for_so_long_and_for_logins_alone) {
  std::chrono::steady_clock::time_point now;
  serve::answer_options how;
  how.domain_age_max = std::chrono::seconds(5);
  serve::entry_answers answers(entries_, &entries_, how);
  const auto verdict_now = [&] {
    return answers.account_for_login({"z@new.example", "imap", "", nullptr, now}).value()->now;
  };
  entries_.load(of_new_domain);
  new_domain_is("FALSE");
  EXPECT_EQ(verdict_now(), verdict::disabled);
  new_domain_is("TRUE");
  EXPECT_EQ(verdict_now(), verdict::allowed);
  new_domain_is("FALSE");
  EXPECT_EQ(verdict_now(), verdict::allowed);
  EXPECT_EQ(answers.account_for_login({"z@new.example", "imap", ""}).value()->now, verdict::disabled)
      << "who proves nothing";
  EXPECT_FALSE(answers.userdb_of("z@new.example").value());
  EXPECT_FALSE(answers.domain("new.example").value());
  now += std::chrono::seconds(5);
  EXPECT_EQ(verdict_now(), verdict::disabled);
}

TEST_F(serve_login, two_entries_for_one_name_are_an_error) {
  entries_.load(
      "dn: uid=other,dc=org\nobjectClass: s2lMailAccount\nuid: other\nmailLocalAddress: info@example.org\n"
      "s2lEnabled: FALSE\n");
  EXPECT_THAT(login_of("info@example.org"), HasSubstr("try later: two entries for \"info@example.org\""));
  EXPECT_THAT(user_of("info@example.org"), HasSubstr("try later"));
  EXPECT_EQ(login_of("other"), "other");
  EXPECT_EQ(login_of("anna@example.org"), "anna@example.org");
  entries_.load("dn: uid=OTHER,ou=there,dc=org\nobjectClass: s2lMailAccount\nuid: OTHER\ns2lEnabled: TRUE\n");
  EXPECT_THAT(login_of("other"), HasSubstr("try later: two entries for \"other\""));
}

// He is asked for his password. Where nobody is, a name of two is that of none.
TEST_F(serve_login, a_name_is_first_of_all_whose_login_it_is_where_a_password_is_proved) {
  const std::chrono::steady_clock::time_point now{};
  EXPECT_EQ(login_of("bert@example.org", now), "bertlogin");
  entries_.load(
      "dn: uid=bert@example.org,dc=org\nobjectClass: s2lMailAccount\nuid: bert@example.org\ns2lEnabled: TRUE\n");
  EXPECT_EQ(login_of("bert@example.org", now), "bert@example.org");  // which is an address of another, too
  EXPECT_THAT(login_of("bert@example.org"), HasSubstr("try later: two entries"));
  EXPECT_THAT(user_of("bert@example.org"), HasSubstr("try later: two entries"));
  EXPECT_EQ(login_of("bertlogin", now), "bertlogin");
  EXPECT_EQ(user_of("bertlogin"), "bertlogin");
  entries_.load(
      "dn: uid=third,dc=org\nobjectClass: s2lMailAccount\nuid: third\nmailLocalAddress: info@example.org\n"
      "s2lEnabled: TRUE\n");
  EXPECT_THAT(login_of("info@example.org", now), HasSubstr("try later: two entries")) << "which is nobody's login";
}

TEST_F(serve_login, try_later_is_never_nobody) {
  entries_.broken = true;
  for (const char* name : {"anna@example.org", "nobody@example.org", "bertlogin"}) {
    const auto answer = answers_.account_for_login({name, "imap", ""});
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().transient);
    EXPECT_FALSE(answers_.userdb_of(name));
    EXPECT_FALSE(answers_.sieve_of(name));
  }
  EXPECT_FALSE(answers_.users([](std::string_view) { return true; }));
}

TEST_F(serve_login, tells_dovecot_where_the_mail_is) {
  const auto anna = answers_.userdb_of("info@example.org");
  ASSERT_TRUE(anna && *anna);
  EXPECT_EQ((*anna)->user, "anna@example.org");
  EXPECT_THAT(serve::fields_of_dovecot_23(**anna),
              ElementsAre(Pair("uid", "1001"), Pair("gid", "1002"), Pair("home", "/var/vmail/anna"),
                          Pair("mail", "maildir:/var/vmail/anna/mail:LAYOUT=fs:INDEX=/var/index/anna"),
                          Pair("quota_rule", "*:bytes=1048576:messages=1000")));
  const auto fields = serve::fields_of_dovecot_24(**anna);
  ASSERT_TRUE(fields);
  EXPECT_THAT(*fields, ElementsAre(Pair("uid", "1001"), Pair("gid", "1002"), Pair("home", "/var/vmail/anna"),
                                   Pair("mail_driver", "maildir"), Pair("mail_path", "/var/vmail/anna/mail"),
                                   Pair("mailbox_list_layout", "fs"), Pair("mail_index_path", "/var/index/anna"),
                                   Pair("quota_storage_size", "1048576B"), Pair("quota_message_count", "1000")));
  // The domain's owner for who has none; 0 is no limit.
  const auto carla = answers_.userdb_of("carla@example.org");
  ASSERT_TRUE(carla && *carla);
  EXPECT_THAT(serve::fields_of_dovecot_23(**carla), ElementsAre(Pair("uid", "5000"), Pair("gid", "5001")));
}

TEST_F(serve_login, mail_locations_of_dovecot_24) {
  const auto fields = [](const char* location) {
    serve::userdb of;
    of.mail_store = location;
    return serve::fields_of_dovecot_24(of);
  };
  EXPECT_THAT(*fields("/var/mail/x"), ElementsAre(Pair("mail_driver", "auto"), Pair("mail_path", "/var/mail/x")));
  EXPECT_THAT(
      *fields("mbox:~/mail:INBOX=/var/mail/x"),
      ElementsAre(Pair("mail_driver", "mbox"), Pair("mail_path", "~/mail"), Pair("mail_inbox_path", "/var/mail/x")));
  EXPECT_FALSE(fields("maildir:/x:UNHEARD=of"));
  EXPECT_FALSE(fields("maildir:/x:LAYOUT"));
}

TEST_F(serve_login, mail_comes_in_where_nobody_logs_in_but_not_where_all_is_off) {
  EXPECT_EQ(user_of("carla@example.org"), "carla@example.org");
  for (const char* name : {"dora@example.org", "emil@off.example", "noflag@example.org", "list@example.org"})
    EXPECT_EQ(user_of(name), "nobody") << name;
}

TEST_F(serve_login, half_an_account_is_nobodys) {
  EXPECT_EQ(with_line("description: harmless\n"), "x@example.org");
  for (const char* line : {"s2lQuotaBytes: many", "s2lQuotaBytes: -1", "s2lQuotaBytes: 99999999999999999999",
                           "s2lQuotaBytes: 1 ", "uidNumber: 0", "gidNumber: 0", "uidNumber: 4294967295",
                           "homeDirectory: relative", "homeDirectory: /var/../etc", "homeDirectory:: L3Zhcgl4",
                           "s2lMailStore:: bWFpbGRpcjovCg==", "s2lLoginEnabled: perhaps", "s2lVacationFrom: yesterday",
                           "s2lForwardTo: |/bin/sh", "s2lKeepCopy: 1", "s2lQuotaBytes: 1\ns2lQuotaBytes: 2"}) {
    entries_ = fake_lookup(host);
    EXPECT_THAT(with_line(line), HasSubstr("try later: uid=x@example.org")) << line;
    EXPECT_EQ(user_of("anna@example.org"), "anna@example.org") << line;
  }
}

TEST_F(serve_login, names_that_no_protocol_carries_are_told_to_nobody) {
  // uid: "a TAB b"
  entries_.load("dn: cn=x,dc=org\nobjectClass: s2lMailAccount\nuid:: YQli\nmail: x@example.org\ns2lEnabled: TRUE\n");
  EXPECT_THAT(user_of("x@example.org"), HasSubstr("try later: cn=x,dc=org: uid"));
  entries_.load("dn: cn=y,dc=org\nobjectClass: s2lMailAccount\nmail: y@example.org\ns2lEnabled: TRUE\n");
  EXPECT_THAT(user_of("y@example.org"), HasSubstr("try later: cn=y,dc=org: uid"));
}

TEST_F(serve_login, a_network_that_is_none_is_an_error) {
  for (const char* net : {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "2001:db8::/129", "here", "192.0.2.0/8x"}) {
    entries_ = fake_lookup(host);
    with_line(std::string("s2lAllowNets: ") + net);
    EXPECT_THAT(login_of("x@example.org"), HasSubstr("try later: not a network")) << net;
  }
}

TEST_F(serve_login, lists_those_whom_it_knows) {
  entries_.load("dn: uid=broken,dc=org\nobjectClass: s2lMailAccount\nuid: broken\ns2lEnabled: perhaps\n");
  std::multiset<std::string> names;
  const auto told = answers_.users([&](std::string_view name) {
    names.emplace(name);
    return true;
  });
  ASSERT_TRUE(told) << told.error().text();
  EXPECT_THAT(names, ElementsAre("anna@example.org", "bertlogin", "broken", "carla@example.org"));
  std::size_t first = 0;
  EXPECT_TRUE(answers_.users([&](std::string_view) { return ++first < 2; }));
  EXPECT_EQ(first, 2U);
}

}  // namespace
}  // namespace sql2ldap::test
