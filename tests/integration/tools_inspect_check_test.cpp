// `inspect` names the mapping that fits; `check` tells what would go wrong before it does.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <support/postgres.hpp>
#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
using testing::HasSubstr;
using testing::Not;

captured inspect(const std::string& source, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "inspect", "--source", source};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_and_capture({.arguments = arguments});
}

void expect_mapping(const captured& run, const std::string& mapping) {
  EXPECT_EQ(run.status, done) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("sql2ldap migrate --source "));
  EXPECT_THAT(run.out, HasSubstr("--mapping " + mapping + "\n"));
}

std::string next_database(const std::string& sql) {
  static int databases = 0;
  const std::string name = "inspected" + std::to_string(++databases);
  const std::string url = postgres_server::shared().create_database(name);
  postgres_server::shared().execute(name, sql);
  return url;
}

TEST(inspect, names_the_shipped_mapping_of_each_sqlite_schema) {
  const std::pair<std::string, std::string> schemas[] = {{"postfixadmin/schema-3.3.sqlite.sql", "postfixadmin"},
                                                         {"postfixadmin/schema-4.0.sqlite.sql", "postfixadmin"},
                                                         {"virtual-tables/schema.sql", "virtual-tables"},
                                                         {"courier/schema.sql", "courier"}};
  for (const auto& [schema, mapping] : schemas) {
    const sqlite_database tables(sample_text(schema));
    SCOPED_TRACE(schema);
    expect_mapping(inspect(tables.url()), mapping);
  }
}

TEST(inspect, names_the_shipped_mapping_of_each_postgresql_schema) {
  const std::pair<std::string, std::string> schemas[] = {{"postfixadmin/schema-3.3.postgresql.sql", "postfixadmin"},
                                                         {"postfixadmin/schema-4.0.postgresql.sql", "postfixadmin"},
                                                         {"vexim/schema.postgresql.sql", "vexim"},
                                                         {"virtual-tables/schema.sql", "virtual-tables"},
                                                         {"courier/schema.sql", "courier"}};
  for (const auto& [schema, mapping] : schemas) {
    SCOPED_TRACE(schema);
    expect_mapping(inspect(next_database(sample_text(schema))), mapping);
  }
}

TEST(inspect, counts_what_it_would_make) {
  const sqlite_database tables(postfixadmin_text(small_host, sql_engine::sqlite));
  const captured run = inspect(tables.url());
  EXPECT_THAT(run.out, testing::ContainsRegex("account +60 entries"));
  EXPECT_THAT(run.out, HasSubstr("CRYPT/$6$"));
}

TEST(inspect, lists_the_tables_when_nothing_fits) {
  const sqlite_database tables("CREATE TABLE people (login TEXT, secret_hash TEXT); CREATE TABLE mailbox (id INT);");
  const captured run = inspect(tables.url());
  EXPECT_EQ(run.status, differences) << run.err;
  EXPECT_THAT(run.out, HasSubstr("no shipped mapping fits"));
  EXPECT_THAT(run.out, testing::ContainsRegex("people +login secret_hash"));
  EXPECT_THAT(run.out, HasSubstr("docs/mapping-language.md"));
  EXPECT_THAT(run.out, HasSubstr("sql2ldap mapping fmt "));

  const sqlite_database none("CREATE TABLE x (y INT); DROP TABLE x;");
  const captured empty = inspect(none.url());
  EXPECT_EQ(empty.status, differences) << empty.out << empty.err;
  EXPECT_THAT(empty.out, HasSubstr("0 tables"));
}

// ---- check ------------------------------------------------------------------------------------

class check : public testing::Test {
 protected:
  // Errors make the exit code 1; warnings do not.
  void expect_finding(int status, const std::string& line, const std::string& hint) const {
    const captured run = sides_.sql2ldap("check");
    EXPECT_EQ(run.status, status) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr(line));
    EXPECT_THAT(run.out, HasSubstr(hint));
  }
  void configure(const std::string& attribute, const std::string& values) const {
    sides_.slapd.modify("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: " + attribute + "\n" + values);
  }
  [[nodiscard]] tool as(std::string_view dn) {
    write_file(password_file_, slapd_server::password);
    std::filesystem::permissions(password_file_, std::filesystem::perms::owner_read);
    return {sides_.tables.url(),
            "postfixadmin",
            sides_.slapd.ldapi(),
            {"--bind-dn", std::string(dn), "--password-file", password_file_}};
  }

  mail_host_sides sides_;
  temp_dir folder_;
  std::string password_file_ = folder_ / "password";
};

TEST_F(check, finds_nothing_wrong_and_writes_nothing) {
  for (const char* moment : {"before", "after"}) {
    const std::string before = sides_.slapd.slapcat();
    for (const captured& run : {sides_.sql2ldap("check"), as(slapd_server::sync_dn)("check")}) {
      EXPECT_EQ(run.status, done) << moment << run.out << run.err;
      EXPECT_THAT(run.out, HasSubstr("0 errors")) << moment;
      EXPECT_THAT(run.out, Not(HasSubstr("index"))) << moment;
    }
    EXPECT_EQ(sides_.slapd.slapcat(), before);
    ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  }
}

