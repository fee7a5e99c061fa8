// The tables change, a feed names the rows, the follower keeps up: after each change the directory
// is what a full run would make of it. Writes fail, answers are lost, the program dies: then it
// reconciles, as the daemon does. SQL2LDAP_SEED=n runs that seed alone, SQL2LDAP_SCHEDULES=n so many.
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <sql2ldap/sync/follow.hpp>

#include <support/beside.hpp>
#include <support/changing_world.hpp>
#include <support/deletion_witness.hpp>

#include "schedules.hpp"

namespace sql2ldap::test {
namespace {

// "" or what went wrong.
std::string simulate(std::uint64_t seed) {
  changing_world at(seed);
  at.change_tables(20);
  static_cast<void>(at.take_changes());
  if (at.chance(4)) at.strangers();
  if (at.chance(2)) at.hosts.grace = std::chrono::hours(48);
  const sync::parties who = at.hosts.parties();
  const sync::run_options how = at.hosts.options();
  const auto durable = [](const sync::follower::unfinished&) -> result<void> { return {}; };
  const auto at_once_or_late = [&](std::function<result<void>()> work) {
    return at.chance(2) ? at_once(work) : std::async(std::launch::deferred, std::move(work));
  };
  sync::follower follower(who, how, durable, at_once_or_late);
  if (const auto begun = follower.reconcile(); !begun) return "reconcile: " + begun.error().text();
  deletion_witness witness(at.hosts, 2);
  for (int round = 0; round < 12; ++round) {
    at.change_tables(1 + at.pick(6));
    const std::vector<model::row_image> changed = at.take_changes();
    if (at.chance(3)) at.change_tables(1 + at.pick(4));
    const std::vector<model::row_image> next = at.take_changes();
    witness.note();
    if (at.chance(6)) at.disturb();
    bool known = true;  // what has been followed
    try {
      known = follower.follow(changed, next) && (next.empty() || follower.follow(next));
    } catch (const crashed&) {
      known = false;
    }
    at.undisturbed();
    if (const std::string wrong = witness.unproven(); !wrong.empty())
      return "round " + std::to_string(round) + ": " + wrong + described(changed) + "then\n" + described(next) +
             at.tables() + at.hosts.directory.dump();
    if (!known) {
      sync::follower again(who, how);
      if (const auto begun = again.reconcile(); !begun) return "reconcile: " + begun.error().text();
      if (const std::string wrong = at.differences(); !wrong.empty())
        return "after reconcile: " + wrong + at.hosts.plan() + at.hosts.directory.dump();
      if (const auto begun = follower.reconcile(); !begun) return "reconcile: " + begun.error().text();
    } else if (const std::string wrong = at.differences(&follower.aside()); !wrong.empty()) {
      return "round " + std::to_string(round) + ": " + wrong + described(changed) + "then\n" + described(next) +
             at.tables() + at.hosts.plan() + at.hosts.directory.dump();
    }
    if (at.chance(4) && !follower.retry()) return "an undisturbed retry failed";
  }
  return "";
}

TEST(sync_follow_simulation, stays_in_step_whatever_happens) { EXPECT_EQ(run_schedules(simulate), ""); }

}  // namespace
}  // namespace sql2ldap::test
