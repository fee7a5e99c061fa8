// Standard output and standard error of commands, either of which may be closed, full or no longer read.
//
// Nothing here throws or ends the program: a report that cannot be written must not stop a run that changes a
// directory. A lost output is remembered, and exit_status() says so.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/printable.hpp>

namespace sql2ldap::tools {

// The work is done, and only its report could not be written. Beside those of exit_code; EX_IOERR of sysexits.h.
inline constexpr int report_lost = 74;

// As they are: for files that were asked for, and for sequences of our own that drive a terminal.
void write_output(std::string_view bytes) noexcept;
void write_note(std::string_view bytes) noexcept;  // to standard error

// For people. What rows and servers hold cannot drive the terminal: see printable_text().
template <typename... Values>
void print_text(fmt::format_string<Values...> format, Values&&... values) {
  write_output(printable_text(fmt::format(format, std::forward<Values>(values)...)));
}
template <typename... Values>
void print_note(fmt::format_string<Values...> format, Values&&... values) {
  write_note(printable_text(fmt::format(format, std::forward<Values>(values)...)));
}

// What was asked for is done, in the directory, the database or the daemon: what is printed from now on only reports
// it.
void note_work_done() noexcept;

// Writes out what is left. The exit status of the process: that of `code`, unless the output was lost. Then it is 75,
// or once the work is done `report_lost` in place of 0. Errors keep their codes.
[[nodiscard]] int exit_status(std::string_view program, exit_code code) noexcept;

}  // namespace sql2ldap::tools
