// Answers of one place, held against those of another.
#include <chrono>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/serve/compared_answers.hpp>
#include <sql2ldap/serve/entry_answers.hpp>
#include <support/fake_lookup.hpp>

namespace sql2ldap::test {
namespace {

using question = serve::compared_answers::question;

std::string entries(const std::string& suffix, const std::string& more = "") {
  return "dn: associatedDomain=example.org," + suffix +
         "\nobjectClass: s2lMailDomain\nassociatedDomain: example.org\ns2lEnabled: TRUE\n\n"
         "dn: uid=anna@example.org,associatedDomain=example.org," +
         suffix +
         "\nobjectClass: s2lMailAccount\nuid: anna@example.org\nmail: anna@example.org\n"
         "mailLocalAddress: anna@example.org\ns2lEnabled: TRUE\nhomeDirectory: /anna\n" +
         more + "\n";
}

struct pair_of_answers {
  pair_of_answers(const std::string& of_first, const std::string& of_second)
      : first_entries(of_first), second_entries(of_second) {}
  fake_lookup first_entries;
  fake_lookup second_entries;
  serve::entry_answers first{first_entries, &first_entries, {}};
  serve::entry_answers second{second_entries, nullptr, {}};
  serve::compared_answers both{first, second};

  void ask_everything(std::string_view name) {
    (void)both.account_for_login({name, "imap", "192.0.2.1"});
    (void)both.userdb_of(name);
    (void)both.sieve_of(name);
    (void)both.route(name);
    (void)both.domain(name.substr(name.find('@') + 1));
    both.wait();
  }
};

TEST(serve_compared, says_the_same_of_the_same_host_in_another_tree) {
  pair_of_answers host(
      entries("dc=a", "s2lForwardTo: x@y.example\ns2lForwardTo: z@y.example\nuserPassword: {SSHA}x\n"),
      entries("dc=b", "s2lForwardTo: z@y.example\ns2lForwardTo: x@y.example\nuserPassword: {SSHA}x\n"));
  host.ask_everything("anna@example.org");
  host.ask_everything("nobody@elsewhere.example");
  for (const auto of : {question::login, question::userdb, question::route, question::domain})
    EXPECT_EQ(host.both.counts(of).same, 2U) << serve::word_for(of);
  EXPECT_EQ(host.both.counts(question::sieve).different, 1U);  // a script's order is its meaning
}

TEST(serve_compared, counts_differences_by_kind_and_keeps_names) {
  pair_of_answers host(entries("dc=a", "s2lQuotaBytes: 1\n"), entries("dc=a", "s2lQuotaBytes: 2\n"));
  host.ask_everything("anna@example.org");
  EXPECT_EQ(host.both.counts(question::userdb).different, 1U);
  EXPECT_EQ(host.both.counts(question::login).same, 1U);
  EXPECT_EQ(host.both.counts(question::route).same, 1U);
  host.first_entries.load("dn: uid=bert,dc=a\nobjectClass: s2lMailAccount\nuid: bert\ns2lEnabled: TRUE\n");
  (void)host.both.userdb_of("bert");
  host.both.wait();
  host.second_entries.load("dn: uid=carla,dc=a\nobjectClass: s2lMailAccount\nuid: carla\ns2lEnabled: TRUE\n");
  EXPECT_FALSE(*host.both.userdb_of("carla"));
  host.both.wait();
  EXPECT_EQ(host.both.counts(question::userdb).only_first, 1U);
  EXPECT_EQ(host.both.counts(question::userdb).only_second, 1U);
  const auto kept = host.both.differences();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].question, "userdb");
  EXPECT_EQ(kept[0].name, "anna@example.org");
  EXPECT_EQ(kept[1].what, "only the first");
  EXPECT_EQ(kept[2].name, "carla");
}

TEST(serve_compared, passwords_count_where_they_can_be_compared) {
  const auto different = [](const std::string& one, const std::string& other) {
    pair_of_answers host(entries("dc=a", one), entries("dc=a", other));
    host.ask_everything("anna@example.org");
    return host.both.counts(question::login).different;
  };
  EXPECT_EQ(different("userPassword: {SSHA}x\n", "userPassword: {SSHA}y\n"), 1U);
  EXPECT_EQ(
      different("userPassword: {SSHA}x\nuserPassword: {SSHA}y\n", "userPassword: {SSHA}y\nuserPassword: {SSHA}x\n"),
      0U);
  EXPECT_EQ(different("userPassword: {CLEARTEXT}x\n", "userPassword: {CRYPT}$6$x\n"), 0U);
  EXPECT_EQ(different("userPassword: {SSHA}x\n", ""), 1U);
}

TEST(serve_compared, keeps_a_bounded_number_of_names) {
  pair_of_answers host(entries("dc=a"), entries("dc=a"));
  for (std::size_t i = 0; i < limits::differences_kept_max + 5; ++i) {
    const std::string name = "u" + std::to_string(i);
    host.second_entries.load("dn: uid=" + name + ",dc=a\nobjectClass: s2lMailAccount\nuid: " + name +
                             "\ns2lEnabled: TRUE\n");
    (void)host.both.userdb_of(name);
    host.both.wait();
  }
  const auto kept = host.both.differences();
  ASSERT_EQ(kept.size(), limits::differences_kept_max);
  EXPECT_EQ(kept.front().name, "u5");
  EXPECT_EQ(host.both.counts(question::userdb).only_second, limits::differences_kept_max + 5);
}

TEST(serve_compared, errors_of_the_second_harm_nobody) {
  pair_of_answers host(entries("dc=a"), entries("dc=a"));
  host.second_entries.broken = true;
  const auto answer = host.both.userdb_of("anna@example.org");
  ASSERT_TRUE(answer && *answer);
  host.both.wait();
  EXPECT_EQ(host.both.counts(question::userdb).second_failed, 1U);
  EXPECT_TRUE(host.both.differences().empty());
  host.first_entries.broken = true;
  host.second_entries.broken = false;
  EXPECT_FALSE(host.both.userdb_of("anna@example.org"));
  EXPECT_EQ(host.both.counts(question::userdb).first_failed, 1U);
}

// Waits until it is let go.
class slow_lookup : public model::entry_lookup {
 public:
  [[nodiscard]] result<std::vector<model::entry>> find(model::attribute_name, std::string_view) override {
    open_.wait();
    return std::vector<model::entry>();
  }
  std::promise<void> gate;

 private:
  std::shared_future<void> open_ = gate.get_future().share();
};

TEST(serve_compared, slowness_of_the_second_harms_nobody) {
  fake_lookup fast(entries("dc=a"));
  slow_lookup slow;
  serve::entry_answers first(fast, nullptr, {});
  serve::entry_answers second(slow, nullptr, {});
  serve::compared_answers both(first, second);
  for (std::size_t i = 0; i < limits::comparisons_waiting_max + 10; ++i) {
    const auto answer = both.userdb_of("anna@example.org");
    ASSERT_TRUE(answer && *answer);
  }
  EXPECT_GE(both.counts(question::userdb).left_out, 9U);  // one may be at work
  slow.gate.set_value();
  both.wait();
  const auto sums = both.counts(question::userdb);
  EXPECT_EQ(sums.only_first + sums.left_out, limits::comparisons_waiting_max + 10);
}

}  // namespace
}  // namespace sql2ldap::test