TEST_F(check, finds_tables_and_columns_that_are_missing) {
  sides_.tables.execute("ALTER TABLE mailbox RENAME COLUMN quota TO quota_bytes; DROP TABLE vacation;");
  expect_finding(differences, "error: source: ", "quota");
  expect_finding(differences, "vacation", "2 errors");
}

TEST_F(check, finds_a_directory_without_our_schema) {
  // As Debian's package comes: core, cosine, nis, inetorgperson.
  const temp_dir folder;
  std::string config = filled_in("mailhost-config.ldif", folder.path());
  const auto without = [&](const std::string& text) {
    for (std::size_t at = config.find(text); at != std::string::npos; at = config.find(text))
      config.erase(at, text.size());
  };
  without("include: file:///etc/ldap/schema/misc.ldif\n\n");
  without("include: file://" S2L_SOURCE_DIR "/schema/sql2ldap.ldif\n\n");
  without("olcDbIndex: mailLocalAddress,rfc822MailMember eq\n");
  without("olcDbIndex: s2lForwardTo,s2lTargetDomain,s2lOrigin eq\n");
  without("olcDbIndex: s2lGoneSince pres\n");
  without(
      "olcAccess: {6}to attrs=s2lPipeCommand,s2lOrigin,s2lSyncToken\n"
      "  by dn.exact=\"cn=exim,ou=services,dc=example,dc=org\" read\n  by * none\n");
  without(",s2lMailStore,s2lTransport,s2lQuotaBytes,s2lQuotaMessages");
  for (const char* name : {"config", "db"}) std::filesystem::create_directory(folder / name);
  write_file(folder / "config.ldif", config);
  const captured made = run_and_capture(
      {.arguments = {server_program("slapadd"), "-n0", "-F", folder / "config", "-l", folder / "config.ldif"}});
  ASSERT_EQ(made.status, 0) << made.err;
  std::string socket = "ldapi://";
  for (const char c : (folder / "ldapi").string()) socket += c == '/' ? "%2F" : std::string(1, c);
  child_process slapd({.arguments = {server_program("slapd"), "-F", folder / "config", "-h", socket, "-d", "0"}},
                      folder / "slapd.out", folder / "slapd.err");
  const tool sql2ldap(sides_.tables.url(), "postfixadmin", socket);
  captured run;
  ASSERT_TRUE(eventually(std::chrono::seconds(30), [&] {
    run = sql2ldap("check");
    return run.status != try_later;
  }));
  EXPECT_EQ(run.status, differences) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("error: schema: the directory does not know s2lOrigin"));
  EXPECT_THAT(run.out, HasSubstr("load the schema that comes with sql2ldap"));
  EXPECT_THAT(run.out, HasSubstr("mailLocalAddress"));
}

TEST_F(check, finds_an_identity_that_may_not_write) {
  const std::string before = sides_.slapd.slapcat();
  const captured run = as(slapd_server::dovecot_dn)("check --write-test");
  EXPECT_EQ(run.status, differences) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("error: directory: the server does not take a test entry: adding cn=sql2ldap-trial"));
  EXPECT_THAT(run.out, HasSubstr("olcAccess"));
  EXPECT_EQ(sides_.slapd.slapcat(), before);

  // Everything but passwords.
  ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  configure("olcAccess", "olcAccess: {0}to attrs=userPassword by dn.exact=\"" + slapd_server::external_dn() +
                             "\" manage by anonymous auth by * none\nolcAccess: {1}to * by dn.exact=\"" +
                             std::string(slapd_server::sync_dn) + "\" write by * none\n");
  const captured passwords = as(slapd_server::sync_dn)("check --write-test");
  EXPECT_EQ(passwords.status, differences) << passwords.out << passwords.err;
  EXPECT_THAT(passwords.out, HasSubstr("the server does not take a test entry"));
  EXPECT_THAT(passwords.out, HasSubstr("userPassword included"));
}

TEST_F(check, finds_a_size_limit) {
  ASSERT_EQ(sides_.sql2ldap("migrate").status, done);
  configure("olcLimits", "olcLimits: {0}dn.exact=\"" + slapd_server::external_dn() + "\" size=20\n");
  expect_finding(differences, "error: directory: the server stops a search after 20 entries", "size=unlimited");
}

TEST_F(check, finds_missing_indexes) {
  configure("olcDbIndex",
            "olcDbIndex: objectClass eq\nolcDbIndex: entryUUID,entryCSN eq\nolcDbIndex: userid pres,eq\n"
            "olcDbIndex: mail sub\n");
  expect_finding(done, "warning: directory: no equality index for associatedDomain, mail, mailLocalAddress, ",
                 "olcDbIndex: associatedDomain,mail,mailLocalAddress,rfc822MailMember,s2lForwardTo,s2lOrigin eq");
}

