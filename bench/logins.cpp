// Logins a second: sql2ldap-authd with its mirror and without, beside dovecot's own LDAP passdb, on one directory.
//
//   logins AUTHD [USERS]                (100000 unless told)
//   logins AUTHD USERS crowd            waits of one client, alone, and beside 1000 that are idle and one that floods
//   logins AUTHD USERS many [LOGINS]    (1000000) logins on connections that come and go: memory and descriptors
//
// One connection of auth-client, one login after the other and many at once; PLAIN, right passwords, a hash that costs
// nothing.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/codec/base64.hpp>

#include <support/child_process.hpp>
#include <support/local_client.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

#include "login_host.hpp"

namespace {

using namespace std::chrono_literals;
using namespace sql2ldap;
using namespace sql2ldap::test;
using clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr int many_under_way = 64;
constexpr auto name_of = login_host::name_of;
constexpr auto domain_of = login_host::domain_of;
const std::string password(login_host::password);

std::string request(int number, const std::string& who, const std::string& with) {
  return fmt::format("AUTH\t{}\tPLAIN\tservice=smtp\tno-penalty\tresp={}\n", number,
                     codec::base64(std::string(1, '\0') + who + std::string(1, '\0') + with));
}

local_client client_at(const std::string& socket) {
  local_client client(socket);
  client.read_until("DONE\n");
  client.send("VERSION\t1\t2\nCPID\t4711\n");
  return client;
}

double cpu_seconds(clockid_t which) {
  timespec used{};
  if (::clock_gettime(which, &used) != 0) throw std::runtime_error("no clock of a process");
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// Of processes with all their threads.
double cpu_seconds(const std::vector<pid_t>& of) {
  double all = 0;
  for (const pid_t one : of) {
    clockid_t clock_of_it{};
    if (::clock_getcpuclockid(one, &clock_of_it) != 0) throw std::runtime_error("a server is gone");
    all += cpu_seconds(clock_of_it);
  }
  return all;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> out;
  std::istringstream numbers(read_file(fmt::format("/proc/{0}/task/{0}/children", parent)));
  for (pid_t one = 0; numbers >> one;) out.push_back(one);
  return out;
}

struct rate {
  double a_second = 0;
  double server_us = 0;  // of CPU time, a login
  double client_us = 0;
};

// `servers`: all who work for a login.
rate logins(const std::string& socket, long users, int under_way, int count, const std::vector<pid_t>& servers = {}) {
  local_client client = client_at(socket);
  std::mt19937 random(1);
  int sent = 0;
  const auto begun = clock::now();
  const double server_begun = cpu_seconds(servers);
  const double client_begun = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  std::string said;
  for (int answered = 0; answered < count;) {
    std::string more;
    for (; sent < count && sent - answered < under_way; ++sent)
      more += request(sent + 1, name_of(static_cast<long>(random()) % users), password);
    if (!more.empty()) client.send(more);
    // All that has come, so that it is the server who is measured and not how often a client calls the kernel.
    said += client.read_some();
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = said.find('\n', begin)) != std::string::npos; begin = end + 1, ++answered)
      if (said.compare(begin, 3, "OK\t") != 0) throw std::runtime_error("not let in: " + said.substr(begin));
    said.erase(0, begin);
  }
  return {count / std::chrono::duration<double>(clock::now() - begun).count(),
          (cpu_seconds(servers) - server_begun) / count * 1e6,
          (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - client_begun) / count * 1e6};
}

double resident_kib(pid_t of) {
  const std::string status = read_file(fmt::format("/proc/{}/status", of));
  return std::stod(status.substr(status.find("VmRSS:") + 6));
}

long descriptors(pid_t of) {
  const fs::directory_iterator all(fmt::format("/proc/{}/fd", of));
  return std::distance(begin(all), end(all));
}

// One login after the other.
void print_waits(const char* when, const std::string& socket, long users) {
  constexpr int count = 20'000;
  local_client client = client_at(socket);
  std::mt19937 random(2);
  std::vector<double> waits;
  for (int i = 1; i <= count; ++i) {
    const std::string asked = request(i, name_of(static_cast<long>(random()) % users), password);
    const auto begun = clock::now();
    if (!client.ask(asked, "\n").starts_with("OK\t")) throw std::runtime_error("not let in");
    waits.push_back(std::chrono::duration<double, std::micro>(clock::now() - begun).count());
  }
  std::sort(waits.begin(), waits.end());
  std::printf("%-46s p50 %7.0f us   p99 %7.0f us   max %7.0f us\n", when, waits[count / 2], waits[count * 99 / 100],
              waits.back());
}

class bench {
 public:
  bench(const std::string& authd, long users) : users_(users), host_(authd, users) {}

