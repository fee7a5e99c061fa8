// The client's end of a serve::session, and workers that work when a test says so.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/serve/entry_answers.hpp>
#include <sql2ldap/serve/session.hpp>
#include <support/fake_lookup.hpp>

namespace sql2ldap::test {

class held_workers : public serve::workers {
 public:
  bool run(std::function<void()> work, std::function<void()> done, const serve::asker& by) override {
    if (waiting_.size() >= room) return false;
    waiting_.push_back({std::move(work), std::move(done), by});
    if (!held) work_all();
    return true;
  }
  bool run_in_lane(const std::string& lane, std::function<void()> work, std::function<void()> done,
                   const serve::asker& by) override {
    lanes.push_back(lane);
    return run(std::move(work), std::move(done), by);
  }
  void work_all() {
    while (!waiting_.empty()) {
      job next = std::move(waiting_.front());
      waiting_.pop_front();
      if (!serve::has_gone(next.by)) {
        next.work();
        ++worked;
      }
      next.done();
    }
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  bool held = false;
  std::size_t room = 1000;
  std::size_t worked = 0;
  std::vector<std::string> lanes;  // of all that was asked for in one

 private:
  struct job {
    std::function<void()> work;
    std::function<void()> done;
    serve::asker by;
  };
  std::deque<job> waiting_;
};

// A mail host in memory, with everything that sessions ask.
struct session_desk {
  explicit session_desk(const std::string& ldif) : entries(ldif) {}

  fake_lookup entries;
  serve::entry_answers answers{entries, &entries, {}};
  held_workers lookups;
  held_workers slow_work;
  held_workers hashing;
  serve::guess_limiter guesses{{}};
  std::string logins;  // one line each
  serve::login_check check{answers, lookups, hashing, guesses,
                           [this](const serve::login_attempt& who, const serve::login_result& how) {
                             logins += who.name + "|" + who.service + "|" + who.from + "|" +
                                       std::string(serve::word_for(how.now)) + "|" + how.cause + "\n";
                           }};
  std::string log;
  serve::desk_of_answers desk{
      answers, lookups, slow_work, check,
      [this](log::level, std::string_view id, const std::string& text) { log += std::string(id) + " " + text + "\n"; }};
};

class session_client : public serve::client_door {
 public:
  session_client(session_desk& desk, serve::session_options how)
      : session_(serve::start_session(desk.desk, how, *this)) {
    session_->open();
  }
  void send(std::string bytes) override { said_ += bytes; }
  void close() override { closed = true; }
  void ready() override { takes_bytes = true; }

  session_client& feed(std::string_view bytes) {
    takes_bytes = false;
    session_->feed(bytes);
    return *this;
  }
  void end() { session_->end(); }
  void go_away() { session_.reset(); }
  // What was said since it was asked last.
  std::string heard() { return std::exchange(said_, {}); }
  std::string ask(std::string_view bytes) {
    feed(bytes);
    return heard();
  }

  bool closed = false;
  bool takes_bytes = false;

 private:
  std::string said_;
  std::shared_ptr<serve::session> session_;
};

}  // namespace sql2ldap::test
