// Questions that the loop's thread asks of a directory without waiting: gathered, and each on its way.
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/log.hpp>
#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/listen/gathering.hpp>
#include <sql2ldap/listen/search_client.hpp>
#include <sql2ldap/listen/worker_pool.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <support/child_process.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(event_loop, writes_to_the_log_when_there_is_nothing_else_to_do) {
  listen::event_loop loop;
  loop.post([&] {
    log::event(log::level::warning, "FIRST", "told first");
    loop.post([&] {
      std::fputs("said afterwards\n", stderr);
      loop.stop();
    });
  });
  testing::internal::CaptureStderr();
  loop.run();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "said afterwards\nwarning FIRST told first\n");
}

// ---- gathering --------------------------------------------------------------------------------

class gathering : public testing::Test {
 protected:
  explicit gathering(std::chrono::milliseconds patience = 1h) : patience_(patience) {}

  // One that works right away, and keeps who is to be told.
  struct begun {
    std::size_t size = 0;
    serve::works_listener told;
    bool is_kept() const { return !handle.expired(); }
    std::weak_ptr<const void> handle;
  };

  void run(const std::string& name, const serve::asker& by = {}) {
    ASSERT_TRUE(gathering_.run([this, name] { worked_ += name; }, [this, name] { done_ += name; }, by));
  }
  void turn() {
    loop_.post([this] { loop_.post([this] { loop_.stop(); }); });
    loop_.run();
  }
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> out;
    for (const begun& one : begun_) out.push_back(one.size);
    return out;
  }

  class in_place final : public serve::workers {
   public:
    bool run(std::function<void()> work, std::function<void()> done, const serve::asker&) override {
      if (full) return false;
      work();
      done();
      return true;
    }
    bool full = false;
  };

  const std::chrono::milliseconds patience_;
  listen::event_loop loop_;
  in_place alone_;
  std::vector<begun> begun_;
  std::string worked_;
  std::string done_;
  listen::gathering gathering_{loop_,
                               {.waiting_max = 10, .patience = patience_, .at_once_max = 4, .groups_max = 2},
                               alone_,
                               [this](const serve::works& all, serve::works_listener told) {
                                 for (const auto& work : all) work();
                                 const auto handle = std::make_shared<int>();
                                 begun_.push_back({all.size(), std::move(told), handle});
                                 return handle;
                               }};
};

TEST_F(gathering, does_together_what_arrives_in_one_turn_and_leaves_the_rest_for_later) {
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}) run(name);
  EXPECT_FALSE(gathering_.run([] {}, [] {}, {}));
  EXPECT_THAT(begun_, IsEmpty());
  turn();
  EXPECT_THAT(sizes(), ElementsAre(4, 4));
  EXPECT_EQ(worked_, "abcdefgh");
  EXPECT_EQ(done_, "");
  begun_[1].told.ended({1, 3});
  EXPECT_EQ(done_, "fh") << "at once";
  turn();
  EXPECT_EQ(begun_.size(), 2U);
  EXPECT_TRUE(begun_[1].is_kept());
  begun_[1].told.ended({0, 2});
  EXPECT_FALSE(begun_[1].is_kept());
  EXPECT_TRUE(begun_[0].is_kept());
  turn();
  EXPECT_THAT(sizes(), ElementsAre(4, 4, 2));
  EXPECT_EQ(done_, "fheg");
}

TEST_F(gathering, does_alone_what_goes_alone) {
  run("a");
  run("b");
  turn();
  begun_[0].told.goes_alone(1);
  EXPECT_EQ(worked_, "abb");
  EXPECT_EQ(done_, "b");
  EXPECT_TRUE(begun_[0].is_kept());
  alone_.full = true;  // it is as it was left, then
  begun_[0].told.goes_alone(0);
  EXPECT_EQ(worked_, "abb");
  EXPECT_EQ(done_, "ba");
  EXPECT_FALSE(begun_[0].is_kept());
}

