// The real dovecot with the files in operate/: logins, deliveries, Sieve, and what is said while slapd is down.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <support/dovecot.hpp>
#include <support/local_client.hpp>
#include <support/smtp_client.hpp>

namespace sql2ldap::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

const std::string anna = "anna@meadow.example";

class servers_dovecot : public testing::Test {
 protected:
  // `way` is how it asks for logins: "ldap"; "dict" and "checkpassword", which dovecot 2.4 has no more.
  void start(const std::string& way, const std::vector<std::string>& authd_flags = {}) {
    host_.start_authd(authd_flags);
    std::vector<std::string> files = {"91-sql2ldap-mail.conf", "92-sql2ldap-auth-" + way + ".conf",
                                      "93-sql2ldap-delivery.conf"};
    if (!dovecot_is_24()) {
      if (way == "ldap") files.insert(files.end(), {"sql2ldap-ldap.conf.ext", "sql2ldap-domain-off.conf.ext"});
      if (way == "dict") files.insert(files.end(), {"sql2ldap-dict.conf.ext"});
    }
    dovecot_ = std::make_unique<dovecot_server>(host_, files);
  }
  [[nodiscard]] std::string login(const std::string& name, const std::string& password = "right") const {
    return imap_login(dovecot_->imap_port(), name, password);
  }
  [[nodiscard]] std::string deliver(const std::string& to, const std::string& subject = "hello") const {
    return smtp_client(local_client(dovecot_->lmtp_socket()), true).deliver(to, subject);
  }
  // By python3-sievelib: whether it was taken, and is the active one now, or "False" where the login was refused.
  [[nodiscard]] std::string upload_script(const std::string& user, const std::string& password,
                                          const std::string& text) const {
    const std::string program = R"(import json, sys
from sievelib.managesieve import Client
port, user, password, text = json.load(sys.stdin)
client = Client("127.0.0.1", port)
if not client.connect(user, password, authmech="PLAIN"):
    print(False)
else:
    print(client.putscript("mine", text), client.setactive("mine"))
    client.logout()
)";
    const captured run =
        run_and_capture({.arguments = {"/usr/bin/python3", "-c", program},
                         .input = nlohmann::json{dovecot_->sieve_port(), user, password, text}.dump()});
    return run.out + run.err;
  }
  [[nodiscard]] std::string logs() const { return dovecot_->log() + host_.authd_log(); }

  served_host host_;
  std::unique_ptr<dovecot_server> dovecot_;
};

std::vector<std::string> ways_of_this_version() {
  if (dovecot_is_24()) return {"ldap"};
  return {"ldap", "dict", "checkpassword"};
}

class servers_dovecot_each_way : public servers_dovecot, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(all, servers_dovecot_each_way, testing::ValuesIn(ways_of_this_version()),
                         [](const auto& way) { return way.param; });

TEST_P(servers_dovecot_each_way, lets_in_who_may) {
  start(GetParam());
  for (const std::string name : {"anna@meadow.example", "Anna@Meadow.Example", "anna@stone.example"}) {
    EXPECT_THAT(login(name), StartsWith("OK")) << name << logs();
    EXPECT_THAT(imap_authenticate(dovecot_->imap_port(), name, "right"), StartsWith("OK")) << name << logs();
    EXPECT_THAT(login(name, "wrong"), StartsWith("NO [AUTHENTICATIONFAILED]")) << name;
    EXPECT_THAT(imap_authenticate(dovecot_->imap_port(), name, "wrong"), StartsWith("NO [AUTHENTICATIONFAILED]"));
  }
  // Of several values of an attribute dovecot 2.3 takes one.
  const bool takes_one = GetParam() == "ldap" && !dovecot_is_24();
  EXPECT_THAT(login("ida@meadow.example"), StartsWith(takes_one ? "NO [AUTHENTICATIONFAILED]" : "OK")) << logs();
  // Not from here.
  EXPECT_THAT(login("jan@meadow.example"), StartsWith("NO [AUTHENTICATIONFAILED]")) << logs();
  // Nobody, off, no login, another service, a domain that is off.
  for (const std::string name : {"nobody@meadow.example", "bert@meadow.example", "carla@meadow.example",
                                 "emil@meadow.example", "dora@lake.example", "*", "anna@meadow.example)(uid=*"})
    EXPECT_THAT(login(name), AllOf(StartsWith("NO ["), Not(HasSubstr("UNAVAILABLE")))) << name << logs();
  // Both names have one mailbox, in the home that the directory tells.
  EXPECT_THAT(imap_ask(dovecot_->imap_port(), anna, "right", "CREATE box"), StartsWith("OK")) << logs();
  EXPECT_THAT(imap_ask(dovecot_->imap_port(), "anna@stone.example", "right", "LIST \"\" box"), HasSubstr("box\r\nOK"));
  EXPECT_TRUE(std::filesystem::exists(host_.folder() / "mail/meadow.example/anna/Maildir/.box"));
  EXPECT_THAT(imap_ask(dovecot_->imap_port(), anna, "right", "GETQUOTAROOT INBOX"),
              HasSubstr("STORAGE 0 1024 MESSAGE 0 77"));
  EXPECT_THAT(dovecot_->log(), Not(HasSubstr("Error"))) << logs();
}

