#include <support/served_host.hpp>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include <support/local_client.hpp>

namespace sql2ldap::test {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view rows = R"(
INSERT INTO domain (domain, active) VALUES
  ('meadow.example', 1), ('grove.example', 1), ('stone.example', 1), ('lake.example', 0);
INSERT INTO alias_domain (alias_domain, target_domain) VALUES ('stone.example', 'meadow.example');
INSERT INTO mailbox (username, password, maildir, quota, domain, local_part, active) VALUES
  ('anna@meadow.example', '{PLAIN}right', 'meadow.example/anna/', 1048576, 'meadow.example', 'anna', 1),
  ('bert@meadow.example', '{PLAIN}right', 'meadow.example/bert/', 0, 'meadow.example', 'bert', 0),
  ('carla@meadow.example', '{PLAIN}right', 'meadow.example/carla/', 0, 'meadow.example', 'carla', 1),
  ('emil@meadow.example', '{PLAIN}right', 'meadow.example/emil/', 0, 'meadow.example', 'emil', 1),
  ('fred@meadow.example', '{PLAIN}right', 'meadow.example/fred/', 0, 'meadow.example', 'fred', 1),
  ('gina@meadow.example', '{PLAIN}right', 'meadow.example/gina/', 0, 'meadow.example', 'gina', 1),
  ('hans@meadow.example', '{PLAIN}right', 'meadow.example/hans/', 0, 'meadow.example', 'hans', 1),
  ('ida@meadow.example', '{PLAIN}right', 'meadow.example/ida/', 0, 'meadow.example', 'ida', 1),
  ('jan@meadow.example', '{PLAIN}right', 'meadow.example/jan/', 0, 'meadow.example', 'jan', 1),
  ('kurt@meadow.example', '{PLAIN}right', 'meadow.example/kurt/', 0, 'meadow.example', 'kurt', 1),
  ('lola@meadow.example', '{PLAIN}right', 'meadow.example/lola/', 0, 'meadow.example', 'lola', 1),
  ('olga@grove.example', '{PLAIN}right', 'grove.example/olga/', 0, 'grove.example', 'olga', 1),
  ('dora@lake.example', '{PLAIN}right', 'lake.example/dora/', 0, 'lake.example', 'dora', 1);
INSERT INTO alias (address, goto, domain) VALUES
  ('anna@meadow.example', 'anna@meadow.example', 'meadow.example'),
  ('fred@meadow.example', 'away@elsewhere.example', 'meadow.example'),
  ('gina@meadow.example', 'gina@meadow.example,away@elsewhere.example', 'meadow.example'),
  ('hans@meadow.example', 'hans@meadow.example,hans#meadow.example@autoreply.example.org', 'meadow.example'),
  ('list@meadow.example', 'anna@meadow.example,emil@meadow.example', 'meadow.example'),
  ('@grove.example', 'olga@grove.example', 'grove.example');
INSERT INTO vacation (email, subject, body, domain) VALUES
  ('hans@meadow.example', 'On holiday', 'Back in spring.', 'meadow.example');
)";

// What no table of PostfixAdmin says, and the daemon's entry and rights, as docs/operations.md has them.
constexpr std::string_view by_hand = R"(dn: uid=carla@meadow.example,associatedDomain=meadow.example,ou=domains,{0}
changetype: modify
add: s2lLoginEnabled
s2lLoginEnabled: FALSE

dn: uid=anna@meadow.example,associatedDomain=meadow.example,ou=domains,{0}
changetype: modify
add: s2lQuotaMessages
s2lQuotaMessages: 77

dn: uid=emil@meadow.example,associatedDomain=meadow.example,ou=domains,{0}
changetype: modify
add: s2lService
s2lService: pop3

dn: uid=ida@meadow.example,associatedDomain=meadow.example,ou=domains,{0}
changetype: modify
add: s2lAllowNets
s2lAllowNets: 192.0.2.0/24
s2lAllowNets: 127.0.0.0/8

dn: uid=jan@meadow.example,associatedDomain=meadow.example,ou=domains,{0}
changetype: modify
add: s2lAllowNets
s2lAllowNets: 192.0.2.0/24

dn: uid=lola@meadow.example,associatedDomain=meadow.example,ou=domains,{0}
changetype: modify
replace: homeDirectory
homeDirectory: /var/vmail/../lola

dn: uid=kurt@meadow.example,associatedDomain=meadow.example,ou=domains,{0}
changetype: modify
add: s2lMailStore
s2lMailStore: maildir:{2}/mail/store of kurt

dn: cn=authd,ou=services,{0}
changetype: add
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: authd
userPassword: {1}

dn: olcDatabase={{1}}mdb,cn=config
changetype: modify
add: olcAccess
olcAccess: {{3}}to attrs=userPassword by dn.exact="cn=authd,ou=services,{0}" read by * break
)";

std::string name_of_group(gid_t group) {
  const struct group* const found = ::getgrgid(group);
  if (found == nullptr) throw std::runtime_error("a group without a name");
  return found->gr_name;
}

const passwd& owner_of_mail() {
  const passwd* const found = ::geteuid() == 0 ? ::getpwnam("Debian-exim") : ::getpwuid(::geteuid());
  if (found == nullptr) throw std::runtime_error("there is no user Debian-exim, or we have no name");
  return *found;
}

}  // namespace

