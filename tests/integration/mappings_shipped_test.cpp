// Every shipped mapping, and one that is not, on the schemas they are for: from real tables into a
// real slapd, and the result judged by a program that shares no code with ours.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/ldap/server.hpp>
#include <support/child_process.hpp>
#include <support/postgres.hpp>
#include <support/sample_data.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

using namespace sql2ldap;
using namespace sql2ldap::test;

namespace {

struct mail_schema {
  std::string name;     // of the test
  std::string folder;   // in tests/data
  std::string mapping;  // for --mapping
  sql_engine engine;
  std::vector<std::string> sql;      // files that make and fill the tables
  std::vector<std::string> rejects;  // files that say which rows have no entry
};

void PrintTo(const mail_schema& which, std::ostream* out) { *out << which.name; }

const std::string heimat = std::string(S2L_SOURCE_DIR) + "/tests/data/first-mapping/heimat.map";

mail_schema postfixadmin(const std::string& version, sql_engine engine) {
  const std::string dialect = engine == sql_engine::sqlite ? "sqlite" : "postgresql";
  mail_schema made{.name = "postfixadmin_" + version.substr(0, 1) + "_" + dialect,
                   .folder = "postfixadmin",
                   .mapping = "postfixadmin",
                   .engine = engine,
                   .sql = {"schema-" + version + "." + dialect + ".sql", "rows.sql"},
                   .rejects = {"rejects.tsv"}};
  if (engine == sql_engine::sqlite) {
    made.sql.emplace_back("rows-sqlite.sql");
    made.rejects.emplace_back("rejects-sqlite.tsv");
  }
  return made;
}

const std::vector<mail_schema> schemas = {
    postfixadmin("3.3", sql_engine::postgresql),
    postfixadmin("4.0", sql_engine::postgresql),
    postfixadmin("3.3", sql_engine::sqlite),
    postfixadmin("4.0", sql_engine::sqlite),
    {"vexim", "vexim", "vexim", sql_engine::postgresql, {"schema.postgresql.sql", "rows.sql"}, {"rejects.tsv"}},
    {"virtual_tables_postgresql",
     "virtual-tables",
     "virtual-tables",
     sql_engine::postgresql,
     {"schema.sql", "rows.sql"},
     {"rejects.tsv"}},
    {"virtual_tables_sqlite",
     "virtual-tables",
     "virtual-tables",
     sql_engine::sqlite,
     {"schema.sql", "rows.sql"},
     {"rejects.tsv"}},
    {"courier_postgresql", "courier", "courier", sql_engine::postgresql, {"schema.sql", "rows.sql"}, {"rejects.tsv"}},
    {"courier_sqlite", "courier", "courier", sql_engine::sqlite, {"schema.sql", "rows.sql"}, {"rejects.tsv"}},
    {"first_mapping", "first-mapping", heimat, sql_engine::postgresql, {"schema.sql", "rows.sql"}, {"rejects.tsv"}},
};

class shipped_mapping : public testing::TestWithParam<mail_schema> {
 protected:
  static constexpr int done = 0;
  static constexpr int differences = 1;

  void SetUp() override {
    std::string text;
    for (const std::string& file : GetParam().sql) text += sample_text(GetParam().folder + "/" + file);
    if (GetParam().engine == sql_engine::postgresql) {
      static int databases = 0;
      const std::string database = GetParam().name + std::to_string(++databases);
      source_ = postgres_server::shared().create_database(database);
      postgres_server::shared().execute(database, text);
    } else {
      const std::string file = folder_ / "mail.db";
      const auto made = run_and_capture({.arguments = {"sqlite3", "-bail", file}, .input = text});
      ASSERT_EQ(made.status, 0) << made.err;
      source_ = "sqlite:" + file;
    }
    for (const std::string& file : GetParam().rejects)
      for (const sample_reject& r : sample_rejects(GetParam().folder + "/" + file)) rejects_.insert(r);
    const std::string partly = GetParam().folder + "/partly.tsv";
    if (std::filesystem::exists(std::string(S2L_SOURCE_DIR) + "/tests/data/" + partly))
      for (const sample_reject& r : sample_rejects(partly)) rejects_.insert(r);
  }

