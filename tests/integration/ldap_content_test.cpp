#include "mirror_helpers.hpp"

#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <ldap.h>

using namespace sql2ldap;
using namespace sql2ldap::test;
using testing::HasSubstr;
using namespace std::chrono_literals;

namespace {

using operation = model::modification::operation;

const std::string suffix(slapd_server::suffix);
const std::string people = "ou=people," + suffix;
const std::string database = "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n";
// syncprov looks for the cookie's entry as the root DN; where there is none it finds nothing, and tells all.
const std::string root = database + "replace: olcRootDN\nolcRootDN: cn=root," + suffix + "\n\n";
const std::string no_root = database + "delete: olcRootDN\n\n";
const std::string overlay = "dn: olcOverlay={0}syncprov,olcDatabase={1}mdb,cn=config\nchangetype: modify\n";

slapd_server::options quick(std::string more_config = {}) {
  return {.writes = slapd_server::kept::dbnosync, .network = false, .base_entries = true, .more_config = more_config};
}

std::string dn_of(const std::string& uid) { return "uid=" + uid + "," + people; }

class content : public testing::Test {
 protected:
  void start(const slapd_server::options& how = quick(), std::size_t persons = 0) {
    server_ = std::make_unique<slapd_server>(how);
    follower_ = std::make_unique<followed>(as_sync(*server_), ldap::content_request{.base = people});
    follower_->write({add_unit("people")});
    std::vector<model::change> changes;
    for (std::size_t i = 0; i < persons; ++i)
      changes.push_back(add_person(fmt::format("u{}", i), people, fmt::format("u{}@a.example", i)));
    follower_->write(changes);
  }
  void await(const std::function<bool()>& question) {
    const auto waited = follower_->until(question);
    ASSERT_TRUE(waited) << waited.error().text();
  }
  void refresh() {
    const auto done = follower_->refresh();
    ASSERT_TRUE(done) << done.error().text();
  }
  // What happens to a directory of 20 while nobody follows it.
  void change_much() {
    follower_->write({add_person("new", people, "new@a.example"), remove(dn_of("u1")), remove(dn_of("u2")),
                      modify(dn_of("u3"), {{operation::replace, model::attribute_name("mail"), {"third@a.example"}}}),
                      renamed(dn_of("u4"), "uid=fourth")});
  }
  void expect_much_changed() {
    EXPECT_TRUE(follower_->same());
    EXPECT_EQ(follower_->mirror().status().entries, 20U);
    EXPECT_TRUE(follower_->find("mail", "u1@a.example").empty());
    EXPECT_TRUE(follower_->find("mail", "u3@a.example").empty());
    EXPECT_EQ(follower_->find("mail", "third@a.example").size(), 1U);
    EXPECT_EQ(follower_->find("uid", "new").size(), 1U);
    EXPECT_TRUE(follower_->find("uid", "u4").empty());
    ASSERT_EQ(follower_->find("uid", "fourth").size(), 1U);
    EXPECT_EQ(follower_->find("uid", "fourth")[0].dn(), dn_of("fourth"));
  }