bool dovecot_is_24() {
  static const bool is =
      !run_and_capture({.arguments = {server_program("dovecot"), "--version"}}).out.starts_with("2.3");
  return is;
}

served_host::served_host()
    : owner_(owner_of_mail().pw_name),
      owner_group_(name_of_group(owner_of_mail().pw_gid)),
      tables(sample_text("postfixadmin/schema-4.0.sqlite.sql") + std::string(rows)),
      slapd(quick_slapd()),
      sql2ldap(tables.url(), "postfixadmin", slapd.ldapi(), {"--param", "vmail_root=" + (folder_ / "mail").string()}) {
  make_folder("mail");
  // dovecot's own user starts it, who may not look into the folder of who builds.
  fs::copy_file(S2L_BINARY_DIR "/tools/sql2ldap-checkpassword", folder_ / "sql2ldap-checkpassword");
  for (const fs::path& one : {folder_.path(), slapd.folder()}) fs::permissions(one, fs::perms(0755));
  migrate();
  slapd.modify(fmt::format(by_hand, slapd_server::suffix, slapd_server::password, folder_.path().string()));
  write_file(folder_ / "directory", std::string(slapd_server::password));
  fs::permissions(folder_ / "directory", fs::perms(0600));
}

void served_host::make_folder(const std::string& name) const {
  fs::create_directory(folder_ / name);
  if (::chown((folder_ / name).c_str(), owner_of_mail().pw_uid, owner_of_mail().pw_gid) != 0)
    throw std::runtime_error("cannot give the folder " + name + " away");
}

void served_host::migrate() const {
  const captured run = sql2ldap("migrate", {"--yes"});
  if (run.status != done) throw std::runtime_error("migrate: " + run.err + run.out);
}

std::string served_host::shipped(const std::string& file) const {
  std::string text = read_file(fs::path(S2L_SOURCE_DIR) / "operate" / file);
  const std::string here = folder_.path().string();
  const std::pair<std::string_view, std::string> places[] = {
      {"/run/sql2ldap-authd/", here + "/"},
      {"/etc/dovecot/", here + "/"},
      {"/usr/sbin/sql2ldap-checkpassword", here + "/sql2ldap-checkpassword"},
      {"/usr/lib/dovecot/dovecot-lda", "/usr/lib/dovecot/dovecot-lda -c " + here + "/dovecot.conf"},
      {"/run/dovecot/", here + "/run/"},
      {"ldapi:///", slapd.ldapi()},
      {"--uid 999", fmt::format("--uid {}", owner_of_mail().pw_uid)},
      {"--gid 999", fmt::format("--gid {}", owner_of_mail().pw_gid)},
      {"mail_gid = vmail", "mail_gid = " + owner_group_},
      {"gidNumber | default('vmail')", "gidNumber | default('" + owner_group_ + "')"},
      {"uidNumber | default('vmail')", "uidNumber | default('" + owner_ + "')"},
      {"group=vmail", "group=" + owner_group_},
      {"group=Debian-exim", "group=" + owner_group_},
      {"group = vmail", "group = " + owner_group_},
      {"group = Debian-exim", "group = " + owner_group_},
      {"= vmail", "= " + owner_},
      {"= Debian-exim", "= " + owner_},
  };
  for (const auto& [there, place] : places) replace_all(text, there, place);
  if (dovecot_is_24())  // as authd.toml says
    for (const std::string name : {"/userdb,", "/sieve,"}) replace_all(text, name, name + "dovecot=2.4,");
  if (::geteuid() != 0) {
    replace_all(text, "user = root", "user = " + owner_);
    replace_all(text, "group=dovecot", "group=" + owner_group_);
  }
  return text;
}

void served_host::copy_shipped(const std::string& file) const {
  const fs::path to = folder_ / fs::path(file).filename().string();
  write_file(to, shipped(file));
  fs::permissions(to, fs::perms(0644));
}

void served_host::start_authd(const std::vector<std::string>& flags) {
  copy_shipped("authd.toml");
  fs::remove(folder_ / "authd.log");
  command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-authd", "--config", folder_ / "authd.toml"},
               .environment = {{"CREDENTIALS_DIRECTORY", folder_.path().string()}}};
  what.arguments.insert(what.arguments.end(), flags.begin(), flags.end());
  authd_ = std::make_unique<child_process>(what, folder_ / "authd.log", folder_ / "authd.log");
  if (!eventually(20s, [&] { return authd_log().find("ANSWER_READY") != std::string::npos || !authd_->running(); }) ||
      !authd_->running())
    throw std::runtime_error("sql2ldap-authd does not start: " + authd_log());
}

void served_host::stop_authd() { authd_.reset(); }

std::string served_host::authd_log() const { return read_file(folder_ / "authd.log"); }

std::vector<std::string> served_host::mail_of(const std::string& login) const {
  const std::size_t at = login.find('@');
  const fs::path maildir = folder_ / "mail" / login.substr(at + 1) / login.substr(0, at) / "Maildir";
  std::vector<std::string> out;
  for (const char* part : {"new", "cur"})
    if (fs::exists(maildir / part))
      for (const auto& one : fs::directory_iterator(maildir / part)) out.push_back(read_file(one.path()));
  return out;
}

}  // namespace sql2ldap::test
