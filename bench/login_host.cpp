#include "login_host.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include <support/child_process.hpp>
#include <support/local_client.hpp>

namespace sql2ldap::test {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto patience = 5min;
constexpr long users_of_a_domain = 100;
constexpr std::string_view hash = "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0";  // of the password, with the salt "salt"

void write_users(const fs::path& file, long users) {
  std::ofstream out(file);
  const std::string domains = "ou=domains," + std::string(slapd_server::suffix);
  out << "dn: " << domains << "\nobjectClass: organizationalUnit\nou: domains\n\n";
  for (long user = 0; user < users; ++user) {
    const std::string domain = login_host::domain_of(user);
    const std::string above = "associatedDomain=" + domain + "," + domains;
    if (user % users_of_a_domain == 0)
      out << "dn: " << above << "\nobjectClass: s2lMailDomain\nassociatedDomain: " << domain
          << "\ns2lEnabled: TRUE\n\n";
    const std::string name = login_host::name_of(user);
    out << "dn: uid=" << name << "," << above
        << "\nobjectClass: inetOrgPerson\nobjectClass: inetLocalMailRecipient\nobjectClass: s2lMailAccount\nuid: "
        << name << "\ncn: User\nsn: User\nmail: " << name << "\nmailLocalAddress: " << name
        << "\nuserPassword: " << hash << "\ns2lEnabled: TRUE\nhomeDirectory: /var/vmail/" << name
        << "\ns2lMailStore: maildir:/var/vmail/" << name << "\ns2lQuotaBytes: 1048576000\n\n";
  }
}

}  // namespace

std::string login_host::domain_of(long user) { return fmt::format("dom{}.example", user / users_of_a_domain); }
std::string login_host::name_of(long user) { return fmt::format("user{}@{}", user, domain_of(user)); }

login_host::login_host(std::string authd, long users) : authd_(std::move(authd)) {
  slapd_.stop();
  write_users(folder_ / "users.ldif", users);
  slapd_.slapadd(folder_ / "users.ldif", true);
  slapd_.start();
  write_file(password_file(), std::string(slapd_server::password));
  fs::permissions(password_file(), fs::perms(0600));
}

void login_host::with_authd(const std::vector<std::string>& flags, const std::function<void(pid_t)>& what_then,
                            const std::string& name) {
  command what{.arguments = {authd_, "--directory", slapd_.ldapi(), "--bind-dn", std::string(slapd_server::sync_dn),
                             "--password-file", password_file(), "--base", std::string(slapd_server::suffix),
                             "--listen", "auth-client:" + auth(name), "--listen", "auth-userdb:" + userdb(name)}};
  what.arguments.insert(what.arguments.end(), flags.begin(), flags.end());
  const fs::path log = folder_ / (name + "log");
  fs::remove(log);
  child_process server(what, log, log);
  if (!eventually(patience, [&] { return read_file(log).find("ANSWER_READY") != std::string::npos; }))
    throw std::runtime_error("authd is not ready: " + read_file(log));
  for (const std::string& socket : {auth(name), userdb(name)})
    if (!eventually(30s, [&] { return somebody_listens(socket); })) throw std::runtime_error("no socket");
  what_then(server.pid());
  server.stop(SIGTERM);
}

}  // namespace sql2ldap::test