TEST_F(gathering, leaves_out_who_has_gone_and_takes_those_who_ask_in_turn) {
  auto gone = std::make_shared<int>();
  const auto there = std::make_shared<int>();
  const auto other = std::make_shared<int>();
  for (int i = 0; i < 6; ++i) run("t", there);
  run("g", gone);
  run("o", other);
  gone.reset();
  turn();
  EXPECT_EQ(worked_.size(), 7U);
  EXPECT_THAT(worked_.substr(0, 2), testing::AnyOf("to", "ot")) << worked_;
  EXPECT_EQ(done_, "g");
  EXPECT_THAT(sizes(), ElementsAre(4, 3));
}

class gathering_without_patience : public gathering {
 protected:
  gathering_without_patience() : gathering(500ms) {}
};

// Of the groups that are under way none ends.
TEST_F(gathering_without_patience, ends_what_has_waited_for_too_long_though_there_is_no_room) {
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) run(name);
  turn();
  ASSERT_EQ(worked_, "abcdefgh");
  run("x");
  ASSERT_TRUE(gathering_.run([this] { worked_ += "y"; },
                             [this] {
                               done_ += "y";
                               loop_.stop();
                             },
                             {}));
  loop_.run();
  EXPECT_EQ(done_, "xy");
  begun_[0].told.ended({0, 1, 2, 3});
  turn();
  EXPECT_EQ(worked_, "abcdefgh");
  EXPECT_EQ(done_, "xyabcd");
  EXPECT_EQ(begun_.size(), 2U);
}

// ---- searches ---------------------------------------------------------------------------------

// A directory that answers when a test says so, over connections that a test can cut.
class told_directory {
 public:
  class line final : public model::concurrent_searches {
   public:
    explicit line(told_directory& of) : of_(of), ready_(::eventfd(0, EFD_NONBLOCK)) {
      const std::lock_guard only(of_.mutex_);
      of_.lines_.push_back(this);
    }
    ~line() override {
      const std::lock_guard only(of_.mutex_);
      std::erase(of_.lines_, this);
      ::close(ready_);
    }
    int descriptor() const noexcept override { return ready_; }
    std::string name() const override { return "told"; }
    result<int> begin(const model::search_terms& what) override {
      if (of_.takes_nothing) return fail_transient(error_kind::directory, "nothing is taken");
      under_way[++last_] = what.filter;
      ++of_.begun;
      of_.most = std::max(of_.most, under_way.size());
      return last_;
    }
    result<std::vector<ended>> collect() override {
      eventfd_t count = 0;
      ::eventfd_read(ready_, &count);
      if (cut) return fail_transient(error_kind::directory, "cut");
      return std::exchange(over_, {});
    }
    void abandon(int number) override { under_way.erase(number); }
    // All, or those that were begun first.
    void answer(std::size_t count = 1000) {
      for (; !under_way.empty() && count != 0; --count) {
        model::entry one;
        one.set_dn(under_way.begin()->second);
        over_.push_back({under_way.begin()->first, std::vector{one}});
        under_way.erase(under_way.begin());
      }
      ::eventfd_write(ready_, 1);
    }
    void hang_up() {
      cut = true;
      ::eventfd_write(ready_, 1);
    }
    std::map<int, std::string> under_way;
    bool cut = false;

   private:
    told_directory& of_;
    int ready_;
    int last_ = 0;
    std::vector<ended> over_;
  };

  result<std::unique_ptr<model::concurrent_searches>> open() {
    ++opened;
    while (held) std::this_thread::sleep_for(1ms);
    if (is_away) return fail_transient(error_kind::directory, "away");
    return std::make_unique<line>(*this);
  }
  // In the loop's thread.
  line& now() {
    const std::lock_guard only(mutex_);
    return *lines_.at(lines_.size() - 1);
  }
  bool is_connected() {
    const std::lock_guard only(mutex_);
    return !lines_.empty();
  }

