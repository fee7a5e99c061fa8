// The whole daemon over ports that fail: tables change while servers lose answers, the program dies around every
// write of its journal, the slot is dropped, read by others or moved to another server, the journal is lost, the
// disk is full, a column of a table is exchanged or has another name for a while. When all is quiet at last, the
// directory is what a full run would make of the tables. SQL2LDAP_SEED=n runs that seed alone, SQL2LDAP_SCHEDULES=n so
// many.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/uuid.hpp>
#include <sql2ldap/sync/keep.hpp>

#include <support/beside.hpp>
#include <support/changing_world.hpp>
#include <support/fake_feed.hpp>

#include "schedules.hpp"

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;

class simulation {
 public:
  explicit simulation(std::uint64_t seed) : at_(seed), who_(at_.hosts.parties()) {
    if (at_.chance(2)) at_.hosts.grace = 48h;
    if (at_.chance(2)) {
      at_.hosts.limits.enforced = true;
      at_.hosts.limits.deletes_percent = 0;
      at_.hosts.limits.deletes_at_least = 1 + at_.pick(4);
      at_.hosts.limits.changes_percent = 0;
      at_.hosts.limits.changes_at_least = 1 + at_.pick(6);
      at_.hosts.limits.window = std::chrono::seconds(at_.pick(3));
      if (at_.chance(2)) at_.hosts.limits.parent_deletes_max = 1 + at_.pick(2);
      if (at_.chance(2)) at_.hosts.limits.deletes_below_parent_max = 1 + at_.pick(2);
    }
    at_.hosts.now = [this] { return std::chrono::system_clock::to_time_t(now_); };
    how_ = at_.hosts.options();
  }

  // "" or what went wrong.
  std::string run() {
    change();
    if (at_.chance(4)) at_.strangers();
    start();
    for (int round = 0; round < 20; ++round) {
      for (std::size_t n = at_.pick(at_.chance(3) ? 20 : 4); n > 0; --n) change();
      if (!at_.fits_mapping() && at_.chance(3)) rename_back();
      if (at_.chance(4)) fate();
      if (at_.chance(3)) trouble();
      if (at_.chance(4)) release();
      turn();
      if (at_.chance(2)) calm();
      now_ += std::chrono::milliseconds(at_.pick(at_.chance(4) ? 4'000'000 : 1500));
      if (at_.chance(8)) now_ += 50h;
    }
    return settled();
  }