  std::unique_ptr<slapd_server> server_;
  std::unique_ptr<followed> follower_;
};

TEST_F(content, a_refresh_and_then_each_change) {
  start(quick(), 3);
  EXPECT_FALSE(follower_->mirror().find(model::attribute_name("uid"), "u1"));
  refresh();
  EXPECT_EQ(follower_->seen[kind::entry], 4U);
  EXPECT_TRUE(follower_->same());

  follower_->write({add_person("ann", people, "Ann@A.example")});
  await([&] { return !follower_->find("mail", "ann@a.EXAMPLE").empty(); });

  follower_->write(
      {modify(dn_of("ann"), {{operation::replace, model::names::user_password, {"{SSHA}quite-another"}}})});
  await([&] {
    return follower_->find("uid", "ann")[0].first_value_of(model::names::user_password) == "{SSHA}quite-another";
  });

  follower_->write({renamed(dn_of("ann"), "uid=anna")});
  await([&] { return follower_->find("uid", "ann").empty(); });
  EXPECT_EQ(follower_->find("uid", "anna")[0].dn(), dn_of("anna"));
  EXPECT_EQ(follower_->mirror().status().entries, 5U);

  follower_->write({remove(dn_of("anna"))});
  await([&] { return follower_->find("uid", "anna").empty(); });
  EXPECT_EQ(follower_->seen[kind::gone], 1U);
  EXPECT_TRUE(follower_->same());
}

TEST_F(content, who_leaves_the_filter_is_gone) {
  start(quick(), 2);
  followed filtered(as_sync(*server_), {.base = people, .filter = "(mail=*@a.example)"});
  ASSERT_TRUE(filtered.refresh());
  EXPECT_EQ(filtered.mirror().status().entries, 2U);
  filtered.write({modify(dn_of("u0"), {{operation::replace, model::attribute_name("mail"), {"u0@b.example"}}})});
  ASSERT_TRUE(filtered.until([&] { return filtered.find("uid", "u0").empty(); }));
  filtered.write({modify(dn_of("u0"), {{operation::replace, model::attribute_name("mail"), {"again@a.example"}}})});
  ASSERT_TRUE(filtered.until([&] { return !filtered.find("mail", "again@a.example").empty(); }));
  EXPECT_EQ(filtered.mirror().status().entries, 2U);
}

TEST_F(content, only_what_is_asked_for) {
  start(quick(), 1);
  followed narrow(as_sync(*server_), {.base = people, .attributes = {model::attribute_name("uid")}});
  ASSERT_TRUE(narrow.refresh());
  ASSERT_EQ(narrow.find("uid", "u0").size(), 1U);
  EXPECT_EQ(narrow.find("uid", "u0")[0].size(), 1U);
}

TEST_F(content, goes_on_from_a_cookie_with_the_session_log) {
  start(quick(), 20);
  refresh();
  follower_->close();
  change_much();
  refresh();
  // Deletes are told one by one, and nothing of the others.
  EXPECT_EQ(follower_->seen[kind::refreshed], 1U);
  EXPECT_EQ(follower_->seen[kind::gone], 2U);
  EXPECT_LE(follower_->seen[kind::entry], 4U);
  expect_much_changed();
}

TEST_F(content, goes_on_from_a_cookie_in_a_present_phase) {
  start(quick(root + overlay + "delete: olcSpSessionlog\n"), 20);
  refresh();
  follower_->close();
  change_much();
  refresh();
  EXPECT_EQ(follower_->seen[kind::refreshed_others], 1U);
  EXPECT_EQ(follower_->seen[kind::gone], 0U);
  EXPECT_GT(follower_->seen[kind::present], 10U);
  expect_much_changed();
}

TEST_F(content, goes_on_when_the_server_has_lost_the_place) {
  start(quick(no_root + overlay + "delete: olcSpSessionlog\n"), 20);
  refresh();
  follower_->close();
  change_much();
  refresh();
  EXPECT_EQ(follower_->seen[kind::refreshed_others], 1U);
  EXPECT_EQ(follower_->seen[kind::entry], 20U);
  expect_much_changed();
}

TEST_F(content, goes_on_after_a_restart_of_the_server) {
  start(quick(root), 20);
  refresh();
  follower_->close();
  const std::string cookie = follower_->cookie();
  EXPECT_NE(cookie, "");
  server_->stop();
  server_->start();
  follower_->reconnect();
  change_much();
  server_->stop();
  server_->start();
  follower_->reconnect();
  refresh();
  EXPECT_LT(follower_->seen[kind::entry], 10U);
  expect_much_changed();
  follower_->close();
  EXPECT_NE(follower_->cookie(), cookie);
  refresh();  // nothing has changed since
  EXPECT_EQ(follower_->seen[kind::entry], 0U);
  EXPECT_EQ(follower_->seen[kind::gone], 0U);
  expect_much_changed();
}

TEST_F(content, a_cookie_from_the_future_is_begun_anew) {
  start(quick(), 20);
  refresh();
  follower_->close();
  change_much();
  follower_->set_cookie("rid=000,csn=29990101000000.000000Z#000000#000#000000");
  refresh();
  EXPECT_EQ(follower_->seen[kind::begun_anew], 1U);
  EXPECT_EQ(follower_->seen[kind::entry], 20U);
  EXPECT_EQ(follower_->seen[kind::refreshed_others], 1U);
  expect_much_changed();
}

// e-syncRefreshRequired (RFC 4533, 2.7).
TEST_F(content, a_server_that_wants_a_new_refresh_gets_it) {
  start(quick(overlay + "delete: olcSpSessionlog\n-\nreplace: olcSpReloadHint\nolcSpReloadHint: TRUE\n"), 20);
  refresh();
  follower_->close();
  change_much();
  follower_->set_cookie("rid=000,csn=20000101000000.000000Z#000000#000#000000");
  refresh();
  EXPECT_EQ(follower_->seen[kind::begun_anew], 1U);
  expect_much_changed();
}

TEST_F(content, a_refresh_that_breaks_off_moves_nothing) {
  start(quick(), 20);
  ASSERT_TRUE(follower_->open());
  ASSERT_TRUE(follower_->until([&] { return follower_->seen[kind::entry] == 5; }));
  EXPECT_EQ(follower_->feed().cookie(), "");
  EXPECT_FALSE(follower_->mirror().status().refreshed);
  follower_->close();
  follower_->write({remove(dn_of("u0"))});
  refresh();
  EXPECT_TRUE(follower_->same());
}

TEST_F(content, a_killed_server_is_a_transient_error) {
  start(quick(), 3);
  refresh();
  server_->crash();
  const auto told = follower_->until([] { return false; });
  ASSERT_FALSE(told);
  EXPECT_TRUE(told.error().transient) << told.error().text();
  EXPECT_FALSE(follower_->feed().next(0ms)) << "of no more use";
  EXPECT_EQ(follower_->find("uid", "u1").size(), 1U);
  follower_->close();
  server_->start();
  refresh();
  follower_->reconnect();
  EXPECT_TRUE(follower_->same());
}

TEST_F(content, a_server_that_stands_still_is_noticed) {
  start(quick(), 3);
  ldap::options how = as_sync(*server_);
  how.answer_time_max = short_time;
  followed impatient(how, {.base = people});
  ASSERT_TRUE(impatient.refresh());
  // It is asked, and answers.
  ASSERT_TRUE(impatient.until([&] { return impatient.seen[kind::heard] == 2; }));
  server_->freeze();
  const auto told = impatient.until([] { return false; });
  EXPECT_EQ(impatient.find("uid", "u1").size(), 1U);
  server_->thaw();
  ASSERT_FALSE(told);
  EXPECT_TRUE(told.error().transient);
  EXPECT_EQ(told.error().ldap_code, LDAP_TIMEOUT);
}

TEST_F(content, patience_ends_and_a_waiting_call_can_be_woken) {
  start();
  refresh();
  const auto begun = std::chrono::steady_clock::now();
  const auto nothing = follower_->feed().next(50ms);
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 50ms);
  std::thread waker([&] { follower_->feed().wake(); });
  const auto woken = follower_->feed().next(5min);
  waker.join();
  ASSERT_TRUE(woken);
  EXPECT_FALSE(*woken);
}