  void crowd() {
    with_authd({}, [this](const std::string& socket, pid_t, int) {
      print_waits("one client alone", socket, users_);
      std::vector<local_client> idle;
      for (int i = 0; i < 1000; ++i) idle.push_back(client_at(socket));
      print_waits("beside 1000 that are idle", socket, users_);
      std::atomic<bool> over = false;
      std::thread flood([&] {
        std::string asked;
        for (int i = 1; i <= 100; ++i) asked += request(i, name_of(i), password);
        // Another as soon as one is not read from any more.
        while (!over) {
          local_client client = client_at(socket);
          for (int full = 0; full < 100 && !over;)
            if (client.send_some(asked) < asked.size()) ++full, std::this_thread::yield();
        }
      });
      print_waits("and one that floods and does not read", socket, users_);
      over = true;
      flood.join();
    });
  }

  // Right, wrong and unknown in turn, a hundred on each connection, some of which are open at once.
  void many(int total) {
    constexpr int of_a_connection = 100;
    constexpr std::size_t at_once = 50;
    with_authd({"--wrong-per-name", "0", "--wrong-per-address", "0"}, [&](const std::string& socket, pid_t pid, int) {
      std::deque<local_client> open;
      int right = 0;
      const auto begun = clock::now();
      for (int done = 0; done < total; done += of_a_connection) {
        open.push_back(client_at(socket));
        if (open.size() > at_once) open.pop_front();
        std::string asked;
        for (int i = 0; i < of_a_connection; ++i)
          asked += request(
              i + 1, i % 3 == 2 ? fmt::format("nobody{}@{}", done + i, domain_of(0)) : name_of((done + i) % users_),
              i % 3 == 0 ? password : "wrong");
        open.back().send(asked);
        for (int i = 0; i < of_a_connection; ++i) {
          const std::string said = open.back().read_until("\n");
          if (!said.starts_with("OK\t") && !said.starts_with("FAIL\t")) throw std::runtime_error("no answer: " + said);
          right += said.starts_with("OK\t") ? 1 : 0;
        }
        const int now = done + of_a_connection;
        if (now == total / 10 || now == total / 2 || now == total)
          std::printf("%8d logins   %7.0f KiB resident   %3ld descriptors   %4.0f s\n", now, resident_kib(pid),
                      descriptors(pid), std::chrono::duration<double>(clock::now() - begun).count());
      }
      const int expected = total / of_a_connection * ((of_a_connection + 2) / 3);
      std::printf("%8d were right, as %d should be\n", right, expected);
      if (right != expected) throw std::runtime_error("wrong answers");
    });
  }