 private:
  void start() {
    sync::keep_options options;
    options.clock = [this] { return now_; };
    options.tell = [this](log::level, std::string_view id, const std::string& text) {
      story_ += std::string(id) + " " + text + "\n";
    };
    options.rows_at_once = 1 + at_.pick(at_.chance(2) ? 3 : 20);
    options.transactions_singly = at_.pick(5);
    // Beside us: at once, or as late as it may be, and not at all when we crash before.
    options.work_beside = [this](std::function<result<void>()> work) {
      if (at_.chance(2)) return std::async(std::launch::deferred, std::move(work));
      return at_once(work);
    };
    keeper_.reset();
    keeper_ = std::make_unique<sync::keeper>(who_, how_, capture_, journal_, options);
  }
  void change() {
    at_.change_tables(1 + at_.pick(4));
    std::vector<model::row_image> rows = at_.take_changes();
    story_ += described(rows);
    capture_.commit(std::move(rows), now_);
  }
  void fate() {
    switch (at_.pick(8)) {
      case 6:
        story_ += "a column is exchanged\n";
        at_.rewrite_column();
        capture_.tables = std::to_string(++tables_made_) + " mailbox\n";
        return;
      case 7:
        if (!at_.fits_mapping()) return;
        story_ += "a column gets another name\n";
        tables_before_ = capture_.tables;
        capture_.tables = "renamed mailbox\n";
        return at_.rename_column();
      case 0:
        story_ += "the slot is dropped\n";
        return capture_.drop();
      case 1:
        story_ += "somebody reads our slot\n";
        return capture_.move_on();
      case 2:
        story_ += "the journal is lost\n";
        return crash_and([this] { journal_.lose(); });
      case 3:
        story_ += "both are lost\n";
        return crash_and([this] {
          journal_.lose();
          capture_.drop();
        });
      case 4:
        story_ += "another server goes on\n";
        if (at_.chance(2)) capture_.drop();
        return capture_.fail_over();
      default:
        story_ += "killed\n";
        return crash_and([] {});
    }
  }
  // As a catalogue, it is what it was before: nothing in it says that it was not so in the meantime.
  void rename_back() {
    story_ += "the column has its name again\n";
    capture_.tables = tables_before_;
    at_.rename_column_back();
  }
  template <typename What>
  void crash_and(const What& what) {
    keeper_.reset();
    what();
    start();
  }
  void trouble() {
    at_.disturb();
    if (at_.chance(3)) capture_.cut = [this] { return at_.chance(8); };
    if (at_.chance(3)) capture_.crash = [this] { return at_.chance(6); };
    if (at_.chance(2))
      journal_.on_write = [this] {
        return at_.chance(2) ? static_cast<fake_journal::fault>(1 + at_.pick(3)) : fake_journal::fault::none;
      };
  }
  void calm() {
    at_.undisturbed();
    capture_.cut = [] { return false; };
    capture_.crash = [] { return false; };
    journal_.on_write = [] { return fake_journal::fault::none; };
  }
  // False when nothing is held.
  bool release() {
    const auto& held = keeper_->status().held;
    if (!held) return false;
    story_ += "released: " + held->id + "\n";
    return keeper_->release(held->id);
  }
  static bool is_parent(std::string_view dn, std::string_view child) {
    return model::dn_hash(model::parent_text(child)) == model::dn_hash(dn);
  }
  // What differs although it does not wait. An entry that is turned off may have a name that an entry that waits wants,
  // and a parent that is only made comes and goes with its children, or takes over an entry that waits for its delete.
  std::string not_held() {
    std::string out;
    for (const sync::difference& d : at_.hosts.verify()) {
      using what = sync::difference::what;
      if (d.kind != what::surplus && d.kind != what::differs && d.kind != what::renamed) continue;
      const model::entry* const present = at_.hosts.directory.find(d.dn);
      const bool is_off = present != nullptr && present->has(model::names::gone_since);
      const bool is_needed = std::any_of(keeper_->held().begin(), keeper_->held().end(), [&](const auto& held) {
        return is_parent(d.dn, held.second.dn) || is_parent(d.dn, held.second.wanted_dn) ||
               model::dn_hash(held.second.dn) == model::dn_hash(d.dn);
      });
      if (!is_off && !is_needed && !keeper_->held().contains(d.origin) && !keeper_->aside().contains(d.origin))
        out += d.dn + " " + d.origin + " differs, and is not held\n";
    }
    return out;
  }
  // The error, "" = none.
  std::string turn() {
    try {
      const auto turned = keeper_->turn(0ms);
      if (!turned) story_ += "error: " + turned.error().text() + "\n";
      return turned ? "" : turned.error().text();
    } catch (const crashed&) {
      story_ += "crashed\n";
      start();
      return "crashed";
    }
  }

