// The files of schema/ on a slapd of their own making, and on one as Debian's package installs it.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <support/child_process.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int constraint_violation = 19;
constexpr int invalid_credentials = 49;
constexpr int insufficient_access = 50;
constexpr int already_exists = 68;

struct client {
  std::string uri;

  [[nodiscard]] captured run(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin() + 1, {"-H", uri});
    return run_and_capture({.arguments = std::move(arguments), .environment = {{"LDAPNOINIT", "1"}}, .input = input});
  }
  [[nodiscard]] captured as(std::string_view dn, std::vector<std::string> arguments,
                            const std::string& ldif = {}) const {
    arguments.insert(arguments.begin() + 1, {"-x", "-D", std::string(dn), "-w", "secret"});
    return run(std::move(arguments), ldif);
  }
  [[nodiscard]] captured as_manager(std::vector<std::string> arguments, const std::string& ldif = {}) const {
    arguments.insert(arguments.begin() + 1, {"-Q", "-Y", "EXTERNAL"});
    return run(std::move(arguments), ldif);
  }
};

std::string alias_entry(const std::string& name, const std::string& address) {
  return "dn: cn=" + name + ",ou=domains,dc=example,dc=org\nobjectClass: nisMailAlias\n" +
         "objectClass: inetLocalMailRecipient\ncn: " + name + "\nmailLocalAddress: " + address + "\n\n";
}

void load_overlays(const client& to) {
  const captured loaded = to.as_manager({"ldapmodify"}, filled_in("mailhost-overlays.ldif", "/nowhere"));
  ASSERT_EQ(loaded.status, 0) << loaded.err;
  const captured made = to.as(slapd_server::sync_dn, {"ldapadd"},
                              "dn: ou=domains,dc=example,dc=org\nobjectClass: organizationalUnit\nou: domains\n\n");
  ASSERT_EQ(made.status, 0) << made.err;
}

void expect_one_owner_for_each_address(const client& to) {
  const auto add = [&](const std::string& ldif) { return to.as(slapd_server::sync_dn, {"ldapadd"}, ldif); };
  EXPECT_EQ(add(alias_entry("one", "same@g.example")).status, 0);
  const captured second = add(alias_entry("two", "same@g.example"));
  EXPECT_EQ(second.status, constraint_violation) << second.err;
  EXPECT_THAT(second.err, HasSubstr("non-unique"));
  EXPECT_EQ(add(alias_entry("upper", "Same@g.example")).status, constraint_violation);
  EXPECT_EQ(add(alias_entry("other", "other@g.example")).status, 0);
}

TEST(shipped_overlays, refuse_the_second_entry_of_an_address) {
  const slapd_server slapd(quick_slapd());
  const client to{slapd.ldapi()};
  load_overlays(to);
  expect_one_owner_for_each_address(to);
  EXPECT_THAT(slapd.last_words(), Not(HasSubstr("needs a rootdn")));
}

TEST(shipped_overlays, refuse_what_is_no_address) {
  const slapd_server slapd(quick_slapd());
  const client to{slapd.ldapi()};
  load_overlays(to);
  EXPECT_EQ(to.as(slapd_server::sync_dn, {"ldapadd"}, alias_entry("bad", "no address")).status, constraint_violation);
}

TEST(shipped_overlays, keep_members_in_step_with_renames) {
  const slapd_server slapd(quick_slapd());
  const client to{slapd.ldapi()};
  load_overlays(to);
  ASSERT_EQ(to.as(slapd_server::sync_dn, {"ldapadd"},
                  "dn: uid=m,ou=domains,dc=example,dc=org\nobjectClass: account\nuid: m\n\n"
                  "dn: cn=g,ou=domains,dc=example,dc=org\nobjectClass: groupOfNames\ncn: g\n"
                  "member: uid=m,ou=domains,dc=example,dc=org\nowner: uid=m,ou=domains,dc=example,dc=org\n\n")
                .status,
            0);
  ASSERT_EQ(to.as(slapd_server::sync_dn, {"ldapmodrdn", "-r", "uid=m,ou=domains,dc=example,dc=org", "uid=n"}).status,
            0);
  // The overlay changes groups after it has answered.
  EXPECT_TRUE(eventually(std::chrono::seconds(30), [&] {
    const std::string found = slapd.slapcat();
    return found.find("member: uid=n,") != std::string::npos && found.find("owner: uid=n,") != std::string::npos;
  })) << slapd.slapcat();
}

TEST(shipped_configuration, its_root_identity_is_nobody) {
  const slapd_server slapd(quick_slapd());
  const client to{slapd.ldapi()};
  const captured config = to.as_manager({"ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", "cn=config",
                                         "(olcSuffix=dc=example,dc=org)", "olcRootDN", "olcRootPW"});
  EXPECT_THAT(config.out, HasSubstr("olcRootDN: cn=slapd overlays\n"));
  EXPECT_THAT(config.out, Not(HasSubstr("olcRootPW")));
  for (const char* password : {"secret", "x"}) {
    const captured bound = to.run({"ldapwhoami", "-x", "-D", "cn=slapd overlays", "-w", password});
    EXPECT_EQ(bound.status, invalid_credentials) << bound.out << bound.err;
  }
  // Nor can it be made, or be stood in for.
  EXPECT_NE(to.as(slapd_server::sync_dn, {"ldapadd"},
                  "dn: cn=slapd overlays\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
                  "cn: slapd overlays\nuserPassword: secret\n\n")
                .status,
            0);
  EXPECT_NE(to.as_manager({"ldapwhoami", "-X", "dn:cn=slapd overlays"}).status, 0);
}

