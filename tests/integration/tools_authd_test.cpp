// sql2ldap-authd between a real directory and clients on its sockets, as an operator runs it.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <support/local_client.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto patience = 20s;
const std::string user0 = "user0@domain0.example";
const std::string off = "user1@domain1.example";
const std::string user2 = "user2@domain2.example";

class authd : public testing::Test {
 protected:
  authd() : host_(small_host, quick_slapd()) {
    set_password(user0, "right");
    set_password(off, "right");
    set_password(user2, "other");
    host_.tables.execute("UPDATE mailbox SET active = 0 WHERE username = '" + off + "'; UPDATE alias SET goto = '" +
                         user0 + ",x@elsewhere.example' WHERE address = '" + user0 + "'");
    migrate();
  }

  void set_password(const std::string& of, const std::string& clear) {
    host_.tables.execute("UPDATE mailbox SET password = '{PLAIN}" + clear + "' WHERE username = '" + of + "'");
  }
  void migrate() {
    const captured done_so = host_.sql2ldap("migrate", {"--yes"});
    ASSERT_EQ(done_so.status, done) << done_so.out << done_so.err;
  }

  [[nodiscard]] std::string path(std::string_view protocol) const { return folder_ / protocol; }
  [[nodiscard]] command typed(const std::vector<std::string>& more) const {
    command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-authd", "--directory", host_.slapd.ldapi(), "--base",
                               std::string(slapd_server::suffix)}};
    for (const char* one : {"auth-client", "auth-userdb", "dict", "socketmap", "query"})
      what.arguments.insert(what.arguments.end(), {"--listen", fmt::format("{}:{}", one, path(one))});
    what.arguments.insert(what.arguments.end(), more.begin(), more.end());
    return what;
  }
  void begin(const std::vector<std::string>& more = {}) {
    std::filesystem::remove(folder_ / "log");
    daemon_ = std::make_unique<child_process>(typed(more), folder_ / "log", folder_ / "log");
  }
  void start(const std::vector<std::string>& more = {}) {
    begin(more);
    ASSERT_TRUE(says("ANSWER_READY")) << log();
  }
  [[nodiscard]] std::string log() const { return read_file(folder_ / "log"); }
  [[nodiscard]] bool says(const std::string& text) const {
    return eventually(patience, [&] { return log().find(text) != std::string::npos; });
  }
  [[nodiscard]] std::size_t count_in_log(const std::string& text) const {
    const std::string all = log();
    std::size_t count = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
    return count;
  }

  // What is answered to a login, without the number.
  [[nodiscard]] std::string login(const std::string& name, const std::string& password,
                                  const std::string& service = "imap") const {
    local_client client(path("auth-client"));
    client.read_until("DONE\n");
    const std::string response = std::string(1, '\0') + name + std::string(1, '\0') + password;
    return client.ask("VERSION\t1\t2\nCPID\t1\nAUTH\t7\tPLAIN\tservice=" + service +
                          "\tno-penalty\tresp=" + codec::base64(response) + "\n",
                      "\n");
  }
  [[nodiscard]] std::string login_by_login(const std::string& name, const std::string& password) const {
    local_client client(path("auth-client"));
    client.read_until("DONE\n");
    client.ask("VERSION\t1\t2\nCPID\t1\nAUTH\t7\tLOGIN\tservice=smtp\tno-penalty\n", "\n");
    client.ask("CONT\t7\t" + codec::base64(name) + "\n", "\n");
    return client.ask("CONT\t7\t" + codec::base64(password) + "\n", "\n");
  }
  [[nodiscard]] std::string userdb(const std::string& request, const std::string& end = "\n") const {
    local_client client(path("auth-userdb"));
    client.read_until("SPID\t");
    client.read_until("\n");
    return client.ask("VERSION\t1\t1\n" + request + "\n", end);
  }
  [[nodiscard]] std::string dict(const std::string& request, const std::string& user = "", int version = 3,
                                 const std::string& end = "\n") const {
    return local_client(path("dict")).ask(fmt::format("H{}\t0\t0\t{}\tauth\n{}\n", version, user, request), end);
  }
  [[nodiscard]] std::string socketmap(const std::string& map, const std::string& key) const {
    const std::string request = map + " " + key;
    return local_client(path("socketmap")).ask(fmt::format("{}:{},", request.size(), request), ",");
  }
  [[nodiscard]] std::string query(const std::string& request) const {
    return local_client(path("query")).ask(request + "\n", "\n");
  }

  temp_dir folder_;
  mail_host_sides host_;
  std::unique_ptr<child_process> daemon_;
};

