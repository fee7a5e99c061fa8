// The journal of the daemon: what is written is there again, in the right hands, whatever the file looks like.
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/model/uuid.hpp>
#include <sql2ldap/state/state_folder.hpp>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::HasSubstr;

class state_folder : public ::testing::Test {
 protected:
  [[nodiscard]] state::opened open() const {
    auto opened = state::open_state(folder_ / "state");
    if (!opened) throw std::runtime_error(opened.error().text());
    return *std::move(opened);
  }
  static model::remembered some() {
    model::remembered out;
    out.source = "postgresql:///mail";
    out.directory = "ldapi:///";
    out.base = "dc=example";
    out.mapping = "0123";
    out.history = "timeline 1";
    out.in_step = true;
    out.applied = 0xffff'ffff'0000'0001U;
    out.unfinished = {"m/account/a", "m/account/b"};
    out.entries = 7;
    out.proven_at = 1'700'000'000;
    return out;
  }
  static model::set_aside why(const std::string& reason) {
    model::set_aside out;
    out.dn = "uid=a";
    out.reason = reason;
    out.name_taken = true;
    out.since = 5;
    out.next_try = 6;
    out.tries = 7;
    out.dropped = true;
    return out;
  }

  temp_dir folder_;
};

TEST_F(state_folder, remembers) {
  {
    const state::opened fresh = open();
    EXPECT_EQ(*fresh.journal->recall(), std::nullopt);
    ASSERT_TRUE(fresh.journal->remember(some(), {{"x", why("one")}, {"y", why("two")}}, {}, {}).has_value());
    model::remembered later = some();
    later.unfinished = {"m/account/c"};
    ASSERT_TRUE(fresh.journal->remember(later, {{"y", why("three")}}, {}, {}).has_value());
  }
  const state::opened again = open();
  const auto known = again.journal->recall();
  ASSERT_TRUE(known.has_value() && known->has_value());
  model::remembered expected = some();
  expected.unfinished = {"m/account/c"};
  EXPECT_EQ(**known, expected);
  const model::set_aside_list aside{{"y", why("three")}};
  EXPECT_EQ(*again.journal->recall_aside(), aside);
}

