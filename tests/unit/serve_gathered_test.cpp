// Questions of several logins, asked of a directory as one.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <sql2ldap/serve/detail/names.hpp>
#include <sql2ldap/serve/entry_answers.hpp>
#include <sql2ldap/serve/gathered_lookup.hpp>
#include <support/fake_lookup.hpp>

namespace sql2ldap::test {
namespace {

using testing::ElementsAre;

// Each name has one entry, whose DN leads to the next name.
class chain final : public model::entry_lookup, public model::entry_asker {
 public:
  result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override {
    asked.push_back(name.text() + "=" + std::string(value));
    if (value == refused && refused_for_now) return fail_transient(error_kind::directory, "refused");
    if (value == refused) return fail(error_kind::directory, "refused");
    std::vector<model::entry> out;
    if (const auto next = next_of.find(std::string(value)); next != next_of.end())
      out.emplace_back().set_dn(next->second);
    return out;
  }
  result<std::vector<std::vector<model::entry>>> find_each(std::span<const model::value_assertion> all) override {
    if (is_away) return fail_transient(error_kind::directory, "away");
    return entry_lookup::find_each(all);
  }
  void find_each(std::vector<model::value_assertion> all, listener told) override {
    ++searches;
    auto found = find_each(all);
    if (is_mute) {
      found = fail_transient(error_kind::directory, "mute");
      found.error().ldap_code = model::result_code::time_limit_exceeded;
    }
    tell = [told = std::move(told), found = std::move(found)] { told(found); };
    if (at_once) answer();
  }
  // Until nothing more is asked.
  void answer() {
    while (tell) std::exchange(tell, nullptr)();
  }

  std::map<std::string, std::string> next_of{{"a", "b"}, {"b", "c"}, {"x", "y"}};
  std::string refused;
  bool refused_for_now = false;
  bool is_away = false;
  bool is_mute = false;
  bool at_once = false;
  std::function<void()> tell;
  std::vector<std::string> asked;
  int searches = 0;
};

class gathered : public testing::Test {
 protected:
  // The last name of the chain, or what is wrong.
  std::function<void()> walk(const std::string& from, std::string& to) {
    return [this, from, &to] {
      to = from;
      while (true) {
        const auto found = lookup_.find(serve::names::uid, to);
        if (!found) to = found.error().message;
        if (!found || found->empty()) return;
        to = found->front().dn();
      }
    };
  }

  void answer(const std::vector<std::function<void()>>& works) {
    const auto kept = begin(works);
    directory_.answer();
  }
  [[nodiscard]] std::shared_ptr<const void> begin(const std::vector<std::function<void()>>& works) {
    return lookup_.answer_together(works,
                                   {.ended = [this](const std::vector<std::size_t>& ended) { ended_.push_back(ended); },
                                    .goes_alone =
                                        [this, works](std::size_t place) {
                                          alone_.push_back(place);
                                          works[place]();
                                        }});
  }

