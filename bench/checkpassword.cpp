// What a login by sql2ldap-checkpassword costs whom it keeps waiting, from starting it to its end, over the program
// that does nothing: each run has one of /bin/true beside it, so that both see the same machine.
//
//   checkpassword CHECKPASSWORD AUTHD [ROUNDS]    (500 unless told)
//
// sql2ldap-authd answers by its mirror; passwords by a hash that costs nothing; /bin/true is the program that is run
// afterwards. With --directory there is no daemon. ldapsearch is what a script would ask by.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

#include "login_host.hpp"

namespace {

using namespace sql2ldap::test;
using clock = std::chrono::steady_clock;

constexpr long users = 1000;
constexpr double aim_ms = 2;
constexpr int input_descriptor = 3;

struct kind {
  std::string name;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // besides PATH
  std::string password;
  int status = 0;      // that it has to end with
  bool aimed = false;  // at less than aim_ms
};

[[noreturn]] void give_up(int reason, const char* doing) {
  throw std::system_error(reason, std::generic_category(), doing);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Milliseconds from starting it to its end; it has `input` on descriptor 3.
double run_once(kind what, const std::string& input) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) give_up(errno, "pipe");
  if (::write(ends[1], input.data(), input.size()) != static_cast<ssize_t>(input.size())) give_up(errno, "write");
  ::close(ends[1]);
  what.environment.push_back("PATH=/usr/bin:/bin");
  const std::vector<char*> arguments = pointers_to(what.arguments);
  const std::vector<char*> environment = pointers_to(what.environment);
  posix_spawn_file_actions_t descriptors;
  ::posix_spawn_file_actions_init(&descriptors);
  ::posix_spawn_file_actions_adddup2(&descriptors, ends[0], input_descriptor);
  ::posix_spawn_file_actions_addopen(&descriptors, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

  pid_t child = -1;
  int status = 0;
  const auto begun = clock::now();
  const int failed = ::posix_spawnp(&child, arguments[0], &descriptors, nullptr, arguments.data(), environment.data());
  if (failed == 0) ::waitpid(child, &status, 0);
  const auto took = clock::now() - begun;

  ::posix_spawn_file_actions_destroy(&descriptors);
  ::close(ends[0]);
  if (failed != 0) give_up(failed, arguments[0]);
  const int ended = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (ended != what.status)
    throw std::runtime_error(fmt::format("{}: the status is {}, not {}", what.name, ended, what.status));
  return std::chrono::duration<double, std::milli>(took).count();
}

struct quantiles {
  double p50 = 0;
  double p99 = 0;
};
quantiles quantiles_of(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples[samples.size() * 99 / 100]};
}

class bench {
 public:
  bench(std::string checkpassword, const std::string& authd)
      : checkpassword_(std::move(checkpassword)), host_(authd, users) {
    write_file(host_.folder() / "settings",
               fmt::format("directory = \"{}\"\nbase = \"{}\"\nbind-dn = \"{}\"\npassword-file = \"{}\"\n",
                           host_.slapd().ldapi(), slapd_server::suffix, slapd_server::sync_dn, host_.password_file()));
  }

  void measure(int rounds) {
    const std::vector<kind> kinds = all_kinds();
    std::vector<std::vector<double>> took(kinds.size());
    std::vector<std::vector<double>> beside(kinds.size());
    // Who is wrong again and again would not be listened to.
    host_.with_authd({"--wrong-per-name", "0", "--wrong-per-address", "0"}, [&](pid_t) {
      for (const kind& each : kinds) run_once(each, input(each, 0));  // from the disk
      for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < kinds.size(); ++i) {
          const std::string told = input(kinds[i], round % users);
          if (round % 2 == 0) beside[i].push_back(run_once(nothing, told));
          took[i].push_back(run_once(kinds[i], told));
          if (round % 2 != 0) beside[i].push_back(run_once(nothing, told));
        }
      }
    });
    std::printf("%ld users; ms of %d rounds: a run, true beside it, and what it takes longer\n", users, rounds);
    std::printf("%-20s %8s %8s   %8s %8s   %8s %8s\n", "", "p50", "p99", "p50", "p99", "p50", "p99");
    for (std::size_t i = 0; i < kinds.size(); ++i)
      print(kinds[i], quantiles_of(std::move(took[i])), quantiles_of(std::move(beside[i])));
  }

 private:
  inline static const kind nothing{"true", {"/bin/true"}, {}, "", 0, false};

  static std::string input(const kind& of, long user) {
    return login_host::name_of(user) + '\0' + of.password + '\0' + '\0';
  }

  std::vector<kind> all_kinds() const {
    const std::string right(login_host::password);
    const std::string wrong = right + "x";
    const auto started_by_dovecot = [this](const std::vector<std::string>& way) {
      std::vector<std::string> out = {checkpassword_, "--uid", "1000", "--gid", "1000"};
      out.insert(out.end(), way.begin(), way.end());
      out.push_back(nothing.arguments[0]);
      return out;
    };
    const auto of_daemon = started_by_dovecot({"--auth", host_.auth(), "--userdb", host_.userdb()});
    const auto of_directory = started_by_dovecot({"--directory", "--config", host_.folder() / "settings"});
    const std::vector<std::string> login = {"ORIG_UID=0", "SERVICE=imap", "TCPREMOTEIP=192.0.2.1"};
    std::vector<std::string> lookup = login;
    lookup.push_back("AUTHORIZED=1");
    const std::string filter = "(uid=" + login_host::name_of(0) + ")";
    const std::vector<std::string> ldapsearch = {"ldapsearch", "-x", "-LLL", "-y", host_.password_file(), filter};
    const std::vector<std::string> where = {"LDAPURI=" + host_.slapd().ldapi(),
                                            fmt::format("LDAPBASE={}", slapd_server::suffix),
                                            fmt::format("LDAPBINDDN={}", slapd_server::sync_dn)};
    return {{"login, right", of_daemon, login, right, 0, true},
            {"login, wrong", of_daemon, login, wrong, 1, true},
            {"user lookup", of_daemon, lookup, "", 0, true},
            {"--directory, right", of_directory, login, right, 0, false},
            {"--directory, wrong", of_directory, login, wrong, 1, false},
            {"ldapsearch", ldapsearch, where, "", 0, false}};
  }

  static void print(const kind& of, const quantiles& took, const quantiles& beside) {
    const double over = took.p50 - beside.p50;
    std::printf("%-20s %8.2f %8.2f   %8.2f %8.2f   %8.2f %8.2f   %s\n", of.name.c_str(), took.p50, took.p99, beside.p50,
                beside.p99, over, took.p99 - beside.p99,
                of.aimed
                    ? fmt::format("(aim < {:.0f} ms over true: {})", aim_ms, over < aim_ms ? "met" : "NOT met").c_str()
                    : "");
  }

  std::string checkpassword_;
  login_host host_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "checkpassword CHECKPASSWORD AUTHD [ROUNDS]\n");
    return 2;
  }
  try {
    bench(argv[1], argv[2]).measure(argc > 3 ? std::max(std::atoi(argv[3]), 1) : 500);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "checkpassword: %s\n", problem.what());
    return 1;
  }
  return 0;
}
