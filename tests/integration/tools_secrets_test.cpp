// What a command shows: JSON when asked, and never a secret unasked.
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <nlohmann/json.hpp>

#include <support/postgres.hpp>
#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
using testing::HasSubstr;

constexpr std::string_view bind_password = "bindegeheim";
constexpr std::string_view clear_password = "klartextgeheim";
constexpr std::string_view unknown_form = "UNBEKANNT-9f2c";  // is refused: neither hash nor scheme
constexpr std::string_view hash = "{SSHA}b7Fp3Ut1ZD9pAYFDGqzBbIzYf5ZzYWx0";

// The database needs no password here, but the source's URL may hold one all the same.
constexpr std::string_view sql_password = "sqlgeheim";

class shown : public testing::Test {
 protected:
  shown() {
    write_file(password_file_, std::string(bind_password) + "\n");
    ::chmod(password_file_.c_str(), 0600);
    const auto account = [](std::string_view user, std::string_view password) {
      std::string text = "INSERT INTO mailbox (username, password, name, maildir, quota, domain, local_part) VALUES ('";
      return text.append(user).append("@domain0.example', '").append(password) +
             "', 'Name', 'x/', 0, 'domain0.example', 'x');";
    };
    server_.execute(database_, postfixadmin_text({.domains = 2, .alias_domains = 0, .users = 5, .aliases = 2},
                                                 sql_engine::postgresql) +
                                   account("clear", "{PLAIN}" + std::string(clear_password)) + account("hash", hash) +
                                   account("unknown", unknown_form) + account("second", hash) +
                                   "UPDATE mailbox SET username = 'SECOND@domain0.example' WHERE username = "
                                   "'second@domain0.example';");
  }
  static slapd_server::options with_bind_password() {
    slapd_server::options how = quick_slapd();
    how.more_config =
        "dn: cn=sql2ldap,ou=services,dc=example,dc=org\nchangetype: modify\nreplace: userPassword\n"
        "userPassword: " +
        std::string(bind_password) + "\n";
    return how;
  }

  // What is on the command line, in the order of a night's work: each changes what the next one sees.
  static std::vector<std::string> night() {
    return {"check",
            "plan",
            "plan --output @plan",
            "migrate --plan @plan --rejects @rejects",
            "verify",
            "plan",
            "migrate --ldif @ldif",
            "why clear@domain0.example",
            "why hash@domain0.example",
            "why unknown@domain0.example",
            "mapping check",
            "inspect"};
  }
  command typed(std::string words, const std::string& more) const {
    for (const char* name : {"@plan", "@rejects", "@ldif"})
      if (const auto at = words.find(name); at != std::string::npos)
        words.replace(at, std::strlen(name), folder_ / (name + 1));
    command what = sides_.typed(words);
    if (words == "inspect")
      what.arguments.resize(4);  // with --source alone
    else if (words == "mapping check")
      what.arguments.resize(5);
    if (words == "mapping check") what.arguments.emplace_back("postfixadmin");
    std::istringstream in(more);
    for (std::string word; in >> word;) what.arguments.push_back(word);
    return what;
  }
  void expect_no_secret(const std::string& where, const std::string& text) const {
    const std::string secrets[] = {std::string(bind_password),  std::string(clear_password), std::string(unknown_form),
                                   std::string(hash).substr(6), std::string(sql_password),   "$6$Zq1kd0Wm3Lr8Xc5v$",
                                   "$6$pL7sYt2Nb4Gh9Kw0$",      "Fj8eX1WWEW/EaqXUt0jjuc"};
    for (const std::string& secret : secrets) EXPECT_THAT(text, testing::Not(HasSubstr(secret))) << where;
  }

  temp_dir folder_;
  std::string password_file_ = folder_ / "password";
  postgres_server& server_ = postgres_server::shared();
  std::string database_ = next_name();
  std::string url_ = server_.create_database(database_) + "&password=" + std::string(sql_password);
  slapd_server slapd_{with_bind_password()};
  tool sides_{url_,
              "postfixadmin",
              slapd_.ldapi(),
              {"--bind-dn", std::string(slapd_server::sync_dn), "--password-file", password_file_}};

 private:
  static std::string next_name() {
    static int databases = 0;
    return "shown" + std::to_string(++databases);
  }
};

