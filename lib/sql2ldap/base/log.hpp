// The log face. Each event has an ID (DIRECTORY_RECONNECT) whose operator's paragraph stands in
// docs/messages.md; a test holds the list and the code together.
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

// One line on standard error: `level ID text key=value ...`. Never pass a secret.
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
