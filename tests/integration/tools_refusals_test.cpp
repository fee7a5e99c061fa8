// What slapd refuses, in transactions and on a fresh database: the rest is written, and the database can be read
// afterwards, also by a slapd that was started again (docs/decisions/0007).
#include <algorithm>
#include <csignal>
#include <map>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fmt/format.h>

#include <support/tool.hpp>

namespace {

using namespace sql2ldap::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto patience = std::chrono::minutes(3);  // of the daemon with ten thousand rows

constexpr const char* mapping_text = R"(mapping "people"

entry person from people p {
  key p.id
  under "ou=people"
  rdn uid = p.name
  class inetOrgPerson
  cn, sn = p.name
  mail = p.mail
  title = p.title | nonempty
  description = p.note | nonempty
  userPassword = p.password | nonempty | password(unprefixed: plain, plain: hash)
}
)";

// Overlays that refuse (unique searches as the root DN), and a database that takes no entry of more than 20 000 bytes.
constexpr const char* refusing_config = R"(dn: cn=module{0},cn=config
changetype: modify
add: olcModuleLoad
olcModuleLoad: constraint
olcModuleLoad: unique
olcModuleLoad: ppolicy

dn: olcOverlay=constraint,olcDatabase={1}mdb,cn=config
changetype: add
objectClass: olcOverlayConfig
objectClass: olcConstraintConfig
olcOverlay: constraint
olcConstraintAttribute: title regex ^[^!]*$

dn: olcOverlay=unique,olcDatabase={1}mdb,cn=config
changetype: add
objectClass: olcOverlayConfig
objectClass: olcUniqueConfig
olcOverlay: unique
olcUniqueURI: ldap:///?mail?sub

dn: olcOverlay=ppolicy,olcDatabase={1}mdb,cn=config
changetype: add
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: ppolicy
olcPPolicyDefault: cn=policy,dc=example,dc=org

dn: olcDatabase={1}mdb,cn=config
changetype: modify
replace: olcDbMaxEntrySize
olcDbMaxEntrySize: 20000
-
replace: olcRootDN
olcRootDN: cn=root,dc=example,dc=org

dn: dc=example,dc=org
changetype: add
objectClass: dcObject
objectClass: organization
dc: example
o: example

dn: cn=policy,dc=example,dc=org
changetype: add
objectClass: person
objectClass: pwdPolicy
cn: policy
sn: policy
pwdAttribute: userPassword
pwdCheckQuality: 2

dn: ou=services,dc=example,dc=org
changetype: add
objectClass: organizationalUnit
ou: services

dn: cn=sql2ldap,ou=services,dc=example,dc=org
changetype: add
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: sql2ldap
userPassword: secret
)";

slapd_server::options fresh_slapd(std::string more_config) {
  slapd_server::options out = quick_slapd(std::move(more_config));
  out.base_entries = false;
  return out;
}

struct person {
  std::string name;
  std::string title{};
  std::string note{};
  std::string password{};
  std::string mail{};
};

std::string insert_of(const std::vector<person>& people) {
  std::string sql = "PRAGMA busy_timeout = 60000;\nBEGIN IMMEDIATE;\n";
  for (const person& p : people)
    sql +=
        fmt::format("INSERT INTO people (name, mail, title, note, password) VALUES ('{}', '{}', '{}', '{}', '{}');\n",
                    p.name, p.mail.empty() ? p.name + "@a.example" : p.mail, p.title, p.note, p.password);
  return sql + "COMMIT;\n";
}

constexpr const char* empty_table =
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, title TEXT, note TEXT, password TEXT);\n";
constexpr const char* stored_password = "{SSHA}eHh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0";

