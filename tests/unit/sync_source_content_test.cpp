// A source as the content of a directory.
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/sync/source_content.hpp>

#include <support/world.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using what = model::content_event::what;
using testing::ElementsAre;
using testing::IsEmpty;

class source_content : public testing::Test {
 protected:
  source_content() {
    w_.domain("a.example", "first");
    w_.mailbox("1", "ann", "a.example");
    w_.alias("1", "ann@a.example");
    w_.mailbox("2", "bob", "a.example");
    begin();
  }
  void begin() {
    content_ = std::make_unique<sync::source_content>(
        w_.map, w_.source, sync::source_content::options{.base = w_.base, .read_every = 0ms});
  }
  // One reading, from its beginning to its end; the DNs of what it told as changed.
  std::vector<std::string> read(what end) {
    std::vector<std::string> changed;
    while (true) {
      const auto event = content_->next(10s);
      if (!event) {
        changed.push_back("error");
        return changed;
      }
      if (!*event) continue;
      if ((*event)->kind == what::entry) {
        known_[(*event)->uuid] = (*event)->content.dn();
        changed.emplace_back((*event)->content.dn());
      } else if ((*event)->kind == what::gone) {
        changed.push_back("gone: " + known_[(*event)->uuid]);
        known_.erase((*event)->uuid);
      } else {
        EXPECT_EQ((*event)->kind, end);
        return changed;
      }
    }
  }

  world w_;
  std::unique_ptr<sync::source_content> content_;
  std::map<model::entry_uuid, std::string> known_;
  const std::string domain_ = world::domain_dn("a.example");
  const std::string ann_ = world::account_dn("ann", "a.example");
  const std::string bob_ = world::account_dn("bob", "a.example");
};

TEST_F(source_content, tells_everything_and_then_what_differs) {
  EXPECT_THAT(read(what::refreshed_others), ElementsAre(domain_, ann_, bob_));
  EXPECT_THAT(read(what::refreshed), IsEmpty());
  w_.set("mailbox", "2", "name", "Robert");
  w_.alias("1", "boss@a.example");
  EXPECT_THAT(read(what::refreshed), ElementsAre(ann_, bob_));
  w_.mailbox("3", "cleo", "a.example");
  w_.drop_rows("mailbox", "id", "2");
  EXPECT_THAT(read(what::refreshed), ElementsAre(world::account_dn("cleo", "a.example"), "gone: " + bob_));
  EXPECT_EQ(known_.size(), 3U);
  EXPECT_THAT(read(what::refreshed), IsEmpty());
}

TEST_F(source_content, an_entry_keeps_its_uuid_whatever_it_is_called) {
  read(what::refreshed_others);
  const auto before = known_;
  w_.set("mailbox", "1", "username", "anna");
  EXPECT_THAT(read(what::refreshed), ElementsAre(world::account_dn("anna", "a.example")));
  EXPECT_EQ(known_.size(), before.size());
  begin();
  EXPECT_EQ(read(what::refreshed_others).size(), 3U);
  EXPECT_EQ(known_.size(), before.size());
}

TEST_F(source_content, what_could_not_be_read_is_not_gone) {
  read(what::refreshed_others);
  int rows = 2;
  w_.source.cut = [&] { return rows-- == 0; };
  EXPECT_THAT(read(what::refreshed), ElementsAre("error"));
  EXPECT_EQ(known_.size(), 3U);
}

TEST_F(source_content, waits_for_its_time_and_can_be_woken) {
  content_ = std::make_unique<sync::source_content>(w_.map, w_.source,
                                                    sync::source_content::options{.base = w_.base, .read_every = 1h});
  EXPECT_EQ(read(what::refreshed_others).size(), 3U);
  w_.drop_rows("mailbox", "id", "2");
  const auto early = content_->next(1ms);
  ASSERT_TRUE(early);
  EXPECT_FALSE(*early);
  std::thread other([this] { content_->wake(); });
  const auto woken = content_->next(1h);
  other.join();
  ASSERT_TRUE(woken);
  EXPECT_FALSE(*woken);
}

TEST_F(source_content, a_row_that_cannot_be_mapped_any_more_leaves_its_entry_as_it_was) {
  read(what::refreshed_others);
  w_.set("mailbox", "1", "active", "?");
  EXPECT_THAT(read(what::refreshed), IsEmpty());
  w_.drop_rows("mailbox", "id", "1");
  EXPECT_THAT(read(what::refreshed), ElementsAre("gone: " + ann_));
}

}  // namespace
}  // namespace sql2ldap::test
