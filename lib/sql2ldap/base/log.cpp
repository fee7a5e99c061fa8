#include <sql2ldap/base/log.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::log {

namespace {

constexpr std::size_t gathered_bytes_max = 64U << 10U;

struct gathering {
  int depth = 0;
  std::string lines;
};
thread_local gathering of_this_thread;

void write(std::string_view lines) { (void)std::fwrite(lines.data(), 1, lines.size(), stderr); }

void write_gathered() {
  write(of_this_thread.lines);
  of_this_thread.lines.clear();
}

class error_output final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (of_this_thread.depth == 0) return write({line.data(), line.size()});
    of_this_thread.lines.append(line.data(), line.size());
    if (of_this_thread.lines.size() > gathered_bytes_max) write_gathered();
  }
  void flush_() override {}  // stderr has no buffer
};

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> the_logger = [] {
    auto made = std::make_shared<spdlog::logger>("sql2ldap", std::make_shared<error_output>());
    made->set_pattern("%l %v");
    return made;
  }();
  return *the_logger;
}

spdlog::level::level_enum spdlog_level(level severity) {
  switch (severity) {
    case level::debug:
      return spdlog::level::debug;
    case level::info:
      return spdlog::level::info;
    case level::warning:
      return spdlog::level::warn;
    case level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
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
  if (!logger().should_log(spdlog_level(severity))) return;
  constexpr std::size_t usual_bytes = 240;
  std::string line;
  line.reserve(usual_bytes);
  line += id;
  line += ' ';
  line += text;
  for (const field& item : fields) {
    line += ' ';
    line += item.key;
    line += '=';
    // A value must not be able to forge a second line or another field.
    static constexpr std::size_t value_bytes_max = 1000;
    line += is_plain_word(item.value) ? item.value : quoted_for_message(item.value, value_bytes_max);
  }
  // The pattern shows no time, so none is asked for.
  logger().log({}, {}, spdlog_level(severity), spdlog::string_view_t(line.data(), line.size()));
}

gathered_lines::gathered_lines() noexcept { ++of_this_thread.depth; }

gathered_lines::~gathered_lines() {
  if (--of_this_thread.depth == 0 && !of_this_thread.lines.empty()) write_gathered();
}

void set_level(level least) { logger().set_level(spdlog_level(least)); }

}  // namespace sql2ldap::log
