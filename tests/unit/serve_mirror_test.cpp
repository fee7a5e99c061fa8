#include <atomic>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/serve/mirror.hpp>
#include <sql2ldap/serve/mirror_list.hpp>
#include <support/content_events.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

model::attribute_name operator""_name(const char* text, std::size_t length) {
  return model::attribute_name(std::string_view(text, length));
}

model::schema mail_schema() {
  model::schema out;
  const auto add = [&](const char* name, model::matching_rule rule) {
    model::attribute_type type;
    type.oid = name;
    type.names = {name};
    type.equality = rule;
    type.has_equality = true;
    out.add(type);
  };
  add("uid", model::matching_rule::case_ignore);
  add("mail", model::matching_rule::case_ignore_ia5);
  add("homeDirectory", model::matching_rule::case_exact_ia5);
  out.complete();
  return out;
}

class the_mirror : public testing::Test {
 protected:
  std::vector<std::string> dns(std::string_view name, std::string_view value) {
    const auto found = mirror_.find(model::attribute_name(name), value);
    if (!found) throw std::runtime_error(found.error().text());
    std::vector<std::string> out;
    for (const model::entry& one : *found) out.emplace_back(one.dn());
    return out;
  }
  void apply(const std::vector<model::content_event>& events) {
    for (const auto& one : events) mirror_.apply(one);
  }
  void refreshed_with_ann_and_bob() {
    apply({entry_event(1, "uid=ann", {{"uid", "ann"}, {"mail", "ann@a.example"}, {"mail", "a@a.example"}}),
           entry_event(2, "uid=bob", {{"uid", "bob"}, {"mail", "bob@a.example"}}), event(kind::refreshed_others)});
  }

  serve::mirror::clock::time_point now_{};
  serve::mirror mirror_{
      {.indexed = {"uid"_name, "mail"_name, "homeDirectory"_name}, .age_max = 60s, .now = [this] { return now_; }},
      mail_schema()};
};

// As slapd does when a transaction is rolled back after it was told of, and is written again.
TEST_F(the_mirror, has_one_entry_of_a_name) {
  refreshed_with_ann_and_bob();
  apply({entry_event(3, "uid=eve", {{"uid", "eve"}, {"mail", "eve@a.example"}})});
  apply({entry_event(4, "UID=Eve", {{"uid", "eve"}, {"mail", "eve@a.example"}})});
  EXPECT_THAT(dns("mail", "eve@a.example"), ElementsAre("UID=Eve"));
  EXPECT_EQ(mirror_.status().entries, 3U);
  apply({entry_event(4, "uid=eve2", {{"uid", "eve2"}}), entry_event(5, "uid=eve", {{"uid", "eve"}})});
  EXPECT_THAT(dns("uid", "eve2"), ElementsAre("uid=eve2"));
}

TEST_F(the_mirror, keeps_both_of_a_name_while_a_refresh_runs) {
  refreshed_with_ann_and_bob();
  mirror_.begin_refresh();
  apply({entry_event(1, "uid=bob", {{"uid", "bob"}, {"mail", "ann@a.example"}})});
  EXPECT_THAT(dns("mail", "bob@a.example"), ElementsAre("uid=bob"));
  apply({entry_event(2, "uid=ann", {{"uid", "ann"}, {"mail", "bob@a.example"}}), event(kind::refreshed_others)});
  EXPECT_THAT(dns("mail", "bob@a.example"), ElementsAre("uid=ann"));
  EXPECT_EQ(mirror_.status().entries, 2U);
}

TEST_F(the_mirror, says_try_later_until_it_knows_all) {
  apply({entry_event(1, "uid=ann", {{"uid", "ann"}})});
  const auto early = mirror_.find("uid"_name, "ann");
  ASSERT_FALSE(early);
  EXPECT_TRUE(early.error().transient);
  std::size_t place = 0;
  EXPECT_FALSE(mirror_.list(place, 10));
  apply({event(kind::refreshed)});
  EXPECT_THAT(dns("uid", "ann"), ElementsAre("uid=ann"));
  EXPECT_THAT(dns("uid", "bob"), IsEmpty());
}

