// The log. Each event has an ID (SYNC_REJECT) whose paragraph for operators is in docs/messages.md;
// tests/unit/documents_test.cpp compares that list with the code.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sql2ldap::log {

enum class level { debug, info, warning, error };

struct field {
  std::string_view key;
  std::string_view value;
};

// One line on standard error: `level ID text key=value ...`, whatever is in it: line breaks become blanks, other
// controls and bytes that are not UTF-8 become \xHH, and what is too long ends with "...". The hint of error::text(),
// which has a line of its own there, becomes the field `hint`. Never pass a secret.
// A standard error that nobody reads stops nobody: lines are dropped then, and LOG_LOST says later how many.
void event(level severity, std::string_view id, std::string_view text, std::initializer_list<field> fields = {});
void set_level(level least);

// While one lives, the lines of its thread are gathered, and written at once when the last of them goes away, or by
// write_now().
class gathered_lines {
 public:
  static void write_now() noexcept;
  gathered_lines() noexcept;
  gathered_lines(const gathered_lines&) = delete;
  gathered_lines& operator=(const gathered_lines&) = delete;
  ~gathered_lines();
};

}  // namespace sql2ldap::log
