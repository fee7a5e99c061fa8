// The real exim with the configuration that we ship, and another one that takes mail for everybody elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <support/child_process.hpp>
#include <support/served_host.hpp>

namespace sql2ldap::test {

class exim_server {
 public:
  // In the folder of `host`, as its owner; `macros` are set in front of the configuration. Answers when it returns.
  explicit exim_server(const served_host& host, const std::string& macros = {});
  exim_server(const exim_server&) = delete;
  exim_server& operator=(const exim_server&) = delete;
  ~exim_server();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Not one that the first listens on, which it would take for itself.
  static constexpr const char* address_elsewhere = "127.0.0.2";
  [[nodiscard]] std::uint16_t port_elsewhere() const noexcept { return port_elsewhere_; }
  [[nodiscard]] std::string log() const;
  // Tries everything that waits; returns when it has been tried.
  void run_queue() const;
  // Messages that wait.
  [[nodiscard]] int waiting() const;
  [[nodiscard]] int waiting_elsewhere() const;  // that have been handed over, and are not in elsewhere() yet
  // What has arrived elsewhere, with `Envelope-to` in front of each, in no order.
  [[nodiscard]] std::vector<std::string> elsewhere() const;

 private:
  [[nodiscard]] int messages_of(const std::string& configuration) const;
  [[nodiscard]] command exim(const std::vector<std::string>& arguments, const std::string& configuration) const;

  const served_host& host_;
  std::uint16_t port_;
  std::uint16_t port_elsewhere_;
  std::unique_ptr<child_process> server_;
  std::unique_ptr<child_process> elsewhere_;
};

}  // namespace sql2ldap::test
