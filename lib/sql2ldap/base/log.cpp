#include <sql2ldap/base/log.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <string>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::log {

namespace {

constexpr std::size_t gathered_bytes_max = 64U << 10U;
constexpr std::size_t value_bytes_max = 1000;

struct gathering {
  int depth = 0;
  std::string lines;
};
thread_local gathering of_this_thread;

// In one call, which no other thread's lines come into.
void write_gathered() {
  std::string& lines = of_this_thread.lines;
  (void)std::fwrite(lines.data(), 1, lines.size(), stderr);
  lines.clear();
}

std::atomic<level> least_told = level::info;

std::string_view word_for(level severity) {
  switch (severity) {
    case level::debug:
      return "debug ";
    case level::info:
      return "info ";
    case level::warning:
      return "warning ";
    case level::error:
      return "error ";
  }
  return "error ";
}

constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = '!'; c <= '~'; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

bool is_plain_word(std::string_view value) {
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](char c) { return plain[static_cast<unsigned char>(c)]; });
}

}  // namespace

void event(level severity, std::string_view id, std::string_view text, std::initializer_list<field> fields) {
  if (severity < least_told) return;
  std::string& line = of_this_thread.lines;
  line += word_for(severity);
  line += id;
  line += ' ';
  line += text;
  for (const field& item : fields) {
    line += ' ';
    line += item.key;
    line += '=';
    // A value must not be able to forge a second line or another field.
    if (is_plain_word(item.value))
      line += item.value;
    else
      line += quoted_for_message(item.value, value_bytes_max);
  }
  line += '\n';
  if (of_this_thread.depth == 0 || line.size() > gathered_bytes_max) write_gathered();
}

gathered_lines::gathered_lines() noexcept { ++of_this_thread.depth; }

gathered_lines::~gathered_lines() {
  if (--of_this_thread.depth == 0) write_now();
}

void gathered_lines::write_now() noexcept {
  if (!of_this_thread.lines.empty()) write_gathered();
}

void set_level(level least) { least_told = least; }

}  // namespace sql2ldap::log
