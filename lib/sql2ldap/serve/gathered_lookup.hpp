// What several questions need to know of a directory, asked of it as one, by who does not wait for the answer.
//
// To slapd a search for ten names is little more work than one for a single name, and so it is to us.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::serve {

class gathered_lookup final : public model::entry_lookup {
 public:
  using clock = std::chrono::steady_clock;
  // `together` is asked for those who do not wait, `alone` by the others; both outlive this.
  gathered_lookup(model::entry_asker& together, model::entry_lookup& alone,
                  std::function<clock::time_point()> now = clock::now)
      : together_(together), alone_(alone), now_(std::move(now)) {}

  // Does each piece of work, in this thread, now and when `together` has told something. One that looks something up
  // here is told an error, and done anew when the answer is there; what it was told once it is told again. It may leave
  // nothing behind that counts but the outcome of its last time. What asks for more than
  // limits::steps_together_max things, one after the other, goes alone, and so does what the others cannot be asked
  // with. They are done for as long as the handle is kept; what asks for more after limits::work_wait_max is told that
  // it was not asked in time, a transient error.
  [[nodiscard]] std::shared_ptr<const void> answer_together(const works& all, works_listener told);

  // By work that was not given to answer_together: as `alone`.
  [[nodiscard]] result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  [[nodiscard]] result<std::vector<std::vector<model::entry>>> find_each(
      std::span<const model::value_assertion> asked) override;

 private:
  struct piece;
  class group;
  struct at_work {
    const gathered_lookup* at = nullptr;
    piece* what = nullptr;
  };
  static thread_local at_work this_threads;

  model::entry_asker& together_;
  model::entry_lookup& alone_;
  const std::function<clock::time_point()> now_;
};

}  // namespace sql2ldap::serve