  chain directory_;
  serve::gathered_lookup::clock::time_point now_;
  serve::gathered_lookup lookup_{directory_, directory_, [this] { return now_; }};
  std::vector<std::vector<std::size_t>> ended_;
  std::vector<std::size_t> alone_;
  std::string first_;
  std::string second_;
  std::string third_;
};

TEST_F(gathered, each_is_told_what_it_asks_for_and_each_step_is_one_search) {
  answer({walk("a", first_), walk("x", second_), walk("z", third_)});
  EXPECT_EQ(first_, "c");
  EXPECT_EQ(second_, "y");
  EXPECT_EQ(third_, "z");
  EXPECT_EQ(directory_.searches, 3);
  EXPECT_THAT(directory_.asked, ElementsAre("uid=a", "uid=x", "uid=z", "uid=b", "uid=y", "uid=c"));
  EXPECT_THAT(ended_, ElementsAre(ElementsAre(2), ElementsAre(1), ElementsAre(0)));
}

TEST_F(gathered, nobody_waits_for_the_directory) {
  std::string fourth;
  const auto kept = begin({walk("a", first_), [&] { fourth = "done"; }});
  EXPECT_THAT(ended_, ElementsAre(ElementsAre(1)));
  EXPECT_EQ(fourth, "done");
  EXPECT_EQ(first_, "the directory was not asked in time");
  directory_.answer();
  EXPECT_EQ(first_, "c");
}

TEST_F(gathered, who_has_asked_for_too_long_is_told_so) {
  const auto kept = begin({walk("a", first_), walk("x", second_)});
  now_ += limits::work_wait_max;
  std::exchange(directory_.tell, nullptr)();
  now_ += std::chrono::seconds(1);
  std::exchange(directory_.tell, nullptr)();
  EXPECT_FALSE(directory_.tell) << "nothing more is asked";
  EXPECT_EQ(first_, "the directory was not asked in time");
  EXPECT_EQ(second_, "y") << "which was known by then";
  EXPECT_THAT(alone_, ElementsAre());
}

TEST_F(gathered, who_lets_go_is_told_no_more) {
  auto kept = begin({walk("a", first_)});
  kept.reset();
  directory_.answer();
  EXPECT_EQ(directory_.searches, 1);
  EXPECT_THAT(ended_, testing::IsEmpty());
}

TEST_F(gathered, who_knows_at_once_tells_at_once) {
  directory_.at_once = true;
  const auto kept = begin({walk("a", first_), walk("x", second_)});
  EXPECT_EQ(first_, "c");
  EXPECT_EQ(second_, "y");
  EXPECT_EQ(ended_.size(), 2U);
}

TEST_F(gathered, what_cannot_be_answered_does_the_others_no_harm) {
  directory_.refused = "x";
  answer({walk("a", first_), walk("x", second_)});
  EXPECT_EQ(first_, "c");
  EXPECT_EQ(second_, "refused");
  EXPECT_THAT(alone_, ElementsAre(1));
}

TEST_F(gathered, a_directory_that_is_away_is_asked_once) {
  directory_.is_away = true;
  answer({walk("a", first_), walk("x", second_)});
  EXPECT_EQ(first_, "away");
  EXPECT_EQ(second_, "away");
  EXPECT_EQ(directory_.searches, 2);
  EXPECT_THAT(ended_, ElementsAre(ElementsAre(0, 1)));
}

TEST_F(gathered, a_directory_that_did_not_answer_in_time_is_not_asked_again) {
  directory_.is_mute = true;
  answer({walk("a", first_), walk("x", second_)});
  EXPECT_EQ(first_, "mute");
  EXPECT_EQ(second_, "mute");
  EXPECT_EQ(directory_.searches, 1);
  EXPECT_THAT(ended_, ElementsAre(ElementsAre(0, 1)));
}

// Such as an entry that makes no sense: to be tried again, but no trouble of the others.
TEST_F(gathered, what_has_no_answer_at_the_moment_does_the_others_no_harm) {
  directory_.refused = "x";
  directory_.refused_for_now = true;
  answer({walk("a", first_), walk("x", second_), walk("z", third_)});
  EXPECT_EQ(first_, "c");
  EXPECT_EQ(second_, "refused");
  EXPECT_EQ(third_, "z");
}

TEST_F(gathered, what_takes_many_steps_holds_up_nobody_and_is_not_begun_anew_for_each) {
  for (int i = 0; i < 1000; ++i) directory_.next_of[std::to_string(i)] = std::to_string(i + 1);
  int begun = 0;
  const auto long_way = walk("0", second_);
  answer({walk("a", first_), [&] {
            ++begun;
            long_way();
          }});
  EXPECT_EQ(second_, "1000");
  EXPECT_LE(begun, 10);
  EXPECT_THAT(ended_, ElementsAre(ElementsAre(0)));
  EXPECT_THAT(alone_, ElementsAre(1));
}

// What is asked although there was no answer is asked again, in its turn.
TEST_F(gathered, who_asks_on_after_a_not_yet_is_told_in_its_order) {
  std::string both;
  answer({[&] {
    const auto one = lookup_.find(serve::names::uid, "a");
    const auto other = lookup_.find(serve::names::uid, "x");
    both = !one || !other ? "?" : std::string(one->front().dn()) + std::string(other->front().dn());
  }});
  EXPECT_EQ(both, "by");
}

TEST_F(gathered, without_others_it_asks_as_ever) {
  walk("a", first_)();
  EXPECT_EQ(first_, "c");
  answer({});
  EXPECT_EQ(directory_.searches, 0);
}

// ---- logins -----------------------------------------------------------------------------------

// Is asked now, and answers when it is told to.
class slow_directory final : public model::entry_asker {
 public:
  explicit slow_directory(fake_lookup& of) : of_(of) {}
  void find_each(std::vector<model::value_assertion> asked, listener told) override {
    open_.push_back([this, asked = std::move(asked), told = std::move(told)] { told(of_.find_each(asked)); });
  }
  bool answer_one() {
    if (open_.empty()) return false;
    const auto next = std::move(open_.front());
    open_.erase(open_.begin());
    next();
    return true;
  }

