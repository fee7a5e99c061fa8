// The real exim with the configuration in operate/, before the real dovecot: each route of mail, logins, absence
// notices, and that no mail is refused or bounces because slapd is down.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <support/dovecot.hpp>
#include <support/exim.hpp>
#include <support/local_client.hpp>
#include <support/smtp_client.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr auto patience = 30s;
const std::string anna = "anna@meadow.example";

class servers_exim : public testing::Test {
 protected:
  void start(const std::string& macros = {}, const std::vector<std::string>& authd_flags = {}) {
    host_.start_authd(authd_flags);
    start_dovecot();
    exim_ = std::make_unique<exim_server>(host_, macros);
  }
  void start_dovecot() {
    std::vector<std::string> files = {"91-sql2ldap-mail.conf", "92-sql2ldap-auth-ldap.conf",
                                      "93-sql2ldap-delivery.conf"};
    if (!dovecot_is_24()) files.insert(files.end(), {"sql2ldap-ldap.conf.ext", "sql2ldap-domain-off.conf.ext"});
    dovecot_ = std::make_unique<dovecot_server>(host_, files);
  }
  [[nodiscard]] smtp_client client() const { return smtp_client(local_client(exim_->port())); }
  [[nodiscard]] std::string deliver(const std::string& to, const std::string& subject) const {
    return client().deliver(to, subject);
  }
  // Nothing is on its way any more.
  [[nodiscard]] bool done_with_all() const {
    return eventually(patience, [&] { return exim_->waiting() == 0 && exim_->waiting_elsewhere() == 0; });
  }
  [[nodiscard]] std::string logs() const { return exim_->log() + dovecot_->log() + host_.authd_log(); }

  served_host host_;
  std::unique_ptr<dovecot_server> dovecot_;
  std::unique_ptr<exim_server> exim_;
};

class servers_exim_each_transport : public servers_exim, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(all, servers_exim_each_transport, testing::Values("", "WITH_LDA = yes\n"),
                         [](const auto& macros) { return macros.param.empty() ? "lmtp" : "lda"; });

TEST_P(servers_exim_each_transport, mail_goes_where_the_directory_says) {
  start(GetParam());
  const std::pair<std::string, std::string> sent[] = {
      {anna, "direct"},
      {"anna+shop@meadow.example", "detail"},
      {"Anna@Stone.Example", "alias domain"},
      {"list@meadow.example", "list"},
      {"list@stone.example", "list of alias domain"},
      {"whoever@grove.example", "catch-all"},
      {"olga@grove.example", "not caught"},
      {"fred@meadow.example", "away"},
      {"gina@meadow.example", "both"},
      {"gina@stone.example", "both by alias domain"},
      {"carla@meadow.example", "no login"},
  };
  for (const auto& [to, subject] : sent) EXPECT_THAT(deliver(to, subject), StartsWith("250")) << to << logs();
  ASSERT_TRUE(done_with_all()) << logs();
  const auto has = [](const std::string& subject) { return HasSubstr("Subject: " + subject + "\n"); };
  EXPECT_THAT(host_.mail_of(anna), UnorderedElementsAre(has("direct"), has("detail"), has("alias domain"), has("list"),
                                                        has("list of alias domain")))
      << logs();
  EXPECT_THAT(host_.mail_of("emil@meadow.example"), UnorderedElementsAre(has("list"), has("list of alias domain")));
  EXPECT_THAT(host_.mail_of("olga@grove.example"), UnorderedElementsAre(has("catch-all"), has("not caught")));
  EXPECT_THAT(host_.mail_of("fred@meadow.example"), IsEmpty());
  EXPECT_THAT(host_.mail_of("gina@meadow.example"), UnorderedElementsAre(has("both"), has("both by alias domain")));
  EXPECT_THAT(host_.mail_of("carla@meadow.example"), ElementsAre(has("no login")));
  const auto elsewhere = [](const std::string& subject) {
    return AllOf(HasSubstr("Envelope-to: away@elsewhere.example\n"), HasSubstr("Subject: " + subject + "\n"));
  };
  EXPECT_THAT(exim_->elsewhere(),
              UnorderedElementsAre(elsewhere("away"), elsewhere("both"), elsewhere("both by alias domain")))
      << logs();
  EXPECT_EQ(dovecot_->sent(), "") << "exim forwards, and Sieve does not do it once more";
}

