// What Postfix and pysieved, by the files in operate/, send to sql2ldap-authd and must be told. Neither can be
// installed beside exim, so their bytes are sent here; Postfix's own postmap asks where there is one.
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/codec/base64.hpp>
#include <support/local_client.hpp>
#include <support/served_host.hpp>

namespace sql2ldap::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string anna = "anna@meadow.example";

// The value of a line "NAME = VALUE".
std::string value_of(const std::string& configuration, const std::string& name) {
  const std::string begin = "\n" + name + " = ";
  const std::size_t at = configuration.find(begin);
  if (at == std::string::npos) return "";
  const std::size_t from = at + begin.size();
  return configuration.substr(from, configuration.find('\n', from) - from);
}

std::string plain(const std::string& name, const std::string& password) {
  return codec::base64(std::string(1, '\0') + name + std::string(1, '\0') + password);
}

class servers_postfix : public testing::Test {
 protected:
  servers_postfix() : main_cf_(host_.shipped("postfix/main.cf")) {}

  void start(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> all = {"--listen", "socketmap:" + (host_.folder() / "socketmap").string()};
    all.insert(all.end(), flags.begin(), flags.end());
    host_.start_authd(all);
  }

  // What the map that a setting names says: "OK ...", "NOTFOUND ", "TEMP ...".
  [[nodiscard]] std::string ask(const std::string& setting, const std::string& key) const {
    const std::string map = value_of(main_cf_, setting);
    const std::string prefix = "socketmap:unix:";
    const std::size_t colon = map.rfind(':');
    if (!map.starts_with(prefix)) return "no map: " + map;
    const std::string request = map.substr(colon + 1) + " " + key;
    local_client client(map.substr(prefix.size(), colon - prefix.size()));
    client.send(fmt::format("{}:{},", request.size(), request));
    client.half_close();
    const std::string said = client.read_all();
    const std::size_t begin = said.find(':') + 1;
    const std::string answer = said.substr(begin, said.size() - begin - 1);
    expect_the_same_of_postmap(map, key, answer);
    return answer;
  }

 private:
  void expect_the_same_of_postmap(const std::string& map, const std::string& key, const std::string& answer) const {
    const std::string program = server_program("postmap");
    if (program == "postmap") return;  // not installed
    std::filesystem::create_directory(host_.folder() / "postfix");
    write_file(host_.folder() / "postfix/main.cf",
               "compatibility_level = 3.6\nmail_owner = daemon\nsetgid_group = mail\n");
    const captured run = run_and_capture({.arguments = {program, "-c", host_.folder() / "postfix", "-q", key, map}});
    if (answer.starts_with("OK "))
      EXPECT_EQ(run.out, answer.substr(3) + "\n") << run.err;
    else
      EXPECT_EQ(run.out, "") << run.err;
    EXPECT_EQ(run.err.find("error") != std::string::npos, answer.starts_with("TEMP")) << run.err;
  }

 protected:
  served_host host_;
  std::string main_cf_;
};

