#include <sql2ldap/control/systemd.hpp>

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include <sql2ldap/base/printable.hpp>

namespace sql2ldap::control {

void notify_ready() { sd_notify(0, "READY=1"); }
void notify_status(const std::string& text) { sd_notify(0, ("STATUS=" + printable_line(text)).c_str()); }
void notify_alive() { sd_notify(0, "WATCHDOG=1"); }
void notify_stopping() { sd_notify(0, "STOPPING=1"); }

result<std::vector<handed_over>> handed_over_sockets() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  if (count < 0)
    return fail(error_kind::local,
                fmt::format("cannot take over the sockets of systemd: {}", std::generic_category().message(-count)));
  std::vector<handed_over> out;
  for (int i = 0; i < count; ++i) {
    out.push_back({names != nullptr ? names[i] : "", SD_LISTEN_FDS_START + i});
    if (names != nullptr) std::free(names[i]);
  }
  std::free(names);
  return out;
}

}  // namespace sql2ldap::control