// As Virtual Exim has it. dovecot's own delimiter stays '+'.
TEST_P(servers_exim_each_transport, another_separator_leads_to_the_user_too) {
  start(GetParam(), {"--separators=-"});
  for (const auto& [to, subject] : {std::pair("anna-shop@meadow.example", "detail"),
                                    std::pair("anna-shop@stone.example", "detail at the alias domain"),
                                    std::pair("gina-shop@meadow.example", "both")})
    EXPECT_THAT(deliver(to, subject), StartsWith("250")) << to << logs();
  EXPECT_THAT(deliver("nobody-shop@meadow.example", "nobody"), StartsWith("550"));
  ASSERT_TRUE(done_with_all()) << logs();
  EXPECT_THAT(host_.mail_of(anna),
              UnorderedElementsAre(HasSubstr("Subject: detail\n"), HasSubstr("Subject: detail at the alias domain\n")))
      << logs();
  EXPECT_THAT(host_.mail_of("gina@meadow.example"), ElementsAre(HasSubstr("Subject: both\n"))) << logs();
  EXPECT_THAT(exim_->elsewhere(), ElementsAre(HasSubstr("Envelope-to: away@elsewhere.example\n"))) << logs();
}

TEST_P(servers_exim_each_transport, who_is_away_says_so_once) {
  start(GetParam());
  EXPECT_THAT(deliver("hans@meadow.example", "first"), StartsWith("250")) << logs();
  ASSERT_TRUE(done_with_all()) << logs();
  EXPECT_THAT(dovecot_->sent(),
              AllOf(HasSubstr("friend@far.example"), HasSubstr("Subject: On holiday"), HasSubstr("Back in spring.")))
      << logs();
  const std::string before = dovecot_->sent();
  EXPECT_THAT(deliver("hans@meadow.example", "second"), StartsWith("250")) << logs();
  ASSERT_TRUE(done_with_all()) << logs();
  EXPECT_EQ(dovecot_->sent(), before);
  EXPECT_THAT(host_.mail_of("hans@meadow.example"),
              UnorderedElementsAre(HasSubstr("Subject: first\n"), HasSubstr("Subject: second\n")));
}

TEST_F(servers_exim, refuses_who_is_nobody_before_it_takes_the_mail) {
  start();
  for (const std::string to :
       {"nobody@meadow.example", "bert@meadow.example", "nobody@stone.example", "dora@lake.example",
        "friend@elsewhere.example", "a|b@meadow.example", "\"a b\"@meadow.example", "*@meadow.example"})
    EXPECT_THAT(deliver(to, "x"), StartsWith("550")) << to << logs();
}

TEST_F(servers_exim, puts_off_whom_nobody_can_tell_about) {
  start();
  EXPECT_THAT(deliver("lola@meadow.example", "x"), StartsWith("451")) << logs();
  const auto log_in = [&] { return client().log_in({"PLAIN", "lola@meadow.example", "right"}); };
  EXPECT_THAT(log_in(), StartsWith("235")) << "what is wrong with the mailbox is of mail alone" << logs();
  host_.slapd.modify(
      fmt::format("dn: uid=lola@meadow.example,associatedDomain=meadow.example,ou=domains,{}\nchangetype: modify\nadd: "
                  "s2lAllowNets\ns2lAllowNets: anywhere\n",
                  slapd_server::suffix));
  EXPECT_TRUE(eventually(patience, [&] { return log_in().starts_with("435"); })) << logs();
  EXPECT_THAT(deliver(anna, "hello"), StartsWith("250")) << logs();
}

// Of the address and of the domain there is an answer, of the user there is none.
TEST_F(servers_exim, puts_off_a_user_of_whom_nobody_can_tell_though_all_else_is_known) {
  start();
  host_.slapd.modify(fmt::format(
      "dn: uid={},associatedDomain=grove.example,ou=domains,{}\nchangetype: add\nobjectClass: inetOrgPerson\n"
      "objectClass: s2lMailAccount\nuid: {}\ncn: Anna\nsn: Anna\ns2lEnabled: TRUE\n",
      anna, slapd_server::suffix, anna));
  const auto told = [&](const std::string& question) {
    return local_client(host_.folder() / "query").ask(question + "\n", "\n");
  };
  ASSERT_TRUE(eventually(patience, [&] { return told("user " + anna).starts_with("defer"); })) << host_.authd_log();
  ASSERT_THAT(told("alias " + anna), StartsWith("no"));
  ASSERT_THAT(told("domain meadow.example"), StartsWith("yes"));
  EXPECT_THAT(deliver(anna, "x"), StartsWith("451")) << logs();
}

