// sql2ldap-checkpassword as dovecot 2.3, and as qmail's family, start it: between real descriptors, the real
// sql2ldap-authd and a real directory.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto patience = 20s;
constexpr int later = 111;
constexpr int ran = 0;        // the program, after a password check
constexpr int ran_found = 2;  // and after a lookup
constexpr int refused = 1;
constexpr int not_there = 3;
const std::string user0 = "user0@domain0.example";
const std::string off = "user1@domain1.example";
const std::string user2 = "user2@domain2.example";
const std::string password = "hunter2-right";
const std::string owner = "64999";  // nobody who runs tests

using environment = std::map<std::string, std::string>;
const environment of_dovecot = {{"ORIG_UID", "0"}, {"SERVICE", "imap"}, {"TCPREMOTEIP", "192.0.2.1"}};
environment with(environment what, const environment& more) {
  what.insert(more.begin(), more.end());
  return what;
}
const environment userdb = with(of_dovecot, {{"AUTHORIZED", "1"}});
const environment credentials = with(of_dovecot, {{"AUTHORIZED", "1"}, {"CREDENTIALS_LOOKUP", "1"}, {"SCHEME", ""}});

std::string told(const std::string& name, const std::string& secret, const std::string& stamp = "") {
  return name + '\0' + secret + '\0' + stamp + '\0';
}

// What runs afterwards says what it sees, and ends as checkpassword-reply does.
constexpr std::string_view program = R"sh(#!/bin/sh
tr '\0' '\n' < /proc/$$/environ
echo "ARGUMENTS=$*"
tr '\0' ' ' < /proc/$$/cmdline; echo
echo "ID=$(id -u):$(id -g):$(id -G)"
echo "FOLDER=$(pwd)"
test -e /proc/$$/fd/3 || echo "THREE=closed"
ls -l /proc/$$/fd | grep -q socket: && echo "SOCKET=left"
sh -c 'kill -PIPE $$; echo "PIPE=ignored"' 2> /dev/null
test "${AUTHORIZED-}" = 2 && exit 2
exit 0
)sh";

class checkpassword : public testing::Test {
 protected:
  checkpassword() : host_(small_host, quick_slapd()) {
    set_password(user0, "{PLAIN}" + password);
    set_password(off, "{PLAIN}" + password);
    set_password(user2, "{PLAIN}other");
    host_.tables.execute("UPDATE mailbox SET active = 0 WHERE username = '" + off + "'");
    migrate({"--param", "vmail_uid=" + owner, "--param", "vmail_gid=" + owner});
    write_file(folder_ / "program", program);
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    std::filesystem::permissions(folder_ / "program", std::filesystem::perms(0755));
  }

  void set_password(const std::string& of, const std::string& stored) {
    host_.tables.execute("UPDATE mailbox SET password = '" + stored + "' WHERE username = '" + of + "'");
  }
  void migrate(const std::vector<std::string>& parameters) {
    std::vector<std::string> words = {"--yes", "--param", "vmail_root=" + path("mail")};
    words.insert(words.end(), parameters.begin(), parameters.end());
    const captured done_so = host_.sql2ldap("migrate", words);
    ASSERT_EQ(done_so.status, done) << done_so.out << done_so.err;
  }
  [[nodiscard]] std::string path(std::string_view name) const { return folder_ / name; }

