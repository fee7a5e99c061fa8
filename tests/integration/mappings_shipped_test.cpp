// The shipped mappings, and the one of an administrator's first evening, on the sample tables in
// tests/data: the real program between real servers, and its work checked by a program that shares
// no code with it.
#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <support/child_process.hpp>
#include <support/postgres.hpp>
#include <support/sample_data.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

enum class engine { postgresql, sqlite };

struct host {
  std::string name;     // of the test
  std::string folder;   // in tests/data
  std::string mapping;  // as the command line takes it
  std::string schema;   // the tables, for this engine
  std::vector<std::string> rows;
  std::vector<std::string> rejects;
  engine kind = engine::postgresql;
};

std::ostream& operator<<(std::ostream& out, const host& one) { return out << one.name; }

std::vector<host> hosts() {
  const auto both = [](const std::string& name) {
    return std::vector<host>{
        {name + "_postgresql", name, name, "schema.sql", {"rows.sql"}, {"rejects.tsv"}, engine::postgresql},
        {name + "_sqlite", name, name, "schema.sql", {"rows.sql"}, {"rejects.tsv"}, engine::sqlite}};
  };
  std::vector<host> all;
  for (const std::string version : {"3.3", "4.0"}) {
    const std::string name = "postfixadmin_" + version.substr(0, 1) + "_" + version.substr(2);
    all.push_back({name + "_postgresql",
                   "postfixadmin",
                   "postfixadmin",
                   "schema-" + version + ".postgresql.sql",
                   {"rows.sql"},
                   {"rejects.tsv"},
                   engine::postgresql});
    all.push_back({name + "_sqlite",
                   "postfixadmin",
                   "postfixadmin",
                   "schema-" + version + ".sqlite.sql",
                   {"rows.sql", "rows-sqlite.sql"},
                   {"rejects.tsv", "rejects-sqlite.tsv"},
                   engine::sqlite});
  }
  all.push_back({"vexim_postgresql",
                 "vexim",
                 "vexim",
                 "schema.postgresql.sql",
                 {"rows.sql"},
                 {"rejects.tsv"},
                 engine::postgresql});
  for (const char* name : {"virtual-tables", "courier", "first-mapping"})
    for (host& one : both(name)) all.push_back(one);
  for (host& one : all) {
    std::replace(one.name.begin(), one.name.end(), '-', '_');
    if (one.folder == "first-mapping") one.mapping = S2L_SOURCE_DIR "/tests/data/first-mapping/heimat.map";
  }
  return all;
}

class shipped_mapping : public testing::TestWithParam<host> {
 protected:
  void SetUp() override {
    const host& one = GetParam();
    if (one.kind == engine::postgresql) {
      source_ = postgres_server::shared().create_database(one.name);
      postgres_server::shared().execute(one.name, tables());
    } else {
      source_ = "sqlite:" + (folder_ / "mail.db").string();
      const captured made =
          run_and_capture({.arguments = {"sqlite3", "-bail", folder_ / "mail.db"}, .input = tables()});
      ASSERT_EQ(made.status, 0) << made.err;
    }
  }

  [[nodiscard]] static std::string tables() {
    const host& one = GetParam();
    std::string text = sample_text(one.folder + "/" + one.schema);
    for (const std::string& file : one.rows) text += sample_text(one.folder + "/" + file);
    return text;
  }

  [[nodiscard]] captured sql2ldap(const std::string& command, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {S2L_BINARY_DIR "/tools/sql2ldap",
                                    command,
                                    "--source",
                                    source_,
                                    "--mapping",
                                    GetParam().mapping,
                                    "--directory",
                                    slapd_.ldapi(),
                                    "--base",
                                    std::string(slapd_server::suffix)};
    all.insert(all.end(), more.begin(), more.end());
    return run_and_capture({.arguments = all});
  }