  std::string settled() {
    if (!at_.fits_mapping()) {
      for (int n = 0; n < 2; ++n) now_ += 5000s, turn();
      if (turn().empty()) return "no error while the mapping names a column that is not there\n" + story_;
      rename_back();
    }
    calm();
    bool met_what_was = false;  // a feed may have been cut off before
    for (int quiet = 0; quiet < 3;) {
      const std::uint64_t received = keeper_->status().at.received;
      now_ += 5000s;
      const std::string wrong = turn();
      if (!wrong.empty() && std::exchange(met_what_was, true)) return "in calm weather: " + wrong + "\n" + story_;
      const bool all_applied = keeper_->status().waiting_rows == 0 && keeper_->status().at.received == received;
      quiet = all_applied ? quiet + 1 : 0;
    }
    if (!keeper_->settle()) return "cannot settle";
    if (capture_.unconfirmed() > 0) return "not all is confirmed\n" + story_;
    if (std::string loose = not_held(); !loose.empty())
      return loose + story_ + at_.tables() + at_.hosts.directory.dump();
    for (int releases = 0; release(); ++releases) {
      now_ += 5000s;
      if (const std::string wrong = turn(); !wrong.empty()) return "after a release: " + wrong + "\n" + story_;
      if (releases > 100) return "what is released is held again\n" + story_;
    }
    for (int n = 0; n < 3; ++n) now_ += 5000s, (void)turn();
    if (!keeper_->settle()) return "cannot settle";
    std::string wrong = at_.differences(&keeper_->aside());
    if (wrong.empty()) wrong = disagreements();
    if (wrong.empty()) return "";
    return wrong + story_ + at_.tables() + at_.hosts.plan() + at_.hosts.directory.dump();
  }

  // What the journal says that both sides agree on, and what the directory holds.
  std::string disagreements() {
    sync::digester digests(at_.hosts.map, codec::builtin_schema());
    const sync::origins origins(at_.hosts.map);
    std::map<std::string, model::agreement> held;
    for (const model::entry* e : at_.hosts.directory.all()) {
      const std::string origin(e->first_value_of(model::names::origin));
      const auto kind = origins.kind_of(origin);
      if (!kind || keeper_->aside().contains(origin) || e->has(model::names::gone_since)) continue;
      held.emplace(
          origin, model::agreement{std::string(e->dn()), model::parse_uuid(e->first_value_of(model::names::entry_uuid)),
                                   digests.attribute_digests(*kind, *e)});
    }
    std::string out;
    for (const auto& [origin, on] : held) {
      const auto known = journal_.agreed().find(origin);
      if (known == journal_.agreed().end()) {
        out += "the journal knows of no agreement on " + origin + "\n";
      } else if (!(known->second == on)) {
        out += "the journal has another agreement on " + origin + ", which is " + on.dn + "; it has " +
               known->second.dn + (known->second.uuid == on.uuid ? "" : ", another entryUUID") + "\n";
      }
    }
    for (const auto& [origin, on] : journal_.agreed())
      if (!held.contains(origin) && !keeper_->aside().contains(origin))
        out += "the journal knows of an agreement on " + origin + ", which is not there\n";
    return out;
  }