  void start_daemon(const std::vector<std::string>& more = {}) {
    command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-authd", "--directory", host_.slapd.ldapi(), "--base",
                               std::string(slapd_server::suffix), "--listen", "auth-client:" + path("auth"), "--listen",
                               "auth-userdb:" + path("userdb"), "--listen", "dict:" + path("dict")}};
    what.arguments.insert(what.arguments.end(), more.begin(), more.end());
    daemon_ = std::make_unique<child_process>(what, path("log"), path("log"));
    ASSERT_TRUE(eventually(patience, [&] {
      return std::filesystem::exists(path("log")) && read_file(path("log")).find("ANSWER_READY") != std::string::npos;
    })) << read_file(path("log"));
  }
  [[nodiscard]] std::vector<std::string> at_daemon() const {
    return {"--auth", path("auth"), "--userdb", path("userdb"), "--dict", path("dict")};
  }

  struct outcome {
    int status = 0;
    std::string out;     // of the program that runs afterwards
    std::string err;     // what dovecot would log
    std::string record;  // descriptor 4
    std::chrono::milliseconds took{0};
  };
  // `redirections` of a shell; the input stands in the file $IN.
  outcome start(const environment& how, const std::string& input, std::vector<std::string> words,
                const std::string& redirections = "3<\"$IN\" 4>\"$RECORD\"") const {
    if (!std::filesystem::exists(folder_ / "in") || !std::filesystem::is_fifo(folder_ / "in"))
      write_file(folder_ / "in", input);
    std::filesystem::remove(folder_ / "record");
    command what{.arguments = {"/bin/sh", "-c", "exec \"$@\" " + redirections, "sh",
                               S2L_BINARY_DIR "/tools/sql2ldap-checkpassword"},
                 .environment = with(how, {{"IN", path("in")}, {"RECORD", path("record")}, {"HOME", "/elsewhere"}})};
    what.arguments.insert(what.arguments.end(), words.begin(), words.end());
    const auto begun = std::chrono::steady_clock::now();
    const captured run = run_and_capture(what);
    outcome out{run.status, "\n" + run.out, run.err, "", {}};
    out.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    if (std::filesystem::exists(folder_ / "record")) out.record = read_file(folder_ / "record");
    return out;
  }
  outcome ask(const environment& how, const std::string& name, const std::string& secret,
              const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = way_;
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {path("program"), "one", "two words"});
    return start(how, told(name, secret), words);
  }

  temp_dir folder_;
  mail_host_sides host_;
  std::unique_ptr<child_process> daemon_;
  std::vector<std::string> way_ = at_daemon();
};

// ---- three questions, in each way to find answers ----------------------------------------------

class checkpassword_in_each_way : public checkpassword, public testing::WithParamInterface<const char*> {
 protected:
  checkpassword_in_each_way() {
    const std::string way = GetParam();
    if (way.starts_with("authd")) {
      start_daemon(way == "authd" ? std::vector<std::string>{} : std::vector<std::string>{"--no-mirror"});
      return;
    }
    write_file(folder_ / "settings", fmt::format("directory = \"ldapi:///nowhere\"\nbase = \"{}\"\n[authd]\n"
                                                 "directory = \"{}\"\npasswords = \"{}\"\nlisten = [\"dict:/x\"]\n",
                                                 slapd_server::suffix, host_.slapd.ldapi(), way));
    way_ = {"--directory", "--config", path("settings")};
  }
};

TEST_P(checkpassword_in_each_way, checks_a_password) {
  const outcome right = ask(of_dovecot, user0, password);
  EXPECT_EQ(right.status, ran) << right.err;
  EXPECT_THAT(right.out, AllOf(HasSubstr("\nUSER=" + user0 + "\n"), HasSubstr("\nHOME=" + path("mail") + "/"),
                               HasSubstr("\nuserdb_uid=" + owner + "\n"), HasSubstr("\nuserdb_gid=" + owner + "\n"),
                               HasSubstr("\nuserdb_quota_rule=*:bytes="), HasSubstr("\nSERVICE=imap\n"),
                               HasSubstr("\nEXTRA=userdb_uid userdb_gid userdb_"), Not(HasSubstr("\nAUTHORIZED="))));
  EXPECT_THAT(right.out, HasSubstr("\nARGUMENTS=one two words\n"));
  EXPECT_THAT(right.out,
              AllOf(HasSubstr("\nTHREE=closed\n"), Not(HasSubstr("SOCKET=left")), Not(HasSubstr("PIPE=ignored"))));
  EXPECT_THAT(right.out, HasSubstr(fmt::format("\nID={}:{}:", ::getuid(), ::getgid())))
      << "dovecot changes users itself";
  EXPECT_THAT(right.out, Not(HasSubstr("hunter2")));
  EXPECT_EQ(right.err, "");
  EXPECT_EQ(right.record, "");

  const outcome by_another_name = ask(of_dovecot, "USER0@Domain0.EXAMPLE", password);
  EXPECT_EQ(by_another_name.status, ran);
  EXPECT_THAT(by_another_name.out, HasSubstr("\nUSER=" + user0 + "\n"));

  for (const auto& [name, secret] :
       std::vector<std::pair<std::string, std::string>>{{user0, "wrong"},
                                                        {user0, ""},
                                                        {user0, password + "x"},
                                                        {"nobody@domain0.example", password},
                                                        {off, password},
                                                        {off, "wrong"},
                                                        {user2, password}}) {
    const outcome wrong = ask(of_dovecot, name, secret);
    EXPECT_EQ(wrong.status, refused) << name;
    EXPECT_EQ(wrong.out, "\n") << name;
    EXPECT_EQ(wrong.err, "") << name;
  }
  EXPECT_EQ(ask(with(of_dovecot, {{"MASTER_USER", user2}}), user0, password).status, refused);
  EXPECT_EQ(ask(with(of_dovecot, {{"MASTER_USER", ""}}), user0, password).status, ran);
}