// ---- what is answered -------------------------------------------------------------------------

class authd_in_each_way : public authd, public testing::WithParamInterface<std::vector<std::string>> {
 protected:
  // Flags of one way to find answers; @SOURCE@ stands for the tables.
  [[nodiscard]] std::vector<std::string> way() const {
    std::vector<std::string> out = GetParam();
    for (std::string& one : out)
      if (one == "@SOURCE@") one = host_.tables.url();
    return out;
  }
};

TEST_P(authd_in_each_way, answers_each_protocol) {
  start(way());
  EXPECT_EQ(login(user0, "right"), "OK\t7\tuser=" + user0 + "\n");
  EXPECT_EQ(login_by_login(user0, "right"), "OK\t7\tuser=" + user0 + "\n");
  EXPECT_THAT(login("USER0@Domain0.example", "right"), StartsWith("OK\t7\tuser=" + user0 + "\t"));
  EXPECT_EQ(login(user0, "wrong"), "FAIL\t7\tuser=" + user0 + "\n");
  EXPECT_EQ(login_by_login(user0, "wrong"), "FAIL\t7\tuser=" + user0 + "\n");
  EXPECT_EQ(login("nobody@domain0.example", "right"), "FAIL\t7\tuser=nobody@domain0.example\n");
  EXPECT_THAT(login(off, "right"), AllOf(StartsWith("FAIL\t7\t"), HasSubstr("code=user_disabled")));
  EXPECT_EQ(login(off, "wrong"), "FAIL\t7\tuser=" + off + "\n") << "only who knows the password is told";

  EXPECT_THAT(userdb("USER\t1\t" + user0 + "\tservice=lda"), StartsWith("USER\t1\t" + user0 + "\t"));
  EXPECT_EQ(userdb("USER\t1\tnobody@domain0.example\tservice=lda"), "NOTFOUND\t1\n");
  const std::string list = userdb("LIST\t2\tservice=doveadm", "DONE\t2\t\n");
  EXPECT_THAT(list, AllOf(HasSubstr("LIST\t2\t" + user0 + "\n"), HasSubstr("LIST\t2\t" + user2 + "\n"),
                          Not(HasSubstr(off)), HasSubstr("DONE\t2\t\n")));

  EXPECT_THAT(dict("Lshared/userdb/" + user0, user0), AllOf(StartsWith("O{"), HasSubstr("\"home\":")));
  EXPECT_EQ(dict("Lshared/userdb/nobody@domain0.example"), "N\n");
  EXPECT_THAT(dict("Lshared/passdb/" + user0), AllOf(StartsWith("O{"), HasSubstr("\"password\":\"{")));
  EXPECT_THAT(dict("Lpriv/sieve/data/1\t" + user0, user0), HasSubstr("redirect :copy"));

  EXPECT_EQ(socketmap("mailboxes", user0), fmt::format("{}:OK {},", user0.size() + 3, user0));
  EXPECT_EQ(socketmap("domains", "elsewhere.example"), "9:NOTFOUND ,");
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  EXPECT_EQ(query("domain elsewhere.example"), "no\n");
  EXPECT_EQ(query("user " + user0), "yes " + user0 + "\n");

  const std::string said = log();
  EXPECT_THAT(said, HasSubstr("LOGIN accepted name=" + user0));
  EXPECT_THAT(said, HasSubstr("LOGIN wrong password name=" + user0));
  EXPECT_THAT(said, Not(HasSubstr("right")));
  EXPECT_EQ(daemon_->stop(SIGTERM, patience), done) << log();
  EXPECT_FALSE(std::filesystem::exists(path("dict")));
}

INSTANTIATE_TEST_SUITE_P(all, authd_in_each_way,
                         testing::Values(std::vector<std::string>{}, std::vector<std::string>{"--no-mirror"},
                                         std::vector<std::string>{"--passwords", "bind"},
                                         std::vector<std::string>{"--answer-from", "source", "--source", "@SOURCE@",
                                                                  "--mapping", "postfixadmin"}));

