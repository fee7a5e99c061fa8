// Queues what is written to the directory: each batch before it is written, and what became of it afterwards.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/hook_queue.hpp>
#include <sql2ldap/sync/steps.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::hooks {

class teller {
 public:
  using tell = std::function<void(log::level, std::string_view id, const std::string& text)>;
  // `due` is called when there is something to run. All outlive the teller.
  teller(const mapping::mapping& map, model::hook_queue& queue, std::function<void()> due, tell to);

  // Adds itself to before_write, written and refused of a run. Functions that are there already are called as well:
  // before_write first, so that nothing is queued for a batch that they stop; the others afterwards.
  void listen(sync::run_options& how);

  // Between two turns of the daemon, when no batch is on its way. `in_step`: all that was told of before is in the
  // directory, so that nobody will hear more of what is in doubt.
  [[nodiscard]] result<void> settle(bool in_step);

 private:
  [[nodiscard]] result<void> before_write(const std::vector<sync::step>& batch);
  void written(const sync::step& done);
  void refused(const sync::step& what);
  [[nodiscard]] result<void> note_batch();

  struct under_way {
    std::string origin;
    std::string dn;
    model::queued_hook::number id;
  };
  [[nodiscard]] std::vector<under_way>::iterator find(const sync::step& what);
  [[nodiscard]] result<void> intend(std::vector<model::hook_event> events, std::vector<under_way> steps);

  sync::origins origins_;
  model::hook_queue& queue_;
  std::function<void()> due_;
  tell tell_;
  std::vector<under_way> batch_;  // those of which nothing is known yet
  std::vector<model::queued_hook::number> confirmed_;
  std::vector<model::queued_hook::number> withdrawn_;
  bool doubtful_ = true;  // there may be some, of an earlier life as well
  bool overflowing_ = false;
  std::unordered_map<std::string, std::string> moved_away_;  // origin -> name before it made way for another
};

}  // namespace sql2ldap::hooks
