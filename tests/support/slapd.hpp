// An LDAP server of one's own, made from the configuration that we ship: a private ldapi socket,
// a loopback port with TLS when asked, the suffix dc=example,dc=org, nothing kept.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

class slapd_server {
 public:
  enum class kept { durable, dbnosync };
  struct options {
    kept writes = kept::durable;
    bool network = false;      // also ldap:// with StartTLS, and ldaps://, on free loopback ports
    bool base_entries = true;  // mailhost-base.ldif
    std::string more_config;   // ldapmodify text for cn=config, applied once it runs
  };

  static constexpr std::string_view suffix = "dc=example,dc=org";
  static constexpr std::string_view sync_dn = "cn=sql2ldap,ou=services,dc=example,dc=org";
  static constexpr std::string_view dovecot_dn = "cn=dovecot,ou=services,dc=example,dc=org";
  static constexpr std::string_view exim_dn = "cn=exim,ou=services,dc=example,dc=org";
  static constexpr std::string_view password = "secret";  // of all three

  // Makes the database and starts; throws when that fails.
  slapd_server();
  explicit slapd_server(options how);
  ~slapd_server();

  [[nodiscard]] std::string ldapi() const;  // for URIs: the socket's path, percent-encoded
  [[nodiscard]] std::string ldap() const;   // ldap://localhost:PORT
  [[nodiscard]] std::string ldaps() const;
  [[nodiscard]] std::string ca_file() const { return folder_ / "ca.pem"; }
  enum class validity { valid, over };
  // Read at the next start.
  void sign_certificate(validity time) const;
  [[nodiscard]] std::string other_ca_file() const { return folder_ / "other-ca.pem"; }
  // The user of this process, as the server sees it on ldapi.
  [[nodiscard]] static std::string external_dn();
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }

  [[nodiscard]] pid_t pid() const { return server_->pid(); }  // while it runs
  void start();                                               // waits until it answers
  void stop();                                                // as an operator would
  void crash();                                               // kill -9
  // Starts it again where it has ended by itself, and tells its last words; nullopt: it runs. slapd 2.5 has faults of
  // its own (docs/decisions/0007), and systemd would do the same.
  std::optional<std::string> revive();
  [[nodiscard]] std::string last_words() const;  // what it has written to standard error
  void freeze() const;                           // it neither answers nor closes anything, until
  void thaw() const;

  // Programs of the server's package, on this database. They throw when they fail.
  void slapadd(const std::filesystem::path& ldif, bool quick = false);  // stopped server only
  [[nodiscard]] std::string slapcat() const;
  // ldapmodify (which also adds) as `external_dn`.
  void modify(std::string_view ldif) const;

 private:
  void make_certificates();
  [[nodiscard]] bool answers() const;

  options how_;
  temp_dir folder_;
  int port_ = 0;
  int tls_port_ = 0;
  std::unique_ptr<child_process> server_;
};

// slapd, slapadd... also where PATH has no sbin.
[[nodiscard]] std::string server_program(const std::string& name);
void replace_all(std::string& text, std::string_view from, std::string_view to);
// A file of schema/ with its @PLACEHOLDERS@ filled in for a server that lives in `folder`.
[[nodiscard]] std::string filled_in(const std::string& schema_file, const std::filesystem::path& folder);

}  // namespace sql2ldap::test
