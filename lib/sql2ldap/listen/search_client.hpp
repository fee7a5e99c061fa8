// Searches of a directory by the loop's thread, which does not wait for them.
//
// Promises: all is told, at the latest after `time_max`; a connection is opened by a worker, when there is something to
// ask; when it is lost, what was under way is asked once more on another one; one on which nothing has come for half
// of that time is given up. Errors are those of the connection, transient where later may be better, never "nothing
// found".
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::listen {

class search_client {
 public:
  struct bounds {
    std::chrono::milliseconds time_max{1000};  // of one search, with all that it waits for
    std::size_t at_once_max = 1;               // on the connection; others wait
  };
  using opener = std::function<result<std::unique_ptr<model::concurrent_searches>>()>;
  using listener = std::function<void(result<std::vector<model::entry>>)>;
  // `open` is called by `opening`. Both, and the loop, outlive this.
  search_client(event_loop& loop, serve::workers& opening, opener open, bounds how);
  search_client(const search_client&) = delete;
  search_client& operator=(const search_client&) = delete;
  // In any thread. When the loop comes to it nobody is told any more.
  ~search_client();

  // For the loop's thread, also when this is gone. What time ended has the code time_limit_exceeded.
  using finder = std::function<void(model::search_terms what, listener told)>;
  [[nodiscard]] finder find() const;

 private:
  class body;
  event_loop& loop_;
  std::shared_ptr<body> body_;
};

}  // namespace sql2ldap::listen