 private:
  fake_lookup& of_;
  std::vector<std::function<void()>> open_;
};

class gathered_logins : public testing::Test {
 protected:
  using time = std::chrono::steady_clock::time_point;
  struct under_way {
    std::string is = "under way";
    std::shared_ptr<const void> kept;
  };
  std::shared_ptr<under_way> begin(const std::string& name, time began = {}) {
    auto one = std::make_shared<under_way>();
    const auto work = [this, name, began, to = one.get()] {
      const auto answer = answers_.account_for_login({name, "imap", "", nullptr, began});
      to->is = !answer ? "try later" : !*answer ? "nobody" : (*answer)->who->login + word((*answer)->now);
    };
    one->kept = lookup_.answer_together({work}, {.ended = [](const auto&) {}, .goes_alone = [](std::size_t) {}});
    return one;
  }
  static std::string word(serve::login_answer::verdict now) {
    return now == serve::login_answer::verdict::allowed ? "" : " is kept out";
  }
  std::string login(const std::string& name, time began = {}) {
    const auto one = begin(name, began);
    while (directory_.answer_one()) {
    }
    return one->is;
  }

  fake_lookup entries_{R"(dn: associatedDomain=target.example,dc=org
objectClass: s2lMailDomain
associatedDomain: target.example
s2lEnabled: TRUE

dn: associatedDomain=alias.example,dc=org
objectClass: s2lDomainAlias
associatedDomain: alias.example
s2lTargetDomain: target.example
s2lEnabled: TRUE

dn: uid=anna,associatedDomain=target.example,dc=org
objectClass: s2lMailAccount
uid: anna
mailLocalAddress: info@target.example
s2lEnabled: TRUE
)"};
  slow_directory directory_{entries_};
  serve::gathered_lookup lookup_{directory_, entries_};
  serve::entry_answers answers_{lookup_, nullptr, {.domain_age_max = std::chrono::seconds(5)}};
};

// Each step is done anew when the next answer is there, and what was unknown in one is known in the next.
TEST_F(gathered_logins, know_domains_from_one_step_to_the_next) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(login("info@alias.example"), "anna") << i;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(login("info@target.example"), "anna") << i;
  EXPECT_EQ(login("info@nowhere.example"), "nobody");
}

TEST_F(gathered_logins, are_told_what_they_asked_for_whatever_becomes_known_meanwhile) {
  EXPECT_EQ(login("info@alias.example"), "anna");
  for (int steps = 0; steps < 4; ++steps) {
    const auto one = begin("info@alias.example", time(std::chrono::seconds(4 + 10 * steps)));
    for (int i = 0; i < steps; ++i) directory_.answer_one();
    const auto other = begin("info@alias.example", time(std::chrono::seconds(6 + 10 * steps)));
    while (directory_.answer_one()) {
    }
    EXPECT_EQ(one->is, "anna") << steps;
    EXPECT_EQ(other->is, "anna") << steps;
  }
}

// What was read before it was turned off does not come back by who was under way.
TEST_F(gathered_logins, a_domain_that_was_seen_off_is_off) {
  const auto turned = [&](const char* enabled) {
    entries_.load(std::string("dn: associatedDomain=target.example,dc=org\nobjectClass: s2lMailDomain\n"
                              "associatedDomain: target.example\ns2lEnabled: ") +
                  enabled + "\n");
  };
  EXPECT_EQ(login("info@target.example", time(std::chrono::seconds(1))), "anna");
  turned("FALSE");
  EXPECT_EQ(login("info@target.example", time(std::chrono::seconds(2))), "anna") << "as it was a moment ago";
  EXPECT_EQ(login("info@target.example", time(std::chrono::seconds(6))), "anna is kept out");
  turned("TRUE");
  EXPECT_EQ(login("info@target.example", time(std::chrono::seconds(7))), "anna");
}

}  // namespace
}  // namespace sql2ldap::test
