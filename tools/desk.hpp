// Where the daemon's thread and the operator meet: the daemon leaves its status and takes requests, the control
// socket reads the one and leaves the others.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <sql2ldap/control/metrics.hpp>
#include <sql2ldap/sync/keep.hpp>

#include "hook_office.hpp"
#include "output.hpp"

namespace sql2ldap::tools {

class desk {
 public:
  // `hooks`: nullptr when no hook is set.
  explicit desk(json facts, std::shared_ptr<hook_office> hooks = nullptr)
      : facts_(std::move(facts)), hooks_(std::move(hooks)) {}

  // In the daemon's thread, after each turn: requests are done, the status is laid out.
  void visit(sync::keeper& keeper);
  void lay_out(const sync::keep_status& now);
  // One request as JSON, from any thread; waits for the daemon's thread where it must.
  [[nodiscard]] std::string answer(const std::string& request);

  void fill(control::metrics& into);

 private:
  struct question {
    json asked;
    json answered;
    bool done = false;
  };
  [[nodiscard]] json status_json() const;
  [[nodiscard]] static json reply(sync::keeper& keeper, const json& request);

  json facts_;  // of the run: source, directory, base, mapping
  std::shared_ptr<hook_office> hooks_;
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::deque<std::shared_ptr<question>> questions_;
  sync::keep_status status_;
  // For the rate: what was done a while ago.
  struct sample {
    sync::time_point when;
    std::uint64_t transactions = 0;
    std::uint64_t entries = 0;
  };
  std::deque<sample> samples_;
};

[[nodiscard]] std::string_view word_for(sync::keep_status::phase now);
[[nodiscard]] std::string as_utc(sync::time_point when);

}  // namespace sql2ldap::tools
