// The hook of a daemon: its queue in the state folder, its runner, and what an operator asks of both.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <sql2ldap/config/settings.hpp>
#include <sql2ldap/control/metrics.hpp>
#include <sql2ldap/hooks/runner.hpp>
#include <sql2ldap/hooks/teller.hpp>
#include <sql2ldap/model/hook_queue.hpp>

#include "output.hpp"

namespace sql2ldap::tools {

class hook_office {
 public:
  // What waits from an earlier life begins to run. The settings name a hook.
  [[nodiscard]] static result<std::shared_ptr<hook_office>> open(const config::settings& from);

  [[nodiscard]] bool is_of(const config::settings& now) const;
  [[nodiscard]] hooks::teller teller_for(const mapping::mapping& map);
  void settle(hooks::teller& teller, bool in_step);
  // Waits for the one that runs; what is left stays in the queue.
  void close() { runner_->stop(limits::hook_stop_wait); }

  // From any thread. nullopt: the request is for somebody else.
  [[nodiscard]] std::optional<json> answer(const json& request);
  [[nodiscard]] json status_json() const;
  void fill(control::metrics& into) const;

 private:
  hook_office(config::settings from, std::unique_ptr<model::hook_queue> queue, hooks::runner_options how);
  [[nodiscard]] result<json> list();

  config::settings settings_;
  std::unique_ptr<model::hook_queue> queue_;
  std::unique_ptr<hooks::runner> runner_;  // uses the queue
  std::string trouble_;
};

}  // namespace sql2ldap::tools