TEST_F(shown, never_has_a_secret) {
  for (const std::string& words : night())
    for (const char* more : {"", "-vv"}) {
      const captured run = run_and_capture(typed(words, more));
      EXPECT_NE(run.out + run.err, "") << words;
      EXPECT_LE(run.status, differences) << words << "\n" << run.err;
      expect_no_secret(words, run.out);
      expect_no_secret(words, run.err);
      if (words.find("--plan") != std::string::npos) break;  // a plan can be applied once
    }
  for (const char* file : {"plan", "rejects"}) {
    const std::string text = read_file(folder_ / file);
    EXPECT_NE(text, "");
    expect_no_secret(file, text);
  }
  EXPECT_THAT(read_file(folder_ / "rejects"), HasSubstr("unknown@domain0.example"));
  // slapadd needs them: the one file that has hashes, for its owner alone, but never clear text.
  const std::string ldif = read_file(folder_ / "ldif");
  EXPECT_THAT(ldif, HasSubstr(std::string(hash)));
  EXPECT_THAT(ldif, testing::Not(HasSubstr(std::string(clear_password))));
  for (const char* file : {"plan", "rejects", "ldif"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((folder_ / file).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U) << file;
  }
}

TEST_F(shown, has_hashes_when_asked_but_no_clear_text) {
  const captured run = run_and_capture(typed("plan --show-secrets", ""));
  EXPECT_EQ(run.status, differences) << run.err;
  EXPECT_THAT(run.out, HasSubstr(std::string(hash)));
  for (const std::string_view never : {clear_password, unknown_form, bind_password})
    EXPECT_THAT(run.out + run.err, testing::Not(HasSubstr(std::string(never))));
}

TEST_F(shown, has_no_secret_when_a_side_fails) {
  command wrong = typed("migrate", "-vv");
  write_file(password_file_, "falschgeheim\n");
  const captured refused = run_and_capture(wrong);
  EXPECT_EQ(refused.status, directory_failed) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("Invalid credentials"));
  EXPECT_THAT(refused.out + refused.err, testing::Not(HasSubstr("falschgeheim")));
  expect_no_secret("a wrong bind password", refused.out + refused.err);

  write_file(password_file_, std::string(bind_password));
  server_.execute(database_, "DROP TABLE vacation CASCADE");
  const captured failed = run_and_capture(wrong);
  EXPECT_EQ(failed.status, source_failed) << failed.out;
  expect_no_secret("a missing table", failed.out + failed.err);

  const tool nowhere("postgresql://u:" + std::string(sql_password) + "@/nowhere?host=/nonexistent", "postfixadmin",
                     slapd_.ldapi());
  const captured absent = nowhere("migrate -vv");
  EXPECT_NE(absent.status, done);
  expect_no_secret("no such server", absent.out + absent.err);
}

TEST_F(shown, is_one_json_document_when_asked) {
  for (const std::string& words : night()) {
    const bool to_stdout = words == "plan";  // wants its own standard output
    const captured run = run_and_capture(typed(words, "--json"));
    const auto document = nlohmann::json::parse(run.out, nullptr, false);
    EXPECT_TRUE(document.is_object()) << words << "\n" << run.out << run.err;
    EXPECT_EQ(run.status, to_stdout ? wrong_usage : run.status) << words;
    EXPECT_EQ(document.contains("error"), to_stdout) << words << "\n" << run.out;
    if (document.contains("exit")) {
      EXPECT_EQ(document["exit"], run.status);
    }
    expect_no_secret(words, run.out);
  }
  const captured verified = run_and_capture(typed("verify", "--json"));
  const auto document = nlohmann::json::parse(verified.out);
  EXPECT_EQ(document["differences"].size(), 0U) << verified.out;
  EXPECT_EQ(document["rejects"][0]["table"], "mailbox") << verified.out;
  EXPECT_EQ(document["counts"]["rejected"], 1) << verified.out;
}

TEST_F(shown, is_json_when_something_fails) {
  server_.execute(database_, "DROP TABLE vacation CASCADE");
  for (const char* words : {"migrate", "verify", "plan --output @plan", "why x@y.example", "migrate --ldif @ldif"}) {
    const captured run = run_and_capture(typed(words, "--json"));
    EXPECT_EQ(run.status, source_failed) << words << run.err;
    const auto document = nlohmann::json::parse(run.out, nullptr, false);
    ASSERT_TRUE(document.is_object()) << words << "\n" << run.out;
    EXPECT_THAT(document["error"]["message"].get<std::string>(), HasSubstr("vacation")) << words;
    EXPECT_EQ(document["exit"], source_failed) << words;
  }
}

}  // namespace
