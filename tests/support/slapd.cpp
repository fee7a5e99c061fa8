#include <support/slapd.hpp>

#include <csignal>
#include <stdexcept>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include <support/local_client.hpp>

namespace sql2ldap::test {
namespace {

namespace fs = std::filesystem;

std::string must_succeed(const command& what) {
  const captured run = run_and_capture(what);
  if (run.status != 0) throw std::runtime_error(what.arguments.front() + ": " + run.err + run.out);
  return run.out;
}

}  // namespace

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string server_program(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/local/sbin/", "/usr/libexec/"})
    if (fs::exists(folder + name)) return folder + name;
  return name;
}

std::string filled_in(const std::string& schema_file, const std::filesystem::path& folder) {
  const fs::path schemas = fs::path(S2L_SOURCE_DIR) / "schema";
  std::string text = read_file(schemas / schema_file);
  const std::pair<std::string_view, std::string> values[] = {
      {"@SUFFIX@", std::string(slapd_server::suffix)},
      {"@DC@", "example"},
      {"@SCHEMA_DIR@", "/etc/ldap/schema"},
      {"@S2L_DIR@", schemas.string()},
      {"@MODULE_DIR@", "/usr/lib/ldap"},
      {"@RUN_DIR@", folder.string()},
      {"@DB_DIR@", (folder / "db").string()},
      {"@MANAGER@", slapd_server::external_dn()},
      {"@SQL2LDAP_PASSWORD@", std::string(slapd_server::password)},
      {"@DOVECOT_PASSWORD@", std::string(slapd_server::password)},
      {"@EXIM_PASSWORD@", std::string(slapd_server::password)},
  };
  for (const auto& [placeholder, value] : values) replace_all(text, placeholder, value);
  return text;
}

slapd_server::slapd_server() : slapd_server(options{}) {}

slapd_server::slapd_server(options how) : how_(std::move(how)) {
  for (const char* name : {"config", "db"}) fs::create_directory(folder_ / name);
  std::string config = filled_in("mailhost-config.ldif", folder_.path());
  // With two threads slapd runs one operation of a connection after the other, and its rare crash at
  // the end of a transaction (docs/decisions/0007) cannot come.
  replace_all(config, "\nolcLogLevel: none\n", "\nolcLogLevel: none\nolcThreads: 2\n");
  if (how_.writes == kept::dbnosync) replace_all(config, "\nolcDbMaxSize:", "\nolcDbNoSync: TRUE\nolcDbMaxSize:");
  if (how_.network) {
    make_certificates();
    replace_all(config, "\nolcLogLevel: none\n",
                fmt::format("\nolcLogLevel: none\nolcTLSCACertificateFile: {0}\nolcTLSCertificateFile: "
                            "{1}\nolcTLSCertificateKeyFile: {2}\n",
                            ca_file(), (folder_ / "server.pem").string(), (folder_ / "server.key").string()));
    port_ = unused_port();
    do tls_port_ = unused_port();
    while (tls_port_ == port_);
  }
  write_file(folder_ / "config.ldif", config);
  must_succeed(
      {.arguments = {server_program("slapadd"), "-n0", "-F", folder_ / "config", "-l", folder_ / "config.ldif"}});
  if (how_.base_entries) {
    write_file(folder_ / "base.ldif", filled_in("mailhost-base.ldif", folder_.path()));
    slapadd(folder_ / "base.ldif");
  }
  start();
  if (!how_.more_config.empty()) modify(how_.more_config);
}

slapd_server::~slapd_server() {
  if (server_) server_->stop(SIGTERM);
}

std::string slapd_server::external_dn() {
  return fmt::format("gidNumber={}+uidNumber={},cn=peercred,cn=external,cn=auth", ::getegid(), ::geteuid());
}

std::string slapd_server::ldapi() const {
  std::string path = folder_ / "ldapi";
  replace_all(path, "/", "%2F");
  return "ldapi://" + path;
}

std::string slapd_server::ldap() const { return fmt::format("ldap://localhost:{}", port_); }
std::string slapd_server::ldaps() const { return fmt::format("ldaps://localhost:{}", tls_port_); }

namespace {

std::vector<std::string> names_of_this_host() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  std::vector<std::string> names = {name};
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name, nullptr, &hints, &found) == 0) {
    if (found->ai_canonname != nullptr) names.emplace_back(found->ai_canonname);
    ::freeaddrinfo(found);
  }
  return names;
}

}  // namespace

