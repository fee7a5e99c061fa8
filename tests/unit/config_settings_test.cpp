#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <sql2ldap/config/settings.hpp>

#include <support/temp_dir.hpp>

namespace {

using namespace sql2ldap;
using config::settings;

class settings_file : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = (folder_.path() / name).string();
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  // The message behind "FILE:", for a file that must not load.
  std::string error_of(const std::string& text) {
    const std::string file = write("config.toml", text);
    settings into;
    const auto loaded = config::load_settings(into, file);
    if (loaded) return "loaded";
    EXPECT_EQ(exit_code_of(loaded.error()), exit_code::usage);
    EXPECT_TRUE(loaded.error().message.starts_with(file + ":")) << loaded.error().message;
    hint_ = loaded.error().hint;
    return loaded.error().message.substr(file.size() + 1);
  }

  test::temp_dir folder_;
  std::string hint_;
};

TEST_F(settings_file, has_a_bound_for_a_silent_source) {
  settings into;
  EXPECT_EQ(into.source_timeout, std::chrono::minutes(5));
  ASSERT_TRUE(config::load_settings(into, write("config.toml", "source-timeout = \"30s\"\n")));
  EXPECT_EQ(into.source_timeout, std::chrono::seconds(30));
  ASSERT_TRUE(config::set(into, "source-timeout", "off"));
  EXPECT_EQ(into.source_timeout, std::chrono::seconds(0));
}

TEST_F(settings_file, has_times_for_the_hook) {
  settings into;
  ASSERT_TRUE(config::load_settings(into, write("config.toml", "hook = \"/bin/true -x\"\nhook-timeout = 5\n")));
  EXPECT_EQ(into.hook, "/bin/true -x");
  EXPECT_EQ(into.hook_timeout, std::chrono::seconds(5));
  ASSERT_TRUE(config::set(into, "hook-timeout", "7"));
  EXPECT_EQ(into.hook_timeout, std::chrono::seconds(7));
  ASSERT_TRUE(config::set(into, "hook-timeout", "2m"));
  EXPECT_EQ(into.hook_timeout, std::chrono::minutes(2));
  for (const char* wrong : {"0", "off", "-1", "1.5", "5 parsecs", ""})
    EXPECT_FALSE(config::set(into, "hook-timeout", wrong)) << wrong;
}