TEST_P(checkpassword_in_each_way, finds_a_user) {
  for (const char* secret : {"", "wrong"}) {
    const outcome found = ask(userdb, user0, secret);
    EXPECT_EQ(found.status, ran_found) << found.err;
    EXPECT_THAT(found.out, AllOf(HasSubstr("\nUSER=" + user0 + "\n"), HasSubstr("\nuserdb_uid=" + owner + "\n"),
                                 HasSubstr("\nHOME=" + path("mail") + "/"), HasSubstr("\nAUTHORIZED=2\n"),
                                 HasSubstr("\nTHREE=closed\n"), Not(HasSubstr("hunter2"))));
    EXPECT_EQ(found.err, "");
  }
  for (const std::string& name : {"nobody@domain0.example"s, off, "x@elsewhere.example"s}) {
    const outcome missing = ask(userdb, name, password);
    EXPECT_EQ(missing.status, not_there) << name;
    EXPECT_EQ(missing.out + missing.err, "\n") << name;
  }
}

TEST_P(checkpassword_in_each_way, finds_a_stored_password) {
  const outcome found = ask(credentials, user0, "");
  EXPECT_EQ(found.status, ran_found) << found.err;
  EXPECT_EQ(found.out, "\n") << "no program sees it in its environment";
  EXPECT_THAT(found.record, AllOf(StartsWith("user=" + user0 + "\tuserdb_uid=" + owner + "\tuserdb_gid=" + owner +
                                             "\tuserdb_home=" + path("mail") + "/"),
                                  HasSubstr("\tpassword={"), Not(HasSubstr("\n"))));
  EXPECT_EQ(found.err, "");
  for (const std::string& name : {"nobody@domain0.example"s, off}) {
    const outcome missing = ask(credentials, name, password);
    EXPECT_EQ(missing.status, not_there) << name;
    EXPECT_EQ(missing.out + missing.err + missing.record, "\n") << name;
  }
  const std::vector<std::string> words = {path("program")};
  EXPECT_EQ(start(credentials, told(user0, ""), words, "3<\"$IN\" 4>&-").status, later);
}

TEST_P(checkpassword_in_each_way, tells_a_stored_password_under_dovecots_name_of_the_scheme) {
  set_password(user0, "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA");
  migrate({"--param", "vmail_uid=" + owner, "--param", "vmail_gid=" + owner});
  outcome found;
  EXPECT_TRUE(eventually(patience,
                         [&] {
                           found = ask(credentials, user0, "");
                           return found.record.find("\tpassword={ARGON2ID}$argon2id$") != std::string::npos;
                         }))
      << found.status << found.err;
}

TEST_P(checkpassword_in_each_way, is_nobody_elses_by_an_odd_name) {
  for (const std::string& name : {""s,
                                  "*"s,
                                  "user0*"s,
                                  "user0)(uid=*"s,
                                  user0 + "\t",
                                  user0 + "\tuid=0",
                                  user0 + "\n",
                                  "\n" + user0,
                                  "a\rb"s,
                                  "a\x01tb"s,
                                  user0 + "\x7f",
                                  user0 + " ",
                                  " " + user0,
                                  user0 + "/x",
                                  user0 + ",",
                                  "user0\\40domain0.example"s,
                                  std::string(321, 'x'),
                                  std::string(480, 'x'),
                                  std::string(4096, 'x'),
                                  std::string(300, 'x') + user0,
                                  "\xff\xfe@domain0.example"s}) {
    for (const auto& [how, status] : {std::pair(of_dovecot, refused), {userdb, not_there}, {credentials, not_there}}) {
      const outcome answered = ask(how, name, password);
      EXPECT_EQ(answered.status, status) << name;
      EXPECT_EQ(answered.out + answered.record, "\n") << name;
    }
  }
  // A NUL ends the name: the rest of it is the password that is tried.
  EXPECT_EQ(ask(of_dovecot, user0 + '\0' + "x", password).status, refused);
  EXPECT_EQ(ask(of_dovecot, "x\0"s + user0, password).status, refused);
  EXPECT_EQ(ask(of_dovecot, user0, password).status, ran);
}

