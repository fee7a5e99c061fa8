// Word to systemd, for units of Type=notify; without it, nothing happens. See sd_notify(3).
#pragma once

#include <string>

namespace sql2ldap::control {

void notify_ready();
void notify_status(const std::string& text);  // one line, as `systemctl status` shows it
void notify_alive();                          // WatchdogSec=
void notify_stopping();

}  // namespace sql2ldap::control
