#include <support/pigeonhole.hpp>

#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

#include <support/slapd.hpp>

namespace sql2ldap::test {

namespace {

namespace fs = std::filesystem;

// As nobody where we are root: the programs refuse to work for root.
void write_for_all(const fs::path& file, const std::string& text) {
  write_file(file, text);
  fs::permissions(file, fs::perms(0644));
}

std::string configuration(const std::string& folder) {
  const auto owner = geteuid() == 0 ? 65534U : geteuid();
  const std::string common = fmt::format(
      "mail_home = {0}\nmail_uid = {1}\nmail_gid = {1}\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n", folder, owner);
  const captured version = run_and_capture({.arguments = {server_program("dovecot"), "--version"}});
  if (version.out.starts_with("2.3")) return fmt::format("mail_location = maildir:{}/mail\n", folder) + common;
  return fmt::format(
             "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\nmail_driver = maildir\nmail_path = "
             "{}/mail\n",
             folder) +
         common;
}

}  // namespace

pigeonhole::pigeonhole() {
  fs::permissions(folder_.path(), fs::perms::all);
  write_for_all(folder_ / "dovecot.conf", configuration(folder_.path().string()));
}

captured pigeonhole::compile(const std::string& script) const {
  write_for_all(folder_ / "script.sieve", script);
  return run_and_capture({.arguments = {"sievec", "-c", folder_ / "dovecot.conf", "-x", "+vacation-seconds",
                                        folder_ / "script.sieve", folder_ / "script.svbin"}});
}

captured pigeonhole::actions(const std::string& script, const std::string& sender, const std::string& recipient,
                             const std::string& message) const {
  write_for_all(folder_ / "script.sieve", script);
  write_for_all(folder_ / "message", message);
  return run_and_capture({.arguments = {"sieve-test", "-c", folder_ / "dovecot.conf", "-x", "+vacation-seconds", "-f",
                                        sender, "-r", recipient, folder_ / "script.sieve", folder_ / "message"}});
}

}  // namespace sql2ldap::test
