#include "standard_output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sql2ldap::tools {

namespace {

int lost_output = 0;  // errno of the first failure, 0 = none
bool work_done = false;

void note_failure() noexcept {
  if (lost_output == 0) lost_output = errno != 0 ? errno : EIO;
}

}  // namespace

void write_output(std::string_view bytes) noexcept {
  errno = 0;
  if (lost_output == 0 && std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) note_failure();
}

void write_note(std::string_view bytes) noexcept {
  static_cast<void>(std::fwrite(bytes.data(), 1, bytes.size(), stderr) == bytes.size());
}

void note_work_done() noexcept { work_done = true; }

int exit_status(std::string_view program, exit_code code) noexcept {
  errno = 0;
  if (std::fflush(stdout) != 0) note_failure();
  const bool is_failure = code != exit_code::done && code != exit_code::differences;
  if (lost_output == 0 || is_failure) return static_cast<int>(code);
  write_note(program);
  write_note(": error: cannot write to standard output: ");
  write_note(std::strerror(lost_output));
  write_note(work_done ? "\n  hint: the work is done, only its report is lost\n" : "\n");
  if (!work_done) return static_cast<int>(exit_code::try_later);
  return code == exit_code::done ? report_lost : static_cast<int>(code);
}

}  // namespace sql2ldap::tools
