#include <support/dovecot.hpp>

#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include <fmt/format.h>

#include <sql2ldap/codec/base64.hpp>
#include <support/local_client.hpp>

namespace sql2ldap::test {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// What a host's own dovecot.conf says, and what keeps this one in its folder. Who has guessed wrong need not wait.
constexpr std::string_view common = R"(base_dir = {0}/run
state_dir = {0}/state
log_path = {0}/dovecot.log
protocols = imap lmtp sieve
ssl = no
auth_failure_delay = 0
sendmail_path = {0}/sendmail
postmaster_address = postmaster@meadow.example
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {1}
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {2}
  }}
}}
)";
constexpr std::string_view of_23 = "listen = 127.0.0.1\n";
constexpr std::string_view of_24 =
    "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\nlisten = 127.0.0.1\n";
// AddressSanitizer sets more room aside than dovecot lets a program have that it runs.
#ifdef __SANITIZE_ADDRESS__
constexpr std::string_view room_for_programs =
    "service auth {\n  vsz_limit = 0\n}\nservice auth-worker {\n  vsz_limit = 0\n}\n";
#else
constexpr std::string_view room_for_programs;
#endif
// Where we are not root it is nobody else either.
constexpr std::string_view without_root = R"(default_internal_user = {0}
default_internal_group = {1}
default_login_user = {0}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service managesieve-login {{
  chroot =
}}
)";

// Keeps what it is given.
constexpr std::string_view sendmail = R"(#!/bin/sh
umask 0
{{ echo "to: $*"; cat; }} >> {0}/sent
)";

}  // namespace

dovecot_server::dovecot_server(const served_host& host, const std::vector<std::string>& files)
    : host_(host),
      imap_port_(static_cast<std::uint16_t>(unused_port())),
      sieve_port_(static_cast<std::uint16_t>(unused_port())) {
  const std::string folder = host.folder().string();
  std::string text(dovecot_is_24() ? of_24 : of_23);
  text += fmt::format(common, folder, imap_port_, sieve_port_);
  text += room_for_programs;
  if (::geteuid() != 0) text += fmt::format(without_root, host.owner(), host.owner_group());
  for (const std::string& file : files) {
    host.copy_shipped((dovecot_is_24() ? "dovecot-2.4/" : "dovecot-2.3/") + file);
    if (!file.ends_with(".ext")) text += fmt::format("!include {}/{}\n", folder, file);
  }
  write_file(configuration(), text);
  write_file(host.folder() / "sendmail", fmt::format(sendmail, folder));
  fs::permissions(host.folder() / "sendmail", fs::perms(0755));
  for (const char* name : {"sent", "dovecot.log"}) {  // the second is written by dovecot-lda as well
    if (!fs::exists(host.folder() / name)) write_file(host.folder() / name, "");
    fs::permissions(host.folder() / name, fs::perms(0666));
  }
  server_ =
      std::make_unique<child_process>(command{.arguments = {server_program("dovecot"), "-F", "-c", configuration()}},
                                      host.folder() / "dovecot.out", host.folder() / "dovecot.out");
  const bool up = eventually(30s, [&] {
    return !server_->running() ||
           (somebody_listens(lmtp_socket()) && somebody_listens(imap_port_) && somebody_listens(sieve_port_));
  });
  if (!up || !server_->running())
    throw std::runtime_error("dovecot does not start: " + read_file(host.folder() / "dovecot.out") + log());
}

dovecot_server::~dovecot_server() { server_->stop(SIGTERM); }

std::string dovecot_server::lmtp_socket() const { return host_.folder() / "run/lmtp"; }
std::string dovecot_server::configuration() const { return host_.folder() / "dovecot.conf"; }
std::string dovecot_server::log() const { return read_file(host_.folder() / "dovecot.log"); }
std::string dovecot_server::sent() const { return read_file(host_.folder() / "sent"); }

namespace {

std::string answer_of(local_client& client, const std::string& tag) {
  std::string all;
  while (true) {
    const std::string line = client.read_until("\r\n");
    if (line.empty() || line.starts_with(tag + " ")) return all + (line.empty() ? "" : line.substr(tag.size() + 1));
    all += line;
  }
}

std::string login_with(local_client& client, const std::string& command) {
  client.read_until("\r\n");
  client.send("a " + command + "\r\n");
  return answer_of(client, "a");
}

}  // namespace

std::string imap_login(std::uint16_t port, const std::string& name, const std::string& password) {
  local_client client(port);
  return login_with(client, fmt::format("LOGIN \"{}\" \"{}\"", name, password));
}

std::string imap_authenticate(std::uint16_t port, const std::string& name, const std::string& password) {
  local_client client(port);
  const std::string response = std::string(1, '\0') + name + std::string(1, '\0') + password;
  return login_with(client, "AUTHENTICATE PLAIN " + codec::base64(response));
}

std::string imap_ask(std::uint16_t port, const std::string& name, const std::string& password,
                     const std::string& command) {
  local_client client(port);
  const std::string said = login_with(client, fmt::format("LOGIN \"{}\" \"{}\"", name, password));
  if (!said.starts_with("OK")) return said;
  client.send("b " + command + "\r\n");
  return answer_of(client, "b");
}

}  // namespace sql2ldap::test