// One row of each kind that slapd refuses.
std::map<std::string, person> refused_people() {
  return {{"constraint", {.name = "constrained", .title = "no!"}},
          {"unique", {.name = "double", .mail = "good0@a.example"}},
          {"ppolicy", {.name = "hashed", .password = stored_password}},
          {"long_name", {.name = std::string(300, 'l')}},
          {"too_big", {.name = "big", .note = std::string(30'000, 'b')}}};
}

// The entries with what a user or an administrator gave them, by DN.
std::map<std::string, std::string> content_of(const std::string& ldif) {
  std::map<std::string, std::string> out;
  std::istringstream in(ldif);
  std::string dn;
  std::vector<std::string> lines;
  const auto end = [&] {
    std::sort(lines.begin(), lines.end());
    if (!dn.empty()) out[dn] = fmt::format("{}", fmt::join(lines, "\n"));
    dn.clear();
    lines.clear();
  };
  for (std::string line; std::getline(in, line);) {
    const std::string name = line.substr(0, line.find(':'));
    static const std::set<std::string> of_the_server = {"structuralObjectClass", "entryUUID", "creatorsName",
                                                        "createTimestamp",       "entryCSN",  "modifiersName",
                                                        "modifyTimestamp",       "contextCSN"};
    if (name == "dn")
      dn = line;
    else if (line.empty())
      end();
    else if (!of_the_server.contains(name))
      lines.push_back(line);
  }
  end();
  return out;
}

// A table in SQLite, a directory that has never held anything, and the mapping.
class people_host {
 public:
  // Overlays let a manager through: `by_manager` is for tests without any.
  explicit people_host(const std::string& more_config, bool by_manager) : slapd(fresh_slapd(more_config)) {
    write_file(mapping_file(), mapping_text);
    write_file(folder_ / "password", slapd_server::password);
    std::filesystem::permissions(folder_ / "password", std::filesystem::perms::owner_read);
    if (!by_manager)
      identity_ = {"--bind-dn", std::string(slapd_server::sync_dn), "--password-file", folder_ / "password"};
  }
  [[nodiscard]] std::string mapping_file() const { return folder_ / "people.map"; }
  [[nodiscard]] tool sql2ldap() const { return {tables.url(), mapping_file(), slapd.ldapi(), identity_}; }
  void start_daemon() {
    command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-syncd", "--source", tables.url(), "--mapping",
                               mapping_file(), "--directory", slapd.ldapi(), "--base",
                               std::string(slapd_server::suffix), "--capture", "journal", "--state",
                               folder_ / "state"}};
    what.arguments.insert(what.arguments.end(), identity_.begin(), identity_.end());
    daemon_ = std::make_unique<child_process>(what, folder_ / "log", folder_ / "log");
  }
  [[nodiscard]] std::string log() const { return read_file(folder_ / "log"); }
  [[nodiscard]] bool status_has(const std::string& text) const {
    return eventually(patience, [&] {
      const captured asked = run_and_capture(
          {.arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "status", "--json", "--state", folder_ / "state"}});
      return asked.out.find(text) != std::string::npos;
    });
  }
  int stop_daemon() { return daemon_->stop(SIGTERM, patience); }
  // By a slapd that was stopped and started again, and by slapcat.
  [[nodiscard]] std::map<std::string, std::string> content_after_restart() {
    slapd.stop();
    const auto content = content_of(slapd.slapcat());
    slapd.start();
    EXPECT_EQ(names_in(slapd, "(objectClass=*)").size(), content.size());
    return content;
  }

  sqlite_database tables{empty_table};
  slapd_server slapd;

 private:
  temp_dir folder_;
  std::vector<std::string> identity_;
  std::unique_ptr<child_process> daemon_;
};

std::vector<person> good_people(std::size_t count, std::size_t from = 0) {
  std::vector<person> out;
  for (std::size_t i = from; i < from + count; ++i) {
    out.push_back({.name = fmt::format("good{}", i)});
    // Attributes that only some rows have: a transaction may be the first to use them.
    if (i % 7 == 3) out.back().title = "captain";
    if (i % 11 == 5) out.back().note = "a note";
  }
  return out;
}

void expect_people(const std::map<std::string, std::string>& content, std::size_t good) {
  for (std::size_t i = 0; i < good; ++i) {
    const std::string name = fmt::format("good{}", i);
    const auto found = content.find(fmt::format("dn: uid={},ou=people,dc=example,dc=org", name));
    ASSERT_NE(found, content.end()) << name;
    ASSERT_THAT(found->second,
                AllOf(HasSubstr("cn: " + name), HasSubstr("uid: " + name), HasSubstr("mail: " + name + "@a.example")));
    ASSERT_EQ(found->second.find("title: captain") != std::string::npos, i % 7 == 3) << found->second;
    ASSERT_EQ(found->second.find("description: a note") != std::string::npos, i % 11 == 5) << found->second;
  }
  const auto people =
      std::count_if(content.begin(), content.end(), [](const auto& one) { return one.first.starts_with("dn: uid="); });
  EXPECT_EQ(static_cast<std::size_t>(people), good);
  EXPECT_THAT(content.at("dn: ou=people,dc=example,dc=org"), HasSubstr("ou: people"));
  for (const auto& [dn, text] : content) EXPECT_THAT(dn, Not(HasSubstr("sql2ldap-trial")));
}

class refused_by : public testing::TestWithParam<std::string> {
 protected:
  people_host host_{refusing_config, false};
  const person bad_ = refused_people().at(GetParam());
};

TEST_P(refused_by, migrate_writes_the_others_and_the_database_stays_whole) {
  std::vector<person> people = good_people(40);
  people.insert(people.begin() + 20, bad_);
  host_.tables.execute(insert_of(people));
  const captured run = host_.sql2ldap()("migrate");
  EXPECT_EQ(run.status, differences) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("1 rejected")) << run.err;
  expect_people(host_.content_after_restart(), 40);
  // Again, by a slapd that knows of the database only what is on the disk.
  host_.tables.execute(insert_of(good_people(20, 40)));
  EXPECT_EQ(host_.sql2ldap()("migrate").status, differences);
  expect_people(host_.content_after_restart(), 60);
}

