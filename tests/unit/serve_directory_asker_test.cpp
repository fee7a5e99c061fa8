// Several questions as one search, and what each is told of what it finds.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/serve/attributes.hpp>
#include <sql2ldap/serve/detail/names.hpp>
#include <sql2ldap/serve/directory_asker.hpp>

namespace sql2ldap::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using entries = std::vector<model::entry>;

model::entry named(const std::string& uid) {
  model::entry out;
  out.set_dn("uid=" + uid + ",dc=org");
  out.add(serve::names::uid, uid);
  return out;
}

model::value_assertion of(const std::string& uid, model::entry_part wanted = model::entry_part::whole) {
  return {{serve::names::uid}, uid, wanted};
}

class directory_asker : public testing::Test {
 protected:
  void ask(const std::vector<model::value_assertion>& what) {
    asker_.find_each(what, [this](result<std::vector<entries>> told) { told_.push_back(std::move(told)); });
  }
  // To the search that was begun first of those that have no answer.
  void answer(result<entries> found) {
    const auto first = std::move(open_.at(0));
    open_.erase(open_.begin());
    first(std::move(found));
  }
  // How many entries each was told.
  std::vector<std::size_t> counts() {
    std::vector<std::size_t> out;
    for (const entries& one : told_.at(0).value()) out.push_back(one.size());
    return out;
  }

  std::vector<std::string> filters_;
  std::vector<std::vector<model::attribute_name>> attributes_;
  std::vector<std::function<void(result<entries>)>> open_;
  std::vector<result<std::vector<entries>>> told_;
  serve::directory_asker asker_{[this](const model::search_terms& what, std::function<void(result<entries>)> told) {
    filters_.push_back(what.filter);
    attributes_.emplace_back(what.attributes.begin(), what.attributes.end());
    open_.push_back(std::move(told));
  }};
};

TEST_F(directory_asker, asks_for_all_in_one_search_and_shares_out_what_it_finds) {
  ask({of("anna"), of("bert"), of("ANNA")});
  EXPECT_THAT(filters_, ElementsAre("(|(uid=anna)(uid=bert))"));
  EXPECT_THAT(told_, IsEmpty());
  answer(entries{named("Anna"), named("bert")});
  EXPECT_THAT(counts(), ElementsAre(1, 1, 1));
  EXPECT_EQ(told_[0].value()[1][0].dn(), "uid=bert,dc=org");
}

TEST_F(directory_asker, asks_for_what_is_wanted_by_any_of_them) {
  constexpr auto login = model::entry_part::login;
  ask({of("anna", login), of("bert", login)});
  ask({of("anna", login), of("bert")});
  answer(entries{});  // so each of both is asked for by itself
  answer(entries{});
  ask({of("anna", login)});
  const auto& little = serve::attributes_of(login);
  const auto& all = serve::read_attributes();
  EXPECT_THAT(attributes_, ElementsAre(little, all, little, little, little, all, little));
}

TEST_F(directory_asker, takes_the_directorys_own_word_for_who_is_not_there) {
  ask({of("anna"), of("bert"), of("carl")});
  answer(entries{named("anna")});
  EXPECT_THAT(filters_, ElementsAre("(|(uid=anna)(uid=bert)(uid=carl))", "(uid=bert)", "(uid=carl)"));
  answer(entries{});
  EXPECT_THAT(told_, IsEmpty());
  answer(entries{named("karl")});  // by a rule of its own
  EXPECT_THAT(counts(), ElementsAre(1, 0, 1));
}

TEST_F(directory_asker, asks_for_each_alone_when_an_entry_is_nobodys) {
  ask({of("anna"), of("bert")});
  answer(entries{named("anna"), named("hidden")});
  EXPECT_EQ(filters_.size(), 3U);
  answer(entries{named("anna")});
  answer(entries{named("hidden")});
  EXPECT_THAT(counts(), ElementsAre(1, 1));
  EXPECT_EQ(told_[0].value()[1][0].dn(), "uid=hidden,dc=org");
}

TEST_F(directory_asker, tells_an_error_once_and_never_nobody) {
  ask({of("anna"), of("bert")});
  answer(fail_transient(error_kind::directory, "away"));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_FALSE(told_[0]);
  told_.clear();
  ask({of("anna"), of("bert")});
  answer(entries{});
  answer(fail_transient(error_kind::directory, "away"));
  answer(fail_transient(error_kind::directory, "still away"));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].error().message, "away");
}

TEST_F(directory_asker, takes_too_many_for_no_answer) {
  ask({of("anna")});
  answer(entries(limits::lookup_entries_max + 1, named("anna")));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(told_[0].error().message, HasSubstr("more than"));
  ask({of("anna")});
  answer(entries(limits::lookup_entries_max, named("anna")));
  EXPECT_TRUE(told_[1]);
}

TEST_F(directory_asker, does_not_ask_for_what_nobody_can_have) {
  ask({of(""), {}});
  EXPECT_THAT(filters_, IsEmpty());
  EXPECT_THAT(counts(), ElementsAre(0, 0));
}

}  // namespace
}  // namespace sql2ldap::test