  std::atomic<int> opened = 0;
  std::atomic<bool> held = false;
  std::atomic<bool> is_away = false;
  bool takes_nothing = false;
  int begun = 0;
  std::size_t most = 0;

 private:
  friend class line;
  std::mutex mutex_;
  std::vector<line*> lines_;
};

class search_client : public testing::Test {
 protected:
  ~search_client() override {
    client_.reset();
    until([&] { return !directory_.is_connected(); });
  }
  void find(const std::string& what) {
    client_->find()({what}, [this, what](result<std::vector<model::entry>> found) {
      told_.push_back(what + ": " + (found ? std::string(found->front().dn()) : found.error().message));
      if (found) return;
      codes_.push_back(found.error().ldap_code);
      EXPECT_TRUE(found.error().transient);
    });
  }
  // And has it answered.
  void ask(const std::string& what) {
    const int begun = directory_.begun;
    const std::size_t told = told_.size();
    find(what);
    until_begun(begun + 1);
    directory_.now().answer();
    until_told(told + 1);
  }
  // Runs the loop.
  void until(const std::function<bool()>& what) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    bool there = false;
    std::function<void()> look = [&] {
      there = what();
      if (there || std::chrono::steady_clock::now() > deadline) return loop_.stop();
      loop_.after(1ms, look);
    };
    loop_.post(look);
    loop_.run();
    ASSERT_TRUE(there);
  }
  void until_begun(int count) {
    until([&, count] { return directory_.begun == count; });
  }
  void until_told(std::size_t count) {
    until([&, count] { return told_.size() == count; });
  }
  void make(std::chrono::milliseconds time_max = 20s) {
    client_.emplace(
        loop_, opening_, [this] { return directory_.open(); },
        listen::search_client::bounds{.time_max = time_max, .at_once_max = 2});
  }

  told_directory directory_;
  std::vector<std::string> told_;
  std::vector<int> codes_;
  listen::event_loop loop_;
  listen::worker_pool opening_{loop_, {.threads = 1, .waiting_max = 10}};
  std::optional<listen::search_client> client_;
};

TEST_F(search_client, connects_when_there_is_something_to_ask_and_has_several_under_way) {
  make();
  EXPECT_EQ(directory_.opened, 0);
  for (const char* what : {"a", "b", "c"}) find(what);
  until_begun(2);
  directory_.now().answer(1);
  until_told(1);
  EXPECT_EQ(directory_.begun, 3) << "there is room for the third";
  directory_.now().answer();
  until_told(3);
  EXPECT_THAT(told_, ElementsAre("a: a", "b: b", "c: c"));
  EXPECT_EQ(directory_.opened, 1);
  EXPECT_EQ(directory_.most, 2U);
}

TEST_F(search_client, asks_once_more_on_another_connection_when_one_is_lost) {
  make();
  find("a");
  find("b");
  find("c");
  until_begun(2);
  directory_.now().hang_up();
  until_begun(4);
  EXPECT_EQ(directory_.opened, 2);
  directory_.now().answer();
  until_begun(5);
  directory_.now().answer();
  until_told(3);
  EXPECT_THAT(told_, ElementsAre("a: a", "b: b", "c: c"));
}

TEST_F(search_client, does_not_ask_a_third_time) {
  make();
  find("a");
  until_begun(1);
  directory_.now().hang_up();
  until_begun(2);
  find("b");
  until_begun(3);
  directory_.now().hang_up();
  until_begun(4);
  EXPECT_THAT(told_, ElementsAre("a: cut"));
  directory_.now().answer();
  until_told(2);
  EXPECT_EQ(told_[1], "b: b");
}

TEST_F(search_client, does_not_go_round_in_a_circle_where_nothing_is_taken) {
  make();
  directory_.takes_nothing = true;
  find("a");
  find("b");
  until_told(2);
  EXPECT_THAT(told_, UnorderedElementsAre("a: nothing is taken", "b: nothing is taken"));
  EXPECT_LE(directory_.opened, 4);
}

