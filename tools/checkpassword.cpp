#include "checkpassword.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>

#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <poll.h>
#include <unistd.h>

#include <sql2ldap/base/core_dumps.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/printable.hpp>
#include <sql2ldap/base/standard_streams.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/user_name.hpp>
#include <sql2ldap/version.hpp>

namespace sql2ldap::tools::checkpassword {

namespace {

namespace wire = codec::checkpassword;
using wire::outcome;

constexpr const char* help_text = R"(Checks passwords and finds users for mail servers by checkpassword's interface.
Asks sql2ldap-authd, or with --directory the directory itself. Reads name and
password from descriptor 3, as dovecot 2.3 writes them, and runs PROGRAM when
they are right: dovecot appends its own to `args`.
Usage: sql2ldap-checkpassword [OPTIONS] PROGRAM [ARGUMENTS...]

Options:
  -h, --help              print this text
  --version               print the version
  --auth PATH             socket of sql2ldap-authd that speaks auth-client
                          (/run/sql2ldap-authd/auth)
  --userdb PATH           that which speaks auth-userdb
                          (/run/sql2ldap-authd/userdb)
  --dict PATH             that which speaks dict, for stored passwords
                          (/run/sql2ldap-authd/dict)
  --directory[=URI]       ask the directory, as --config says
  --config FILE           settings for --directory, as sql2ldap and
                          sql2ldap-authd have them
  --timeout SECONDS       for all of it, until PROGRAM is run (10)
  --uid NUMBER            of mail whose user has none
  --gid NUMBER            of mail whose user has none
  --service NAME          what is logged in to, where SERVICE is not set
                          (checkpassword)
  --keep-user             run PROGRAM as who we are and where we are, also
                          where dovecot is not the one that asks

Exit codes, of a password check and of a lookup (AUTHORIZED is set):
  0, 2    found: that of PROGRAM, as a rule
  1, 3    refused: wrong password or nobody of that name; not there
  111     try again later: no answer, or none that could be passed on
  2, 111  called wrongly
)";

constexpr int input_descriptor = 3;
constexpr int reply_descriptor = 4;
constexpr std::uint32_t timeout_seconds_max = 600;
constexpr std::uint32_t id_max = 0xFFFFFFFEU;  // the next one means "as it is" to the kernel
constexpr const char* shell = "/bin/sh";       // of users who have none

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

bool is_set(const char* name) { return std::getenv(name) != nullptr; }

purpose purpose_now() { return wire::purpose_of(is_set("AUTHORIZED"), is_set("CREDENTIALS_LOOKUP")); }

// dovecot does not want us to become anybody, and reads the answer on descriptor 4.
bool started_by_dovecot() { return is_set("ORIG_UID") || is_set("AUTHORIZED"); }

sighandler_t sigpipe_at_start = SIG_DFL;

void tell(const error& problem) {
  std::fprintf(stderr, "sql2ldap-checkpassword: %s\n", printable_line(problem.text()).c_str());
}

// No user or group 0 either: nobody reads his mail as root.
result<std::uint32_t> number(error_kind trouble, std::string_view text, const std::string& of, std::uint32_t max) {
  std::uint32_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || out == 0 || out > max)
    return fail(trouble, of + " is a number from 1 to " + std::to_string(max) + ", not " + quoted_for_message(text));
  return out;
}

