// Where work is done that may take its time: a password that is verified, a directory that is asked.
#pragma once

#include <functional>

namespace sql2ldap::serve {

class workers {
 public:
  virtual ~workers() = default;
  // `work` in some thread, then `done` in the thread of the sessions. False: too much waits already, and neither is
  // ever called.
  [[nodiscard]] virtual bool run(std::function<void()> work, std::function<void()> done) = 0;
};

// At once and in place: for work that takes microseconds.
class no_workers final : public workers {
 public:
  bool run(std::function<void()> work, std::function<void()> done) override {
    work();
    done();
    return true;
  }
};

}  // namespace sql2ldap::serve