TEST_P(checkpassword_in_each_way, tells_to_try_later_when_the_directory_is_down) {
  if (GetParam() == "authd"s) {  // which goes on without the directory
    daemon_->stop(SIGTERM, patience);
  } else {
    host_.slapd.stop();
  }
  for (const environment& how : {of_dovecot, userdb, credentials}) {
    for (const std::string& name : {user0, "nobody@domain0.example"s}) {
      const outcome answered = ask(how, name, password);
      EXPECT_EQ(answered.status, later) << answered.err;
      EXPECT_EQ(answered.out + answered.record, "\n");
      EXPECT_THAT(answered.err, AllOf(StartsWith("sql2ldap-checkpassword: "), Not(HasSubstr("hunter2"))));
      EXPECT_EQ(answered.err.find('\n'), answered.err.size() - 1) << "one line of dovecot's log";
    }
  }
}

TEST_P(checkpassword_in_each_way, waits_no_longer_than_it_is_told_to) {
  if (GetParam() == "authd"s)
    daemon_->freeze();
  else
    host_.slapd.freeze();
  for (const environment& how : {of_dovecot, userdb, credentials}) {
    const outcome answered = ask(how, user0, password, {"--timeout", "1"});
    EXPECT_EQ(answered.status, later);
    EXPECT_THAT(answered.err, HasSubstr("in time"));
    EXPECT_GE(answered.took, 900ms);
  }
  host_.slapd.thaw();
  if (daemon_) daemon_->send_signal(SIGCONT);
  EXPECT_EQ(ask(of_dovecot, user0, password).status, ran);
}

INSTANTIATE_TEST_SUITE_P(all, checkpassword_in_each_way, testing::Values("authd", "authd_asking", "verify", "bind"),
                         [](const auto& way) { return std::string(way.param); });

// ---- who starts it -----------------------------------------------------------------------------

TEST_F(checkpassword, becomes_the_user_for_others_than_dovecot) {
  start_daemon();
  const environment others = {{"TCPREMOTEIP", "192.0.2.1"}};
  const outcome without_home = ask(others, user0, password);
  EXPECT_EQ(without_home.status, later);
  EXPECT_THAT(without_home.err, AnyOf(HasSubstr("entering the home"), HasSubstr("becoming user")));
  EXPECT_EQ(without_home.out, "\n");

  const std::string seen = ask(of_dovecot, user0, password).out;
  const auto at = seen.find("\nHOME=") + 6;
  const std::string home = seen.substr(at, seen.find('\n', at) - at);
  std::filesystem::create_directories(home);
  const outcome became = start(others, told(user0, password, "<1.2@x>"), [&] {
    auto words = at_daemon();
    words.push_back(path("program"));
    return words;
  }());
  if (::geteuid() != 0) {
    EXPECT_EQ(became.status, later);
    EXPECT_THAT(became.err, HasSubstr("becoming user"));
  } else {
    EXPECT_EQ(became.status, ran) << became.err;
    EXPECT_THAT(became.out, HasSubstr("\nID=" + owner + ":" + owner + ":" + owner + "\n"));
    EXPECT_THAT(became.out, HasSubstr("\nFOLDER=" + std::filesystem::canonical(home).string() + "\n"));
    EXPECT_THAT(became.out,
                AllOf(HasSubstr("\nUSER=" + user0 + "\n"), HasSubstr("\nHOME=" + home + "\n"),
                      HasSubstr("\nSHELL=/bin/sh\n"), HasSubstr("\nTHREE=closed\n"), Not(HasSubstr("hunter2"))));
  }
  const outcome kept = ask(others, user0, password, {"--keep-user"});
  EXPECT_EQ(kept.status, ran) << kept.err;
  EXPECT_THAT(kept.out, AllOf(HasSubstr(fmt::format("\nID={}:{}:", ::getuid(), ::getgid())),
                              HasSubstr("\nUSER=" + user0 + "\n")));
  const outcome wrong = ask(others, user0, "wrong");
  EXPECT_EQ(wrong.status, refused);
  EXPECT_GE(wrong.took, 1900ms) << "nobody else slows down who guesses";
}

