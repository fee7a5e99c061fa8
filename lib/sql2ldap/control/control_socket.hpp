// The room `control`: how an operator sees and steers a daemon.
//
// Gives: a control socket (one line of JSON asked, one answered), metrics for Prometheus, word to systemd.
// Promises: nobody but the owner and root can connect; a client that is slow or mute holds up nobody else for
// longer than its time limit; requests are bounded. Leaves to others: what is asked and answered.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::control {

class control_server {
 public:
  // Called in a thread of the server, one request at a time; without the newline.
  using handler = std::function<std::string(const std::string& request)>;
  // A socket file that nobody listens on is replaced.
  [[nodiscard]] static result<std::unique_ptr<control_server>> listen(const std::filesystem::path& socket,
                                                                      handler answer);
  virtual ~control_server() = default;  // stops listening and removes the socket
};

// Asks a daemon. Errors of kind local: nobody listens there, or no answer in time.
[[nodiscard]] result<std::string> ask(const std::filesystem::path& socket, const std::string& request,
                                      std::chrono::milliseconds patience = std::chrono::seconds(15));

}  // namespace sql2ldap::control