TEST_F(authd, listens_on_a_port_for_postfix) {
  // The port that is free is in the log.
  start({"--listen", "tcp:127.0.0.1:0,map=domains"});
  const std::string said = log();
  const auto at = said.find("tcp:127.0.0.1:") + std::string("tcp:127.0.0.1:").size();
  local_client client(static_cast<std::uint16_t>(std::stoi(said.substr(at))));
  EXPECT_EQ(client.ask("get domain0.example\n", "\n"), "200 domain0.example\n");
  EXPECT_THAT(client.ask("get elsewhere.example\n", "\n"), StartsWith("500 "));
}

// ---- while things happen ----------------------------------------------------------------------

TEST_F(authd, goes_on_without_the_directory_and_sees_a_changed_password) {
  start();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  host_.slapd.crash();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  EXPECT_EQ(query("domain elsewhere.example"), "no\n");
  ASSERT_TRUE(says("MIRROR_TROUBLE")) << log();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  host_.slapd.start();
  set_password(user0, "changed");
  migrate();
  EXPECT_TRUE(eventually(patience, [&] { return login(user0, "changed").starts_with("OK"); })) << log();
  EXPECT_THAT(login(user0, "right"), StartsWith("FAIL"));
}

TEST_F(authd, tells_to_try_later_when_the_directory_cannot_be_asked) {
  start({"--no-mirror"});
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  host_.slapd.stop();
  EXPECT_THAT(login(user0, "right"), AllOf(StartsWith("FAIL\t7"), HasSubstr("temp")));
  EXPECT_THAT(login("nobody@domain0.example", "x"), AllOf(StartsWith("FAIL\t7"), HasSubstr("temp")));
  EXPECT_THAT(userdb("USER\t1\t" + user0 + "\tservice=lda"), StartsWith("FAIL\t1"));
  EXPECT_THAT(dict("Lshared/userdb/" + user0), StartsWith("F"));
  EXPECT_THAT(socketmap("domains", "elsewhere.example"), HasSubstr("TEMP"));
  EXPECT_THAT(query("domain elsewhere.example"), StartsWith("defer"));
  host_.slapd.start();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_EQ(query("domain elsewhere.example"), "no\n");
}

TEST_F(authd, tells_to_try_later_when_the_mirror_is_too_old_or_empty) {
  start({"--mirror-age-max", "1s"});
  host_.slapd.crash();
  EXPECT_TRUE(eventually(patience, [&] { return query("domain domain0.example").starts_with("defer"); }));
  EXPECT_THAT(query("domain elsewhere.example"), StartsWith("defer"));
  EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
  begin();  // with nobody to fill the mirror
  ASSERT_TRUE(says("ANSWER_LISTEN query"));
  EXPECT_TRUE(eventually(patience, [&] { return somebody_listens(path("query")); }));
  EXPECT_THAT(query("domain domain0.example"), StartsWith("defer"));
  host_.slapd.start();
  EXPECT_TRUE(eventually(patience, [&] { return query("domain domain0.example") == "yes local\n"; })) << log();
}

TEST_F(authd, reads_its_settings_again) {
  const std::string file = folder_ / "authd.toml";
  write_file(file, "[authd]\npasswords = \"bind\"\nmirror = false\n");
  start({"--config", file});
  local_client old(path("query"));  // stays
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  write_file(file, "[authd]\nmirror = true\n");
  daemon_->send_signal(SIGHUP);
  ASSERT_TRUE(eventually(patience, [&] { return count_in_log("ANSWER_READY") == 2; })) << log();
  host_.slapd.crash();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK")) << "there is a mirror now, and no bind any more";
  EXPECT_EQ(old.ask("domain domain0.example\n", "\n"), "yes local\n");
  write_file(file, "[authd]\nmirror = 5\n");
  daemon_->send_signal(SIGHUP);
  ASSERT_TRUE(says("RELOAD_REFUSED")) << log();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
}

