// The hook of sql2ldap-syncd between real servers: told of each change, whatever happens to both of them.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <support/sync_host.hpp>

namespace {

using namespace sql2ldap::test;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto patience = std::chrono::seconds(30);

class hooks : public testing::Test {
 protected:
  // Each run leaves its input, one line; what `more` says happens before.
  void start(const std::string& more = "", const std::vector<std::string>& flags = {}) {
    script(more);
    std::vector<std::string> all = {"--hook", hook_};
    all.insert(all.end(), flags.begin(), flags.end());
    host_.start(all);
    ASSERT_TRUE(host_.reaches("following")) << host_.log();
  }
  void script(const std::string& more) const {
    const std::filesystem::path fresh = hook_.string() + ".new";
    write_file(fresh,
               "#!/bin/sh\nread -r change\n" + more + "\nprintf '%s\\n' \"$change\" >> " + told_.string() + "\n");
    std::filesystem::permissions(fresh, std::filesystem::perms::owner_all);
    std::filesystem::rename(fresh, hook_);
  }
  [[nodiscard]] std::vector<json> told() const {
    std::vector<json> out;
    std::ifstream in(told_);
    for (std::string line; std::getline(in, line);) out.push_back(json::parse(line));
    return out;
  }
  // "add new@domain", in the order of the runs, of keys that begin so.
  [[nodiscard]] std::vector<std::string> told_of(const std::string& key) const {
    std::vector<std::string> out;
    for (const json& one : told())
      if (one["kind"] == "account" && one["key"].get<std::string>().starts_with(key))
        out.push_back(one["change"].get<std::string>() + ' ' + one["key"].get<std::string>());
    return out;
  }
  [[nodiscard]] bool comes_to_tell(const std::string& change, const std::string& key) const {
    return eventually(patience, [&] {
      for (const std::string& one : told_of(key))
        if (one == change + ' ' + key) return true;
      return false;
    });
  }
  [[nodiscard]] bool nothing_waits() const {
    return eventually(patience, [&] {
      const json now = host_.status();
      return !now.is_null() && now["hooks"].is_object() && now["hooks"]["waiting"] == 0;
    });
  }
  std::string add_user(const std::string& local_part) const {
    host_.sql("insert into mailbox (username, password, name, maildir, quota, local_part, domain, active) select '" +
              local_part + "@' || domain, '{SSHA}eHh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0', 'New', domain || '/" + local_part +
              "/', 1000, '" + local_part + "', domain, true from domain where domain = '" + domain_ + "'");
    return local_part + '@' + domain_;
  }
  [[nodiscard]] std::string read_domain() const {
    std::string out = host_.postgres.execute("mail", "select min(domain) from domain where domain like 'domain%'");
    out.pop_back();
    return out;
  }