TEST_F(checkpassword, gives_an_owner_to_mail_that_has_none) {
  migrate({});
  start_daemon();
  for (const environment& how : {of_dovecot, userdb, credentials}) {
    const outcome ownerless = ask(how, user0, password);
    EXPECT_EQ(ownerless.status, later) << "dovecot would deliver it as its own user";
    EXPECT_THAT(ownerless.err, HasSubstr("--uid and --gid"));
    EXPECT_EQ(ownerless.out + ownerless.record, "\n");
  }
  const outcome owned = ask(of_dovecot, user0, password, {"--uid", "1234", "--gid", "2345"});
  EXPECT_EQ(owned.status, ran) << owned.err;
  EXPECT_THAT(owned.out, AllOf(HasSubstr("\nuserdb_uid=1234\n"), HasSubstr("\nuserdb_gid=2345\n")));
}

TEST_F(checkpassword, knows_for_which_service) {
  host_.slapd.modify("dn: " + account_dn("user0", "domain0.example") +
                     "\nchangetype: modify\nadd: s2lService\ns2lService: pop3\n");
  start_daemon();
  EXPECT_EQ(ask(of_dovecot, user0, password).status, refused);
  EXPECT_EQ(ask({{"ORIG_UID", "0"}, {"SERVICE", "pop3"}}, user0, password).status, ran);
  EXPECT_EQ(ask({{"ORIG_UID", "0"}}, user0, password).status, refused);
  EXPECT_EQ(ask({{"ORIG_UID", "0"}}, user0, password, {"--service", "pop3"}).status, ran);
  EXPECT_EQ(ask({{"ORIG_UID", "0"}, {"SERVICE", "imap"}}, user0, password, {"--service", "pop3"}).status, refused);
  way_ = {"--directory=" + host_.slapd.ldapi()};
  EXPECT_EQ(ask(of_dovecot, user0, password).status, refused);
  EXPECT_EQ(ask({{"ORIG_UID", "0"}, {"SERVICE", "pop3"}}, user0, password).status, ran);
  EXPECT_EQ(ask(credentials, user0, "").status, not_there);
}

TEST_F(checkpassword, says_when_it_is_called_wrongly) {
  start_daemon();
  const auto expect_misuse = [&](const std::vector<std::string>& words, const std::string& input,
                                 const std::string& redirections, const std::string& text) {
    for (const auto& [how, status] : {std::pair(of_dovecot, 2), {userdb, later}, {credentials, later}}) {
      const outcome answered = start(how, input, words, redirections);
      EXPECT_EQ(answered.status, status) << text;
      EXPECT_THAT(answered.err, AllOf(HasSubstr(text), Not(HasSubstr("hunter2"))));
      EXPECT_EQ(answered.out + answered.record, "\n");
    }
  };
  const std::string both = "3<\"$IN\" 4>\"$RECORD\"";
  const std::string good = told(user0, password);
  std::vector<std::string> words = at_daemon();
  expect_misuse(words, good, both, "which program");
  words.push_back(path("program"));
  expect_misuse(words, good, "3<&- 4>\"$RECORD\"", "descriptor 3");
  expect_misuse(words, "", both, "descriptor 3");
  expect_misuse(words, user0 + '\0' + password, both, "descriptor 3");
  expect_misuse({"", path("program")}, good, both, "two blanks");
  expect_misuse({"--nonsense", path("program")}, good, both, "--nonsense");
  expect_misuse({"--auth"}, good, both, "--auth");
  expect_misuse({"--timeout", "0", path("program")}, good, both, "--timeout");
  expect_misuse({"--timeout", "10s", path("program")}, good, both, "--timeout");
  expect_misuse({"--uid", "0", path("program")}, good, both, "--uid");
  expect_misuse({"--config", "/x", path("program")}, good, both, "--directory");

  // Two NULs are enough; 512 bytes are not too many.
  EXPECT_EQ(start(of_dovecot, user0 + '\0' + password + '\0', words).status, ran);
  EXPECT_EQ(
      start(of_dovecot, told(user0, password) + std::string(512 - told(user0, password).size(), 'x'), words).status,
      ran);
  EXPECT_EQ(
      start(of_dovecot, told(user0, password) + std::string(513 - told(user0, password).size(), 'x'), words).status,
      refused);
}