TEST_F(check, finds_addresses_that_fold_to_one) {
  sides_.tables.execute(
      "INSERT INTO mailbox (username, password, name, maildir, quota, domain, local_part, active) VALUES "
      "('USER1@domain1.example', '*', 'x', 'x/', 0, 'domain1.example', 'USER1', 1)");
  expect_finding(done, "fold to one", "user1@domain1.example");
}

TEST_F(check, finds_names_that_mail_servers_would_be_put_off_with) {
  // One address in two domains' rows, in other letters, and an alias of itself.
  sides_.tables.execute(
      "INSERT INTO alias (address, goto, domain, active) VALUES "
      "('dup@domain1.example', 'copy@partner.example', 'domain1.example', 1),"
      "('Dup@domain1.example', 'copy@partner.example', 'domain2.example', 1),"
      "('circle@domain1.example', 'circle@domain1.example', 'domain1.example', 1);");
  const captured run = sides_.sql2ldap("check");
  EXPECT_EQ(run.status, differences) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("error: dup@domain1.example: mail servers would be told to try later (route): two "
                                 "entries for \"dup@domain1.example\": cn=dup@domain1.example"));
  EXPECT_THAT(run.out, HasSubstr("warning: circle@domain1.example: the alias leads to itself"));
  EXPECT_THAT(run.out, HasSubstr("1 error, "));
  EXPECT_EQ(sides_.sql2ldap("check --no-directory").status, differences);

  const captured list = sides_.sql2ldap("check --list deferred");
  EXPECT_EQ(list.status, differences);
  EXPECT_THAT(list.out, testing::StartsWith("dup@domain1.example\troute\ttwo entries for"));
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 1);
  EXPECT_THAT(sides_.sql2ldap("check --list circular").out, testing::StartsWith("circle@domain1.example\t"));
  EXPECT_EQ(sides_.sql2ldap("check --list all").status, wrong_usage);

  const auto document = nlohmann::json::parse(sides_.sql2ldap("check --json").out);
  ASSERT_EQ(document["deferred"].size(), 1U);
  EXPECT_EQ(document["deferred"][0]["name"], "dup@domain1.example");
  EXPECT_EQ(document["deferred"][0]["entries"].size(), 2U);
  EXPECT_EQ(document["circular"][0]["address"], "circle@domain1.example");
  EXPECT_EQ(document["locked"].size(), 0U);
}

TEST_F(check, names_the_first_ten_and_counts_the_rest) {
  std::string rows;
  for (int i = 0; i < 25; ++i)  // each twice, in the rows of two domains
    for (const std::string spelling : {"dup", "Dup"})
      rows += (rows.empty() ? "('" : ",('") + spelling + std::to_string(i) +
              "@domain1.example', 'x@partner.example', '" + (spelling == "dup" ? "domain1" : "domain2") +
              ".example', 1)";
  sides_.tables.execute("INSERT INTO alias (address, goto, domain, active) VALUES " + rows + ";");
  const captured run = sides_.sql2ldap("check");
  EXPECT_THAT(run.out, HasSubstr("error: answers: 15 more names end in \"try later\""));
  EXPECT_THAT(run.out, HasSubstr("11 errors, "));
  const std::string all = sides_.sql2ldap("check --list deferred").out;
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 25);
}

TEST_F(check, finds_passwords_that_will_not_do) {
  sides_.tables.execute(
      "UPDATE mailbox SET password = '{CRAM-MD5}9186d855e11eba527a7a52ca82b313e180d62234f0acc9051b527243d41e2740' "
      "WHERE username = 'user1@domain1.example';"
      "UPDATE mailbox SET password = '5f4dcc3b5aa765d61d8327deb882cf99' WHERE username = 'user2@domain2.example';"
      "UPDATE mailbox SET password = 'sowhat' WHERE username = 'user3@domain0.example';"
      "UPDATE mailbox SET password = '{PLAIN}offen' WHERE username = 'user4@domain1.example';");
  expect_finding(
      done, "accounts that get a lock instead of a password: 1: user1@domain1.example (mailbox.password: CRAM-MD5)\n",
      "cannot log in");
  EXPECT_EQ(sides_.sql2ldap("check --list locked").out,
            "user1@domain1.example\tmailbox.password: CRAM-MD5\t" + account_dn("user1", "domain1.example") + "\n");
  expect_finding(done, "dovecot 2.4 refuses them", "auth_allow_weak_schemes");
  expect_finding(done, "warning: mailbox.password: the row user3@domain0.example is rejected", "");
  expect_finding(done, "clear-text passwords will be hashed: 1", "");
  EXPECT_THAT(sides_.sql2ldap("check").out, Not(HasSubstr("sowhat")));

  EXPECT_THAT(sides_.sql2ldap("check").out, Not(HasSubstr("pw-sha2")));
  // Who may not see cn=config is told to look.
  EXPECT_THAT(as(slapd_server::sync_dn)("check").out, HasSubstr("slapd needs its module pw-sha2"));
}

}  // namespace