TEST_F(the_mirror, that_sees_nothing_says_try_later) {
  apply({event(kind::refreshed_others)});
  for (const bool bare_entry : {false, true}) {
    const auto found = mirror_.find("uid"_name, "ann");
    ASSERT_FALSE(found);
    EXPECT_TRUE(found.error().transient);
    EXPECT_NE(found.error().text().find("olcAccess"), std::string::npos);
    EXPECT_FALSE(mirror_.can_answer());
    if (!bare_entry) apply({entry_event(1, "uid=ann", {{"description", "the names of which are hidden"}})});
  }
  apply({entry_event(2, "uid=bob", {{"uid", "bob"}})});
  EXPECT_TRUE(mirror_.can_answer());
  EXPECT_THAT(dns("uid", "ann"), IsEmpty());
  mirror_.begin_refresh();
  apply({event(kind::present, 1), event(kind::refreshed_others)});
  EXPECT_FALSE(mirror_.can_answer()) << "who was there is hidden now";
}

TEST_F(the_mirror, finds_by_the_matching_rule) {
  apply({entry_event(1, "uid=ann",
                     {{"UID", " Ann  Smith"}, {"mail;lang-de", "Ann@A.example"}, {"homeDirectory", "/Home/a"}}),
         event(kind::refreshed_others)});
  EXPECT_THAT(dns("uid", "ann smith "), ElementsAre("uid=ann"));
  EXPECT_THAT(dns("mail", "aNN@a.EXAMPLE"), ElementsAre("uid=ann"));
  EXPECT_THAT(dns("homeDirectory", "/Home/a"), ElementsAre("uid=ann"));
  EXPECT_THAT(dns("homeDirectory", "/home/a"), IsEmpty());
  EXPECT_THAT(dns("uid", "Ann@A.example"), IsEmpty()) << "another attribute's value";
}