TEST(shipped_configuration, its_identities_are_held_to_the_access_rules) {
  const slapd_server slapd(quick_slapd());
  const client to{slapd.ldapi()};
  load_overlays(to);
  for (const std::string_view dn : {slapd_server::dovecot_dn, slapd_server::exim_dn})
    EXPECT_EQ(to.as(dn, {"ldapadd"}, alias_entry("mine", "mine@g.example")).status, insufficient_access) << dn;
  expect_one_owner_for_each_address(to);  // as the one who writes, and
  EXPECT_EQ(to.as_manager({"ldapadd"}, alias_entry("manager", "same@g.example")).status, constraint_violation);
}

// The configuration that the package's maintainer script makes of its template.
class debian_slapd {
 public:
  debian_slapd() {
    for (const char* name : {"config", "db"}) std::filesystem::create_directory(folder_ / name);
    std::string config = read_file("/usr/share/slapd/slapd.init.ldif");
    const std::pair<std::string_view, std::string> values[] = {
        {"@SUFFIX@", std::string(slapd_server::suffix)},
        {"@PASSWORD@", "secret"},
        {"/var/run/slapd", folder_.path().string()},
        {"/var/lib/ldap", (folder_ / "db").string()},
        {"gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth", slapd_server::external_dn()},
    };
    for (const auto& [placeholder, value] : values) replace_all(config, placeholder, value);
    write_file(folder_ / "config.ldif", config);
    const captured made = run_and_capture(
        {.arguments = {server_program("slapadd"), "-n0", "-F", folder_ / "config", "-l", folder_ / "config.ldif"}});
    if (made.status != 0) throw std::runtime_error(made.err);
    std::string socket = folder_ / "ldapi";
    replace_all(socket, "/", "%2F");
    to.uri = "ldapi://" + socket;
    server_ = std::make_unique<child_process>(
        command{.arguments = {server_program("slapd"), "-F", folder_ / "config", "-h", to.uri, "-d", "0"}},
        folder_ / "slapd.out", folder_ / "slapd.err");
    if (!eventually(std::chrono::seconds(30), [&] { return to.as_manager({"ldapwhoami"}).status == 0; }))
      throw std::runtime_error("slapd does not start: " + read_file(folder_ / "slapd.err"));
  }
  ~debian_slapd() { server_->stop(SIGTERM); }

  client to;

 private:
  temp_dir folder_;
  std::unique_ptr<child_process> server_;
};

TEST(shipped_changes, bring_debians_slapd_to_the_same) {
  const debian_slapd slapd;
  const client& to = slapd.to;
  const std::string admin = "cn=admin,dc=example,dc=org";
  // The package makes the suffix itself.
  ASSERT_EQ(
      to.as(admin, {"ldapadd"},
            "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n\n")
          .status,
      0);
  ASSERT_EQ(to.as_manager({"ldapadd", "-f", "/etc/ldap/schema/misc.ldif"}).status, 0);
  ASSERT_EQ(to.as_manager({"ldapadd", "-f", S2L_SOURCE_DIR "/schema/sql2ldap.ldif"}).status, 0);
  const captured changed = to.as_manager({"ldapmodify", "-c"}, filled_in("mailhost-changes.ldif", "/nowhere"));
  EXPECT_EQ(changed.status, 0) << changed.err;
  EXPECT_EQ(to.as(admin, {"ldapadd", "-c"}, filled_in("mailhost-base.ldif", "/nowhere")).status, already_exists);
  load_overlays(to);
  expect_one_owner_for_each_address(to);
  EXPECT_EQ(to.as(slapd_server::dovecot_dn, {"ldapadd"}, alias_entry("mine", "mine@g.example")).status,
            insufficient_access);
  // Nobody but the manager sees a hash, not even of the services.
  EXPECT_THAT(to.as(slapd_server::exim_dn, {"ldapsearch", "-LLL", "-b", "dc=example,dc=org", "userPassword"}).out,
              Not(HasSubstr("userPassword")));

  const sqlite_database tables(postfixadmin_text(small_host, sql_engine::sqlite));
  const temp_dir folder;
  write_file(folder / "password", "secret");
  std::filesystem::permissions(folder / "password", std::filesystem::perms::owner_read);
  const tool sql2ldap(tables.url(), "postfixadmin", to.uri,
                      {"--bind-dn", std::string(slapd_server::sync_dn), "--password-file", folder / "password"});
  const captured checked = sql2ldap("check");
  EXPECT_EQ(checked.status, done) << checked.out << checked.err;
  const captured migrated = sql2ldap("migrate");
  EXPECT_EQ(migrated.status, done) << migrated.out << migrated.err;
  const captured verified = sql2ldap("verify --answers");
  EXPECT_EQ(verified.status, done) << verified.out << verified.err;
}

}  // namespace
}  // namespace sql2ldap::test
