// What a hook is told: every change that was written, as it was, and of what may have been written.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/hooks/event.hpp>
#include <sql2ldap/hooks/teller.hpp>
#include <sql2ldap/state/hook_queue.hpp>

#include <support/temp_dir.hpp>
#include <support/world.hpp>

namespace sql2ldap::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// Breaks, or is full, on demand.
struct fake_queue final : model::hook_queue {
  using number = model::queued_hook::number;
  std::uint64_t waiting = 0;
  std::vector<model::hook_event> events;
  bool broken = true;
  result<std::vector<number>> intend(std::span<const model::hook_event> some, std::int64_t) override {
    if (broken) return fail_transient(error_kind::local, "the disk is full");
    events.assign(some.begin(), some.end());
    return std::vector<number>(some.size(), 7);
  }
  result<void> confirm(std::span<const number>) override { return {}; }
  result<void> withdraw(std::span<const number>) override { return {}; }
  result<void> give_up_waiting() override { return {}; }
  result<std::optional<model::queued_hook>> take(std::int64_t) override { return std::nullopt; }
  result<std::optional<std::int64_t>> next_due() override { return std::nullopt; }
  result<void> done(number) override { return {}; }
  result<void> failed(number, const std::string&, std::int64_t) override { return {}; }
  void put_back(number) override {}
  result<std::vector<model::queued_hook>> failing(std::size_t) override { return std::vector<model::queued_hook>(); }
  result<std::size_t> retry(std::optional<number>) override { return 0; }
  result<std::size_t> drop(std::optional<number>) override { return 0; }
  sums count() const noexcept override { return {waiting, 0}; }
};

class hook_teller : public ::testing::Test {
 protected:
  void SetUp() override {
    w_.domain("a.example");
    w_.mailbox("1", "ann", "a.example");
    w_.limits.enforced = false;
  }
  result<sync::counts> try_migrate() {
    sync::run_options how = w_.options();
    teller_.listen(how);
    return sync::migrate(w_.parties(), how);
  }
  // Of one run, all that the hook is told.
  std::vector<json> told(bool in_step = true) {
    EXPECT_TRUE(try_migrate());
    EXPECT_TRUE(teller_.settle(in_step));
    return due();
  }
  std::vector<json> due() {
    std::vector<json> out;
    while (const auto next = queue_->take(1).value()) {
      text_ += hooks::told_document(*next);
      out.push_back(json::parse(hooks::told_document(*next)));
      EXPECT_TRUE(queue_->done(next->id));
    }
    return out;
  }
  static std::vector<std::string> changes(const std::vector<json>& of) {
    std::vector<std::string> out;
    for (const json& one : of) out.push_back(one["change"].get<std::string>() + ' ' + one["key"].get<std::string>());
    return out;
  }

  temp_dir folder_;
  world w_;
  std::unique_ptr<model::hook_queue> queue_ = state::open_hook_queue(folder_.path()).value();
  std::vector<std::string> said_;
  std::string text_;  // all that was told
  hooks::teller teller_{w_.map, *queue_, [] {},
                        [this](log::level, std::string_view id, const std::string&) { said_.emplace_back(id); }};
};

TEST_F(hook_teller, tells_of_adds_with_all_they_have_but_passwords) {
  w_.alias("1", "ann@a.example");
  w_.alias("1", "a@a.example");
  const auto all = told();
  ASSERT_THAT(changes(all), ElementsAre("add a.example", "add 1"));
  const json& ann = all[1];
  EXPECT_EQ(ann["kind"], "account");
  EXPECT_EQ(ann["origin"], "world/account/1");
  EXPECT_EQ(ann["dn"], world::account_dn("ann", "a.example"));
  EXPECT_EQ(ann["old_dn"], nullptr);
  EXPECT_EQ(ann["attributes"]["mailLocalAddress"], json({"a@a.example", "ann@a.example"}));
  EXPECT_TRUE(ann["attributes"].contains("userPassword"));
  EXPECT_EQ(ann["attributes"]["userPassword"], nullptr);
  EXPECT_EQ(ann["try"], 1);
  EXPECT_EQ(ann["certain"], true);
  EXPECT_GT(ann["id"].get<int>(), all[0]["id"].get<int>());
  EXPECT_THAT(text_, Not(HasSubstr("{SSHA}")));
}

TEST_F(hook_teller, tells_of_a_modify_what_changed_and_its_values_afterwards) {
  w_.alias("1", "ann@a.example");
  (void)told();
  w_.alias("1", "a@a.example");
  w_.set("mailbox", "1", "password", stored_password("else"));
  w_.set("mailbox", "1", "quota", "0");
  const auto all = told();
  ASSERT_THAT(changes(all), ElementsAre("modify 1"));
  EXPECT_EQ(all[0]["attributes"].size(), 3U);
  EXPECT_THAT(all[0]["attributes"]["mailLocalAddress"], UnorderedElementsAre("ann@a.example", "a@a.example"));
  EXPECT_EQ(all[0]["attributes"]["s2lQuotaBytes"], json::array()) << "it is gone";
  EXPECT_EQ(all[0]["attributes"]["userPassword"], nullptr);
  EXPECT_THAT(text_, Not(HasSubstr("{SSHA}")));
}

TEST_F(hook_teller, tells_of_renames_and_deletes) {
  w_.mailbox("2", "bob", "a.example");
  (void)told();
  w_.set("mailbox", "1", "username", "anna");
  w_.drop_rows("mailbox", "id", "2");
  const auto all = told();
  ASSERT_THAT(changes(all), ElementsAre("rename 1", "delete 2"));
  EXPECT_EQ(all[0]["dn"], world::account_dn("anna", "a.example"));
  EXPECT_EQ(all[0]["old_dn"], world::account_dn("ann", "a.example"));
  EXPECT_EQ(all[0]["attributes"]["uid"], json({"anna"}));
  EXPECT_EQ(all[1]["dn"], world::account_dn("bob", "a.example"));
  EXPECT_EQ(all[1]["attributes"], json::object());
}