TEST_F(settings_file, sets_what_it_says_and_leaves_the_rest) {
  settings into;
  const auto loaded = config::load_settings(into, write("config.toml", R"(
source = "sqlite:/srv/mail.db"
mapping = "postfixadmin"
bind-dn = "cn=sync,dc=example,dc=org"
start-tls = true
max-deletes = 50
max-changes = "2.5%"

[param]
table_prefix = "pa_"
quota = 1048576
)"));
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_EQ(into.source, "sqlite:/srv/mail.db");
  EXPECT_EQ(into.mapping, "postfixadmin");
  EXPECT_EQ(into.bind_dn, "cn=sync,dc=example,dc=org");
  EXPECT_TRUE(into.start_tls);
  EXPECT_EQ(into.max_deletes->entries, 50U);
  EXPECT_EQ(into.max_deletes->percent, 0);
  EXPECT_EQ(into.max_changes.percent, 2.5);
  EXPECT_EQ(into.max_changes.entries, settings{}.max_changes.entries);
  EXPECT_EQ(into.parameters, (std::map<std::string, std::string>{{"quota", "1048576"}, {"table_prefix", "pa_"}}));
  EXPECT_EQ(into.directory, "ldapi:///");
  EXPECT_FALSE(into.insecure);
}

TEST_F(settings_file, a_flag_set_later_wins) {
  settings into;
  ASSERT_TRUE(config::load_settings(into, write("config.toml", "base = 'dc=file'\n[param]\na = 'file'\nb = 'file'\n")));
  ASSERT_TRUE(config::set(into, "base", "dc=flag"));
  ASSERT_TRUE(config::set(into, "param", "a=flag=1"));
  EXPECT_EQ(into.base, "dc=flag");
  EXPECT_EQ(into.parameters, (std::map<std::string, std::string>{{"a", "flag=1"}, {"b", "file"}}));
}

TEST_F(settings_file, errors_have_a_place) {
  EXPECT_EQ(error_of("source = 'a'\n  mapping = 5\n"), "2:13: mapping must be a text in quotes");
  EXPECT_EQ(error_of("start-tls = 'yes'\n"), "1:13: start-tls must be true or false");
  EXPECT_EQ(error_of("\nmax-deletes = 'many'\n"), "2:15: \"many\" is not a limit");
  EXPECT_EQ(error_of("max-deletes = -1\n"), "1:15: \"-1\" is not a limit");
  EXPECT_EQ(error_of("param = 'a=b'\n"), "1:9: param must be a table");
  EXPECT_EQ(error_of("[param]\na = []\n"), "2:5: param.a must be a text, a number, true or false");
}

TEST_F(settings_file, broken_toml_says_where) {
  EXPECT_TRUE(error_of("source = \nmapping = 'x'\n").starts_with("1:")) << error_of("source = \n");
  EXPECT_TRUE(error_of("base = 'a'\nbase = 'b'\n").starts_with("2:"));
}

TEST_F(settings_file, an_unknown_key_gets_a_suggestion) {
  EXPECT_EQ(error_of("sorce = 'a'\n"), "1:1: unknown key \"sorce\"");
  EXPECT_EQ(hint_, "did you mean `source`?");
  error_of("password_file = 'a'\n");
  EXPECT_EQ(hint_, "did you mean `password-file`?");
  error_of("colour = 'green'\n");
  EXPECT_TRUE(hint_.starts_with("known keys: source, mapping")) << hint_;
}

TEST_F(settings_file, a_missing_file_is_a_usage_error) {
  settings into;
  const auto loaded = config::load_settings(into, (folder_.path() / "none.toml").string());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(exit_code_of(loaded.error()), exit_code::usage);
}

TEST_F(settings_file, has_lists_and_what_is_for_the_daemon_that_answers_alone) {
  const std::string file = write("config.toml", R"(
metrics = "127.0.0.1:9877"
bind-dn = "cn=sync,dc=example,dc=org"
[authd]
metrics = "127.0.0.1:9878"
listen = ["dict:/run/a", "tcp:127.0.0.1:1,map=domains"]
mirror = false
workers = 3
)");
  settings of_authd;
  ASSERT_TRUE(config::load_settings(of_authd, file, "authd"));
  EXPECT_EQ(of_authd.metrics, "127.0.0.1:9878");
  EXPECT_EQ(of_authd.bind_dn, "cn=sync,dc=example,dc=org");
  EXPECT_EQ(of_authd.listen, (std::vector<std::string>{"dict:/run/a", "tcp:127.0.0.1:1,map=domains"}));
  EXPECT_FALSE(of_authd.mirror);
  EXPECT_EQ(of_authd.workers, 3U);
  settings of_others;
  ASSERT_TRUE(config::load_settings(of_others, file));
  EXPECT_EQ(of_others.metrics, "127.0.0.1:9877");
  EXPECT_TRUE(of_others.listen.empty());
  EXPECT_TRUE(of_others.mirror);
}

TEST_F(settings_file, says_what_is_wrong_in_a_list_or_in_a_table_that_is_not_ours) {
  EXPECT_EQ(error_of("listen = ['a', 5]\n"), "1:16: listen must be a list of texts in quotes");
  EXPECT_EQ(error_of("[authd]\nworkers = 'a'\n"), "2:11: workers must be a number");
  EXPECT_EQ(error_of("[authd]\nwrong-per-address = 1000\nhash-memory-max = 4096\n"), "loaded");
  EXPECT_EQ(error_of("[authd]\nhash-time-max = 0\n"), "2:17: hash-time-max cannot be 0");
  EXPECT_EQ(error_of("[authd]\nworkers = 100000\n"), "2:11: workers is a number up to 256, not \"100000\"");
  EXPECT_EQ(error_of("[authd]\nlisten_on = 'a'\n"), "2:1: unknown key \"listen_on\"");
  EXPECT_EQ(error_of("authd = 5\n"), "1:1: unknown key \"authd\"");
}

TEST(settings_keys, each_can_be_set_by_name) {
  std::set<std::string_view> names;
  for (const config::key& one : config::keys()) {
    settings into;
    const std::string_view value = one.kind == config::key_kind::flag       ? "true"
                                   : one.kind == config::key_kind::duration ? "3h"
                                   : one.kind == config::key_kind::limit    ? "3%"
                                   : one.kind == config::key_kind::number   ? "3"
                                   : one.kind == config::key_kind::table    ? "a=b"
                                                                            : "x";
    EXPECT_TRUE(config::set(into, one.name, value)) << one.name;
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_FALSE(one.help.empty()) << one.name;
  }
  settings into;
  EXPECT_FALSE(config::set(into, "start-tls", "maybe"));
  EXPECT_FALSE(config::set(into, "param", "=x"));
  EXPECT_FALSE(config::set(into, "nothing", "x"));
}

// The limit of one number is none of another's: operations.md says "raise it" of wrong-per-address.
TEST(settings_keys, each_number_has_a_limit_of_its_own) {
  settings into;
  ASSERT_TRUE(config::set(into, "wrong-per-address", "100000"));
  EXPECT_EQ(into.wrong_per_address, 100'000U);
  ASSERT_TRUE(config::set(into, "wrong-per-name", "257"));
  EXPECT_TRUE(config::set(into, "workers", "256"));
  const auto many = config::set(into, "workers", "257");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().message, "workers is a number up to 256, not \"257\"");
  for (const config::key& one : config::keys()) {
    if (one.kind != config::key_kind::number) continue;
    const auto refused = config::set(into, one.name, "18446744073709551615");
    ASSERT_FALSE(refused) << one.name;
    const std::string& said = refused.error().message;
    const std::size_t at = said.find("up to ") + 6;
    EXPECT_TRUE(config::set(into, one.name, said.substr(at, said.find(',') - at))) << said;
  }
}

TEST(settings_limit, reads_numbers_and_shares) {
  EXPECT_EQ(config::parse_limit("12", 5)->entries, 12U);
  EXPECT_EQ(config::parse_limit("12", 5)->percent, 0);
  EXPECT_EQ(config::parse_limit("0", 5)->entries, 0U);
  EXPECT_EQ(config::parse_limit(" 0.5% ", 5)->percent, 0.5);
  EXPECT_EQ(config::parse_limit("0.5%", 5)->entries, 5U);
  for (const char* wrong : {"", "%", "x", "1.5", "-3", "101%", "nan%", "5 %", "1%%", "99999999999999999999"})
    EXPECT_FALSE(config::parse_limit(wrong, 5)) << wrong;
}

class password : public settings_file {
 protected:
  result<secret> read(const std::string& file) {
    settings from;
    from.password_file = file;
    return config::read_password(from);
  }
};

TEST_F(password, is_the_file_without_its_last_newline) {
  EXPECT_EQ(read(write("a", "se cret \n"))->reveal(), "se cret ");
  EXPECT_EQ(read(write("b", "secret"))->reveal(), "secret");
  EXPECT_EQ(read(write("c", "secret\n\n", 0640))->reveal(), "secret\n");
  EXPECT_TRUE(read("")->empty());
}

TEST_F(password, of_a_file_for_everybody_is_refused) {
  const auto refused = read(write("open", "secret\n", 0644));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("everybody may read"), std::string::npos);
  EXPECT_TRUE(refused.error().hint.starts_with("chmod 600"));
  EXPECT_EQ(refused.error().text().find("secret"), std::string::npos);
}

TEST_F(password, errors_do_not_pass_for_an_empty_password) {
  EXPECT_FALSE(read((folder_.path() / "none").string()));
  EXPECT_FALSE(read(write("empty", "\n")));
  EXPECT_FALSE(read(write("long", std::string(5000, 'x'))));
  EXPECT_FALSE(read(folder_.path().string()));
}

TEST_F(password, of_a_bare_name_is_a_systemd_credential) {
  write("ldap-password", "from systemd\n", 0400);
  ASSERT_EQ(setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1), 0);
  const auto found = read("ldap-password");
  unsetenv("CREDENTIALS_DIRECTORY");
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->reveal(), "from systemd");
  EXPECT_FALSE(read("ldap-password"));
}

}  // namespace
