// The queue of hooks: what is intended is there again, in order for each origin, until it is done.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/state/hook_queue.hpp>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ids = std::vector<model::queued_hook::number>;

class hook_queue : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    queue_.reset();
    auto opened = state::open_hook_queue(folder_.path());
    if (!opened) throw std::runtime_error(opened.error().text());
    queue_ = *std::move(opened);
  }
  static model::hook_event event(const std::string& origin, const std::string& change = "modify") {
    return {origin, change, "account", R"({"of":")" + origin + R"("})"};
  }
  ids intend(const std::vector<model::hook_event>& events) { return queue_->intend(events, 1000).value(); }
  void queue(const std::vector<model::hook_event>& events) { ASSERT_TRUE(queue_->confirm(intend(events))); }
  std::string take(std::int64_t now = 1000) {
    const auto next = queue_->take(now).value();
    return next ? next->event.origin + ' ' + next->event.change : "nothing";
  }
  model::queued_hook taken(std::int64_t now = 1000) { return queue_->take(now).value().value(); }
  // Runs all that is due at this time, well.
  std::vector<std::string> run_all(std::int64_t now = 1000) {
    std::vector<std::string> out;
    while (const auto next = queue_->take(now).value()) {
      out.push_back(next->event.origin + ' ' + next->event.change);
      EXPECT_TRUE(queue_->done(next->id));
    }
    return out;
  }

  temp_dir folder_;
  std::unique_ptr<model::hook_queue> queue_;
};

TEST_F(hook_queue, keeps_what_is_intended_until_it_is_done) {
  const ids known = intend({event("a", "add"), event("b")});
  EXPECT_EQ(take(), "nothing") << "the directory is not written yet";
  EXPECT_EQ(queue_->next_due().value(), std::nullopt);
  ASSERT_TRUE(queue_->confirm(known));
  open();
  EXPECT_EQ(queue_->count().waiting, 2U);
  const model::queued_hook first = taken();
  EXPECT_EQ(first.event, event("a", "add"));
  EXPECT_TRUE(first.confirmed);
  EXPECT_EQ(first.since, 1000);
  EXPECT_EQ(first.tries, 0U);
  ASSERT_TRUE(queue_->done(first.id));
  open();
  EXPECT_THAT(run_all(), ElementsAre("b modify"));
  EXPECT_EQ(queue_->count().waiting, 0U);
}

TEST_F(hook_queue, what_was_running_when_the_program_ended_is_due_again) {
  queue({event("a")});
  EXPECT_EQ(take(), "a modify");
  open();
  EXPECT_EQ(take(), "a modify");
}

TEST_F(hook_queue, what_nobody_heard_of_is_doubtful_and_told_all_the_same) {
  const ids known = intend({event("a"), event("b"), event("c")});
  ASSERT_TRUE(queue_->confirm(ids{known[0]}));
  ASSERT_TRUE(queue_->withdraw(ids{known[1]}));
  open();
  EXPECT_THAT(run_all(), ElementsAre("a modify"));
  ASSERT_TRUE(queue_->give_up_waiting());
  const model::queued_hook doubtful = taken();
  EXPECT_EQ(doubtful.event.origin, "c");
  EXPECT_FALSE(doubtful.confirmed);
}

TEST_F(hook_queue, keeps_the_order_of_an_origin_and_holds_up_no_other) {
  queue({event("a", "add"), event("b", "add")});
  queue({event("a", "modify"), event("a", "delete"), event("b", "delete")});
  const model::queued_hook first = taken();
  ASSERT_EQ(first.event.change, "add");
  ASSERT_TRUE(queue_->failed(first.id, "exit code 1", 1060));
  queue({event("a", "add"), event("c", "add")});
  EXPECT_THAT(run_all(1059), ElementsAre("b add", "b delete", "c add"));
  EXPECT_EQ(queue_->next_due().value(), 1060);
  const model::queued_hook again = taken(1060);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.tries, 1U);
  EXPECT_EQ(again.reason, "exit code 1");
  EXPECT_EQ(queue_->count().failing, 1U);
  ASSERT_TRUE(queue_->done(again.id));
  EXPECT_EQ(queue_->count().failing, 0U);
  EXPECT_THAT(run_all(1060), ElementsAre("a modify", "a delete", "a add"));
}

TEST_F(hook_queue, an_intended_one_holds_up_the_later_ones_of_its_origin) {
  const ids earlier = intend({event("a", "add")});
  queue({event("a", "modify")});
  EXPECT_EQ(take(), "nothing");
  ASSERT_TRUE(queue_->confirm(earlier));
  EXPECT_THAT(run_all(), ElementsAre("a add", "a modify"));
}

TEST_F(hook_queue, is_steered_by_an_operator) {
  queue({event("a", "add"), event("b", "add"), event("a", "modify")});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(queue_->failed(taken().id, "exit code 1", 5000));
  EXPECT_EQ(take(), "nothing");
  const auto failing = queue_->failing(10).value();
  ASSERT_EQ(failing.size(), 2U);
  EXPECT_EQ(queue_->failing(1).value().size(), 1U);
  EXPECT_EQ(queue_->retry(failing[1].id).value(), 1U);
  EXPECT_EQ(taken().event.origin, "b");
  EXPECT_EQ(queue_->drop(std::nullopt).value(), 1U) << "b is running";
  ASSERT_TRUE(queue_->failed(failing[1].id, "again", 5000));
  EXPECT_EQ(take(), "a modify") << "it waits no longer for the one that was dropped";
  EXPECT_EQ(queue_->drop(failing[0].id).value(), 0U);
  EXPECT_EQ(queue_->drop(failing[1].id).value(), 1U);
  EXPECT_EQ(queue_->count().waiting, 1U);
  EXPECT_EQ(queue_->count().failing, 0U);
}

TEST_F(hook_queue, one_without_origin_takes_the_place_of_an_earlier_one_that_does_not_run) {
  queue({event("", "overflow")});
  queue({event("a", "add")});
  queue({event("", "overflow")});
  EXPECT_EQ(queue_->count().waiting, 2U);
  EXPECT_EQ(take(), "a add");
  ASSERT_TRUE(queue_->done(1 + 1));
  const model::queued_hook running = taken();
  queue({event("", "overflow")});
  EXPECT_EQ(queue_->count().waiting, 2U);
  ASSERT_TRUE(queue_->done(running.id));
  EXPECT_THAT(run_all(), ElementsAre(" overflow"));
}

TEST_F(hook_queue, numbers_are_never_used_again) {
  const ids first = intend({event("a")});
  ASSERT_TRUE(queue_->withdraw(first));
  open();
  EXPECT_GT(intend({event("a")}).front(), first.front());
}

TEST_F(hook_queue, a_damaged_or_newer_file_is_for_an_operator) {
  queue_.reset();
  write_file(folder_ / "hooks.db", std::string(8192, 'x'));
  const auto damaged = state::open_hook_queue(folder_.path());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, error_kind::usage);
  std::filesystem::remove(folder_ / "hooks.db");
  open();
  queue_.reset();
  ASSERT_EQ(run_and_capture({.arguments = {"sqlite3", folder_ / "hooks.db", "pragma user_version = 99"}}).status, 0);
  EXPECT_FALSE(state::open_hook_queue(folder_.path()));
}

}  // namespace
}  // namespace sql2ldap::test