  changing_world at_;
  sync::parties who_;
  sync::run_options how_;
  fake_capture capture_;
  fake_journal journal_;
  std::chrono::system_clock::time_point now_{std::chrono::seconds(1'700'000'000)};
  std::unique_ptr<sync::keeper> keeper_;
  std::string story_;
  std::string tables_before_;
  int tables_made_ = 0;
};

// The keeper alone, over ports that do not fail.
class changed_tables : public testing::Test {
 protected:
  changed_tables() : who_(at_.parties()), how_(at_.options()) {
    at_.limits.enforced = false;
    how_ = at_.options();
    at_.directory.load(
        "dn: dc=example\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: x\n\n"
        "dn: ou=domains,dc=example\nobjectClass: organizationalUnit\nou: domains\n\n");
    at_.domain("d.example");
    at_.mailbox("1", "a", "d.example", "Ann");
    capture_.tables = "1 mailbox\n";
    sync::keep_options options;
    options.clock = [this] { return now_; };
    options.work_beside = at_once;
    keeper_ = std::make_unique<sync::keeper>(who_, how_, capture_, journal_, options);
    turn();
  }
  result<void> turn() {
    now_ += 60s;
    return keeper_->turn(0ms);
  }
  [[nodiscard]] std::string name() {
    const model::entry* found = at_.directory.find(world::account_dn("a", "d.example"));
    return found == nullptr ? "" : std::string(found->first_value_of(model::attribute_name("cn")));
  }

  world at_;
  sync::parties who_;
  sync::run_options how_;
  fake_capture capture_;
  fake_journal journal_;
  std::chrono::system_clock::time_point now_{std::chrono::seconds(1'700'000'000)};
  std::unique_ptr<sync::keeper> keeper_;
};

TEST_F(changed_tables, another_description_means_that_all_is_compared) {
  ASSERT_EQ(name(), "Ann");
  at_.set("mailbox", "1", "name", "Anna");  // no change of a row is told
  ASSERT_TRUE(turn().has_value());
  EXPECT_EQ(name(), "Ann");
  capture_.tables = "2 mailbox\n";
  ASSERT_TRUE(turn().has_value());
  ASSERT_TRUE(turn().has_value());
  EXPECT_EQ(name(), "Anna");
  EXPECT_THAT(keeper_->status().reconciled_because, testing::HasSubstr("have changed: mailbox"));
}

TEST_F(changed_tables, a_description_that_changed_while_we_were_away_is_seen) {
  ASSERT_TRUE(keeper_->settle().has_value());
  keeper_.reset();
  at_.set("mailbox", "1", "name", "Anna");
  capture_.tables = "2 mailbox\n";
  sync::keep_options options;
  options.clock = [this] { return now_; };
  options.work_beside = at_once;
  keeper_ = std::make_unique<sync::keeper>(who_, how_, capture_, journal_, options);
  ASSERT_TRUE(turn().has_value());
  EXPECT_EQ(name(), "Anna");
}

TEST_F(changed_tables, while_the_mapping_does_not_fit_nothing_is_written_and_the_column_is_named) {
  auto& columns = at_.source.tables["mailbox"].columns;
  const auto column = std::find(columns.begin(), columns.end(), "name");
  *column = "name_before";
  capture_.tables = "2 mailbox\n";
  at_.set("domain", "d.example", "note", "new");
  capture_.commit({{"", "domain", {{"name", "d.example"}}}}, now_);
  (void)turn();  // may still follow the other table
  const auto refused = turn();
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), testing::HasSubstr("has no column `name`"));
  EXPECT_FALSE(turn().has_value());
  EXPECT_EQ(name(), "Ann");

  // As it was before, and nothing in the catalogue says that it was not so in the meantime.
  at_.set("mailbox", "1", "name_before", "Anna");
  *column = "name";
  capture_.tables = "1 mailbox\n";
  ASSERT_TRUE(turn().has_value());
  EXPECT_EQ(name(), "Anna");
  EXPECT_THAT(keeper_->status().reconciled_because, testing::HasSubstr("have changed: mailbox"));
}

TEST_F(changed_tables, a_source_that_went_back_behind_what_is_applied_is_compared) {
  // See collected::keeps_confirmed.
  at_.set("mailbox", "1", "name", "Anna");
  capture_.commit({{"", "mailbox", {{"id", "1"}}}}, now_);
  ASSERT_TRUE(turn().has_value());
  ASSERT_TRUE(keeper_->settle().has_value());
  EXPECT_EQ(name(), "Anna");
  capture_.put_back_older_copy();
  at_.set("mailbox", "1", "name", "Older");
  EXPECT_FALSE(turn().has_value());
  ASSERT_TRUE(turn().has_value());
  EXPECT_EQ(name(), "Older");
  EXPECT_THAT(keeper_->status().reconciled_because, testing::HasSubstr("older copy"));
}

TEST(sync_keep_simulation, gets_back_in_step_whatever_happens) {
  EXPECT_EQ(run_schedules([](std::uint64_t seed) { return simulation(seed).run(); }), "");
}

}  // namespace
}  // namespace sql2ldap::test