TEST_F(servers_postfix, each_map_of_main_cf_answers) {
  start();
  EXPECT_EQ(ask("virtual_mailbox_domains", "meadow.example"), "OK meadow.example");
  EXPECT_EQ(ask("virtual_mailbox_domains", "stone.example"), "OK stone.example");
  EXPECT_EQ(ask("virtual_mailbox_domains", "lake.example"), "NOTFOUND ");
  EXPECT_EQ(ask("virtual_mailbox_domains", "elsewhere.example"), "NOTFOUND ");
  EXPECT_EQ(ask("relay_domains", "meadow.example"), "NOTFOUND ");
  EXPECT_EQ(ask("virtual_alias_maps", "list@stone.example"), "OK anna@meadow.example, emil@meadow.example");
  EXPECT_EQ(ask("virtual_alias_maps", "x@grove.example"), "OK olga@grove.example");
  EXPECT_EQ(ask("virtual_alias_maps", "fred@meadow.example"), "OK away@elsewhere.example");
  EXPECT_EQ(ask("virtual_alias_maps", "gina@meadow.example"), "OK away@elsewhere.example, gina@meadow.example");
  EXPECT_EQ(ask("virtual_alias_maps", anna), "NOTFOUND ");
  EXPECT_EQ(ask("virtual_mailbox_maps", "anna@stone.example"), "OK " + anna);
  EXPECT_EQ(ask("virtual_mailbox_maps", "anna+shop@meadow.example"), "OK " + anna);
  EXPECT_EQ(ask("virtual_mailbox_maps", "gina@meadow.example"), "OK gina@meadow.example");
  EXPECT_EQ(ask("virtual_mailbox_maps", "nobody@meadow.example"), "NOTFOUND ");
  EXPECT_EQ(ask("virtual_mailbox_maps", "bert@meadow.example"), "NOTFOUND ");
  EXPECT_EQ(ask("transport_maps", anna), "NOTFOUND ");
  EXPECT_EQ(ask("smtpd_sender_login_maps", "anna@stone.example"), "OK " + anna);
  EXPECT_EQ(ask("smtpd_sender_login_maps", "friend@elsewhere.example"), "NOTFOUND ");
}

// As exim's routes and `sql2ldap lookup` have it.
TEST_F(servers_postfix, mail_for_an_account_of_a_relayed_domain_is_handed_on) {
  start();
  host_.slapd.modify(
      fmt::format("dn: associatedDomain=brook.example,ou=domains,{0}\nchangetype: add\nobjectClass: s2lMailDomain\n"
                  "associatedDomain: brook.example\ns2lEnabled: TRUE\ns2lTransport: relay:[mx.brook.example]\n\n"
                  "dn: uid=vera@brook.example,associatedDomain=brook.example,ou=domains,{0}\nchangetype: add\n"
                  "objectClass: inetOrgPerson\nobjectClass: inetLocalMailRecipient\nobjectClass: s2lMailAccount\n"
                  "uid: vera@brook.example\ncn: V\nsn: V\nmailLocalAddress: vera@brook.example\ns2lEnabled: TRUE\n",
                  slapd_server::suffix));
  ASSERT_TRUE(eventually(std::chrono::seconds(20), [&] {
    return ask("smtpd_sender_login_maps", "vera@brook.example") == "OK vera@brook.example";
  })) << host_.authd_log();
  EXPECT_EQ(ask("relay_domains", "brook.example"), "OK brook.example");
  EXPECT_EQ(ask("virtual_mailbox_domains", "brook.example"), "NOTFOUND ");
  EXPECT_EQ(ask("virtual_mailbox_maps", "vera@brook.example"), "NOTFOUND ");
  EXPECT_EQ(ask("virtual_alias_maps", "vera@brook.example"), "NOTFOUND ");
  EXPECT_EQ(ask("transport_maps", "vera@brook.example"), "OK relay:[mx.brook.example]");
  const captured shown =
      run_and_capture({.arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "lookup", "alias", "vera@brook.example",
                                     "--directory", host_.slapd.ldapi(), "--base", std::string(slapd_server::suffix)}});
  EXPECT_EQ(shown.out, "relay\ntransport relay:[mx.brook.example]\n") << shown.err;
}

// Postfix asks again and again; the log says why.
TEST_F(servers_postfix, a_list_that_is_too_long_is_told_to_the_log) {
  start();
  std::string members;
  for (int i = 0; i < 6000; ++i) members += fmt::format("rfc822MailMember: member{}@elsewhere.example\n", i);
  host_.slapd.modify("dn: cn=list@meadow.example,associatedDomain=meadow.example,ou=domains," +
                     std::string(slapd_server::suffix) + "\nchangetype: modify\nreplace: rfc822MailMember\n" + members);
  ASSERT_TRUE(eventually(std::chrono::seconds(20), [&] {
    return ask("virtual_alias_maps", "list@meadow.example").starts_with("TEMP ");
  })) << host_.authd_log();
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] {
    return host_.authd_log().find("the answer for \"list@meadow.example\" has ") != std::string::npos;
  })) << host_.authd_log();
}