TEST_F(state_folder, knows_what_both_sides_agree_on) {
  const model::entry_uuid uuid = *model::parse_uuid("6d3a1c9e-0001-1030-8f3a-a1b2c3d4e5f6");
  const model::agreement anna{"uid=anna", uuid, {1, 0, 0xffff'ffff'ffff'fffeU}};
  const model::agreement berta{"uid=berta", std::nullopt, {3}};
  {
    const state::opened fresh = open();
    ASSERT_TRUE(fresh.journal->remember(some(), {}, {{"m/a/anna", anna}, {"m/a/berta", berta}}, {}).has_value());
    ASSERT_TRUE(fresh.journal->agree({{"m/a/gone", anna}}).has_value());
    ASSERT_TRUE(fresh.journal->agree({{"m/a/gone", std::nullopt}}).has_value());
  }
  const state::opened again = open();
  EXPECT_EQ(*again.journal->agreed_on("m/a/anna"), anna);
  EXPECT_EQ(*again.journal->agreed_on("m/a/berta"), berta);
  EXPECT_EQ(*again.journal->agreed_on("m/a/gone"), std::nullopt);
  EXPECT_EQ(*again.journal->origin_with(uuid), "m/a/anna");
  EXPECT_EQ(*again.journal->agreed_without_uuid(5), std::vector<std::string>{"m/a/berta"});

  // Learnt only where it was not known; a new agreement without one means a new entry.
  const model::entry_uuid other = *model::parse_uuid("6D3A1C9E-0002-1030-8F3A-A1B2C3D4E5F6");
  ASSERT_TRUE(again.journal->learn_uuids({{"m/a/anna", other}, {"m/a/berta", other}, {"m/a/x", other}}).has_value());
  EXPECT_EQ(*again.journal->origin_with(other), "m/a/berta");
  EXPECT_EQ(*again.journal->origin_with(uuid), "m/a/anna");
  EXPECT_EQ(*again.journal->agreed_on("m/a/x"), std::nullopt);
  ASSERT_TRUE(again.journal->agree({{"m/a/anna", berta}}).has_value());
  EXPECT_EQ(*again.journal->agreed_on("m/a/anna"), berta);

  ASSERT_TRUE(
      again.journal->forget_agreements([](std::string_view origin) { return origin == "m/a/anna"; }).has_value());
  EXPECT_EQ(*again.journal->agreed_on("m/a/anna"), std::nullopt);
  EXPECT_NE(*again.journal->agreed_on("m/a/berta"), std::nullopt);
}

TEST_F(state_folder, remembers_what_is_held) {
  const model::held_change first{"uid=a", "", true, "DELETE", 5, 1};
  const model::held_change second{"uid=b", "uid=c", false, "UPDATE", 6, 2};
  {
    const state::opened fresh = open();
    EXPECT_TRUE(fresh.journal->recall_held()->empty());
    model::remembered now = some();
    now.held_plan = "0123abcd";
    ASSERT_TRUE(fresh.journal->remember(now, {}, {}, {{"x", first}, {"y", second}, {"z", first}}).has_value());
    ASSERT_TRUE(fresh.journal->remember(now, {}, {}, {{"z", std::nullopt}}).has_value());
  }
  const state::opened again = open();
  EXPECT_EQ((*again.journal->recall())->held_plan, "0123abcd");
  EXPECT_EQ(*again.journal->recall_held(), (model::held_list{{"x", first}, {"y", second}}));
}

TEST_F(state_folder, of_version_2_goes_on_where_it_was) {
  ASSERT_TRUE(open().journal->remember(some(), {{"x", why("one")}}, {}, {}).has_value());
  const captured older = run_and_capture(
      {.arguments = {"sqlite3", folder_ / "state/journal.db",
                     "DROP TABLE held; DELETE FROM remembered WHERE name = 'held_plan'; PRAGMA user_version = 2"}});
  ASSERT_EQ(older.status, 0) << older.err;
  const state::opened again = open();
  EXPECT_EQ(*again.journal->recall(), some());
  EXPECT_EQ(again.journal->recall_aside()->size(), 1U);
  EXPECT_TRUE(again.journal->recall_held()->empty());
}

TEST_F(state_folder, is_for_one_process_and_its_owner) {
  const state::opened first = open();
  const auto second = state::open_state(folder_ / "state");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, error_kind::usage);
  EXPECT_EQ(std::filesystem::status(folder_ / "state").permissions(), std::filesystem::perms::owner_all);
}

TEST_F(state_folder, a_damaged_journal_is_put_aside) {
  ASSERT_TRUE(open().journal->remember(some(), {}, {}, {}).has_value());
  write_file(folder_ / "state/journal.db", std::string(8192, 'x'));
  const state::opened again = open();
  EXPECT_THAT(again.warning, HasSubstr("is damaged"));
  EXPECT_EQ(*again.journal->recall(), std::nullopt);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "state/journal.db.damaged"));
  EXPECT_TRUE(again.journal->remember(some(), {}, {}, {}).has_value());
}

TEST_F(state_folder, damage_that_only_some_rows_have_is_found_at_the_start) {
  std::vector<std::pair<std::string, std::optional<model::agreement>>> many;
  for (int i = 0; i < 5000; ++i)
    many.emplace_back("m/a/" + std::to_string(i), model::agreement{"uid=" + std::to_string(i), std::nullopt, {1, 2}});
  {
    const state::opened fresh = open();
    ASSERT_TRUE(fresh.journal->remember(some(), {}, {many.begin(), many.end()}, {}).has_value());
  }
  std::string bytes = read_file(folder_ / "state/journal.db");
  for (std::size_t page = bytes.size() / 2 / 4096; page < bytes.size() / 2 / 4096 + 8; ++page)
    bytes.replace(page * 4096, 4096, std::string(4096, 'x'));
  write_file(folder_ / "state/journal.db", bytes);
  EXPECT_THAT(open().warning, HasSubstr("is damaged"));
}

TEST_F(state_folder, a_folder_with_other_things_stays_as_it_is) {
  const auto shared = folder_ / "shared";
  std::filesystem::create_directory(shared);
  std::filesystem::permissions(shared, std::filesystem::perms(0755));
  write_file(shared / "other", "");
  const auto refused = state::open_state(shared);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr("other things"));
  EXPECT_EQ(std::filesystem::status(shared).permissions(), std::filesystem::perms(0755));
  std::filesystem::remove(shared / "other");
  EXPECT_TRUE(state::open_state(shared).has_value());
}

TEST_F(state_folder, a_newer_journal_is_refused) {
  ASSERT_TRUE(open().journal->remember(some(), {}, {}, {}).has_value());
  const captured newer =
      run_and_capture({.arguments = {"sqlite3", folder_ / "state/journal.db", "pragma user_version = 99"}});
  ASSERT_EQ(newer.status, 0) << newer.err;
  const auto refused = state::open_state(folder_ / "state");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, error_kind::usage);
  EXPECT_THAT(refused.error().text(), HasSubstr("version 99"));
}

}  // namespace
}  // namespace sql2ldap::test
