// sql2ldap-authd between a real directory and clients on its sockets, as an operator runs it.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/dict.hpp>
#include <sql2ldap/codec/tab_escape.hpp>
#include <support/local_client.hpp>
#include <support/stream_proxy.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto patience = 20s;
const std::string user0 = "user0@domain0.example";
const std::string off = "user1@domain1.example";
const std::string user2 = "user2@domain2.example";

// For who tries until the directory's answer has come.
const std::vector<std::string> without_limits = {"--wrong-per-name", "0", "--wrong-per-address", "0"};

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
    command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-authd", "--directory", directory_, "--base",
                               std::string(slapd_server::suffix)}};
    for (const char* one : {"auth-client", "auth-userdb", "dict", "socketmap", "query"})
      what.arguments.insert(what.arguments.end(), {"--listen", fmt::format("{}:{}", one, path(one))});
    what.arguments.insert(what.arguments.end(), more.begin(), more.end());
    what.environment = environment_;
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

  // The port that was free, by the log.
  [[nodiscard]] std::uint16_t port_of(const std::string& protocol) const {
    const std::string said = log();
    const std::string before = protocol + ":127.0.0.1:";
    return static_cast<std::uint16_t>(std::stoi(said.substr(said.find(before) + before.size())));
  }
  // In the directory, whatever the tables say.
  void store_password(const std::string& of, const std::string& value) const {
    host_.slapd.modify("dn: " + account_dn(of.substr(0, of.find('@')), of.substr(of.find('@') + 1)) +
                       "\nchangetype: modify\nreplace: userPassword\nuserPassword: " + value + "\n");
  }
  // The rule that comes first, for an identity of the shipped configuration. slapd starts again, so that who follows it
  // is told by the new rules.
  void add_access(const std::string& rule) {
    host_.slapd.modify("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\nolcAccess: {0}" + rule +
                       "\n");
    start_slapd_again();
  }
  void drop_first_access() {
    host_.slapd.modify("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\ndelete: olcAccess\nolcAccess: {0}\n");
    start_slapd_again();
  }
  void start_slapd_again() {
    host_.slapd.stop();
    host_.slapd.start();
  }
  // Flags to bind as this identity.
  [[nodiscard]] std::vector<std::string> bound_as(std::string_view dn,
                                                  const std::vector<std::string>& more = {}) const {
    write_file(folder_ / "secret", std::string(slapd_server::password));
    EXPECT_EQ(::chmod((folder_ / "secret").c_str(), 0600), 0);
    std::vector<std::string> out = {"--bind-dn", std::string(dn), "--password-file", folder_ / "secret"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  temp_dir folder_;
  std::map<std::string, std::string> environment_;
  mail_host_sides host_;
  std::string directory_ = host_.slapd.ldapi();  // as the daemon is told
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

// Asked in one breath, which may be answered as one.
TEST_P(authd_in_each_way, tells_each_of_many_at_once_its_own_answer) {
  const std::vector<std::pair<std::string, std::string>> logins = {{user0, "right"},
                                                                   {user2, "other"},
                                                                   {"nobody@domain0.example", "right"},
                                                                   {user2, "right"},
                                                                   {off, "right"},
                                                                   {"x@elsewhere.example", "y"},
                                                                   {user0, "wrong"},
                                                                   {"USER2@domain2.example", "other"}};
  std::vector<std::string> flags = way();
  flags.insert(flags.end(), without_limits.begin(), without_limits.end());
  start(flags);
  local_client client(path("auth-client"));
  client.read_until("DONE\n");
  constexpr std::size_t count = 128;
  std::string asked = "VERSION\t1\t2\nCPID\t1\n";
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [name, password] = logins[i % logins.size()];
    asked += fmt::format("AUTH\t{}\tPLAIN\tservice=imap\tno-penalty\tresp={}\n", i + 1,
                         codec::base64('\0' + name + '\0' + password));
  }
  client.send(asked);
  for (std::size_t answered = 0; answered < count; ++answered) {
    const std::string said = client.read_until("\n");
    const std::size_t after_verb = said.find('\t');
    const auto number = static_cast<std::size_t>(std::stoi(said.substr(after_verb + 1)));
    const std::size_t which = (number - 1) % logins.size();
    const bool is_right = which == 0 || which == 1 || which == 7;
    const std::string who = which == 7 ? user2 : logins[which].first;
    EXPECT_EQ(said.substr(0, after_verb), is_right ? "OK" : "FAIL") << said;
    EXPECT_THAT(said, HasSubstr("\tuser=" + who + (which == 7 || which == 4 ? "\t" : "\n")));
  }
}

INSTANTIATE_TEST_SUITE_P(all, authd_in_each_way,
                         testing::Values(std::vector<std::string>{}, std::vector<std::string>{"--no-mirror"},
                                         std::vector<std::string>{"--passwords", "bind"},
                                         std::vector<std::string>{"--answer-from", "source", "--source", "@SOURCE@",
                                                                  "--mapping", "postfixadmin"}));

TEST_F(authd, listens_on_a_port_for_postfix) {
  start({"--listen", "tcp:127.0.0.1:0,map=domains"});
  local_client client(port_of("tcp"));
  EXPECT_EQ(client.ask("get domain0.example\n", "\n"), "200 domain0.example\n");
  EXPECT_THAT(client.ask("get elsewhere.example\n", "\n"), StartsWith("500 "));
}

// ---- while things happen ----------------------------------------------------------------------

TEST_F(authd, goes_on_without_the_directory_and_sees_a_changed_password) {
  start(without_limits);
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

TEST_F(authd, takes_a_domain_for_on_as_long_as_it_may_where_there_is_no_mirror) {
  start({"--no-mirror", "--domain-age-max", "1h"});
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  host_.tables.execute("UPDATE domain SET active = 0 WHERE domain = 'domain0.example'");
  migrate();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_EQ(query("domain domain0.example"), "no\n") << "which is no login";
  daemon_.reset();
  start({"--no-mirror", "--domain-age-max", "off"});
  EXPECT_THAT(login(user0, "right"), StartsWith("FAIL"));
}

class authd_over_a_wire : public authd {
 protected:
  authd_over_a_wire() {
    directory_ = folder_ / "wire";
    replace_all(directory_, "/", "%2F");
    directory_ = "ldapi://" + directory_;
  }
  stream_proxy wire_{folder_ / "wire", host_.slapd.folder() / "ldapi"};
};

// In the middle of whatever is asked. Who is there is let in, or told to try later; so is who is not there.
TEST_F(authd_over_a_wire, tells_nothing_wrong_while_the_wire_is_cut) {
  std::vector<std::string> flags = without_limits;
  flags.emplace_back("--no-mirror");
  start(flags);
  std::atomic<bool> enough = false;
  std::atomic<int> answered = 0;
  std::atomic<int> later = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < 3; ++i)
    all.emplace_back([&] {
      while (!enough) {
        const std::string in = login(user0, "right");
        const std::string domain = query("domain domain0.example");
        const std::string nobody = userdb("USER\t1\tnobody@domain0.example\tservice=lda");
        const int put_off = (in.find("temp") != std::string::npos ? 1 : 0) + (domain.starts_with("defer") ? 1 : 0) +
                            (nobody.starts_with("FAIL") ? 1 : 0);
        const int right =
            (in.starts_with("OK") ? 1 : 0) + (domain == "yes local\n" ? 1 : 0) + (nobody == "NOTFOUND\t1\n" ? 1 : 0);
        answered += right;
        later += put_off;
        if (right + put_off != 3) ++wrong;
      }
    });
  for (int i = 0; i < 100; ++i) {
    wire_.cut();
    const int so_far = answered;
    EXPECT_TRUE(eventually(patience, [&] { return answered > so_far; })) << log();
  }
  enough = true;
  for (std::thread& one : all) one.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(answered, later) << "what was lost is asked once more";
}

TEST_F(authd_over_a_wire, is_not_held_up_by_a_directory_that_hangs) {
  start({"--no-mirror"});
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  wire_.stall(true);
  std::vector<local_client> hung;
  for (int i = 0; i < 40; ++i) {
    hung.emplace_back(path("query"));
    hung.back().send("domain domain0.example\n");
  }
  // Who asks nothing of it is served meanwhile.
  for (int i = 0; i < 5; ++i) local_client(path("auth-client")).read_until("DONE\n");
  for (local_client& one : hung) EXPECT_THAT(one.read_until("\n", 60s), StartsWith("defer"));
  EXPECT_THAT(log(), HasSubstr("no answer within"));
  wire_.stall(false);
  EXPECT_TRUE(eventually(patience, [&] { return query("domain domain0.example") == "yes local\n"; })) << log();
  EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
}

// What its search has not told by then is told nobody, and it ends.
TEST_F(authd_over_a_wire, ends_while_the_directory_hangs) {
  start({"--no-mirror"});
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  wire_.stall(true);
  local_client hung(path("query"));
  hung.send("domain domain0.example\n");
  local_client(path("auth-client")).read_until("DONE\n");
  EXPECT_EQ(daemon_->stop(SIGTERM, 2 * patience), done);
  EXPECT_EQ(hung.read_all(), "");
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

TEST_F(authd, goes_on_as_before_while_new_settings_cannot_answer) {
  const std::string file = folder_ / "authd.toml";
  const std::string identity = fmt::format("[authd]\nbind-dn = \"{}\"\npassword-file = \"{}\"\n", slapd_server::exim_dn,
                                           (folder_ / "secret").string());
  (void)bound_as(slapd_server::exim_dn);
  write_file(file, identity);
  start({"--config", file});
  const std::size_t waits = count_in_log("ANSWER_WAITS");
  write_file(folder_ / "secret", "not it");
  write_file(file, identity + "mirror = false\n");
  daemon_->send_signal(SIGHUP);
  ASSERT_TRUE(eventually(patience, [&] { return count_in_log("ANSWER_WAITS") == waits + 1; })) << log();
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  EXPECT_EQ(count_in_log("ANSWER_READY"), 1U);
  write_file(folder_ / "secret", std::string(slapd_server::password));
  daemon_->send_signal(SIGHUP);
  EXPECT_TRUE(eventually(patience, [&] { return count_in_log("ANSWER_READY") == 2; })) << log();
}

TEST_F(authd, is_ready_also_when_it_is_told_to_reload_before) {
  const std::string socket = folder_ / "notify";
  const int listens = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  socket.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(listens, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  environment_["NOTIFY_SOCKET"] = socket;
  host_.slapd.stop();
  begin();
  ASSERT_TRUE(says("ANSWER_START")) << log();
  daemon_->send_signal(SIGHUP);
  ASSERT_TRUE(says("RELOAD ")) << log();
  host_.slapd.start();
  std::string told;
  EXPECT_TRUE(eventually(patience,
                         [&] {
                           char bytes[4096];
                           const auto count = ::recv(listens, bytes, sizeof bytes, MSG_DONTWAIT);
                           if (count > 0) told += std::string(bytes, static_cast<std::size_t>(count)) + "\n";
                           return told.find("READY=1") != std::string::npos;
                         }))
      << told << log();
  ::close(listens);
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
}

TEST_P(authd_in_each_way, bears_reloads_under_load_and_keeps_nothing_of_the_old) {
  start(way());
  const auto facts = [&] {
    const std::string status = read_file(fmt::format("/proc/{}/status", daemon_->pid()));
    const auto number = [&](const std::string& name) {
      return std::stoul(status.substr(status.find(name) + name.size()));
    };
    const std::filesystem::directory_iterator files(fmt::format("/proc/{}/fd", daemon_->pid()));
    return std::tuple(std::distance(files, std::filesystem::directory_iterator()), number("Threads:"),
                      number("VmRSS:"));
  };
  (void)query("domain domain0.example");
  const auto [files, threads, kilobytes] = facts();
  std::atomic<bool> enough = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> asked = 0;
  std::thread load([&] {
    while (!enough) {
      if (query("domain domain0.example") != "yes local\n" || !login(user0, "right").starts_with("OK")) ++wrong;
      ++asked;
    }
  });
  // In each turn somebody has asked, however slow the host is.
  for (std::size_t i = 2; i <= 20; ++i) {
    const int so_far = asked;
    daemon_->send_signal(SIGHUP);
    EXPECT_TRUE(eventually(patience, [&] { return count_in_log("ANSWER_READY") == i; })) << log();
    EXPECT_TRUE(eventually(patience, [&] { return asked > so_far; })) << log();
  }
  enough = true;
  load.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(eventually(patience, [&, files = files, threads = threads] {
    const auto [files_now, threads_now, unused] = facts();
    return files_now <= files && threads_now <= threads;
  }));
  EXPECT_LT(std::get<2>(facts()), kilobytes + 100'000);
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

TEST_F(authd, forgets_the_gauges_of_a_second_side_that_is_gone) {
  const std::string file = folder_ / "authd.toml";
  const int port = unused_port();
  const std::string first = fmt::format("[authd]\nmetrics = \"127.0.0.1:{}\"\n", port);
  write_file(
      file, first + "compare-with = \"source\"\nmapping = \"postfixadmin\"\nsource = \"" + host_.tables.url() + "\"\n");
  start({"--config", file});
  const auto tells_of_second = [&] {
    local_client client(static_cast<std::uint16_t>(port));
    client.send("GET /metrics HTTP/1.0\r\n\r\n");
    return client.read_all().find("sql2ldap_mirror_age_seconds{answers=\"second\"}") != std::string::npos;
  };
  EXPECT_TRUE(eventually(patience, tells_of_second));
  write_file(file, first);
  daemon_->send_signal(SIGHUP);
  EXPECT_TRUE(eventually(patience, [&] { return !tells_of_second(); }));
}

// ---- what cannot be seen ----------------------------------------------------------------------

TEST_F(authd, tells_to_try_later_where_it_sees_nothing) {
  const std::string hidden = fmt::format("to dn.children=\"ou=domains,{}\" by dn.exact=\"{}\" none by * break",
                                         slapd_server::suffix, slapd_server::exim_dn);
  add_access(hidden);
  for (const std::vector<std::string>& way : {std::vector<std::string>{}, {"--no-mirror"}}) {
    begin(bound_as(slapd_server::exim_dn, way));
    ASSERT_TRUE(says("ANSWER_WAITS")) << log();
    ASSERT_TRUE(says("olcAccess")) << log();
    EXPECT_TRUE(eventually(patience, [&] { return somebody_listens(path("query")); }));
    EXPECT_THAT(query("domain domain0.example"), StartsWith("defer"));
    EXPECT_THAT(query("domain elsewhere.example"), StartsWith("defer"));
    EXPECT_THAT(socketmap("mailboxes", user0), HasSubstr("TEMP"));
    EXPECT_THAT(userdb("USER\t1\t" + user0 + "\tservice=lda"), StartsWith("FAIL\t1"));
    EXPECT_EQ(count_in_log("ANSWER_READY"), 0U);
    drop_first_access();
    EXPECT_TRUE(says("ANSWER_READY")) << log();
    EXPECT_EQ(query("domain domain0.example"), "yes local\n");
    EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
    add_access(hidden);
  }
}

TEST_F(authd, sees_when_passwords_are_hidden_or_shown_later) {
  const int port = unused_port();
  std::vector<std::string> more = without_limits;
  more.insert(more.end(), {"--metrics", fmt::format("127.0.0.1:{}", port)});
  const auto in_step = [&] {
    local_client client(static_cast<std::uint16_t>(port));
    client.send("GET /metrics HTTP/1.0\r\n\r\n");
    return client.read_all().find("sql2ldap_mirror_in_step{answers=\"first\"} 1") != std::string::npos;
  };
  start(bound_as(slapd_server::dovecot_dn, more));
  ASSERT_TRUE(says("PASSWORDS_UNSEEN")) << log();
  EXPECT_THAT(login(user0, "right"), HasSubstr("temp"));
  add_access("to attrs=userPassword by dn.exact=\"" + std::string(slapd_server::dovecot_dn) + "\" read by * break");
  EXPECT_TRUE(eventually(patience, [&] { return login(user0, "right").starts_with("OK"); })) << log();
  EXPECT_EQ(login(user0, "wrong"), "FAIL\t7\tuser=" + user0 + "\n");
  // Everything is read once more, and this user is told before others. A reading that is cut off would begin anew.
  ASSERT_TRUE(eventually(patience, in_step)) << log();
  EXPECT_THAT(login(user2, "other"), StartsWith("OK"));
  // Who changes while they are hidden is told without; the others are as they were.
  drop_first_access();
  ASSERT_TRUE(eventually(patience, [&] { return count_in_log("PASSWORDS_UNSEEN") == 2; })) << log();
  store_password(user0, "changed");
  EXPECT_TRUE(eventually(patience, [&] { return login(user0, "changed").find("temp") != std::string::npos; })) << log();
  EXPECT_THAT(login(user0, "right"), HasSubstr("temp")) << "never a wrong password";
  EXPECT_THAT(login(user2, "other"), StartsWith("OK"));
  add_access("to attrs=userPassword by dn.exact=\"" + std::string(slapd_server::dovecot_dn) + "\" read by * break");
  EXPECT_TRUE(eventually(patience, [&] { return login(user0, "changed").starts_with("OK"); })) << log();
  EXPECT_THAT(login(user2, "other"), StartsWith("OK"));
}

TEST_F(authd, lets_nobody_in_whom_ppolicy_has_locked) {
  host_.slapd.modify(
      "dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\nolcModuleLoad: ppolicy\n\n"
      "dn: olcOverlay=ppolicy,olcDatabase={1}mdb,cn=config\nchangetype: add\nobjectClass: olcPPolicyConfig\n"
      "olcOverlay: ppolicy\n");
  start();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  const std::string of_user0 = "dn: " + account_dn("user0", "domain0.example") + "\nchangetype: modify\n";
  host_.slapd.modify(of_user0 + "add: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n");
  EXPECT_TRUE(eventually(patience, [&] {
    return login(user0, "right").find("code=user_disabled") != std::string::npos;
  })) << login(user0, "right");
  EXPECT_EQ(login(user0, "wrong"), "FAIL\t7\tuser=" + user0 + "\n");
  EXPECT_EQ(query("user " + user0), "yes " + user0 + "\n") << "mail still comes in";
  host_.slapd.modify(of_user0 + "delete: pwdAccountLockedTime\n");
  EXPECT_TRUE(eventually(patience, [&] { return login(user0, "right").starts_with("OK"); }));
}

TEST_F(authd, hashes_a_weak_password_anew_where_it_is_told_to) {
  store_password(user0, "right");
  store_password(user2, "{SSHA}8bX4JQDfZqtTfvnQ4ssDmWb17/FTQUxU");
  start({"--rehash", "SHA512-CRYPT"});
  EXPECT_THAT(login(user0, "wrong"), StartsWith("FAIL"));
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_THAT(login(user2, "secret"), StartsWith("OK"));
  EXPECT_TRUE(eventually(patience, [&] { return count_in_log("REHASHED") == 2; })) << log();
  EXPECT_THAT(login(user0, "right"), StartsWith("OK"));
  EXPECT_THAT(login(user2, "secret"), StartsWith("OK"));
  // What the entry holds; slapcat shows it in base64.
  EXPECT_TRUE(eventually(patience, [&] {
    std::size_t hashes = 0;
    const std::string all = host_.slapd.slapcat();
    for (auto at = all.find("userPassword:: e0NSWVBUfSQ2J"); at != std::string::npos;
         at = all.find("userPassword:: e0NSWVBUfSQ2J", at + 1))
      ++hashes;
    return hashes >= 2 && all.find("userPassword:: cmlnaHQ=") == std::string::npos;
  }));
  EXPECT_THAT(log(), Not(HasSubstr("REHASH_FAILED")));
  EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
  // Without the right to write it is told, and nobody is kept from logging in.
  store_password(user0, "right");
  add_access("to attrs=userPassword by dn.exact=\"" + std::string(slapd_server::dovecot_dn) + "\" read by * break");
  start(bound_as(slapd_server::dovecot_dn, {"--rehash", "SHA512-CRYPT"}));
  EXPECT_TRUE(eventually(patience, [&] { return login(user0, "right").starts_with("OK"); }));
  EXPECT_TRUE(says("REHASH_FAILED")) << log();
}

// ---- who may connect, and rude clients --------------------------------------------------------

// Who may change his own password chooses the hash.
TEST_F(authd, does_not_verify_a_hash_that_is_too_costly_and_says_so_once) {
  const std::string costly = "{CRYPT}$sha1$4000000000$abcdefgh$RqiCwOGUdjKU1CFhwL.QsMdducoo";
  store_password(user0, costly);
  start({"--workers", "1"});
  for (int i = 0; i < 3; ++i) EXPECT_THAT(login(user0, "right"), AllOf(StartsWith("FAIL"), HasSubstr("temp")));
  EXPECT_THAT(login(user2, "other"), StartsWith("OK"));
  EXPECT_THAT(dict("Lshared/passdb/" + user0 + "\t" + user0), StartsWith("F")) << "dovecot would verify it";
  EXPECT_TRUE(says("PASSWORD_UNVERIFIED")) << log();
  EXPECT_EQ(count_in_log("PASSWORD_UNVERIFIED"), 1U) << log();
  EXPECT_THAT(log(), AllOf(HasSubstr("of the scheme CRYPT would take some"), HasSubstr("user=" + user0),
                           Not(HasSubstr("abcdefgh"))));
}

// As many as there are workers, by who has raised the bound.
TEST_F(authd, ends_while_all_workers_verify_what_never_ends) {
  store_password(user0, "{CRYPT}$6$rounds=999999999$saltsalt$x");
  start({"--workers", "1", "--hash-time-max", "1000000"});
  const auto ticks = [&] {  // of all its threads, in user mode
    const std::string stat = read_file(fmt::format("/proc/{}/stat", daemon_->pid()));
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string field;
    for (int i = 0; i < 12; ++i) fields >> field;
    return std::stoul(field);
  };
  const auto before = ticks();
  local_client hung(path("auth-client"));
  hung.read_until("DONE\n");
  hung.send("VERSION\t1\t2\nCPID\t1\nAUTH\t7\tPLAIN\tservice=imap\tno-penalty\tresp=" +
            codec::base64('\0' + user0 + '\0' + "right") + "\n");
  ASSERT_TRUE(eventually(patience, [&] { return ticks() > before + 50; })) << "it is at work; " << log();
  EXPECT_EQ(query("domain domain0.example"), "yes local\n") << "others are answered";
  EXPECT_EQ(daemon_->stop(SIGTERM, 3 * patience), done) << log();
  EXPECT_EQ(hung.read_all(), "");
}

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
  EXPECT_EQ(count_in_log("RUNS_AS_ROOT"), 0U);
  EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
  // What only root could read at the start is kept.
  begin(bound_as(slapd_server::dovecot_dn, {"--user", "nobody"}));
  ASSERT_TRUE(says("ANSWER_START")) << log();
  daemon_->send_signal(SIGHUP);
  EXPECT_TRUE(says("PASSWORD_KEPT")) << log();
  EXPECT_TRUE(says("RELOAD ")) << log();
  EXPECT_EQ(daemon_->stop(SIGTERM, patience), done);
  begin();
  EXPECT_TRUE(says("RUNS_AS_ROOT")) << log();
}

TEST_F(authd, lets_in_no_more_than_it_has_descriptors_for) {
  command what = typed({});
  what.arguments.insert(what.arguments.begin(), {"prlimit", "--nofile=300:300"});
  daemon_ = std::make_unique<child_process>(what, folder_ / "log", folder_ / "log");
  ASSERT_TRUE(says("ANSWER_READY")) << log();
  EXPECT_THAT(log(), HasSubstr("CLIENTS_FEWER 44 clients"));
  std::vector<local_client> idle;
  // Each is greeted, so that the one who asks comes when all are in.
  for (int i = 0; i < 44; ++i)
    ASSERT_THAT(idle.emplace_back(path("auth-client")).read_until("DONE\n"), EndsWith("DONE\n"));
  EXPECT_EQ(query("domain domain0.example"), "");
  idle.clear();
  EXPECT_TRUE(eventually(patience, [&] { return query("domain domain0.example") == "yes local\n"; }));
}

TEST_F(authd, bears_rude_clients_and_odd_names) {
  start({"--listen", "tcp:127.0.0.1:0,map=mailboxes"});
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
  const auto postfix = [&](const std::string& name) {
    std::string escaped;
    for (const unsigned char byte : name) escaped += fmt::format("%{:02x}", byte);
    return local_client(port_of("tcp")).ask("get " + escaped + "\n", "\n");
  };
  for (const std::string& name :
       {std::string("*"), std::string("user0*"), std::string("user0)(uid=*"), std::string("user0@domain0.example,"),
        std::string("a\tb"), std::string("a\nb"), std::string("a\0b", 3), std::string(4096, 'x'),
        std::string(310, 'x') + "@domain0.example", std::string("\xff\xfe@domain0.example"), std::string("\\2a")}) {
    const bool long_one = name.size() == 4096;  // beyond the lines of some protocols
    EXPECT_THAT(login(name, "right"), StartsWith("FAIL\t7")) << name;
    for (const char* verb : {"user ", "alias "})
      EXPECT_EQ(query(verb + name), long_one ? "defer the request is too long\n" : "no\n") << name;
    EXPECT_EQ(socketmap("mailboxes", name), "9:NOTFOUND ,") << name;
    EXPECT_EQ(socketmap("aliases", name), "9:NOTFOUND ,") << name;
    EXPECT_EQ(dict("Lshared/userdb/" + codec::tab_escaped(codec::dict::escaped_segment(name))), "N\n") << name;
    EXPECT_EQ(userdb("USER\t1\t" + codec::tab_escaped(name) + "\tservice=lda"), long_one ? "" : "NOTFOUND\t1\n")
        << name;
    EXPECT_EQ(postfix(name), long_one ? "" : "500 not%20found\n") << name;
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
  fails_with({"--answer-from", "source"}, "no mapping configured");
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

// What one may search by and not read is there all the same.
TEST_F(authd, finds_who_is_not_shown_by_what_is_asked_for) {
  add_access(fmt::format("to attrs=uid,mail,mailLocalAddress,associatedDomain by dn.exact=\"{}\" search by * break",
                         slapd_server::exim_dn));
  start(bound_as(slapd_server::exim_dn, {"--no-mirror"}));
  EXPECT_EQ(query("domain domain0.example"), "yes local\n");
  EXPECT_EQ(query("user " + user0), "yes " + user0 + "\n");
  EXPECT_EQ(query("user nobody@domain0.example"), "no\n");
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