TEST_F(checkpassword, tells_to_try_later_when_something_else_is_wrong) {
  start_daemon();
  way_ = at_daemon();
  const auto words_with = [&](const std::vector<std::string>& last) {
    auto words = way_;
    words.insert(words.end(), last.begin(), last.end());
    return words;
  };
  const std::string good = told(user0, password);
  const outcome no_program = start(of_dovecot, good, words_with({path("no-such-program")}));
  EXPECT_EQ(no_program.status, later);
  EXPECT_THAT(no_program.err, HasSubstr("no-such-program"));
  for (const char* socket : {"dict", "userdb", "nowhere"}) {
    way_ = {"--auth", path(socket), "--userdb", path("userdb"), "--timeout", "1"};
    const outcome elsewhere = start(of_dovecot, good, words_with({path("program")}));
    EXPECT_EQ(elsewhere.status, later) << socket;
    EXPECT_EQ(elsewhere.out, "\n");
  }
  way_ = {"--auth", path("auth"), "--userdb", path("auth"), "--dict", path("auth"), "--timeout", "1"};
  for (const environment& how : {of_dovecot, userdb, credentials}) EXPECT_EQ(ask(how, user0, password).status, later);
  way_ = {"--auth", "/" + std::string(200, 'x')};
  EXPECT_NE(ask(of_dovecot, user0, password).err, "");

  // Somebody who opens the pipe and writes nothing.
  way_ = at_daemon();
  std::filesystem::remove(folder_ / "in");
  ASSERT_EQ(::mkfifo(path("in").c_str(), 0600), 0);
  const int writer = ::open(path("in").c_str(), O_RDWR | O_CLOEXEC);
  const outcome mute = start(of_dovecot, "", words_with({"--timeout", "1", path("program")}));
  ::close(writer);
  EXPECT_EQ(mute.status, later);
}

TEST_F(checkpassword, is_told_that_passwords_cannot_be_seen) {
  write_file(folder_ / "secret", std::string(slapd_server::password));
  ASSERT_EQ(::chmod(path("secret").c_str(), 0600), 0);
  write_file(folder_ / "settings",
             fmt::format("directory = \"{}\"\nbase = \"{}\"\nbind-dn = \"{}\"\npassword-file = \"{}\"\n",
                         host_.slapd.ldapi(), slapd_server::suffix, slapd_server::dovecot_dn, path("secret")));
  way_ = {"--directory", "--config", path("settings")};
  const outcome unproved = ask(of_dovecot, user0, password);
  EXPECT_EQ(unproved.status, later);
  EXPECT_THAT(unproved.err, HasSubstr("shows us no passwords"));
  const outcome unseen = ask(credentials, user0, password);
  EXPECT_EQ(unseen.status, later);
  EXPECT_THAT(unseen.err, AllOf(HasSubstr("shows no password that dovecot can verify"), HasSubstr("olcAccess")));
  EXPECT_EQ(ask(userdb, user0, "").status, ran_found);
  write_file(folder_ / "settings", "nonsense = 1\n");
  EXPECT_EQ(ask(of_dovecot, user0, password).status, 2);
  EXPECT_EQ(ask(userdb, user0, password).status, later);
}

TEST_F(checkpassword, helps) {
  const outcome help = start({}, "", {"--help"}, "");
  EXPECT_EQ(help.status, done);
  EXPECT_THAT(help.out, AllOf(HasSubstr("--auth PATH"), HasSubstr("111")));
  const outcome version = start({}, "", {"--version"}, "");
  EXPECT_EQ(version.status, done);
  EXPECT_THAT(version.out, StartsWith("\nsql2ldap-checkpassword "));
}

// Each login starts it, and waits for what it loads.
TEST_F(checkpassword, loads_no_large_library) {
  const captured loaded = run_and_capture({.arguments = {"ldd", S2L_BINARY_DIR "/tools/sql2ldap-checkpassword"}});
  ASSERT_EQ(loaded.status, 0) << loaded.err;
  EXPECT_THAT(loaded.out, HasSubstr("libc.so"));
  for (const char* name : {"ldap", "pq", "fmt", "crypto", "ssl", "sqlite", "prometheus", "systemd", "idn"})
    EXPECT_THAT(loaded.out, Not(HasSubstr("lib"s + name)));
}

}  // namespace
}  // namespace sql2ldap::test