// To the end of the file; one byte more than is allowed shows that there is more.
result<secret> read_input(clock::time_point until) {
  std::array<char, limits::checkpassword_bytes_max + 1> bytes;
  std::size_t size = 0;
  result<secret> out;
  while (size < bytes.size()) {
    if (!wait_for(input_descriptor, POLLIN, until)) {
      out = fail_transient(error_kind::local, "nobody has written a user name and a password in time");
      break;
    }
    const ssize_t n = ::read(input_descriptor, bytes.data() + size, bytes.size() - size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0 && errno == EBADF) {
      out = fail(error_kind::usage, "descriptor 3 is closed: a mail server starts this program");
      break;
    }
    if (n < 0) {
      out = fail_by_errno("reading descriptor 3");
      break;
    }
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (out) out = secret(std::string(bytes.data(), size));
  ::explicit_bzero(bytes.data(), bytes.size());
  ::close(input_descriptor);
  return out;
}

result<void> become_owner(const answer& who) {
  S2L_TRY_ASSIGN(const uid_t user, number(error_kind::directory, who.uid, "uid", id_max));
  S2L_TRY_ASSIGN(const gid_t group, number(error_kind::directory, who.gid, "gid", id_max));
  if (::getuid() != user || ::getgid() != group) {
    if (::setgroups(1, &group) != 0 || ::setresgid(group, group, group) != 0 || ::setresuid(user, user, user) != 0)
      return fail_by_errno("becoming user " + who.uid + " of group " + who.gid);
  }
  if (who.home.empty()) return fail(error_kind::directory, "a user without a home");
  if (::chdir(who.home.c_str()) != 0) return fail_by_errno("entering the home " + quoted_for_message(who.home));
  return {};
}

// Does not come back unless it fails.
result<void> run_program(const answer& who, purpose why, const options& chosen) {
  S2L_TRY_ASSIGN(const auto environment, wire::reply_environment(who, why));
  if (!started_by_dovecot()) {
    if (!chosen.keep_user) S2L_TRY(become_owner(who));
    ::setenv("SHELL", shell, 1);
  }
  for (const auto& [name, value] : environment) {
    if ((value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str())) != 0)
      return fail_by_errno("setting " + name);
  }
  replace_program(chosen.program[0], chosen.program);
  return fail_by_errno("running " + quoted_for_message(chosen.program[0]));
}

