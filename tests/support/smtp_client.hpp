// Hands over mail by SMTP or LMTP, one message a connection.
#pragma once

#include <string>
#include <vector>

#include <support/local_client.hpp>

namespace sql2ldap::test {

struct smtp_login {
  std::string mechanism;  // PLAIN or LOGIN
  std::string name;
  std::string password;
};

class smtp_client {
 public:
  // Greets: EHLO, or LHLO where `local`.
  explicit smtp_client(local_client&& connection, bool local = false);

  // Each answers the last line of what the server says: "250 ...".
  std::string ask(const std::string& line);
  std::string log_in(const smtp_login& who);
  std::string mail_from(const std::string& sender) { return ask("MAIL FROM:<" + sender + ">"); }
  std::string rcpt_to(const std::string& recipient) { return ask("RCPT TO:<" + recipient + ">"); }
  std::string data(const std::string& message);
  // All of it, to one recipient: the first refusal, or what is said in the end.
  std::string deliver(const std::string& recipient, const std::string& subject,
                      const std::string& sender = "friend@far.example");

 private:
  std::string answer();

  local_client connection_;
};

}  // namespace sql2ldap::test
