// Where work is done that may take its time: a password that is verified, a directory that is asked.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sql2ldap::serve {

// Who waits for a piece of work, by a handle on it; an empty one stands for nobody that could go away.
using asker = std::weak_ptr<const void>;
[[nodiscard]] inline bool has_gone(const asker& who) {
  const asker nobody;
  return who.expired() && (who.owner_before(nobody) || nobody.owner_before(who));
}

// Several pieces of work that are done together, and who is told the places of those that are over.
using works = std::vector<std::function<void()>>;
struct works_listener {
  std::function<void(const std::vector<std::size_t>& places)> ended;
  std::function<void(std::size_t place)>
      goes_alone;  // it is to be done by itself, from its beginning, where it may wait
};

class workers {
 public:
  virtual ~workers() = default;
  // `work` in some thread, then `done` in the thread of the sessions. Work that nobody waits for any more when its turn
  // comes is left out, and `done` called all the same. False: too much waits already, and neither is ever called.
  [[nodiscard]] virtual bool run(std::function<void()> work, std::function<void()> done, const asker& by) = 0;
  // The same, but where there are threads at most lane_max pieces of work of one lane run at once; the others of it
  // wait, and hold up nobody else.
  static constexpr std::size_t lane_max = 2;
  [[nodiscard]] virtual bool run_in_lane(const std::string& /*lane*/, std::function<void()> work,
                                         std::function<void()> done, const asker& by) {
    return run(std::move(work), std::move(done), by);
  }
};

// At once and in place: for work that takes microseconds.
class no_workers final : public workers {
 public:
  bool run(std::function<void()> work, std::function<void()> done, const asker&) override {
    work();
    done();
    return true;
  }
};

}  // namespace sql2ldap::serve
