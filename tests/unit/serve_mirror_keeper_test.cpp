#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/serve/mirror_keeper.hpp>
#include <support/content_events.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// What a server tells: events, then an error, or nothing more until it is woken.
struct told {
  std::vector<model::content_event> events;
  std::optional<error> end;
  std::string cookie;
};

class told_feed : public model::content_feed {
 public:
  explicit told_feed(told what) : what_(std::move(what)) {}
  result<std::optional<model::content_event>> next(std::chrono::milliseconds patience) override {
    std::unique_lock lock(mutex_);
    if (at_ < what_.events.size()) return what_.events[at_++];
    if (what_.end) return tl::make_unexpected(*what_.end);
    changed_.wait_for(lock, patience, [this] { return woken_; });
    return std::nullopt;
  }
  std::string cookie() const override { return at_ == what_.events.size() ? what_.cookie : ""; }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

 private:
  told what_;
  std::size_t at_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

error lost(bool transient) {
  return {.kind = error_kind::directory, .transient = transient, .message = "lost", .context = {}, .hint = {}};
}

class keeper : public testing::Test {
 protected:
  serve::mirror_keeper::options how() {
    return {.open = [this](const std::string& cookie) -> result<std::unique_ptr<model::content_feed>> {
              const std::lock_guard lock(mutex_);
              cookies_.push_back(cookie);
              changed_.notify_all();
              if (script_.empty()) return std::make_unique<told_feed>(told{});
              told next = std::move(script_.front());
              script_.pop_front();
              if (next.events.empty() && next.end) return tl::make_unexpected(*next.end);
              return std::make_unique<told_feed>(std::move(next));
            },
            .tell =
                [this](log::level, std::string_view id, std::string_view) {
                  const std::lock_guard lock(mutex_);
                  said_.emplace_back(id);
                  changed_.notify_all();
                }};
  }
  void await_openings(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 30s, [&] { return cookies_.size() >= count; }));
  }
  void await_said(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 30s, [&] { return said_.size() >= count; }));
  }

  serve::mirror mirror_{{.indexed = {model::attribute_name("uid")}}, model::schema()};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<told> script_;
  std::vector<std::string> cookies_;
  std::vector<std::string> said_;
};

TEST_F(keeper, feeds_the_mirror_and_goes_on_from_the_cookie) {
  script_ = {{{entry_event(1, "uid=a", {{"uid", "a"}}), entry_event(2, "uid=b", {{"uid", "b"}}),
               event(kind::refreshed_others)},
              lost(true),
              "one"},
             {{event(kind::present, 1), event(kind::refreshed_others)}, std::nullopt, "two"}};
  serve::mirror_keeper running(mirror_, how());
  await_said(3);
  EXPECT_THAT(said_, ElementsAre("MIRROR_REFRESHED", "MIRROR_TROUBLE", "MIRROR_REFRESHED"));
  EXPECT_THAT(cookies_, ElementsAre("", "one"));
  EXPECT_EQ(mirror_.find(model::attribute_name("uid"), "a")->size(), 1U);
  EXPECT_EQ(mirror_.find(model::attribute_name("uid"), "b")->size(), 0U);
  EXPECT_TRUE(mirror_.status().in_step);
  EXPECT_EQ(running.now().refreshes, 2U);
  EXPECT_EQ(running.now().trouble, "");
}

TEST_F(keeper, begins_anew_after_an_error_that_is_not_transient) {
  script_ = {{{entry_event(1, "uid=a", {{"uid", "a"}}), event(kind::refreshed_others)}, lost(false), "one"}};
  serve::mirror_keeper running(mirror_, how());
  await_openings(2);
  running.stop();
  EXPECT_THAT(cookies_, ElementsAre("", ""));
}

TEST_F(keeper, reads_all_anew_when_it_is_told_to) {
  script_ = {{{entry_event(1, "uid=a", {{"uid", "a"}}), event(kind::refreshed_others)}, std::nullopt, "one"}};
  serve::mirror_keeper running(mirror_, how());
  await_said(1);
  running.read_anew();
  await_openings(2);
  running.stop();
  EXPECT_THAT(cookies_, ElementsAre("", ""));
  EXPECT_THAT(said_, ElementsAre("MIRROR_REFRESHED")) << "that is no trouble";
}

TEST_F(keeper, tries_again_from_the_beginning_when_it_has_seen_nothing) {
  script_ = {{{event(kind::refreshed_others)}, std::nullopt, "one"},
             {{entry_event(1, "uid=a", {{"uid", "a"}}), event(kind::refreshed_others)}, std::nullopt, "two"}};
  serve::mirror_keeper running(mirror_, how());
  await_said(2);
  EXPECT_THAT(said_, ElementsAre("MIRROR_TROUBLE", "MIRROR_REFRESHED"));
  EXPECT_THAT(cookies_, ElementsAre("", ""));
}

TEST_F(keeper, says_one_trouble_once_and_answers_all_the_while) {
  script_ = {{{entry_event(1, "uid=a", {{"uid", "a"}}), event(kind::refreshed_others)}, lost(true), "one"},
             {{}, lost(true), ""},
             {{}, lost(true), ""}};
  serve::mirror_keeper running(mirror_, how());
  await_openings(4);
  EXPECT_EQ(mirror_.find(model::attribute_name("uid"), "a")->size(), 1U);
  EXPECT_FALSE(mirror_.status().in_step);
  EXPECT_EQ(running.now().trouble, lost(true).text());
  running.stop();
  EXPECT_THAT(cookies_, ElementsAre("", "one", "one", "one"));
  EXPECT_THAT(said_, ElementsAre("MIRROR_REFRESHED", "MIRROR_TROUBLE"));
}

TEST_F(keeper, stops_while_it_waits) {
  {
    serve::mirror_keeper idle(mirror_, how());
    await_openings(1);
  }
  script_ = {{{}, lost(true), ""}, {{}, lost(true), ""}, {{}, lost(true), ""}, {{}, lost(true), ""}};
  {
    serve::mirror_keeper failing(mirror_, how());
    await_openings(4);
  }
}

}  // namespace
}  // namespace sql2ldap::test