TEST_P(refused_by, the_daemon_writes_the_others_and_the_database_stays_whole) {
  host_.start_daemon();
  ASSERT_TRUE(host_.status_has("\"state\": \"following\"") || host_.status_has("\"state\":\"following\""))
      << host_.log();
  std::vector<person> people = good_people(40);
  people.insert(people.begin() + 20, bad_);
  host_.tables.execute(insert_of(people));
  ASSERT_TRUE(eventually(patience, [&] { return names_in(host_.slapd, "(uid=good39)").size() == 1; })) << host_.log();
  EXPECT_EQ(host_.stop_daemon(), done) << host_.log();
  EXPECT_THAT(host_.log(), HasSubstr("SYNC_REJECT"));
  expect_people(host_.content_after_restart(), 40);
}

INSTANTIATE_TEST_SUITE_P(kinds, refused_by, testing::Values("constraint", "unique", "ppolicy", "long_name", "too_big"),
                         [](const auto& kind) { return kind.param; });

// Ten thousand rows, of which one in a hundred is refused, for five reasons in turn.
std::string many_people(std::size_t from = 0, std::size_t count = 10'000) {
  std::vector<person> all = good_people(count, from);
  const auto bad = refused_people();
  auto kind = bad.begin();
  for (std::size_t i = 50; i < all.size(); i += 100) {
    all[i] = kind->second;
    all[i].name = fmt::format("bad{}{}", from + i, all[i].name);
    if (++kind == bad.end()) kind = bad.begin();
  }
  return insert_of(all);
}