TEST_F(the_mirror, gives_the_entry_as_it_was_told) {
  const auto told = entry_event(1, "uid=ann",
                                {{"uid", "ann"},
                                 {"jpegPhoto", std::string("\0\xff\0", 3)},
                                 {"description", ""},
                                 {"description", std::string(20'000, 'x')}});
  apply({told, event(kind::refreshed_others)});
  const auto found = mirror_.find("uid"_name, "ann");
  ASSERT_TRUE(found && found->size() == 1);
  const model::entry& one = found->front();
  ASSERT_EQ(one.size(), told.content.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].name, told.content[i].name);
    EXPECT_EQ(one[i].bytes, told.content[i].bytes);
  }
}

TEST_F(the_mirror, finds_each_of_several_values_and_each_entry_once) {
  apply({entry_event(1, "uid=ann", {{"uid", "ann"}, {"mail", "a@a.example"}, {"mail", "A@A.example"}}),
         entry_event(2, "uid=bob", {{"uid", "bob"}, {"mail", "b@a.example"}, {"mail", "a@a.example"}}),
         event(kind::refreshed_others)});
  EXPECT_THAT(dns("mail", "a@a.example"), UnorderedElementsAre("uid=ann", "uid=bob"));
  EXPECT_THAT(dns("mail", "b@a.example"), ElementsAre("uid=bob"));
}

TEST_F(the_mirror, follows_changes_renames_and_deletes) {
  refreshed_with_ann_and_bob();
  apply({entry_event(1, "uid=anna", {{"uid", "anna"}, {"mail", "ann@a.example"}})});
  EXPECT_THAT(dns("uid", "ann"), IsEmpty());
  EXPECT_THAT(dns("uid", "anna"), ElementsAre("uid=anna"));
  EXPECT_THAT(dns("mail", "ann@a.example"), ElementsAre("uid=anna"));
  EXPECT_THAT(dns("mail", "a@a.example"), IsEmpty());
  apply({event(kind::gone, 1), event(kind::gone, 7)});
  EXPECT_THAT(dns("uid", "anna"), IsEmpty());
  EXPECT_EQ(mirror_.status().entries, 1U);
  apply({entry_event(3, "uid=cid", {{"uid", "cid"}})});
  EXPECT_THAT(dns("uid", "cid"), ElementsAre("uid=cid"));
  EXPECT_THAT(dns("uid", "bob"), ElementsAre("uid=bob"));
}

TEST_F(the_mirror, forgets_who_was_not_named_by_a_present_phase) {
  refreshed_with_ann_and_bob();
  apply({entry_event(3, "uid=cid", {{"uid", "cid"}})});
  mirror_.begin_refresh();
  apply({event(kind::present, 1), event(kind::present, 99), entry_event(4, "uid=dan", {{"uid", "dan"}})});
  EXPECT_THAT(dns("uid", "bob"), ElementsAre("uid=bob")) << "until the end";
  apply({event(kind::refreshed_others)});
  EXPECT_THAT(dns("uid", "bob"), IsEmpty());
  EXPECT_THAT(dns("uid", "cid"), IsEmpty());
  EXPECT_THAT(dns("uid", "ann"), ElementsAre("uid=ann"));
  EXPECT_THAT(dns("uid", "dan"), ElementsAre("uid=dan"));
}

TEST_F(the_mirror, keeps_who_was_not_named_by_a_delete_phase) {
  refreshed_with_ann_and_bob();
  mirror_.begin_refresh();
  apply({event(kind::gone, 1), event(kind::refreshed)});
  EXPECT_THAT(dns("uid", "ann"), IsEmpty());
  EXPECT_THAT(dns("uid", "bob"), ElementsAre("uid=bob"));
}

TEST_F(the_mirror, counts_nothing_that_a_broken_refresh_has_named) {
  refreshed_with_ann_and_bob();
  mirror_.begin_refresh();
  apply({event(kind::present, 1), event(kind::present, 2)});
  mirror_.begin_refresh();
  apply({event(kind::present, 1), event(kind::refreshed_others)});
  EXPECT_THAT(dns("uid", "bob"), IsEmpty());
  mirror_.begin_refresh();
  apply({event(kind::present, 1), event(kind::begun_anew), event(kind::refreshed_others)});
  EXPECT_EQ(mirror_.status().entries, 0U);
}

TEST_F(the_mirror, knows_how_old_it_is) {
  refreshed_with_ann_and_bob();
  now_ += 50s;
  EXPECT_EQ(mirror_.status().age, 50s);
  apply({event(kind::heard)});
  EXPECT_EQ(mirror_.status().age, 0s);
  mirror_.begin_refresh();
  EXPECT_FALSE(mirror_.status().in_step);
  now_ += 60s;
  apply({event(kind::present, 1)});
  EXPECT_THAT(dns("uid", "ann"), ElementsAre("uid=ann"));
  now_ += 1ms;
  const auto old = mirror_.find("uid"_name, "ann");
  ASSERT_FALSE(old) << "a refresh that runs makes nothing younger";
  EXPECT_TRUE(old.error().transient);
  apply({event(kind::refreshed)});
  EXPECT_THAT(dns("uid", "ann"), ElementsAre("uid=ann"));
}

// Who has built on an answer sees by it that another may be right now.
TEST_F(the_mirror, has_another_version_whenever_an_answer_may_be_another) {
  EXPECT_EQ(mirror_.version(), std::nullopt);
  refreshed_with_ann_and_bob();
  auto last = mirror_.version();
  ASSERT_TRUE(last);
  apply({event(kind::heard), event(kind::present, 1),
         entry_event(2, "uid=bob", {{"uid", "bob"}, {"mail", "bob@a.example"}})});
  EXPECT_EQ(mirror_.version(), last);
  for (const auto& change :
       {entry_event(3, "uid=cy", {{"uid", "cy"}}), entry_event(3, "uid=cy", {{"uid", "cy"}, {"mail", "c@a.example"}}),
        entry_event(3, "uid=di", {{"uid", "di"}}), event(kind::gone, 3)}) {
    mirror_.apply(change);
    EXPECT_NE(mirror_.version(), last);
    last = mirror_.version();
  }
  now_ += 61s;
  EXPECT_EQ(mirror_.version(), std::nullopt);
}

// It has no result that could be wrong: that it harms nobody is all there is to see.
TEST_F(the_mirror, may_be_told_what_to_expect) {
  refreshed_with_ann_and_bob();
  const std::vector<std::string_view> names = {"ann", "nobody", "", "BOB"};
  mirror_.expect("uid"_name, names);
  mirror_.expect("cn"_name, names);
  mirror_.expect("mail"_name, {});
  EXPECT_THAT(dns("uid", "ANN"), ElementsAre("uid=ann"));
}

TEST_F(the_mirror, lists_its_accounts) {
  serve::mirror_list accounts(mirror_);
  std::vector<std::string> told;
  const auto tell = [&](const model::entry& one) {
    told.emplace_back(one.dn());
    return told.size() < 250;
  };
  EXPECT_FALSE(accounts.for_each(tell)) << "all of them are not known";
  for (std::uint8_t i = 0; i < 230; ++i) {
    const std::string name = fmt::format("uid={}", i);
    apply({entry_event(i, name, {{"objectClass", i % 2 == 0 ? "s2lMailAccount" : "s2lMailAlias"}, {"uid", "x"}})});
  }
  apply({event(kind::refreshed_others)});
  ASSERT_TRUE(accounts.for_each(tell));
  EXPECT_EQ(told.size(), 115U);
  told.resize(249);
  ASSERT_TRUE(accounts.for_each(tell));
  EXPECT_EQ(told.size(), 250U) << "until it is told enough";
}

TEST_F(the_mirror, has_no_answer_for_what_is_not_indexed) {
  refreshed_with_ann_and_bob();
  const auto found = mirror_.find("cn"_name, "ann");
  ASSERT_FALSE(found);
  EXPECT_FALSE(found.error().transient);
}

TEST_F(the_mirror, lists_everybody_once_while_others_come_and_go) {
  std::vector<model::content_event> events;
  for (unsigned i = 0; i < 1000; ++i) events.push_back(entry_event(i, fmt::format("uid={}", i), {{"uid", "x"}}));
  events.push_back(event(kind::refreshed_others));
  apply(events);
  std::map<std::string, int> seen;
  std::size_t place = 0;
  unsigned next = 1000;
  for (;;) {
    const auto some = mirror_.list(place, 7);
    ASSERT_TRUE(some);
    if (some->empty()) break;
    for (const model::entry& one : *some) ++seen[std::string(one.dn())];
    // 0..499 stay; of the others some go, and new ones take their places.
    if (next < 1100)
      apply({event(kind::gone, next - 500), entry_event(next, fmt::format("uid={}", next), {{"uid", "y"}})});
    ++next;
  }
  for (unsigned i = 0; i < 500; ++i) EXPECT_EQ(seen[fmt::format("uid={}", i)], 1) << i;
  for (const auto& [dn, times] : seen) EXPECT_EQ(times, 1) << dn;
}

// An entry's values belong together: no reader sees one half of a change.
TEST_F(the_mirror, is_read_by_many_while_one_writes) {
  const auto version = [](unsigned n) {
    return entry_event(1, "uid=ann",
                       {{"uid", "ann"},
                        {"mail", "ann@a.example"},
                        {"a", std::to_string(n)},
                        {"b", std::string(n % 50, 'x') + std::to_string(n)}});
  };
  apply({version(0), event(kind::refreshed_others)});
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::atomic<unsigned> reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!stop) {
        const auto found = mirror_.find("mail"_name, "ANN@a.example");
        if (!found || found->size() != 1) {
          ++wrong;
          continue;
        }
        const auto a = std::string(found->front().first_value_of("a"_name));
        const auto n = static_cast<unsigned>(std::stoul(a));
        if (found->front().first_value_of("b"_name) != std::string(n % 50, 'x') + a) ++wrong;
        ++reads;
      }
    });
  for (unsigned n = 1; n < 20'000; ++n) {
    mirror_.apply(version(n));
    mirror_.apply(
        entry_event(n % 500 + 2, "uid=x", {{"uid", std::to_string(n)}, {"new" + std::to_string(n % 300), ""}}));
  }
  while (reads < 10 && wrong == 0) std::this_thread::yield();
  stop = true;
  for (std::thread& one : readers) one.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sql2ldap::test
