// Keeps a mirror like its directory: a thread that opens a content feed, gives the mirror what it tells, and
// opens another, which goes on from there, when that one ends. Waits longer after each try that failed
// (limits::trouble_wait_*); an error that is not transient makes the directory tell all anew, and so does a refresh
// that has shown nothing, which counts as one that failed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/serve/mirror.hpp>

namespace sql2ldap::serve {

class mirror_keeper {
 public:
  struct options {
    // With the cookie of the feed before, "" at first. From the keeper's thread.
    std::function<result<std::unique_ptr<model::content_feed>>(const std::string& cookie)> open;
    // MIRROR_REFRESHED (info), MIRROR_TROUBLE (error; once for one text). From the keeper's thread.
    std::function<void(log::level, std::string_view id, std::string_view text)> tell = [](auto, auto, auto) {};
  };
  struct status {
    std::string trouble;          // "" when a feed tells
    std::uint64_t events = 0;     // told since the start
    std::uint64_t refreshes = 0;  // that came to their end
  };

  mirror_keeper(mirror& kept, options how);  // starts
  mirror_keeper(const mirror_keeper&) = delete;
  mirror_keeper& operator=(const mirror_keeper&) = delete;
  ~mirror_keeper();

  // Returns when the thread has ended: at once, or when a running `open` returns.
  void stop();
  [[nodiscard]] status now() const;
  // All entries are told again, also those that have not changed: some may be told otherwise by now.
  void read_anew();

 private:
  void run();
  result<void> follow();
  result<void> take(const model::content_event& event);
  void in_trouble(const error& why);
  [[nodiscard]] bool stopping() const;
  [[nodiscard]] bool feed_is_over() const;

  mirror& mirror_;
  const options options_;
  std::string cookie_;
  bool refreshed_ = false;  // by the feed at hand

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  bool anew_ = false;
  std::unique_ptr<model::content_feed> feed_;  // changed by the thread only
  status status_;

  std::thread thread_;
};

}  // namespace sql2ldap::serve