TEST_F(servers_exim, hands_on_mail_of_a_domain_to_the_host_that_its_transport_names) {
  start();
  const std::pair<std::string, std::string> domains[] = {{"brook.example", "relay:[{}]:{}"},
                                                         {"river.example", "smtp:{}:{}"}};
  for (const auto& [name, transport] : domains) {
    host_.slapd.modify(fmt::format(
        "dn: associatedDomain={0},ou=domains,{1}\nchangetype: add\nobjectClass: s2lMailDomain\nassociatedDomain: {0}\n"
        "s2lEnabled: TRUE\ns2lTransport: {2}\n",
        name, slapd_server::suffix,
        fmt::format(fmt::runtime(transport), exim_server::address_elsewhere, exim_->port_elsewhere())));
    const auto is_known = [&] {
      return local_client(host_.folder() / "query").ask("domain " + name + "\n", "\n").starts_with("yes relay ");
    };
    ASSERT_TRUE(eventually(patience, is_known)) << host_.authd_log();
    // An account there is no reason to keep the mail.
    host_.slapd.modify(fmt::format(
        "dn: uid=whoever@{0},associatedDomain={0},ou=domains,{1}\nchangetype: add\nobjectClass: inetOrgPerson\n"
        "objectClass: inetLocalMailRecipient\nobjectClass: s2lMailAccount\nuid: whoever@{0}\ncn: W\nsn: W\n"
        "mailLocalAddress: whoever@{0}\ns2lEnabled: TRUE\n",
        name, slapd_server::suffix));
    ASSERT_TRUE(eventually(patience, [&] {
      return local_client(host_.folder() / "query").ask("user whoever@" + name + "\n", "\n").starts_with("yes");
    })) << host_.authd_log();
    EXPECT_THAT(deliver("whoever@" + name, "for " + name), StartsWith("250")) << logs();
  }
  ASSERT_TRUE(done_with_all()) << logs();
  const auto arrived = [](const std::string& domain) {
    return AllOf(HasSubstr("Envelope-to: whoever@" + domain + "\n"), HasSubstr("Subject: for " + domain + "\n"));
  };
  EXPECT_THAT(exim_->elsewhere(), UnorderedElementsAre(arrived("brook.example"), arrived("river.example"))) << logs();

  EXPECT_THAT(client().deliver("whoever@elsewhere.example", "x"), StartsWith("550")) << "is not one of them";
  host_.stop_authd();
  EXPECT_THAT(deliver("whoever@brook.example", "x"), StartsWith("451")) << logs();
}

TEST_F(servers_exim, lets_in_who_may_and_sends_their_mail) {
  start();
  for (const std::string mechanism : {"PLAIN", "LOGIN"}) {
    for (const std::string name : {"anna@meadow.example", "Anna@Meadow.example", "anna@stone.example"})
      EXPECT_THAT(client().log_in({mechanism, name, "right"}), StartsWith("235")) << name << logs();
    EXPECT_THAT(client().log_in({mechanism, anna, "wrong"}), StartsWith("535"));
  }
  for (const std::string name : {"nobody@meadow.example", "bert@meadow.example", "carla@meadow.example",
                                 "emil@meadow.example", "jan@meadow.example", "dora@lake.example"})
    EXPECT_THAT(client().log_in({"PLAIN", name, "right"}), StartsWith("535")) << name << logs();
  smtp_client one = client();
  ASSERT_THAT(one.log_in({"PLAIN", anna, "right"}), StartsWith("235"));
  EXPECT_THAT(one.deliver("friend@elsewhere.example", "out", anna), StartsWith("250")) << logs();
  ASSERT_TRUE(done_with_all()) << logs();
  EXPECT_THAT(exim_->elsewhere(), ElementsAre(HasSubstr("Subject: out\n"))) << logs();
}