// anna@stone.example is a name of hers in an alias domain, which stays on.
TEST_P(servers_dovecot_each_way, a_domain_that_is_off_is_off_by_every_name) {
  start(GetParam());
  EXPECT_THAT(login("anna@stone.example"), StartsWith("OK")) << logs();
  host_.slapd.modify("dn: associatedDomain=meadow.example,ou=domains," + std::string(slapd_server::suffix) +
                     "\nchangetype: modify\nreplace: s2lEnabled\ns2lEnabled: FALSE\n");
  ASSERT_TRUE(eventually(std::chrono::seconds(20), [&] { return deliver(anna).starts_with("550 5.1.1"); })) << logs();
  for (const std::string name :
       {"anna@meadow.example", "anna@stone.example", "ANNA@Stone.Example", "anna", "anna+box@meadow.example",
        "anna+box@stone.example", "hans@meadow.example", "hans@stone.example"}) {
    EXPECT_THAT(login(name), AllOf(StartsWith("NO ["), Not(HasSubstr("UNAVAILABLE")))) << name << logs();
    EXPECT_THAT(deliver(name), StartsWith("550 5.1.1")) << name << logs();
    const captured found =
        run_and_capture({.arguments = {"doveadm", "-c", dovecot_->configuration(), "user", "-f", "home", name}});
    EXPECT_NE(found.status, 0) << name << found.out << logs();
  }
  EXPECT_THAT(login("olga@grove.example"), StartsWith("OK")) << "the others are as they were; " << logs();
  EXPECT_THAT(deliver("olga@grove.example"), StartsWith("250")) << logs();
}

// The alias domain alone is off: its names are, and the others are not.
TEST_P(servers_dovecot_each_way, an_alias_domain_that_is_off_is_no_name_to_log_in_by) {
  start(GetParam());
  EXPECT_THAT(login("anna@stone.example"), StartsWith("OK")) << logs();
  host_.slapd.modify("dn: associatedDomain=stone.example,ou=domains," + std::string(slapd_server::suffix) +
                     "\nchangetype: modify\nreplace: s2lEnabled\ns2lEnabled: FALSE\n");
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] { return login("anna@stone.example").starts_with("NO ["); }))
      << logs();
  EXPECT_THAT(login(anna), StartsWith("OK")) << logs();
}

TEST_P(servers_dovecot_each_way, lists_its_users) {
  start(GetParam());
  const captured all = run_and_capture({.arguments = {"doveadm", "-c", dovecot_->configuration(), "user", "*"}});
  if (GetParam() == "checkpassword") {
    EXPECT_NE(all.status, 0) << "has no such question";
    return;
  }
  EXPECT_EQ(all.status, 0) << all.err << logs();
  EXPECT_THAT(all.out,
              AllOf(HasSubstr("anna@meadow.example\n"), HasSubstr("carla@meadow.example\n"), Not(HasSubstr("bert"))));
}

TEST_P(servers_dovecot_each_way, takes_mail_for_every_user) {
  start(GetParam());
  EXPECT_THAT(deliver(anna), StartsWith("250")) << logs();
  EXPECT_THAT(deliver("anna@stone.example", "by the other domain"), StartsWith("250")) << logs();
  EXPECT_THAT(deliver("carla@meadow.example"), StartsWith("250")) << "may not log in, and has mail; " << logs();
  EXPECT_THAT(deliver("bert@meadow.example"), StartsWith("550 5.1.1")) << logs();
  EXPECT_THAT(deliver("nobody@meadow.example"), StartsWith("550 5.1.1")) << logs();
  EXPECT_THAT(host_.mail_of(anna), UnorderedElementsAre(HasSubstr("Subject: hello"), HasSubstr("by the other domain")));
  EXPECT_THAT(host_.mail_of("carla@meadow.example"), ElementsAre(HasSubstr("Subject: hello")));
}

TEST_P(servers_dovecot_each_way, finds_mail_where_it_is_put) {
  start(GetParam());
  for (const std::string name : {"anna@meadow.example", "kurt@meadow.example"}) {
    EXPECT_THAT(deliver(name), StartsWith("250")) << logs();
    EXPECT_THAT(imap_ask(dovecot_->imap_port(), name, "right", "STATUS INBOX (MESSAGES)"), HasSubstr("(MESSAGES 1)"))
        << name << logs();
  }
  EXPECT_TRUE(std::filesystem::exists(host_.folder() / "mail/store of kurt/new")) << "as s2lMailStore says";
}

TEST_P(servers_dovecot_each_way, delivers_from_the_mirror_while_slapd_is_down) {
  start(GetParam());
  host_.slapd.crash();
  EXPECT_THAT(deliver(anna), StartsWith("250")) << logs();
  EXPECT_THAT(deliver("nobody@meadow.example"), StartsWith("550 5.1.1")) << logs();
  EXPECT_THAT(host_.mail_of(anna), ElementsAre(HasSubstr("Subject: hello")));
}

