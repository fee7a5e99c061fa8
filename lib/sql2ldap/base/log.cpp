#include <sql2ldap/base/log.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <mutex>
#include <string>

#include <poll.h>
#include <unistd.h>

#include <sql2ldap/base/printable.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap::log {

namespace {

constexpr std::size_t gathered_bytes_max = 64U << 10U;
// So that a line with four long fields fits PIPE_BUF.
constexpr std::size_t text_bytes_max = 1200;
constexpr std::size_t value_bytes_max = 700;
constexpr int stuck_reader_patience = 200;  // milliseconds, once; less than any client of the daemons waits

struct gathering {
  int depth = 0;
  std::string lines;
};
thread_local gathering of_this_thread;

// Standard error, whose reader may be stuck (a full pipe) or gone.
class log_output {
 public:
  // Whole lines. Up to PIPE_BUF bytes are written in one piece, which no other thread's or process's lines come into.
  void write(std::string_view lines) {
    const std::lock_guard only(mutex_);
    while (!lines.empty()) {
      const std::string_view piece = lines.substr(0, piece_end(lines));
      lines.remove_prefix(piece.size());
      if (lost_ > 0 && !write_piece(lost_line())) {
        count_lost(piece);
        continue;
      }
      lost_ = 0;
      if (!write_piece(piece)) count_lost(piece);
    }
  }

 private:
  static std::size_t piece_end(std::string_view lines) {
    if (lines.size() <= PIPE_BUF) return lines.size();
    const std::size_t last = lines.rfind('\n', PIPE_BUF - 1);
    return (last != std::string_view::npos ? last : lines.find('\n')) + 1;
  }

  [[nodiscard]] std::string lost_line() const {
    return "warning LOG_LOST standard error was not read: lines are missing lines=" + std::to_string(lost_) + "\n";
  }

  bool write_piece(std::string_view bytes) {
    pollfd output{STDERR_FILENO, POLLOUT, 0};
    const int ready = ::poll(&output, 1, stuck_ ? 0 : stuck_reader_patience);
    stuck_ = ready == 0;
    if (stuck_) return false;
    while (!bytes.empty()) {
      const ssize_t n = ::write(STDERR_FILENO, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void count_lost(std::string_view lines) {
    lost_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  }

  std::mutex mutex_;
  std::uint64_t lost_ = 0;
  bool stuck_ = false;
};

// Never destroyed: threads may log while the program ends.
log_output& output() {
  static auto& only = *new log_output;
  return only;
}

void write_gathered() {
  output().write(of_this_thread.lines);
  of_this_thread.lines.clear();
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

void append_text(std::string& line, std::string_view text) {
  if (is_ascii(text) && !has_control_characters(text) && text.size() <= text_bytes_max) {  // nearly each
    line += text;
    return;
  }
  std::string printable = printable_line(text);
  if (printable.size() > text_bytes_max) {
    std::size_t end = text_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(printable[end]) & 0xC0U) == 0x80U) --end;  // inside of a character
    printable.resize(end);
    printable += "...";
  }
  line += printable;
}

void append_field(std::string& line, const field& item) {
  line += ' ';
  line += item.key;
  line += '=';
  // A value must not be able to forge a second line or another field.
  if (is_plain_word(item.value) && item.value.size() <= value_bytes_max)
    line += item.value;
  else
    line += quoted_for_message(item.value, value_bytes_max);
}

// "message\nhint: ..." as error::text() makes it. Its message has no line break.
struct message {
  std::string_view text;
  std::string_view hint;
};
message without_hint(std::string_view text) {
  static constexpr std::string_view before_hint = "\nhint: ";
  const std::size_t at = text.rfind('\n');
  if (at == std::string_view::npos || !text.substr(at).starts_with(before_hint)) return {text, {}};
  return {text.substr(0, at), text.substr(at + before_hint.size())};
}

}  // namespace

void event(level severity, std::string_view id, std::string_view text, std::initializer_list<field> fields) {
  if (severity < least_told) return;
  std::string& line = of_this_thread.lines;
  line += word_for(severity);
  line += id;
  line += ' ';
  const message said = without_hint(text);
  append_text(line, said.text);
  for (const field& item : fields) append_field(line, item);
  if (!said.hint.empty()) append_field(line, {"hint", said.hint});
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