TEST_F(authd, counts_what_the_tables_would_say) {
  host_.tables.execute("UPDATE mailbox SET quota = 77000 WHERE username = '" + user2 + "'");
  const int port = unused_port();
  start({"--compare-with", "source", "--source", host_.tables.url(), "--mapping", "postfixadmin", "--metrics",
         fmt::format("127.0.0.1:{}", port)});
  const auto metrics = [&] {
    local_client client(static_cast<std::uint16_t>(port));
    client.send("GET /metrics HTTP/1.0\r\n\r\n");
    return client.read_all();
  };
  // The tables are read when they are, and until then the second cannot answer.
  ASSERT_TRUE(eventually(patience, [&] {
    return metrics().find("sql2ldap_mirror_ready{answers=\"second\"} 1") != std::string::npos;
  })) << metrics();
  EXPECT_EQ(query("user " + user2), "yes " + user2 + "\n");
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_THAT(login(user0, "wrong"), StartsWith("FAIL"));
  EXPECT_TRUE(eventually(patience, [&] {
    return metrics().find("sql2ldap_compared_different_total{question=\"userdb\"} 1") != std::string::npos;
  })) << metrics();
  EXPECT_THAT(metrics(), AllOf(HasSubstr("sql2ldap_compared_same_total{question=\"domain\"} 1"),
                               HasSubstr("sql2ldap_compared_same_total{question=\"login\"} 2"),
                               HasSubstr("sql2ldap_logins_total{result=\"accepted\"} 1"),
                               HasSubstr("sql2ldap_logins_total{result=\"wrong password\"} 1"),
                               HasSubstr("sql2ldap_answers_total{protocol=\"query\"} 2"),
                               HasSubstr("sql2ldap_mirror_in_step{answers=\"first\"} 1"),
                               HasSubstr("sql2ldap_mirror_age_seconds{answers=\"first\"} ")));
  EXPECT_TRUE(says("ANSWERS_DIFFER")) << log();
}

// ---- who may connect, and rude clients --------------------------------------------------------