// As Postfix's reject_sender_login_mismatch has it.
TEST_F(servers_exim, lets_send_as_whose_address_it_is) {
  start();
  const auto sent_by_anna = [&](const std::string& sender) {
    smtp_client one = client();
    EXPECT_THAT(one.log_in({"PLAIN", "Anna@Stone.example", "right"}), StartsWith("235"));
    return one.deliver(anna, "x", sender);
  };
  for (const std::string own : {"anna@meadow.example", "Anna@Stone.Example", "anna+shop@meadow.example",
                                "list@meadow.example", "list@stone.example", ""})
    EXPECT_THAT(sent_by_anna(own), StartsWith("250")) << own << logs();
  for (const std::string other : {"carla@meadow.example", "bert@meadow.example", "fred@meadow.example",
                                  "olga@grove.example", "friend@far.example", "nobody@meadow.example"})
    EXPECT_THAT(sent_by_anna(other), StartsWith("550")) << other << logs();
  EXPECT_THAT(sent_by_anna("lola@meadow.example"), StartsWith("550")) << logs();
  // Who has not logged in.
  EXPECT_THAT(client().deliver(anna, "x", anna), StartsWith("550")) << logs();
  EXPECT_THAT(client().deliver(anna, "x", "nobody@meadow.example"), StartsWith("250")) << logs();
  EXPECT_THAT(client().deliver(anna, "x", ""), StartsWith("250")) << "a bounce; " << logs();
}

TEST_F(servers_exim, lets_send_as_anybody_where_it_is_told_to) {
  start("SEND_AS_ANYBODY = yes\nCOME_AS_ANYBODY = yes\n");
  smtp_client one = client();
  ASSERT_THAT(one.log_in({"PLAIN", anna, "right"}), StartsWith("235"));
  EXPECT_THAT(one.deliver(anna, "x", "carla@meadow.example"), StartsWith("250")) << logs();
  EXPECT_THAT(client().deliver(anna, "x", anna), StartsWith("250")) << logs();
}

TEST_F(servers_exim, goes_on_from_the_mirror_while_slapd_is_down) {
  start();
  host_.slapd.crash();
  EXPECT_THAT(client().log_in({"PLAIN", anna, "right"}), StartsWith("235")) << logs();
  EXPECT_THAT(deliver("list@stone.example", "list"), StartsWith("250")) << logs();
  EXPECT_THAT(deliver("nobody@meadow.example", "x"), StartsWith("550")) << logs();
  ASSERT_TRUE(done_with_all()) << logs();
  EXPECT_THAT(host_.mail_of(anna), ElementsAre(HasSubstr("Subject: list\n"))) << logs();
}

TEST_F(servers_exim, puts_everybody_off_without_slapd_and_mirror_and_loses_nothing) {
  start({}, {"--no-mirror"});
  // What was taken before, and waits for dovecot, waits on.
  dovecot_.reset();
  EXPECT_THAT(deliver(anna, "taken"), StartsWith("250")) << exim_->log();
  EXPECT_THAT(deliver("gina@meadow.example", "taken too"), StartsWith("250")) << exim_->log();
  host_.slapd.stop();
  start_dovecot();
  for (const std::string to : {"anna@meadow.example", "nobody@meadow.example", "list@meadow.example", "x@grove.example",
                               "friend@elsewhere.example"})
    EXPECT_THAT(deliver(to, "x"), StartsWith("451")) << to << logs();
  EXPECT_THAT(client().log_in({"PLAIN", anna, "right"}), StartsWith("435")) << logs();
  exim_->run_queue();
  EXPECT_EQ(exim_->waiting(), 2) << logs();
  host_.stop_authd();
  EXPECT_THAT(deliver(anna, "x"), StartsWith("451")) << logs();
  EXPECT_THAT(deliver("nobody@meadow.example", "x"), StartsWith("451")) << logs();
  exim_->run_queue();
  EXPECT_EQ(exim_->waiting(), 2) << logs();

  host_.slapd.start();
  host_.start_authd({"--no-mirror"});
  exim_->run_queue();
  ASSERT_TRUE(done_with_all()) << logs();
  EXPECT_THAT(host_.mail_of(anna), ElementsAre(HasSubstr("Subject: taken\n"))) << logs();
  EXPECT_THAT(host_.mail_of("gina@meadow.example"), ElementsAre(HasSubstr("Subject: taken too\n"))) << logs();
  EXPECT_THAT(exim_->elsewhere(), ElementsAre(HasSubstr("Subject: taken too\n"))) << "and no bounce; " << logs();
}

}  // namespace
}  // namespace sql2ldap::test
