#include <support/child_process.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace sql2ldap::test {
namespace {

class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

[[noreturn]] void give_up(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

int memory_file(std::string_view contents = {}) {
  const int file = ::memfd_create("test", MFD_CLOEXEC);
  if (file < 0) give_up("memfd_create");
  while (!contents.empty()) {
    const ssize_t n = ::write(file, contents.data(), contents.size());
    if (n < 0) give_up("write");
    contents.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

std::string contents_of(int file) {
  std::string bytes;
  char block[65536];
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(file, block, sizeof block, at);
    if (n < 0) give_up("read");
    if (n == 0) return bytes;
    bytes.append(block, static_cast<std::size_t>(n));
    at += n;
  }
}

int output_file(const std::filesystem::path& path, int otherwise) {
  if (path.empty()) return ::fcntl(otherwise, F_DUPFD_CLOEXEC, 3);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) give_up("open " + path.string());
  return file;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& own) {
  std::vector<std::string> all;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string_view pair = *e;
    if (!own.contains(std::string(pair.substr(0, pair.find('='))))) all.emplace_back(pair);
  }
  for (const auto& [name, value] : own) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

child_process::child_process(const command& what, const std::filesystem::path& output,
                             const std::filesystem::path& errors) {
  const descriptor out(output_file(output, STDOUT_FILENO));
  const descriptor err(output_file(errors, STDERR_FILENO));
  start(what, out.get(), err.get());
}

child_process::child_process(const command& what, int output, int errors) { start(what, output, errors); }

void child_process::start(const command& what, int output, int errors) {
  const descriptor input(memory_file(what.input));
  const passwd* user = nullptr;
  if (!what.user.empty() && ::geteuid() == 0) {
    user = ::getpwnam(what.user.c_str());
    if (user == nullptr) throw std::runtime_error("no user " + what.user);
  }
  std::vector<std::string> arguments = what.arguments;
  std::vector<std::string> environment = merged_environment(what.environment);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(environment);

  // The child writes errno here when it cannot run the program; exec closes it.
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) give_up("pipe");
  const descriptor report_read(report[0]);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) give_up("fork");
  if (pid_ == 0) {
    // Only async-signal-safe calls from here on: the test may have threads.
    const bool ready = ::dup2(input.get(), STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
                       ::dup2(errors, STDERR_FILENO) >= 0 &&
                       (user == nullptr ||
                        (::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 && ::setuid(user->pw_uid) == 0)) &&
                       (what.directory.empty() || ::chdir(what.directory.c_str()) == 0);
    if (ready) {
      // After setuid, which clears it: a test that crashes takes its servers along.
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(127);
      ::execvpe(argv[0], argv.data(), envp.data());
    }
    const int reason = errno;
    [[maybe_unused]] const ssize_t n = ::write(report[1], &reason, sizeof reason);
    ::_exit(127);
  }
  ::close(report[1]);
  int reason = 0;
  if (::read(report_read.get(), &reason, sizeof reason) == sizeof reason) {
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    throw std::system_error(reason, std::generic_category(), "cannot run " + what.arguments.front());
  }
  process_handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (process_handle_ < 0) {
    const int why = errno;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw std::system_error(why, std::generic_category(), "pidfd_open");
  }
}

child_process::~child_process() {
  if (running()) {
    send_signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (process_handle_ >= 0) ::close(process_handle_);
}

bool child_process::running() { return !wait(std::chrono::milliseconds(0)); }

std::optional<int> child_process::wait(std::chrono::milliseconds timeout) {
  if (status_) return status_;
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd ended{process_handle_, POLLIN, 0};
    const int n = ::poll(&ended, 1, static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0})));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    break;
  }
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) give_up("waitpid");
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void child_process::send_signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

void child_process::freeze() const {
  send_signal(SIGSTOP);
  siginfo_t stopped;
  if (::waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED | WEXITED | WNOWAIT) != 0) give_up("waitid");
}

int child_process::stop(int signal_number, std::chrono::milliseconds patience) {
  send_signal(signal_number);
  if (const auto status = wait(patience)) return *status;
  send_signal(SIGKILL);
  return wait(std::chrono::minutes(1)).value();
}

captured run_and_capture(const command& what, std::chrono::milliseconds timeout) {
  const descriptor out(memory_file());
  const descriptor err(memory_file());
  child_process child(what, out.get(), err.get());
  const auto status = child.wait(timeout);
  if (!status) throw std::runtime_error("still running after its time: " + what.arguments.front());
  return {*status, contents_of(out.get()), contents_of(err.get())};
}

bool eventually(std::chrono::milliseconds timeout, const std::function<bool()>& question) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!question()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace sql2ldap::test