  sync_host host_;
  temp_dir folder_;
  std::filesystem::path hook_ = folder_ / "hook";
  std::filesystem::path told_ = folder_ / "told";
  std::string domain_ = read_domain();
};

TEST_F(hooks, are_told_of_the_first_load_and_of_each_change) {
  start();
  ASSERT_TRUE(nothing_waits()) << host_.log();
  const auto accounts = names_in(host_.slapd, "(objectClass=s2lMailAccount)").size();
  EXPECT_EQ(told_of("").size(), accounts);

  const std::string user = add_user("new");
  ASSERT_TRUE(comes_to_tell("add", user)) << host_.log();
  host_.sql("update mailbox set quota = 5000, password = '{SSHA}eXh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0' where username = '" +
            user + "'");
  ASSERT_TRUE(comes_to_tell("modify", user));
  const json modified = told().back();
  EXPECT_TRUE(modified["attributes"].contains("userPassword"));
  EXPECT_EQ(modified["attributes"]["userPassword"], nullptr);
  EXPECT_EQ(modified["attributes"]["s2lQuotaBytes"].size(), 1U);
  EXPECT_THAT(modified["dn"].get<std::string>(), HasSubstr("uid=new@"));

  host_.sql("delete from mailbox where username = '" + user + "'");
  ASSERT_TRUE(comes_to_tell("delete", user));
  EXPECT_THAT(told_of(user), ElementsAre("add " + user, "modify " + user, "delete " + user));
  EXPECT_THAT(read_file(told_), Not(HasSubstr("{SSHA}")));
  ASSERT_TRUE(nothing_waits());
  EXPECT_EQ(host_.stop(), done) << host_.log();
}

TEST_F(hooks, that_fail_are_listed_and_tried_again_while_others_go_on) {
  start("case $SQL2LDAP_ORIGIN in */bad@*) test -e " + (folder_ / "mended").string() +
        " || { echo no room; exit 75; };; esac");
  const std::string bad = add_user("bad");
  ASSERT_TRUE(host_.says("HOOK_FAILED"));
  const std::string good = add_user("good");
  ASSERT_TRUE(comes_to_tell("add", good)) << host_.log();
  const captured list = host_.ask("hooks list");
  EXPECT_EQ(list.status, differences);
  EXPECT_THAT(list.out, AllOf(HasSubstr("add postfixadmin/account/bad@"), HasSubstr("exit code 75: \"no room\""),
                              HasSubstr("1 hook failing")));
  EXPECT_EQ(host_.ask("status").status, differences);
  EXPECT_EQ(host_.status()["hooks"]["failing"], 1);

  host_.sql("delete from mailbox where username = '" + bad + "'");
  write_file(folder_ / "mended", "");
  EXPECT_EQ(host_.ask("hooks retry --all").status, done);
  ASSERT_TRUE(comes_to_tell("delete", bad));
  EXPECT_THAT(told_of(bad), ElementsAre("add " + bad, "delete " + bad));
  EXPECT_EQ(host_.ask("hooks list").status, done);

  std::filesystem::remove(folder_ / "mended");
  const std::string lost = add_user("bad");
  ASSERT_TRUE(eventually(patience, [&] { return host_.status()["hooks"]["failing"] == 1; }));
  const json failing = json::parse(host_.ask("hooks list --json").out)["hooks"][0];
  EXPECT_EQ(host_.ask("hooks drop " + failing["id"].dump()).status, done);
  EXPECT_TRUE(nothing_waits());
  EXPECT_EQ(host_.ask("hooks drop " + failing["id"].dump()).status, wrong_usage);
}

TEST_F(hooks, survive_a_kill_of_the_daemon) {
  start("test ! -e " + (folder_ / "hang").string() + " || { : > " + (folder_ / "hanging").string() + "; cat " +
        (folder_ / "fifo").string() + "; exit 1; }");
  ASSERT_TRUE(nothing_waits());
  ASSERT_EQ(run_and_capture({.arguments = {"mkfifo", folder_ / "fifo"}}).status, 0);
  write_file(folder_ / "hang", "");
  std::vector<std::string> users;
  for (const char* name : {"k1", "k2", "k3"}) users.push_back(add_user(name));
  ASSERT_TRUE(eventually(patience, [&] { return std::filesystem::exists(folder_ / "hanging"); })) << host_.log();
  ASSERT_TRUE(eventually(patience, [&] { return names_in(host_.slapd, "(mail=k3@*)").size() == 1; }));
  host_.kill();
  std::filesystem::remove(folder_ / "hang");
  write_file(folder_ / "fifo", "");  // the one that the daemon has left behind ends, in vain
  start();
  for (const std::string& user : users) EXPECT_TRUE(comes_to_tell("add", user)) << user << '\n' << host_.log();
  EXPECT_TRUE(nothing_waits());
}

TEST_F(hooks, survive_a_kill_between_the_writing_and_the_queue) {
  start();
  ASSERT_TRUE(nothing_waits());
  std::vector<std::string> users;
  // Wherever it is hit: each of them is in the directory in the end, and was told.
  for (int i = 0; i < 8; ++i) {
    users.push_back(add_user("crash" + std::to_string(i)));
    ASSERT_TRUE(eventually(patience, [&] {
      return !names_in(host_.slapd, "(uid=crash" + std::to_string(i) + "@*)").empty();
    })) << host_.log();
    host_.kill();
    start();
  }
  ASSERT_TRUE(host_.catches_up());
  for (const std::string& user : users) EXPECT_TRUE(comes_to_tell("add", user)) << user << '\n' << host_.log();
  EXPECT_TRUE(nothing_waits());
}

TEST_F(hooks, that_hang_are_killed_and_hold_up_no_sync) {
  start("case $SQL2LDAP_ORIGIN in */hang@*) exec cat " + (folder_ / "fifo").string() + ";; esac",
        {"--hook-timeout", "2"});
  ASSERT_TRUE(nothing_waits());
  ASSERT_EQ(run_and_capture({.arguments = {"mkfifo", folder_ / "fifo"}}).status, 0);
  (void)add_user("hang");
  const std::string other = add_user("other");
  ASSERT_TRUE(eventually(patience, [&] { return !names_in(host_.slapd, "(uid=other@*)").empty(); }));
  EXPECT_TRUE(host_.says("killed: it had not ended after 2 s")) << host_.log();
  EXPECT_TRUE(comes_to_tell("add", other));
}

TEST_F(hooks, must_be_programs_that_can_be_run) {
  const captured wrong =
      run_and_capture({.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-syncd", "--source", host_.postgres.url("mail"),
                                     "--mapping", "postfixadmin", "--directory", host_.slapd.ldapi(), "--state",
                                     folder_ / "state", "--hook", "/nonexistent/hook"}});
  EXPECT_EQ(wrong.status, wrong_usage);
  EXPECT_THAT(wrong.err, HasSubstr("cannot run the hook /nonexistent/hook"));
}

}  // namespace