  // The lines "kind table key column ..." of a rejects file, as the samples list them.
  [[nodiscard]] static std::vector<sample_reject> read_rejects(const std::filesystem::path& file) {
    std::vector<sample_reject> found;
    std::istringstream lines(read_file(file));
    std::string line;
    std::getline(lines, line);  // the names of the columns
    while (std::getline(lines, line)) {
      std::istringstream cells(line);
      std::string kind;
      sample_reject one;
      std::getline(cells, kind, '\t');
      std::getline(cells, one.table, '\t');
      std::getline(cells, one.key, '\t');
      found.push_back(one);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  [[nodiscard]] static std::vector<sample_reject> expected_rejects() {
    std::vector<sample_reject> all;
    for (const std::string& file : GetParam().rejects)
      for (const sample_reject& one : sample_rejects(GetParam().folder + "/" + file)) all.push_back(one);
    std::sort(all.begin(), all.end());
    return all;
  }

  // DNs of accounts by login.
  [[nodiscard]] std::map<std::string, std::string> accounts() const {
    const captured found =
        run_and_capture({.arguments = {"ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-Q", "-Y", "EXTERNAL", "-H",
                                       slapd_.ldapi(), "-E", "pr=500/noprompt", "-b", std::string(slapd_server::suffix),
                                       "(objectClass=s2lMailAccount)", "uid"}});
    EXPECT_EQ(found.status, 0) << found.err;
    std::map<std::string, std::string> all;
    std::istringstream lines(found.out);
    std::string dn;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("dn: ")) dn = line.substr(4);
      if (line.starts_with("uid: ")) all[line.substr(5)] = dn;
    }
    return all;
  }

  [[nodiscard]] bool can_log_in(const std::string& dn, const std::string& password) const {
    write_file(folder_ / "password", password);
    const captured run = run_and_capture(
        {.arguments = {"ldapwhoami", "-x", "-H", slapd_.ldapi(), "-D", dn, "-y", folder_ / "password"}});
    EXPECT_TRUE(run.status == 0 || run.status == 49) << dn << ": " << run.status << run.err;
    return run.status == 0;
  }

  temp_dir folder_;
  slapd_server slapd_{{.writes = slapd_server::kept::dbnosync,
                       .more_config = "dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\n"
                                      "olcModuleLoad: pw-pbkdf2\n"}};
  std::string source_;
};

TEST_P(shipped_mapping, moves_the_host) {
  const captured check = sql2ldap("check");
  EXPECT_EQ(check.status, 1) << check.out << check.err;  // every sample has rows that cannot be mapped

  const captured migrate = sql2ldap("migrate", {"--rejects", folder_ / "rejects"});
  ASSERT_EQ(migrate.status, 1) << migrate.out << migrate.err;
  std::ostringstream text;
  for (const sample_reject& one : read_rejects(folder_ / "rejects")) text << one.table << '\t' << one.key << '\n';
  std::ostringstream expected;
  for (const sample_reject& one : expected_rejects()) expected << one.table << '\t' << one.key << '\n';
  EXPECT_EQ(text.str(), expected.str()) << migrate.err;

  const captured verify = sql2ldap("verify");
  EXPECT_EQ(verify.status, 1);
  EXPECT_NE(verify.out.find("verify: 0 differences"), std::string::npos) << verify.out << verify.err;

  const captured plan = sql2ldap("plan");
  EXPECT_EQ(plan.status, 1);
  EXPECT_EQ(plan.out.find("changetype:"), std::string::npos) << plan.out;

  std::vector<std::string> arguments = {S2L_SOURCE_DIR "/tests/independent_check.pl", GetParam().folder, source_,
                                        slapd_.ldapi(), std::string(slapd_server::suffix)};
  for (const std::string& file : GetParam().rejects)
    arguments.push_back(S2L_SOURCE_DIR "/tests/data/" + GetParam().folder + "/" + file);
  arguments.insert(arguments.begin(), "perl");
  const captured independent = run_and_capture({.arguments = arguments});
  EXPECT_EQ(independent.status, 0) << independent.out << independent.err;
}

TEST_P(shipped_mapping, lets_users_in_with_the_passwords_they_had) {
  ASSERT_EQ(sql2ldap("migrate").status, 1);
  const auto dns = accounts();
  const auto logins = sample_logins(GetParam().folder + "/logins.tsv");
  ASSERT_FALSE(logins.empty());
  for (const sample_login& one : logins) {
    const auto dn = dns.find(one.user);
    ASSERT_NE(dn, dns.end()) << one.user;
    EXPECT_EQ(can_log_in(dn->second, one.password), one.verifiable) << one.user;
    EXPECT_FALSE(can_log_in(dn->second, one.password + "?")) << one.user;
  }
}

INSTANTIATE_TEST_SUITE_P(hosts, shipped_mapping, testing::ValuesIn(hosts()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace sql2ldap::test