TEST_F(hook_teller, names_on_the_way_are_not_told) {
  w_.mailbox("2", "bob", "a.example");
  (void)told();
  w_.set("mailbox", "1", "username", "bob");
  w_.set("mailbox", "2", "username", "ann");
  const auto all = told();
  ASSERT_EQ(all.size(), 2U);
  for (const json& one : all) {
    const bool first = one["key"] == "1";
    EXPECT_EQ(one["change"], "rename");
    EXPECT_EQ(one["old_dn"], world::account_dn(first ? "ann" : "bob", "a.example"));
    EXPECT_EQ(one["dn"], world::account_dn(first ? "bob" : "ann", "a.example"));
  }
}

TEST_F(hook_teller, values_that_are_no_text_are_told_in_base64) {
  sync::step add;
  add.dn = world::domain_dn("a.example");
  add.origin = "world/domain/a.example";
  model::entry content;
  content.set_dn(add.dn);
  content.add(model::attribute_name("jpegPhoto"), "\xff\xfe");
  content.add(model::attribute_name("description"), "gr\u00fcn");
  content.add(model::attribute_name("userPassword;x-old"), "{SSHA}secret");
  add.changes.push_back({add.origin, model::add_entry{content}});
  const auto event = hooks::event_of(add, sync::origins(w_.map));
  ASSERT_TRUE(event.has_value());
  const json attributes = json::parse(event->document)["attributes"];
  EXPECT_EQ(attributes["jpegPhoto"][0]["base64"], "//4=");
  EXPECT_EQ(attributes["description"][0], "gr\u00fcn");
  EXPECT_EQ(attributes["userPassword;x-old"], nullptr);
}

TEST_F(hook_teller, functions_that_a_run_has_already_are_still_called) {
  w_.directory.refused = {model::dn::parse(world::account_dn("ann", "a.example"))->normal_form()};
  std::vector<std::string> calls;
  sync::run_options options = w_.options();
  options.before_write = [&](const std::vector<sync::step>&) -> result<void> {
    calls.emplace_back("before");
    return {};
  };
  options.written = [&](const sync::step& done, const model::schema&) -> result<void> {
    calls.push_back("written " + done.origin);
    return {};
  };
  options.refused = [&](const sync::step& refused) { calls.push_back("refused " + refused.origin); };
  teller_.listen(options);
  ASSERT_TRUE(sync::migrate(w_.parties(), options));
  ASSERT_TRUE(teller_.settle(true));
  EXPECT_THAT(calls, ::testing::IsSupersetOf({"before", "written world/domain/a.example", "refused world/account/1"}));
  EXPECT_THAT(changes(due()), ElementsAre("add a.example"));

  // What another function stops is not queued.
  w_.directory.refused.clear();
  options = w_.options();
  options.before_write = [](const std::vector<sync::step>&) -> result<void> {
    return fail(error_kind::local, "stopped");
  };
  teller_.listen(options);
  EXPECT_FALSE(sync::migrate(w_.parties(), options));
  EXPECT_EQ(queue_->count().waiting, 0U);
}

TEST_F(hook_teller, what_the_directory_refuses_is_not_told) {
  w_.directory.refused = {model::dn::parse(world::account_dn("ann", "a.example"))->normal_form()};
  EXPECT_THAT(changes(told()), ElementsAre("add a.example"));
  EXPECT_EQ(queue_->count().waiting, 0U);
}

TEST_F(hook_teller, what_may_have_been_written_is_told_in_doubt_once_both_are_in_step) {
  // The first write behind those of the trial entry.
  bool tried = false;
  w_.directory.on_write = [&] {
    const bool trial = w_.directory.find("cn=sql2ldap-trial,ou=domains,dc=example") != nullptr;
    if (tried && !trial) return fake_directory::fault::crash_after;
    tried = tried || trial;
    return fake_directory::fault::none;
  };
  EXPECT_THROW((void)try_migrate(), crashed);
  EXPECT_THAT(due(), IsEmpty());
  w_.directory.on_write = [] { return fake_directory::fault::none; };
  ASSERT_TRUE(teller_.settle(false));
  EXPECT_THAT(due(), IsEmpty());
  const auto all = told();
  ASSERT_THAT(changes(all), ElementsAre("add a.example", "add 1"));
  EXPECT_EQ(all[0]["certain"], false);
}

TEST_F(hook_teller, nothing_is_written_that_could_not_be_queued) {
  fake_queue queue;
  hooks::teller teller(
      w_.map, queue, [] {}, [this](log::level, std::string_view id, const std::string&) { said_.emplace_back(id); });
  sync::run_options how = w_.options();
  teller.listen(how);
  const auto refused = sync::migrate(w_.parties(), how);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the disk is full");
  for (const model::entry* e : w_.directory.all()) EXPECT_FALSE(e->has(model::names::origin)) << e->dn();

  // Where no more can be kept, one stands for them all, and the directory is written.
  queue.broken = false;
  queue.waiting = limits::hooks_queued_max;
  ASSERT_TRUE(sync::migrate(w_.parties(), how));
  EXPECT_THAT(queue.events, ElementsAre(hooks::overflow_event()));
  EXPECT_THAT(said_, ElementsAre("HOOK_OVERFLOW"));
  EXPECT_NE(w_.directory.find(world::account_dn("ann", "a.example")), nullptr);
}

}  // namespace
}  // namespace sql2ldap::test