  captured sql2ldap(const std::string& word, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {S2L_BINARY_DIR "/tools/sql2ldap",
                                          word,
                                          "--source",
                                          source_,
                                          "--mapping",
                                          GetParam().mapping,
                                          "--directory",
                                          slapd_.ldapi(),
                                          "--base",
                                          std::string(slapd_server::suffix)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_and_capture({.arguments = arguments});
  }

  // The rejects report's rows, as tests/data writes them.
  std::set<sample_reject> rejects_in(const std::string& file) {
    std::set<sample_reject> found;
    std::istringstream in(read_file(file));
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream cells(line);
      std::string kind;
      sample_reject r;
      std::getline(cells, kind, '\t');
      std::getline(cells, r.table, '\t');
      std::getline(cells, r.key, '\t');
      found.insert(std::move(r));
    }
    return found;
  }

  std::string dn_of(model::directory& to, const std::string& login) {
    auto found = to.search({.base = std::string(slapd_server::suffix),
                            .filter = codec::filter::equal(model::attribute_name("uid"), login).text()});
    if (!found) throw std::runtime_error(found.error().text());
    const auto first = (*found)->next();
    if (!first) throw std::runtime_error(first.error().text());
    return *first == nullptr ? "" : std::string((*first)->dn());
  }

  bool can_bind(const std::string& dn, const std::string& password) {
    ldap::options how;
    how.uri = slapd_.ldapi();
    how.bind_dn = dn;
    how.password = secret(password);
    return ldap::connect(how).has_value();
  }

  temp_dir folder_;
  slapd_server slapd_{
      {.writes = slapd_server::kept::dbnosync, .network = false, .base_entries = true, .more_config = {}}};
  std::string source_;
  std::set<sample_reject> rejects_;
};

TEST_P(shipped_mapping, brings_the_directory_in_step) {
  const int with_rejects = rejects_.empty() ? done : differences;
  const captured checked = sql2ldap("check");
  EXPECT_EQ(checked.status, done) << checked.out << checked.err;

  const std::string report = folder_ / "rejects.tsv";
  const captured migrated = sql2ldap("migrate", {"--rejects", report});
  ASSERT_EQ(migrated.status, with_rejects) << migrated.out << migrated.err;
  EXPECT_EQ(rejects_in(report), rejects_) << migrated.out;

  const captured verified = sql2ldap("verify");
  EXPECT_EQ(verified.status, with_rejects) << verified.out << verified.err;
  EXPECT_THAT(verified.out, testing::HasSubstr("verify: 0 differences"));
  const captured planned = sql2ldap("plan");
  EXPECT_EQ(planned.status, with_rejects) << planned.out << planned.err;
  EXPECT_THAT(planned.out, testing::HasSubstr("add 0, modify 0, rename 0, delete 0"));

  std::vector<std::string> judge = {"perl",
                                    S2L_SOURCE_DIR "/tests/independent_check.pl",
                                    GetParam().folder,
                                    source_,
                                    slapd_.ldapi(),
                                    std::string(slapd_server::suffix)};
  for (const std::string& file : GetParam().rejects)
    judge.push_back(std::string(S2L_SOURCE_DIR "/tests/data/") + GetParam().folder + "/" + file);
  const captured judged = run_and_capture({.arguments = judge});
  EXPECT_EQ(judged.status, 0) << judged.out << judged.err;
}

TEST_P(shipped_mapping, lets_users_log_in) {
  const captured migrated = sql2ldap("migrate");
  ASSERT_EQ(migrated.status, rejects_.empty() ? done : differences) << migrated.out << migrated.err;
  ldap::options how;
  how.uri = slapd_.ldapi();
  const auto to = ldap::connect(how);
  ASSERT_TRUE(to) << to.error().text();
  for (const sample_login& login : sample_logins(GetParam().folder + "/logins.tsv")) {
    const std::string dn = dn_of(**to, login.user);
    ASSERT_NE(dn, "") << login.user;
    EXPECT_EQ(can_bind(dn, login.password), login.verifiable) << login.user;
    EXPECT_FALSE(can_bind(dn, "x" + login.password)) << login.user;
  }
}

INSTANTIATE_TEST_SUITE_P(of, shipped_mapping, testing::ValuesIn(schemas),
                         [](const auto& which) { return which.param.name; });

}  // namespace