TEST_F(content, a_server_without_the_overlay_is_named) {
  start(quick("dn: olcOverlay={0}syncprov,olcDatabase={1}mdb,cn=config\nchangetype: delete\n"));
  const auto refused = follower_->refresh();
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().transient);
  EXPECT_THAT(refused.error().hint, HasSubstr("syncprov")) << refused.error().text();
}

TEST_F(content, a_limit_of_the_server_is_an_error) {
  start(quick(database + "replace: olcLimits\nolcLimits: dn.exact=\"" + std::string(slapd_server::sync_dn) +
              "\" size=5\n"),
        20);
  const auto cut = follower_->refresh();
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().ldap_code, LDAP_SIZELIMIT_EXCEEDED);
  EXPECT_THAT(cut.error().hint, HasSubstr("olcLimits"));
  EXPECT_FALSE(follower_->mirror().status().refreshed);
}

TEST_F(content, no_such_base_is_an_error) {
  start();
  followed nowhere(as_sync(*server_), {.base = "ou=nowhere," + suffix});
  const auto refused = nowhere.refresh();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().ldap_code, LDAP_NO_SUCH_OBJECT);
}

TEST_F(content, bytes_and_many_values) {
  start();
  refresh();
  const std::string photo("\x00\xff\x00jpeg\x00", 8);
  model::entry group;
  group.set_dn("cn=all," + people);
  for (const auto& [name, value] :
       attributes{{"objectClass", "groupOfNames"}, {"objectClass", "extensibleObject"}, {"cn", "all"}})
    group.add(model::attribute_name(name), value);
  group.add(model::attribute_name("jpegPhoto"), photo);
  for (std::size_t i = 0; i < 10'000; ++i)
    group.add(model::attribute_name("member"), fmt::format("uid=member-{:05},{}", i, people));
  follower_->write({{.origin = {}, .what = model::add_entry{group}}});
  await([&] { return !follower_->find("cn", "all").empty(); });
  const auto found = follower_->find("cn", "ALL");
  EXPECT_EQ(found[0].first_value_of(model::attribute_name("jpegPhoto")), photo);
  EXPECT_EQ(found[0].values_of(model::attribute_name("member")).size(), 10'000U);
  EXPECT_TRUE(follower_->same());
}

TEST_F(content, over_tls_nothing_stays_in_a_buffer) {
  slapd_server::options how = quick();
  how.network = true;
  start(how, 500);
  ldap::options tls = as_sync(*server_);
  tls.uri = server_->ldaps();
  tls.ca_file = server_->ca_file();
  followed secured(tls, {.base = people});
  ASSERT_TRUE(secured.refresh());
  EXPECT_EQ(secured.mirror().status().entries, 501U);
  follower_->write({add_person("ann", people, "ann@a.example")});
  ASSERT_TRUE(secured.until([&] { return !secured.find("uid", "ann").empty(); }));
}

TEST_F(content, twenty_thousand_entries_after_random_changes) {
  start(quick(), 0);
  constexpr std::size_t persons = 20'000;
  std::vector<model::change> batch;
  for (std::size_t i = 0; i < persons; ++i) {
    batch.push_back(add_person(fmt::format("p{}", i), people, fmt::format("p{}@a.example", i)));
    if (batch.size() < 500 && i + 1 < persons) continue;
    const auto refused = write_in_transaction(follower_->directory(), batch);
    ASSERT_TRUE(refused && !*refused);
    batch.clear();
  }
  refresh();
  EXPECT_EQ(follower_->mirror().status().entries, persons + 1);

  std::mt19937 random(4533);
  std::vector<std::string> present;
  for (std::size_t i = 0; i < persons; ++i) present.push_back(fmt::format("p{}", i));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 400; ++i) {
      std::string& one = present[random() % present.size()];
      switch (random() % 4) {
        case 0:
          follower_->write({modify(
              dn_of(one),
              {{operation::replace, model::attribute_name("mail"), {fmt::format("{}-{}@b.example", one, i)}}})});
          break;
        case 1: {
          const std::string other = fmt::format("r{}-{}", round, i);
          follower_->write({renamed(dn_of(one), "uid=" + other)});
          one = other;
          break;
        }
        case 2:
          follower_->write({remove(dn_of(one))});
          std::swap(one, present.back());
          present.pop_back();
          break;
        default:
          present.push_back(fmt::format("n{}-{}", round, i));
          follower_->write({add_person(present.back(), people, "shared@a.example")});
      }
    }
    if (round == 1) {  // once while nobody follows
      follower_->close();
      continue;
    }
    if (round == 2) refresh();
    const std::string mark = fmt::format("mark{}", round);
    follower_->write({add_person(mark, people, "mark@a.example")});
    await([&] { return !follower_->find("uid", mark).empty(); });
    present.push_back(mark);
    ASSERT_TRUE(follower_->same());
    EXPECT_EQ(follower_->mirror().status().entries, present.size() + 1);
  }
}

}  // namespace