TEST_F(servers_postfix, no_map_says_not_found_because_slapd_is_down) {
  start({"--no-mirror"});
  host_.slapd.stop();
  for (const char* setting : {"virtual_mailbox_domains", "relay_domains"})
    EXPECT_THAT(ask(setting, "meadow.example"), StartsWith("TEMP ")) << setting;
  for (const char* setting :
       {"virtual_alias_maps", "virtual_mailbox_maps", "transport_maps", "smtpd_sender_login_maps"})
    EXPECT_THAT(ask(setting, anna), StartsWith("TEMP ")) << setting;
}

TEST_F(servers_postfix, smtpd_logs_in) {
  start();
  local_client client(value_of(main_cf_, "smtpd_sasl_path"));
  client.send("VERSION\t1\t0\nCPID\t4711\n");
  const std::string greeting = client.read_until("DONE\n");
  EXPECT_THAT(greeting, HasSubstr("MECH\tPLAIN\tplaintext\n"));
  EXPECT_LT(greeting.find("MECH\t"), greeting.find("SPID\t")) << "else Postfix takes it for another socket";
  const auto log_in = [&](int id, const std::string& password) {
    return client.ask(fmt::format("AUTH\t{}\tPLAIN\tservice=smtp\tnologin\tlip=127.0.0.1\trip=192.0.2.1\tsecured\t"
                                  "resp={}\n",
                                  id, plain(anna, password)),
                      "\n");
  };
  EXPECT_EQ(log_in(1, "right"), "OK\t1\tuser=" + anna + "\n");
  EXPECT_THAT(log_in(2, "wrong"), StartsWith("FAIL\t2\t"));
  client.send("AUTH\t3\tLOGIN\tservice=smtp\tnologin\tlip=127.0.0.1\trip=192.0.2.1\tsecured\n");
  EXPECT_EQ(client.read_until("\n"), "CONT\t3\tVXNlcm5hbWU6\n");
  EXPECT_EQ(client.ask("CONT\t3\t" + codec::base64(anna) + "\n", "\n"), "CONT\t3\tUGFzc3dvcmQ6\n");
  EXPECT_EQ(client.ask("CONT\t3\t" + codec::base64("right") + "\n", "\n"), "OK\t3\tuser=" + anna + "\n");
}

// pysieved reads each answer with one recv(1024), and takes any byte that comes later for the next one.
TEST_F(servers_postfix, pysieved_logs_in_and_finds_the_home) {
  start();
  const std::string ini = host_.shipped("pysieved/pysieved.ini");
  constexpr std::size_t bytes_read_at_once = 1024;
  local_client mux(value_of(ini, "mux"));
  mux.send("VERSION\t1\t0\nCPID\t4711\n");
  const std::string greeting = mux.read_until("DONE\n");
  EXPECT_THAT(greeting, AllOf(HasSubstr("VERSION\t1\t"), HasSubstr("MECH\tPLAIN\t")));
  EXPECT_LT(greeting.size(), bytes_read_at_once);
  const std::string service = value_of(ini, "service");
  const auto log_in = [&](int id, const std::string& name) {
    return mux.ask(fmt::format("AUTH\t{}\tPLAIN\tservice={}\tresp={}\n", id, service, plain(name, "right")), "\n");
  };
  EXPECT_EQ(log_in(1, anna), "OK\t1\tuser=" + anna + "\n");
  EXPECT_THAT(log_in(2, "emil@meadow.example"), StartsWith("FAIL\t2\t")) << "may use pop3 alone";

  local_client master(value_of(ini, "master"));
  master.send("VERSION\t1\t0\n");
  master.read_until("SPID\t");
  master.read_until("\n");
  const std::string user = master.ask("USER\t1\t" + anna + "\tservice=" + service + "\n", "\n");
  EXPECT_THAT(user, AllOf(StartsWith("USER\t1\t" + anna + "\t"),
                          HasSubstr("home=" + (host_.folder() / "mail/meadow.example/anna").string())));
  EXPECT_LT(user.size(), bytes_read_at_once);
}

}  // namespace
}  // namespace sql2ldap::test