TEST_F(search_client, tells_all_that_wait_when_nobody_is_there_and_tries_again_for_the_next) {
  make();
  directory_.is_away = true;
  for (const char* what : {"a", "b", "c"}) find(what);
  until_told(3);
  EXPECT_THAT(told_, ElementsAre("a: away", "b: away", "c: away"));
  EXPECT_EQ(directory_.opened, 1);
  directory_.is_away = false;
  ask("d");
  EXPECT_EQ(told_[3], "d: d");
}

TEST_F(search_client, lets_go_of_a_connection_that_ended_while_nothing_was_asked) {
  make();
  ask("a");
  directory_.now().hang_up();
  until([&] { return !directory_.is_connected(); });
  EXPECT_EQ(directory_.opened, 1);
  ask("b");
  EXPECT_EQ(told_[1], "b: b");
}

TEST_F(search_client, gives_up_a_connection_on_which_no_answer_comes) {
  make(4000ms);
  find("mute");
  until_begun(1);
  const auto* const first = &directory_.now();
  std::this_thread::sleep_for(1500ms);  // so that the other has its time yet when the first one has not
  find("late");
  until_begun(2);
  until_told(1);
  EXPECT_EQ(told_[0], "mute: told: no answer within 4000 ms");
  EXPECT_THAT(codes_, ElementsAre(model::result_code::time_limit_exceeded));
  until_begun(3);  // the other one, on another connection
  EXPECT_NE(&directory_.now(), first);
  directory_.now().answer();
  until_told(2);
  EXPECT_EQ(told_[1], "late: late");
}

TEST_F(search_client, keeps_a_connection_on_which_others_are_answered) {
  make(2000ms);
  find("late");
  until_begun(1);
  std::this_thread::sleep_for(1200ms);  // more than half of it
  find("quick");
  until_begun(2);
  directory_.now().under_way.erase(1);  // which has its answer never
  directory_.now().answer();
  until_told(1);
  until_told(2);
  EXPECT_THAT(told_, ElementsAre("quick: quick", "late: told: no answer within 2000 ms"));
  ask("next");
  EXPECT_EQ(directory_.opened, 1);
}

TEST_F(search_client, waits_no_longer_for_a_connection_than_for_an_answer) {
  make(50ms);
  directory_.held = true;
  find("a");
  until_told(1);
  EXPECT_EQ(told_[0], "a: the directory: no answer within 50 ms");
  directory_.held = false;
  until([&] { return directory_.is_connected(); });
  ask("b");
  EXPECT_EQ(told_[1], "b: b");
}

TEST_F(search_client, tells_nobody_once_it_is_gone_from_whatever_thread) {
  make();
  find("a");
  until_begun(1);
  const auto finds = client_->find();
  std::thread([&] { client_.reset(); }).join();
  until([&] { return !directory_.is_connected(); });
  finds({"b"}, [&](const auto&) { told_.emplace_back("b"); });
  EXPECT_THAT(told_, IsEmpty());
  // While it is being opened.
  make();
  directory_.held = true;
  find("c");
  until([&] { return directory_.opened == 2; });
  client_.reset();
  directory_.held = false;
  make();
  ask("d");
  EXPECT_THAT(told_, ElementsAre("d: d"));
  EXPECT_EQ(directory_.opened, 3);
}

TEST_F(search_client, says_so_when_no_worker_can_open_a_connection) {
  listen::worker_pool full(loop_, {.threads = 1, .waiting_max = 0});
  client_.emplace(
      loop_, full, [this] { return directory_.open(); }, listen::search_client::bounds{20s, 2});
  find("a");
  until_told(1);
  EXPECT_THAT(told_[0], testing::HasSubstr("no worker"));
  client_.reset();
}

}  // namespace
}  // namespace sql2ldap::test
