#include <sql2ldap/control/systemd.hpp>

#include <systemd/sd-daemon.h>

namespace sql2ldap::control {

void notify_ready() { sd_notify(0, "READY=1"); }
void notify_status(const std::string& text) { sd_notify(0, ("STATUS=" + text).c_str()); }
void notify_alive() { sd_notify(0, "WATCHDOG=1"); }
void notify_stopping() { sd_notify(0, "STOPPING=1"); }

}  // namespace sql2ldap::control
