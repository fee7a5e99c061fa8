#include <support/exim.hpp>

#include <csignal>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include <support/local_client.hpp>

namespace sql2ldap::test {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// What keeps an exim in its folder, without the rights of root.
constexpr std::string_view common = R"(spool_directory = {0}/{1}
log_file_path = {0}/{1}/log-%s
pid_file_path = {0}/{1}/pid
exim_user = {2}
exim_group = {3}
deliver_drop_privilege
local_interfaces = {4}
daemon_smtp_ports = {5}
primary_hostname = mx.meadow.example
qualify_domain = meadow.example
tls_advertise_hosts =
rfc1413_query_timeout = 0s
)";

// Everybody's mail in one folder.
constexpr std::string_view takes_all = R"(acl_smtp_rcpt = accept
begin routers
all:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = {0}/arrived
  maildir_format
  delivery_date_add
  envelope_to_add
  user = {1}
)";

std::string program() { return server_program("exim4"); }

}  // namespace

command exim_server::exim(const std::vector<std::string>& arguments, const std::string& configuration) const {
  command what{.arguments = {program(), "-C", host_.folder() / configuration}, .user = host_.owner()};
  what.arguments.insert(what.arguments.end(), arguments.begin(), arguments.end());
  return what;
}

exim_server::exim_server(const served_host& host, const std::string& macros)
    : host_(host),
      port_(static_cast<std::uint16_t>(unused_port())),
      port_elsewhere_(static_cast<std::uint16_t>(unused_port())) {
  const std::string here = host.folder().string();
  const auto begin_of = [&](const char* name, const char* address, std::uint16_t port) {
    return fmt::format(common, here, name, host.owner(), host.owner_group(), address, port);
  };
  write_file(host.folder() / "exim.conf", begin_of("exim", "127.0.0.1", port_) +
                                              fmt::format("SMARTHOST = {}::{}\n", address_elsewhere, port_elsewhere_) +
                                              macros + host.shipped("exim/exim4.conf"));
  write_file(host.folder() / "elsewhere.conf",
             begin_of("elsewhere", address_elsewhere, port_elsewhere_) + fmt::format(takes_all, here, host.owner()));
  for (const char* name : {"exim", "elsewhere", "arrived"}) host.make_folder(name);
  const auto start = [&](const char* name) {
    const std::string output = std::string(name) + ".out";
    return std::make_unique<child_process>(exim({"-bdf"}, std::string(name) + ".conf"), host.folder() / output,
                                           host.folder() / output);
  };
  server_ = start("exim");
  elsewhere_ = start("elsewhere");
  for (const char* name : {"exim", "elsewhere"}) {
    const fs::path log = host.folder() / name / "log-main";
    const bool up = eventually(
        30s, [&] { return fs::exists(log) && read_file(log).find("listening for SMTP") != std::string::npos; });
    if (!up)
      throw std::runtime_error("exim does not start: " + read_file(host.folder() / (std::string(name) + ".out")) +
                               this->log());
  }
}

exim_server::~exim_server() {
  server_->stop(SIGTERM);
  elsewhere_->stop(SIGTERM);
}

std::string exim_server::log() const {
  std::string all;
  for (const char* name : {"exim/log-main", "exim/log-panic", "exim/log-reject", "elsewhere/log-main"})
    if (fs::exists(host_.folder() / name)) all += read_file(host_.folder() / name);
  return all;
}

void exim_server::run_queue() const {
  const captured run = run_and_capture(exim({"-qff"}, "exim.conf"));
  if (run.status != 0) throw std::runtime_error("exim -qff: " + run.err);
}

int exim_server::waiting() const { return messages_of("exim.conf"); }
int exim_server::waiting_elsewhere() const { return messages_of("elsewhere.conf"); }

int exim_server::messages_of(const std::string& configuration) const {
  const captured run = run_and_capture(exim({"-bpc"}, configuration));
  if (run.status != 0) throw std::runtime_error("exim -bpc: " + run.err);
  return std::stoi(run.out);
}

std::vector<std::string> exim_server::elsewhere() const {
  std::vector<std::string> out;
  const fs::path arrived = host_.folder() / "arrived/new";
  if (fs::exists(arrived))
    for (const auto& one : fs::directory_iterator(arrived)) out.push_back(read_file(one.path()));
  return out;
}

}  // namespace sql2ldap::test