TEST_P(servers_dovecot_each_way, puts_everybody_off_without_slapd_and_mirror) {
  start(GetParam(), {"--no-mirror"});
  host_.slapd.stop();
  EXPECT_THAT(login(anna), StartsWith("NO [UNAVAILABLE]")) << logs();
  EXPECT_THAT(login(anna, "wrong"), StartsWith("NO [UNAVAILABLE]"));
  EXPECT_THAT(login("nobody@meadow.example"), StartsWith("NO [UNAVAILABLE]"));
  EXPECT_THAT(deliver(anna), StartsWith("451")) << logs();
  EXPECT_THAT(deliver("nobody@meadow.example"), StartsWith("451")) << logs();
  host_.slapd.start();
  EXPECT_TRUE(eventually(std::chrono::seconds(30), [&] { return login(anna).starts_with("OK"); })) << logs();
  EXPECT_THAT(deliver(anna), StartsWith("250")) << logs();
}

TEST_P(servers_dovecot_each_way, logins_by_authd_go_on_with_the_mirror) {
  start(GetParam());
  host_.slapd.crash();
  const bool asks_slapd = GetParam() == "ldap";
  EXPECT_THAT(login(anna), StartsWith(asks_slapd ? "NO [UNAVAILABLE]" : "OK")) << logs();
  EXPECT_THAT(login(anna, "wrong"), StartsWith(asks_slapd ? "NO [UNAVAILABLE]" : "NO [AUTHENTICATIONFAILED]"));
  host_.stop_authd();
  EXPECT_THAT(login(anna), StartsWith("NO [UNAVAILABLE]")) << logs();
  EXPECT_THAT(deliver(anna), StartsWith("451")) << logs();
}

TEST_P(servers_dovecot_each_way, notices_come_from_the_directory_and_the_users_own_scripts_follow) {
  start(GetParam());
  const std::string hans = "hans@meadow.example";
  EXPECT_THAT(upload_script(hans, "wrong", "keep;"), HasSubstr("False"));
  EXPECT_THAT(upload_script("carla@meadow.example", "right", "keep;"), HasSubstr("False"));
  ASSERT_THAT(upload_script(hans, "right", "require \"fileinto\";\r\nfileinto \"box\";\r\n"), HasSubstr("True True"))
      << logs();
  EXPECT_THAT(upload_script(hans, "right", "this is no script"), HasSubstr("False"));
  ASSERT_THAT(imap_ask(dovecot_->imap_port(), hans, "right", "CREATE box"), StartsWith("OK")) << logs();
  EXPECT_THAT(deliver(hans), StartsWith("250")) << logs();
  EXPECT_THAT(dovecot_->sent(),
              AllOf(HasSubstr("friend@far.example"), HasSubstr("Subject: On holiday"), HasSubstr("Back in spring.")))
      << logs();
  EXPECT_THAT(host_.mail_of(hans), IsEmpty()) << logs();
  EXPECT_THAT(imap_ask(dovecot_->imap_port(), hans, "right", "STATUS box (MESSAGES)"), HasSubstr("(MESSAGES 1)"));
  // When the absence is over, none is sent any more.
  host_.tables.execute("UPDATE alias SET goto = address WHERE address = '" + hans + "'");
  host_.migrate();
  ASSERT_TRUE(eventually(std::chrono::seconds(20), [&] {
    const std::string script =
        local_client(host_.folder() / "sieve").ask("H3\t2\t0\t\tsieve\nLpriv/sieve/data/x\t" + hans + "\n", "\n");
    return script.find("vacation") == std::string::npos;
  })) << logs();
  const std::string before = dovecot_->sent();
  EXPECT_THAT(deliver(hans, "again"), StartsWith("250")) << logs();
  EXPECT_EQ(dovecot_->sent(), before);
  EXPECT_THAT(imap_ask(dovecot_->imap_port(), hans, "right", "STATUS box (MESSAGES)"), HasSubstr("(MESSAGES 2)"));
}

TEST_F(servers_dovecot, a_dict_tells_each_hash_so_that_dovecot_knows_it) {
  if (dovecot_is_24()) return;  // which asks no dict for passwords
  host_.tables.execute("DELETE FROM alias; DELETE FROM mailbox; DELETE FROM alias_domain; DELETE FROM domain;" +
                       sample_text("postfixadmin/rows.sql"));
  const captured migrated = host_.sql2ldap("migrate", {"--yes"});
  ASSERT_THAT(migrated.status, AnyOf(done, differences)) << migrated.err;
  start("dict");
  for (const sample_login& one : sample_logins("postfixadmin/logins.tsv")) {
    const bool is_off = one.user == "gustav@example.net" || one.user == "off@off.example";
    EXPECT_THAT(login(one.user, one.password),
                StartsWith(one.verifiable && !is_off ? "OK" : "NO [AUTHENTICATIONFAILED]"))
        << one.user;
  }
  EXPECT_THAT(dovecot_->log(), Not(HasSubstr("Unknown scheme"))) << logs();
}

}  // namespace
}  // namespace sql2ldap::test