// What is stored never stands in an environment: no program is run for it.
result<void> write_record(const answer& who) {
  S2L_TRY_ASSIGN(const secret record, wire::record(who));
  for (std::string_view rest = record.reveal(); !rest.empty();) {
    const ssize_t n = ::write(reply_descriptor, rest.data(), rest.size());
    if (n < 0 && errno != EINTR) return fail_by_errno("writing the answer on descriptor 4");
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// What is asked; nullopt: refused without asking anybody.
result<std::optional<question>> question_now(const options& chosen, purpose why) {
  const clock::time_point until = clock::now() + chosen.timeout;
  S2L_TRY_ASSIGN(const secret input, read_input(until));
  if (input.reveal().size() > limits::checkpassword_bytes_max) return std::optional<question>();
  auto read = wire::parse(input.reveal());
  if (!read) return fail(error_kind::usage, read.error().message, read.error().hint);
  if (!codec::is_possible_user_name(read->user)) return std::optional<question>();
  question out{why,
               std::move(read->user),
               std::move(read->password),
               variable("SERVICE"),
               variable("TCPREMOTEIP"),
               !variable("AUTH_SECURED").empty(),
               started_by_dovecot(),
               until};
  if (out.service.empty()) out.service = chosen.service;
  if (why == purpose::login) {
    // A master's password opens no other account here, and an empty one none at all.
    if (!variable("MASTER_USER").empty() || out.password.empty()) return std::optional<question>();
  } else {
    out.password = {};
  }
  return std::optional<question>(std::move(out));
}

result<outcome> settle(const options& chosen, purpose why, const answerer& ask) {
  S2L_TRY_ASSIGN(const auto asked, question_now(chosen, why));
  if (!asked) return outcome::refused;
  S2L_TRY_ASSIGN(const auto who, ask(chosen, *asked));
  if (!who) return outcome::refused;
  if (why == purpose::credentials) {
    S2L_TRY(write_record(*who));
    return outcome::accepted;
  }
  S2L_TRY(run_program(*who, why, chosen));
  return outcome::trouble;
}

result<options> parse_arguments(int argc, char** argv) {
  enum : int { auth = 256, userdb, dict, timeout, uid, gid, service, keep_user, directory, config, version };
  static constexpr std::array<option, 13> known = {{{"auth", required_argument, nullptr, auth},
                                                    {"userdb", required_argument, nullptr, userdb},
                                                    {"dict", required_argument, nullptr, dict},
                                                    {"timeout", required_argument, nullptr, timeout},
                                                    {"uid", required_argument, nullptr, uid},
                                                    {"gid", required_argument, nullptr, gid},
                                                    {"service", required_argument, nullptr, service},
                                                    {"keep-user", no_argument, nullptr, keep_user},
                                                    {"directory", optional_argument, nullptr, directory},
                                                    {"config", required_argument, nullptr, config},
                                                    {"help", no_argument, nullptr, 'h'},
                                                    {"version", no_argument, nullptr, version},
                                                    {nullptr, 0, nullptr, 0}}};
  options out;
  ::opterr = 0;
  // "+": what follows the program is the program's.
  for (int found = 0; (found = ::getopt_long(argc, argv, "+h", known.data(), nullptr)) != -1;) {
    switch (found) {
      case auth:
        out.auth = ::optarg;
        break;
      case userdb:
        out.userdb = ::optarg;
        break;
      case dict:
        out.dict = ::optarg;
        break;
      case timeout: {
        S2L_TRY_ASSIGN(const std::uint32_t seconds,
                       number(error_kind::usage, ::optarg, "--timeout", timeout_seconds_max));
        out.timeout = std::chrono::seconds(seconds);
        break;
      }
      case uid:
        S2L_TRY(number(error_kind::usage, ::optarg, "--uid", id_max));
        out.otherwise.uid = ::optarg;
        break;
      case gid:
        S2L_TRY(number(error_kind::usage, ::optarg, "--gid", id_max));
        out.otherwise.gid = ::optarg;
        break;
      case service:
        out.service = ::optarg;
        break;
      case keep_user:
        out.keep_user = true;
        break;
      case directory:
        out.directory = true;
        if (::optarg != nullptr) out.directory_uri = ::optarg;
        break;
      case config:
        out.config = ::optarg;
        break;
      case 'h':
        out.help = true;
        return out;
      case version:
        out.version = true;
        return out;
      default:
        return fail(error_kind::usage, "no such option, or one without its value: " +
                                           quoted_for_message(argv[std::min(::optind, argc) - 1]));
    }
  }
  if (!out.config.empty() && !out.directory)
    return fail(error_kind::usage, "--config is for --directory: sql2ldap-authd has settings of its own");
  out.program = argv + ::optind;
  if (*out.program != nullptr && **out.program == '\0')
    return fail(error_kind::usage, "an empty argument in the place of a program", "two blanks in dovecot's `args`?");
  if (*out.program == nullptr)
    return fail(error_kind::usage, "which program is to be run? dovecot appends its own to `args`");
  return out;
}

int misuse(const error& problem) {
  tell(problem);
  return wire::misuse_status(purpose_now());
}

}  // namespace

void replace_program(const char* name, char** arguments) noexcept {
  std::signal(SIGPIPE, sigpipe_at_start);
  ::execvp(name, arguments);
  const int reason = errno;
  std::signal(SIGPIPE, SIG_IGN);
  errno = reason;
}

tl::unexpected<error> fail_by_errno(std::string_view doing) {
  return fail_transient(error_kind::local, std::string(doing) + ": " + std::strerror(errno));
}

tl::unexpected<error> no_mailbox(std::string_view name) {
  return fail_transient(error_kind::directory, quoted_for_message(name) + " may log in and has no mailbox");
}

bool wait_for(int descriptor, short events, clock::time_point until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0) return false;
    pollfd one{descriptor, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

int run(const options& chosen, const answerer& ask) {
  const purpose why = purpose_now();
  // Whoever starts us could have any program run, by the environment alone.
  if (::getuid() != ::geteuid() || ::getgid() != ::getegid())
    return misuse({error_kind::usage, false, 0, "this program must not be set-user-ID or set-group-ID", {}, {}});
  // Before a descriptor of our own can take its place.
  if (why == purpose::credentials && ::fcntl(reply_descriptor, F_GETFD) < 0)
    return misuse({error_kind::usage, false, 0, "descriptor 4 is closed: dovecot starts this program", {}, {}});
  const auto settled = settle(chosen, why, ask);
  if (settled) return wire::exit_status(why, *settled);
  const error& problem = settled.error();
  if (problem.kind == error_kind::usage) return misuse(problem);
  tell(problem);
  return wire::exit_status(why, outcome::trouble);
}

int start(int argc, char** argv, const std::function<int(const options&)>& work) {
  sigpipe_at_start = prepare_standard_streams();
  forbid_core_dumps();
  try {
    const auto chosen = parse_arguments(argc, argv);
    if (!chosen) return misuse(chosen.error());
    if (!chosen->help && !chosen->version) return work(*chosen);
    if (chosen->help)
      std::fputs(help_text, stdout);
    else
      std::printf("sql2ldap-checkpassword %s\n", std::string(version).c_str());
    return std::fflush(stdout) == 0 ? 0 : wire::exit_status(purpose::login, outcome::trouble);
  } catch (const std::exception& problem) {  // out of memory and the like
    std::fprintf(stderr, "sql2ldap-checkpassword: %s\n", problem.what());
    return wire::exit_status(purpose_now(), outcome::trouble);
  }
}

}  // namespace sql2ldap::tools::checkpassword