// Two authorities, of which only the first signs; a certificate for "localhost" and the names that
// libldap takes it for, so that 127.0.0.1 is the wrong name.
void slapd_server::make_certificates() {
  const auto openssl = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    must_succeed({.arguments = std::move(arguments), .directory = folder_.path()});
  };
  for (const std::string name : {"ca", "other-ca"})
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=Test " + name, "-keyout", name + ".key", "-out", name + ".pem"});
  openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
           "-keyout", "server.key", "-out", "server.csr"});
  std::string names = "subjectAltName=DNS:localhost";
  for (const std::string& name : names_of_this_host()) names += ",DNS:" + name;
  write_file(folder_ / "names", names + "\n");
  sign_certificate(validity::valid);
}

// `openssl x509` takes no dates in OpenSSL 3.0, and no end before now in 3.5.
void slapd_server::sign_certificate(validity time) const {
  write_file(folder_ / "issued", "");
  write_file(folder_ / "ca.cnf",
             "[ca]\ndefault_ca = test\n[test]\ndatabase = issued\nnew_certs_dir = .\nrand_serial = yes\n"
             "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n");
  command sign{.arguments = {"openssl", "ca", "-batch", "-notext", "-config", "ca.cnf", "-in", "server.csr", "-cert",
                             "ca.pem", "-keyfile", "ca.key", "-extfile", "names", "-out", "server.pem"},
               .directory = folder_.path()};
  const std::vector<std::string> dates =
      time == validity::over ? std::vector<std::string>{"-startdate", "20200101000000Z", "-enddate", "20200102000000Z"}
                             : std::vector<std::string>{"-days", "2"};
  sign.arguments.insert(sign.arguments.end(), dates.begin(), dates.end());
  must_succeed(sign);
}

bool slapd_server::answers() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder_ / "ldapi";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

void slapd_server::start() {
  std::string listeners = ldapi();
  if (how_.network) listeners += fmt::format(" ldap://127.0.0.1:{} ldaps://127.0.0.1:{}", port_, tls_port_);
  // With -d it stays in the foreground.
  server_ = std::make_unique<child_process>(
      command{.arguments = {server_program("slapd"), "-F", folder_ / "config", "-h", listeners, "-d", "0"}},
      folder_ / "slapd.out", folder_ / "slapd.err");
  const bool up = eventually(std::chrono::seconds(30), [&] { return answers() || !server_->running(); });
  if (!up || !server_->running()) throw std::runtime_error("slapd does not start: " + read_file(folder_ / "slapd.err"));
}

void slapd_server::stop() {
  server_->stop(SIGTERM);
  server_.reset();
}

std::optional<std::string> slapd_server::revive() {
  if (server_->running()) return std::nullopt;
  std::string words = last_words();
  server_.reset();
  start();
  return words;
}

void slapd_server::crash() {
  server_->stop(SIGKILL);
  server_.reset();
}

std::string slapd_server::last_words() const { return read_file(folder_ / "slapd.err"); }

void slapd_server::freeze() const { server_->freeze(); }
void slapd_server::thaw() const { server_->send_signal(SIGCONT); }

void slapd_server::slapadd(const std::filesystem::path& ldif, bool quick) {
  command slapadd{.arguments = {server_program("slapadd"), "-n1", "-F", folder_ / "config", "-l", ldif}};
  if (quick) slapadd.arguments.emplace_back("-q");
  must_succeed(slapadd);
}

std::string slapd_server::slapcat() const {
  return must_succeed(
      {.arguments = {server_program("slapcat"), "-n1", "-F", folder_ / "config", "-o", "ldif-wrap=no"}});
}

void slapd_server::modify(std::string_view ldif) const {
  must_succeed({.arguments = {"ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", ldapi()},
                .environment = {{"LDAPNOINIT", "1"}},
                .input = std::string(ldif)});
}

}  // namespace sql2ldap::test
