#include <sql2ldap/hooks/command.hpp>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap::hooks {
namespace {

using std::chrono::steady_clock;

constexpr const char* search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

class descriptor {
 public:
  explicit descriptor(int number = -1) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

// A file without a name: who does not read its input holds nobody up.
int file_with(std::string_view content) {
  const int file = memfd_create("change", MFD_CLOEXEC);
  while (file >= 0 && !content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      ::close(file);
      return -1;
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file >= 0) ::lseek(file, 0, SEEK_SET);
  return file;
}

// The end of what is printed, in bounded memory.
class printed {
 public:
  // False: there will be no more.
  bool take_from(int pipe) {
    char bytes[4096];
    while (true) {
      const ssize_t got = ::read(pipe, bytes, sizeof bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      end_.append(bytes, static_cast<std::size_t>(got));
      if (end_.size() > limits::hook_output_bytes_max) end_.erase(0, end_.size() - limits::hook_output_bytes_max);
      if (static_cast<std::size_t>(got) < sizeof bytes) return true;  // others want to be heard as well
    }
  }
  [[nodiscard]] std::string added_to(std::string reason) const {
    const std::string_view said = trimmed(end_);
    if (said.empty()) return reason;
    // An escape sequence of the program must not reach an operator's terminal.
    return std::move(reason) + ": " + quoted_for_message(said, 2 * limits::hook_output_bytes_max);
  }

 private:
  std::string end_;
};

struct attributes {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t how{};
  attributes() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
  }
  attributes(const attributes&) = delete;
  attributes& operator=(const attributes&) = delete;
  ~attributes() {
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
  }
  void set(int input, int output) {
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&files, "/");
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// 0, or errno.
int spawn(const command& what, int input, int output, pid_t& child) {
  std::vector<std::string> words = what.words;
  std::vector<std::string> environment = {std::string("PATH=") + search_path, "LANG=C.UTF-8"};
  for (const auto& [name, value] : what.environment) environment.push_back(name + '=' + value);
  attributes with;
  with.set(input, output);
  return posix_spawn(&child, words.front().c_str(), &with.files, &with.how, pointers_to(words).data(),
                     pointers_to(environment).data());
}

outcome failure(std::string reason) { return {outcome::how::failed, std::move(reason)}; }

outcome failure_of_system(std::string_view doing) {
  return failure(fmt::format("cannot {}: {}", doing, std::strerror(errno)));
}

outcome outcome_of(const siginfo_t& end, const printed& said) {
  if (end.si_code != CLD_EXITED) return failure(said.added_to(fmt::format("ended by signal {}", end.si_status)));
  if (end.si_status == 0) return {outcome::how::done, ""};
  return failure(said.added_to(fmt::format("exit code {}", end.si_status)));
}

enum class woken { by_its_end, by_timeout, by_interruption };

woken wait_for_end(int process, int output, const interruption& stop, steady_clock::time_point until, printed& said) {
  pollfd watched[] = {{process, POLLIN, 0}, {stop.descriptor(), POLLIN, 0}, {output, POLLIN, 0}};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    if (left <= left.zero()) return woken::by_timeout;
    if (::poll(watched, std::size(watched), static_cast<int>(left.count())) < 0) continue;  // EINTR alone
    if (watched[2].revents != 0 && !said.take_from(output)) watched[2].fd = -1;
    if (watched[0].revents != 0) return woken::by_its_end;
    if (watched[1].revents != 0) return woken::by_interruption;
  }
}

}  // namespace

interruption::interruption() : handle_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { S2L_ASSERT(handle_ >= 0); }
interruption::~interruption() { ::close(handle_); }
void interruption::raise() const noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(handle_, &one, sizeof one));  // full: it is raised already
}

result<std::vector<std::string>> parse_command(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : split(text, ' '))
    if (!trimmed(word).empty()) words.emplace_back(trimmed(word));
  if (words.empty() || !words.front().starts_with('/'))
    return fail(error_kind::usage, fmt::format("{} is no command for a hook", quoted_for_message(text)),
                "the absolute path of a program, and its arguments; no shell reads them");
  if (::access(words.front().c_str(), X_OK) != 0)
    return fail(error_kind::usage, fmt::format("cannot run the hook {}: {}", words.front(), std::strerror(errno)),
                "it must be executable for the user of the daemon");
  return words;
}

outcome run(const command& what, std::chrono::milliseconds patience, const interruption& stop) {
  const descriptor input(file_with(what.input));
  if (!input) return failure_of_system("make its input");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failure_of_system("make a pipe");
  const descriptor output(ends[0]);
  descriptor other_end(ends[1]);
  if (::fcntl(output.number(), F_SETFL, O_NONBLOCK) != 0) return failure_of_system("make a pipe");

  pid_t child = -1;
  errno = spawn(what, input.number(), other_end.number(), child);
  if (errno != 0) return failure_of_system("run it");
  other_end.close();
  const descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  printed said;
  const int why_not = errno;
  const woken end = process
                        ? wait_for_end(process.number(), output.number(), stop, steady_clock::now() + patience, said)
                        : woken::by_timeout;
  if (end != woken::by_its_end) ::kill(-child, SIGKILL);
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED) != 0 && errno == EINTR) {
  }
  said.take_from(output.number());
  if (!process) {
    errno = why_not;
    return failure_of_system("watch it");
  }
  if (end == woken::by_interruption) return {outcome::how::interrupted, ""};
  if (end == woken::by_timeout)
    return failure(said.added_to(
        fmt::format("killed: it had not ended after {} s", std::chrono::duration<double>(patience).count())));
  return outcome_of(info, said);
}

}  // namespace sql2ldap::hooks