  // All of them run all the time, and take turns: what the machine does meanwhile is done to all.
  void rates() {
    constexpr int rounds = 7;
    std::vector<contestant> all = {{"dovecot's LDAP passdb", 10'000, 0},
                                   {"authd without a mirror", 10'000, 1},
                                   {"authd with its mirror", 200'000, 10}};
    const pid_t slapd = host_.slapd().pid();
    with_dovecot([&](const std::string& dovecot, std::vector<pid_t> its_processes) {
      its_processes.push_back(slapd);
      with_authd(
          {"--no-mirror"},
          [&](const std::string& asking, pid_t asking_pid, int) {
            with_authd(
                {},
                [&](const std::string& mirroring, pid_t mirroring_pid, int metrics) {
                  for (int round = 0; round < rounds; ++round) {
                    measure(all[0], dovecot, its_processes);
                    measure(all[1], asking, {asking_pid, slapd});
                    measure(all[2], mirroring, {mirroring_pid, slapd});
                  }
                  weigh(metrics, mirroring_pid);
                },
                "mirroring-");
          },
          "asking-");
    });
    std::printf("%ld users; medians of %d rounds; logins under way on one connection; all servers' CPU time a login\n",
                users_, rounds);
    for (const contestant& one : all) {
      print(one, 1, one.one, all[0].one);
      print(one, many_under_way, one.many, all[0].many);
    }
    std::printf("memory of the mirror     %8.0f bytes a user; the process %.0f\n", mirror_bytes_, process_bytes_);
  }

 private:
  struct contestant {
    const char* who;
    int count;                // of logins in a round
    int aim;                  // how many times as fast as the first; 0: none
    std::vector<rate> one{};  // after the other
    std::vector<rate> many{};
  };
  void measure(contestant& who, const std::string& socket, const std::vector<pid_t>& servers) const {
    who.one.push_back(logins(socket, users_, 1, std::min(who.count, 20'000), servers));
    who.many.push_back(logins(socket, users_, many_under_way, who.count, servers));
  }
  static double median(std::vector<double> of) {
    std::sort(of.begin(), of.end());
    return of[of.size() / 2];
  }
  static double median(const std::vector<rate>& of, double rate::*what) {
    std::vector<double> all;
    for (const rate& one : of) all.push_back(one.*what);
    return median(std::move(all));
  }
  static void print(const contestant& who, int under_way, const std::vector<rate>& of, const std::vector<rate>& peer) {
    std::vector<double> ratios;
    std::vector<double> savings;
    for (std::size_t i = 0; i < of.size(); ++i) {
      ratios.push_back(of[i].a_second / peer[i].a_second);
      savings.push_back(peer[i].server_us / of[i].server_us);
    }
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    std::printf("%-24s %2d under way %8.0f /s %6.1fx (%.1f to %.1f%s)   %6.1f us, 1/%.1f; client %4.1f us\n", who.who,
                under_way, median(of, &rate::a_second), median(ratios), *least, *most,
                who.aim == 0 ? "" : fmt::format("; aim {}x", who.aim).c_str(), median(of, &rate::server_us),
                median(savings), median(of, &rate::client_us));
  }

  void with_dovecot(const std::function<void(const std::string& socket, const std::vector<pid_t>&)>& what_then) {
    // Its auth process is nobody's root.
    for (const fs::path& folder : {host_.folder().path(), host_.slapd().folder()})
      fs::permissions(folder, fs::perms(0755));
    const temp_dir& folder = host_.folder();
    write_file(folder / "ldap.conf",
               fmt::format("uris = {}\ndn = {}\ndnpass = {}\nbase = {}\nldap_version = 3\npass_attrs = "
                           "uid=user,userPassword=password\npass_filter = "
                           "(&(objectClass=s2lMailAccount)(uid=%u)(s2lEnabled=TRUE))\n",
                           host_.slapd().ldapi(), slapd_server::sync_dn, slapd_server::password, slapd_server::suffix));
    write_file(
        folder / "dovecot.conf",
        fmt::format("base_dir = {0}/run\nstate_dir = {0}\nlog_path = {0}/dovecot.log\nprotocols =\nssl = no\n"
                    "disable_plaintext_auth = no\nservice auth {{\n  unix_listener auth-bench {{\n    mode = 0666\n"
                    "  }}\n}}\npassdb {{\n  driver = ldap\n  args = {0}/ldap.conf\n}}\nuserdb {{\n  driver = "
                    "static\n  args = uid=1000 gid=1000 home=/tmp\n}}\n",
                    folder.path().string()));
    child_process server({.arguments = {server_program("dovecot"), "-F", "-c", folder / "dovecot.conf"}},
                         folder / "dovecot.out", folder / "dovecot.out");
    const std::string socket = folder / "run/auth-bench";
    if (!eventually(30s, [&] { return somebody_listens(socket); }))
      throw std::runtime_error("dovecot does not start: " + read_file(folder / "dovecot.out"));
    try {
      (void)logins(socket, users_, 1, 1);
    } catch (const std::exception& problem) {
      throw std::runtime_error(
          fmt::format("dovecot: {}; its log: {}", problem.what(), read_file(folder / "dovecot.log")));
    }
    what_then(socket, children_of(server.pid()));
    server.stop(SIGTERM);
  }

  void with_authd(const std::vector<std::string>& more,
                  const std::function<void(const std::string& socket, pid_t, int metrics)>& what_then,
                  const std::string& name = {}) {
    const int port = unused_port();
    std::vector<std::string> words = {"--metrics", fmt::format("127.0.0.1:{}", port)};
    words.insert(words.end(), more.begin(), more.end());
    host_.with_authd(
        words, [&](pid_t pid) { what_then(host_.auth(name), pid, port); }, name);
  }

  void weigh(int port, pid_t pid) {
    local_client client(static_cast<std::uint16_t>(port));
    client.send("GET /metrics HTTP/1.0\r\n\r\n");
    const std::string all = client.read_all();
    const std::string name = "sql2ldap_mirror_memory_bytes{answers=\"first\"} ";
    mirror_bytes_ = std::stod(all.substr(all.find(name) + name.size())) / static_cast<double>(users_);
    process_bytes_ = resident_kib(pid) * 1024 / static_cast<double>(users_);
  }

  long users_;
  login_host host_;
  double mirror_bytes_ = 0;
  double process_bytes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc > 3 ? argv[3] : "";
  if (argc < 2 || (!word.empty() && word != "crowd" && word != "many")) {
    std::fprintf(stderr, "logins AUTHD [USERS [crowd | many [LOGINS]]]\n");
    return 2;
  }
  try {
    bench on(argv[1], argc > 2 ? std::atol(argv[2]) : 100'000);
    if (word == "crowd")
      on.crowd();
    else if (word == "many")
      on.many(argc > 4 ? std::atoi(argv[4]) : 1'000'000);
    else
      on.rates();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "logins: %s\n", problem.what());
    return 1;
  }
  return 0;
}
