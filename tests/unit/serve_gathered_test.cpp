// Questions of several logins, asked of a directory as one.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/serve/detail/names.hpp>
#include <sql2ldap/serve/gathered_lookup.hpp>

namespace sql2ldap::test {
namespace {

using testing::ElementsAre;

// Each name has one entry, whose DN leads to the next name.
class chain final : public model::entry_lookup {
 public:
  result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override {
    asked.push_back(name.text() + "=" + std::string(value));
    if (value == refused) return fail(error_kind::directory, "refused");
    std::vector<model::entry> out;
    if (const auto next = next_of.find(std::string(value)); next != next_of.end())
      out.emplace_back().set_dn(next->second);
    return out;
  }
  result<std::vector<std::vector<model::entry>>> find_each(const std::vector<model::any_of_these>& all) override {
    ++searches;
    if (is_away) return fail_transient(error_kind::directory, "away");
    return entry_lookup::find_each(all);
  }

  std::map<std::string, std::string> next_of{{"a", "b"}, {"b", "c"}, {"x", "y"}};
  std::string refused;
  bool is_away = false;
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

  chain directory_;
  serve::gathered_lookup lookup_{directory_};
  std::string first_;
  std::string second_;
  std::string third_;
};

TEST_F(gathered, each_is_told_what_it_asks_for_and_each_step_is_one_search) {
  lookup_.answer_together({walk("a", first_), walk("x", second_), walk("z", third_)});
  EXPECT_EQ(first_, "c");
  EXPECT_EQ(second_, "y");
  EXPECT_EQ(third_, "z");
  EXPECT_EQ(directory_.searches, 3);
  EXPECT_THAT(directory_.asked, ElementsAre("uid=a", "uid=x", "uid=z", "uid=b", "uid=y", "uid=c"));
}

TEST_F(gathered, what_cannot_be_answered_does_the_others_no_harm) {
  directory_.refused = "x";
  lookup_.answer_together({walk("a", first_), walk("x", second_)});
  EXPECT_EQ(first_, "c");
  EXPECT_EQ(second_, "refused");
}

TEST_F(gathered, a_directory_that_is_away_is_asked_once) {
  directory_.is_away = true;
  lookup_.answer_together({walk("a", first_), walk("x", second_)});
  EXPECT_EQ(first_, "away");
  EXPECT_EQ(second_, "away");
  EXPECT_EQ(directory_.searches, 1);
}

TEST_F(gathered, without_others_it_asks_as_ever) {
  walk("a", first_)();
  EXPECT_EQ(first_, "c");
  lookup_.answer_together({});
  EXPECT_EQ(directory_.searches, 3);
}

}  // namespace
}  // namespace sql2ldap::test
