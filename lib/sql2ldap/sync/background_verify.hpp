// A full comparison beside the daemon, in a thread of its own and at low speed. What it finds may be a change that was
// on its way: the keeper looks at these entries again (keeper::check()), and mends what is really out of step.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

struct verify_findings {
  std::set<std::string> origins;  // that seemed out of step
  bool too_many = false;          // to name them all
};

class background_verify {
 public:
  // Calls sync::verify() with connections that nobody else uses, and with these.
  using comparison = std::function<result<counts>(const run_options&, const std::function<void(const difference&)>&)>;

  background_verify() = default;
  ~background_verify() { stop(); }
  background_verify(const background_verify&) = delete;
  background_verify& operator=(const background_verify&) = delete;

  [[nodiscard]] bool is_running() const noexcept { return thread_.joinable(); }
  void start(comparison compare);
  // Once, when it has come to its end.
  [[nodiscard]] std::optional<result<verify_findings>> take();
  void stop();

 private:
  std::thread thread_;
  std::atomic<bool> stop_asked_ = false;
  std::mutex mutex_;
  std::optional<result<verify_findings>> outcome_;
};

}  // namespace sql2ldap::sync
