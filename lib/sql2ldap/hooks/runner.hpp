// Runs the command for what is due in the queue, one at a time, in a thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/model/hook_queue.hpp>

namespace sql2ldap::hooks {

struct runner_options {
  std::vector<std::string> words;
  std::chrono::milliseconds patience = limits::hook_time_max;
  std::chrono::seconds retry_first = limits::hook_retry_first;  // twice as long each time, up to
  std::chrono::seconds retry_longest = limits::hook_retry_longest;
  // From its thread.
  std::function<void(log::level, std::string_view id, const std::string& text)> tell = [](log::level, std::string_view,
                                                                                          const std::string&) {};
};

class runner {
 public:
  [[nodiscard]] static std::unique_ptr<runner> start(model::hook_queue& queue, runner_options options);
  virtual ~runner() = default;  // stop(0)

  // Something may be due. From any thread.
  virtual void wake() = 0;
  // Begins no more and waits for the one that runs; when that takes longer, kills it and leaves it in the queue.
  virtual void stop(std::chrono::milliseconds patience) = 0;
  // Since the start.
  [[nodiscard]] virtual std::uint64_t runs() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t failures() const noexcept = 0;
};

}  // namespace sql2ldap::hooks
