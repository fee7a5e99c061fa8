#include <sql2ldap/base/log.hpp>

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::log {

namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> the_logger = [] {
    auto made = std::make_shared<spdlog::logger>("sql2ldap", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%l %v");
    made->flush_on(spdlog::level::trace);
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

bool is_plain_word(std::string_view value) {
  for (const char c : value) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return !value.empty();
}

}  // namespace

void event(level severity, std::string_view id, std::string_view text, std::initializer_list<field> fields) {
  if (!logger().should_log(spdlog_level(severity))) return;
  std::string line(id);
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
  logger().log(spdlog_level(severity), spdlog::string_view_t(line.data(), line.size()));
}

void set_level(level least) { logger().set_level(spdlog_level(least)); }

}  // namespace sql2ldap::log
