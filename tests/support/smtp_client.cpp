#include <support/smtp_client.hpp>

#include <utility>

#include <sql2ldap/codec/base64.hpp>

namespace sql2ldap::test {

smtp_client::smtp_client(local_client&& connection, bool local) : connection_(std::move(connection)) {
  answer();
  ask(local ? "LHLO client.example" : "EHLO client.example");
}

std::string smtp_client::answer() {
  while (true) {
    std::string line = connection_.read_until("\r\n");
    if (line.size() < 4 || line[3] != '-') return line;
  }
}

std::string smtp_client::ask(const std::string& line) {
  connection_.send(line + "\r\n");
  return answer();
}

std::string smtp_client::log_in(const smtp_login& who) {
  if (who.mechanism == "PLAIN")
    return ask("AUTH PLAIN " + codec::base64(std::string(1, '\0') + who.name + std::string(1, '\0') + who.password));
  ask("AUTH " + who.mechanism);
  ask(codec::base64(who.name));
  return ask(codec::base64(who.password));
}

std::string smtp_client::data(const std::string& message) {
  const std::string ready = ask("DATA");
  return ready.starts_with("354") ? ask(message + "\r\n.") : ready;
}

std::string smtp_client::deliver(const std::string& recipient, const std::string& subject, const std::string& sender) {
  for (const std::string& said : {mail_from(sender), rcpt_to(recipient)})
    if (!said.starts_with("250")) return said;
  return data("From: friend@far.example\r\nTo: " + recipient + "\r\nSubject: " + subject + "\r\nMessage-ID: <" +
              subject + "." + recipient + ">\r\n\r\nhello");
}

}  // namespace sql2ldap::test
