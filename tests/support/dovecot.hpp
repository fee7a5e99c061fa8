// The real dovecot with the files that we ship for its version, on loopback ports and sockets of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <support/child_process.hpp>
#include <support/served_host.hpp>

namespace sql2ldap::test {

class dovecot_server {
 public:
  // Starts in the folder of `host` with these files of operate/dovecot-VERSION/, those that end with .ext only lying
  // beside; answers when it returns.
  dovecot_server(const served_host& host, const std::vector<std::string>& files);
  dovecot_server(const dovecot_server&) = delete;
  dovecot_server& operator=(const dovecot_server&) = delete;
  ~dovecot_server();

  [[nodiscard]] std::uint16_t imap_port() const noexcept { return imap_port_; }
  [[nodiscard]] std::uint16_t sieve_port() const noexcept { return sieve_port_; }
  [[nodiscard]] std::string lmtp_socket() const;
  [[nodiscard]] std::string configuration() const;  // the file
  [[nodiscard]] std::string log() const;
  // What its Sieve engine has sent, each with its recipient in front.
  [[nodiscard]] std::string sent() const;

 private:
  const served_host& host_;
  std::uint16_t imap_port_;
  std::uint16_t sieve_port_;
  std::unique_ptr<child_process> server_;
};

// What an IMAP server says to LOGIN, or to AUTHENTICATE PLAIN, without the tag: "OK ...", "NO [...] ...".
[[nodiscard]] std::string imap_login(std::uint16_t port, const std::string& name, const std::string& password);
[[nodiscard]] std::string imap_authenticate(std::uint16_t port, const std::string& name, const std::string& password);
// After LOGIN: what is said to a command, until its tag.
[[nodiscard]] std::string imap_ask(std::uint16_t port, const std::string& name, const std::string& password,
                                   const std::string& command);

}  // namespace sql2ldap::test