TEST(many_refusals, leave_what_single_writes_leave) {
  people_host singly(refusing_config, false);
  singly.tables.execute(many_people());
  const captured one_by_one = singly.sql2ldap()("migrate --single-writes");
  ASSERT_EQ(one_by_one.status, differences) << one_by_one.err;
  const auto expected = singly.content_after_restart();
  EXPECT_EQ(expected.size(), 9'900U + 5U);

  people_host together(refusing_config, false);
  together.tables.execute(many_people());
  const captured run = together.sql2ldap()("migrate");
  EXPECT_EQ(run.status, differences) << run.err;
  EXPECT_THAT(run.out, HasSubstr("100 rejected"));
  EXPECT_EQ(together.content_after_restart(), expected);

  people_host followed(refusing_config, false);
  followed.start_daemon();
  ASSERT_TRUE(followed.status_has("\"following\"")) << followed.log();
  for (std::size_t from = 0; from < 10'000; from += 2'500) followed.tables.execute(many_people(from, 2'500));
  ASSERT_TRUE(eventually(patience, [&] { return names_in(followed.slapd, "(uid=good9999)").size() == 1; }))
      << followed.log();
  EXPECT_EQ(followed.stop_daemon(), done) << followed.log();
  EXPECT_EQ(followed.content_after_restart(), expected);
}

class refusals : public testing::Test {
 protected:
  // Inherited by slapd: a file that may not grow is an error of the call and no signal.
  const bool ignores_file_size_signal_ = std::signal(SIGXFSZ, SIG_IGN) != SIG_ERR;
  people_host host_{
      "dn: dc=example,dc=org\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\n"
      "dc: example\no: example\n",
      true};
};

TEST_F(refusals, a_name_that_slapd_cannot_store_is_foreseen_and_names_its_length) {
  std::vector<person> people = good_people(3);
  people.push_back({.name = std::string(242, 'l')});  // with "uid=" one more than fits
  people.push_back({.name = std::string(241, 'f')});
  host_.tables.execute(insert_of(people));
  const captured checked = host_.sql2ldap()("check");
  EXPECT_EQ(checked.status, done) << checked.out;
  EXPECT_THAT(checked.out, AllOf(HasSubstr("one entry cannot be stored by slapd"), HasSubstr("245 at most")));
  for (const char* words : {"migrate", "migrate --single-writes"}) {
    const captured run = host_.sql2ldap()(words);
    EXPECT_EQ(run.status, differences) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("246 bytes, and slapd stores 245 at most"));
  }
  EXPECT_EQ(names_in(host_.slapd, "(uid=*)").size(), 4U);
}

TEST_F(refusals, a_directory_that_is_read_only_is_an_error_of_the_directory) {
  host_.tables.execute(insert_of(good_people(3)));
  host_.slapd.modify("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcReadOnly\nolcReadOnly: TRUE\n");
  for (const char* words : {"migrate", "migrate --single-writes"}) {
    const captured run = host_.sql2ldap()(words);
    EXPECT_EQ(run.status, directory_failed) << run.out << run.err;
    EXPECT_THAT(run.err, HasSubstr("hint: the directory is read-only now (olcReadOnly"));
  }
  EXPECT_THAT(host_.sql2ldap()("check").out, HasSubstr("error: directory: the directory is read-only"));
  host_.slapd.modify(
      "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcReadOnly\nolcReadOnly: FALSE\n");
  EXPECT_EQ(host_.sql2ldap()("migrate").status, done);
}

TEST_F(refusals, a_database_that_is_full_is_an_error_of_the_directory_that_names_its_size) {
  host_.slapd.modify(
      "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcDbMaxSize\nolcDbMaxSize: 300000\n");
  host_.tables.execute(insert_of(good_people(2'000)));
  for (const char* words : {"migrate", "migrate --single-writes"}) {
    const captured run = host_.sql2ldap()(words);
    EXPECT_EQ(run.status, directory_failed) << run.out << run.err;
    EXPECT_THAT(run.err, AllOf(HasSubstr("full"), HasSubstr("raise olcDbMaxSize, it is 300000")));
  }
  host_.slapd.stop();
  host_.slapd.start();
  host_.slapd.modify(
      "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcDbMaxSize\nolcDbMaxSize: 100000000\n");
  EXPECT_EQ(host_.sql2ldap()("migrate").status, done);
  expect_people(host_.content_after_restart(), 2'000);
}

// A commit that fails, by a limit on the size of slapd's files: numbers of attributes that were given out are lost.
TEST_F(refusals, a_disk_that_is_full_stops_everything_until_slapd_was_started_again) {
  host_.tables.execute(insert_of(good_people(600)));
  const rlimit none{.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
  const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(prlimit(host_.slapd.pid(), RLIMIT_FSIZE, &none, nullptr), 0);
  const captured run = host_.sql2ldap()("migrate");
  EXPECT_EQ(run.status, directory_failed) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("restart slapd before anything else is written"));
  ASSERT_EQ(prlimit(host_.slapd.pid(), RLIMIT_FSIZE, &all, nullptr), 0);
  host_.slapd.stop();
  host_.slapd.start();
  EXPECT_EQ(host_.sql2ldap()("migrate").status, done);
  expect_people(host_.content_after_restart(), 600);
}

TEST_F(refusals, of_the_trial_entry_leave_single_writes_and_a_warning) {
  host_.slapd.modify(
      "dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\nolcModuleLoad: constraint\n\n"
      "dn: olcOverlay=constraint,olcDatabase={1}mdb,cn=config\nchangetype: add\nobjectClass: olcOverlayConfig\n"
      "objectClass: olcConstraintConfig\nolcOverlay: constraint\nolcConstraintAttribute: mail regex @a.example$\n");
  host_.tables.execute(insert_of(good_people(20)));
  const captured run = host_.sql2ldap()("migrate");
  EXPECT_EQ(run.status, done) << run.out << run.err;
  EXPECT_THAT(run.err, AllOf(HasSubstr("warning: transactions are left out"), HasSubstr("cn=sql2ldap-trial")));
  expect_people(host_.content_after_restart(), 20);
  const captured tested = host_.sql2ldap()("check --write-test");
  EXPECT_EQ(tested.status, differences);
  EXPECT_THAT(tested.out, AllOf(HasSubstr("does not take a test entry"), HasSubstr("(19)")));
}

// Writes below the container of the entries are enough.
TEST_F(refusals, need_no_right_on_the_base) {
  host_.tables.execute(insert_of(good_people(20)));
  ASSERT_EQ(host_.sql2ldap()("migrate").status, done);
  host_.slapd.modify(
      "dn: cn=writer,dc=example,dc=org\nchangetype: add\nobjectClass: organizationalRole\nobjectClass: "
      "simpleSecurityObject\ncn: writer\nuserPassword: secret\n\n"
      "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\nolcAccess: {0}to "
      "dn.subtree=\"ou=people,dc=example,dc=org\" by dn.base=\"cn=writer,dc=example,dc=org\" write by * "
      "break\nolcAccess: {1}to attrs=userPassword by anonymous auth by * break\nolcAccess: {2}to * by "
      "dn.base=\"cn=writer,dc=example,dc=org\" read by * break\n");
  temp_dir folder;
  write_file(folder / "password", "secret");
  std::filesystem::permissions(folder / "password", std::filesystem::perms::owner_read);
  const tool limited(host_.tables.url(), host_.mapping_file(), host_.slapd.ldapi(),
                     {"--bind-dn", "cn=writer,dc=example,dc=org", "--password-file", folder / "password"});
  host_.tables.execute(insert_of(good_people(20, 20)));
  const captured tested = limited("check --write-test");
  EXPECT_EQ(tested.status, done) << tested.out;
  EXPECT_THAT(tested.out, HasSubstr("an entry below ou=people,dc=example,dc=org was written and removed"));
  const captured run = limited("migrate");
  EXPECT_EQ(run.status, done) << run.out << run.err;
  EXPECT_THAT(run.err, Not(HasSubstr("transactions are left out")));
  EXPECT_EQ(names_in(host_.slapd, "(uid=good*)").size(), 40U);

  host_.slapd.modify(
      "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\nolcAccess: {0}to * by "
      "dn.base=\"cn=writer,dc=example,dc=org\" read by * break\n");
  const captured refused = limited("check --write-test");
  EXPECT_EQ(refused.status, differences);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("does not take a test entry"), HasSubstr("(50)"), HasSubstr("olcAccess")));
}

TEST_F(refusals, check_writes_nothing_unless_it_is_asked_to) {
  host_.tables.execute(insert_of(good_people(20)));
  const std::string before = host_.slapd.slapcat();
  const captured checked = host_.sql2ldap()("check");
  EXPECT_EQ(checked.status, done) << checked.out;
  EXPECT_THAT(checked.out, AllOf(HasSubstr("write access: not tested"), HasSubstr("--write-test")));
  EXPECT_EQ(host_.slapd.slapcat(), before);
  const captured tested = host_.sql2ldap()("check --write-test");
  EXPECT_EQ(tested.status, done) << tested.out;
  EXPECT_THAT(tested.out, AllOf(HasSubstr("was written and removed"), Not(HasSubstr("not tested"))));
  EXPECT_EQ(content_of(host_.slapd.slapcat()), content_of(before));
  EXPECT_EQ(host_.sql2ldap()("migrate").status, done);
  expect_people(host_.content_after_restart(), 20);
}

TEST_F(refusals, a_trial_entry_that_was_left_behind_is_removed_and_one_of_somebody_else_is_not) {
  const std::string description = "sql2ldap wrote this to bring attributes into use; it may be removed at any time";
  const std::string trial =
      "dn: cn=sql2ldap-trial,ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: organizationalRole\n";
  host_.slapd.modify("dn: ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: organizationalUnit\nou: people\n");
  host_.slapd.modify(trial + "cn: sql2ldap-trial\ndescription: " + description + "\n");
  host_.tables.execute(insert_of(good_people(20)));
  EXPECT_EQ(host_.sql2ldap()("migrate").status, done);
  expect_people(host_.content_after_restart(), 20);

  host_.slapd.modify(trial + "cn: sql2ldap-trial\ndescription: mine\n");
  host_.tables.execute(insert_of(good_people(20, 20)));
  const captured run = host_.sql2ldap()("migrate");
  EXPECT_EQ(run.status, done) << run.err;
  EXPECT_THAT(run.err, HasSubstr("is held by an entry that is not ours"));
  EXPECT_EQ(names_in(host_.slapd, "(description=mine)").size(), 1U);
  EXPECT_EQ(names_in(host_.slapd, "(uid=good*)").size(), 40U);
}

}  // namespace
