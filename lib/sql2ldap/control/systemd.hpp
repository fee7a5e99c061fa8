// Word to systemd, for units of Type=notify; without it, nothing happens. See sd_notify(3). And what it hands over:
// sockets that it listens on for us (sd_listen_fds(3)).
#pragma once

#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::control {

void notify_ready();
void notify_status(const std::string& text);  // for `systemctl status`; made one line
void notify_alive();                          // WatchdogSec=
void notify_stopping();

struct handed_over {
  std::string name;  // FileDescriptorName=
  int descriptor = -1;
};
// Once, before threads are there: programs that we start shall not think that it is for them.
[[nodiscard]] result<std::vector<handed_over>> handed_over_sockets();

}  // namespace sql2ldap::control