TEST_F(authd, gives_each_socket_its_mode) {
  start({"--listen", "dict:" + path("other") + ",mode=0600,user=nobody,group=nogroup"});
  struct stat facts {};
  ASSERT_EQ(::stat(path("other").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_NE(facts.st_uid, ::getuid());
  ASSERT_EQ(::stat(path("dict").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0660U);
}

TEST_F(authd, is_somebody_else_once_its_sockets_are_open) {
  if (::geteuid() != 0) {
    const captured tried = run_and_capture(typed({"--user", "nobody"}));
    EXPECT_EQ(tried.status, wrong_usage);
    EXPECT_THAT(tried.err, HasSubstr("cannot become nobody"));
    return;
  }
  begin({"--user", "nobody", "--listen", "dict:" + path("other") + ",mode=0600"});
  ASSERT_TRUE(says("ANSWER_START")) << log();
  const std::string status = read_file(fmt::format("/proc/{}/status", daemon_->pid()));
  EXPECT_THAT(status, HasSubstr("Uid:\t65534\t65534\t65534\t65534"));
  EXPECT_THAT(status, HasSubstr("Gid:\t65534\t65534\t65534\t65534"));
  EXPECT_THAT(status, Not(HasSubstr("Groups:\t0")));
  struct stat facts {};
  ASSERT_EQ(::stat(path("other").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, 0U);
}

TEST_F(authd, bears_rude_clients_and_odd_names) {
  start();
  local_client half(path("query"));
  half.send("domain doma");
  local_client mute(path("auth-client"));
  std::thread flood([&] {
    local_client client(path("socketmap"));
    const std::string megabyte(1U << 20U, '7');
    for (int i = 0; i < 1024 && client.send(megabyte); ++i) {
    }
  });
  local_client slow(path("query"));
  for (const char c : std::string("domain domain0.example")) {
    slow.send(std::string(1, c));
    EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  }
  EXPECT_EQ(slow.ask("\n", "\n"), "yes local\n");
  flood.join();
  for (const std::string& name :
       {std::string("*"), std::string("user0*"), std::string("user0)(uid=*"), std::string("user0@domain0.example,"),
        std::string("a\tb"), std::string("a\nb"), std::string("a\0b", 3), std::string(4096, 'x'),
        std::string(255, 'x') + "@domain0.example", std::string("\xff\xfe@domain0.example"), std::string("\\2a")}) {
    EXPECT_THAT(login(name, "right"), AnyOf(StartsWith("FAIL\t7"), "")) << name;
    EXPECT_THAT(query("user " + name), AnyOf("no\n", StartsWith("defer the request"))) << name;
    EXPECT_THAT(socketmap("mailboxes", name), AnyOf("9:NOTFOUND ,", HasSubstr("PERM"))) << name;
  }
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_TRUE(daemon_->running());
}

TEST_F(authd, says_what_is_missing) {
  const auto fails_with = [&](const std::vector<std::string>& more, const std::string& text) {
    const captured tried = run_and_capture(typed(more));
    EXPECT_EQ(tried.status, wrong_usage) << tried.err;
    EXPECT_THAT(tried.err, HasSubstr(text));
  };
  fails_with({"--answer-from", "elsewhere"}, "directory or source");
  fails_with({"--compare-with", "directory"}, "cannot be compared");
  fails_with({"--passwords", "guess"}, "verify or bind");
  fails_with({"--listen", "smtp:/x"}, "no place to listen");
  fails_with({"--answer-from", "source"}, "which mapping");
  fails_with({"--user", "nobody-of-that-name"}, "there is no user");
}

TEST_F(authd, says_when_no_password_can_be_seen) {
  write_file(folder_ / "secret", std::string(slapd_server::password));
  ASSERT_EQ(::chmod((folder_ / "secret").c_str(), 0600), 0);
  for (const std::vector<std::string>& way : {std::vector<std::string>{}, {"--no-mirror"}}) {
    std::vector<std::string> flags = {"--bind-dn", std::string(slapd_server::dovecot_dn), "--password-file",
                                      folder_ / "secret"};
    flags.insert(flags.end(), way.begin(), way.end());
    start(flags);
    ASSERT_TRUE(says("PASSWORDS_UNSEEN")) << log();
    EXPECT_THAT(login(user0, "right"), HasSubstr("temp"));
    EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
    flags.insert(flags.end(), {"--passwords", "bind"});
    start(flags);
    EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
    EXPECT_EQ(login(user0, "wrong"), "FAIL\t7\tuser=" + user0 + "\n");
    EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
    EXPECT_EQ(count_in_log("PASSWORDS_UNSEEN"), 0U);
  }
  // As docs/operations.md says.
  host_.slapd.modify(
      "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\nolcAccess: {3}to "
      "attrs=userPassword by dn.exact=\"" +
      std::string(slapd_server::dovecot_dn) + "\" read by * break\n");
  start({"--bind-dn", std::string(slapd_server::dovecot_dn), "--password-file", folder_ / "secret"});
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_EQ(count_in_log("PASSWORDS_UNSEEN"), 0U);
}

TEST_F(authd, says_when_the_directory_does_not_let_itself_be_followed) {
  host_.slapd.modify("dn: olcOverlay={0}syncprov,olcDatabase={1}mdb,cn=config\nchangetype: delete\n");
  begin();
  ASSERT_TRUE(says("MIRROR_TROUBLE")) << log();
  EXPECT_THAT(log(), HasSubstr("load the overlay syncprov on the database"));
  EXPECT_TRUE(eventually(patience, [&] { return somebody_listens(path("query")); }));
  EXPECT_THAT(query("domain domain0.example"), StartsWith("defer"));
  EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
  start({"--no-mirror"});
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
}

TEST_F(authd, offers_scram_where_it_is_told_to) {
  start({"--scram", "--answer-from", "source", "--source", host_.tables.url(), "--mapping", "postfixadmin"});
  local_client client(path("auth-client"));
  EXPECT_THAT(client.read_until("DONE\n"), HasSubstr("MECH\tSCRAM-SHA-256\t"));
  EXPECT_THAT(client.ask("VERSION\t1\t2\nCPID\t1\nAUTH\t7\tSCRAM-SHA-256\tservice=imap\tresp=" +
                             codec::base64("n,,n=" + user0 + ",r=nonce") + "\n",
                         "\n"),
              StartsWith("CONT\t7\t"));
}

}  // namespace
}  // namespace sql2ldap::test
