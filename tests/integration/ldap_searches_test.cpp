// Several searches under way on one connection to a real slapd, for which nobody waits.
#include "ldap_helpers.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <poll.h>

#include <gmock/gmock.h>

#include <sql2ldap/ldap/searches.hpp>
#include <support/child_process.hpp>
#include <support/stream_proxy.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string suffix(slapd_server::suffix);
const std::string tree = "ou=tree," + suffix;
constexpr std::size_t tree_entries = 300;
constexpr std::size_t entries_max = 101;

class ldap_searches : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<slapd_server>(slapd_server::options{
        .writes = slapd_server::kept::dbnosync, .network = true, .base_entries = true, .more_config = {}});
    auto batch = many_units(tree_entries, tree);
    batch.insert(batch.begin(), add_unit("tree"));
    if (auto wrote = write_in_transaction(*connected(as_sync(*server_)), batch); !wrote || *wrote)
      throw std::runtime_error("cannot fill the tree");
  }
  static void TearDownTestSuite() { server_.reset(); }

  void open(const ldap::options& how, const std::string& base = suffix) {
    auto made = ldap::open_searches(
        how, {.base = base, .attributes = {model::attribute_name("ou")}, .entries_max = entries_max});
    ASSERT_TRUE(made) << made.error().text();
    searches_ = *std::move(made);
  }
  int begin(const std::string& filter) {
    const auto number = searches_->begin({filter});
    EXPECT_TRUE(number) << number.error().text();
    return number.value_or(0);
  }
  static std::set<std::string> words(const std::vector<model::entry>& of) {
    std::set<std::string> out;
    for (const model::entry& one : of) out.insert(fmt::format("{}: {}", one.dn(), fmt::join(values(one, "ou"), " ")));
    return out;
  }
  [[nodiscard]] bool can_be_read(std::chrono::milliseconds patience = bounded_time) const {
    pollfd one{.fd = searches_->descriptor(), .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, static_cast<int>(patience.count())) > 0;
  }
  // Until so many have ended, or the connection has.
  result<void> collect(std::size_t count) {
    while (ended_.size() < count) {
      if (!can_be_read()) return fail(error_kind::local, "nothing comes");
      S2L_TRY_ASSIGN(auto some, searches_->collect());
      for (auto& one : some) EXPECT_TRUE(ended_.emplace(one.number, std::move(one.found)).second);
    }
    return {};
  }

  static inline std::unique_ptr<slapd_server> server_;
  std::unique_ptr<model::concurrent_searches> searches_;
  std::map<int, result<std::vector<model::entry>>> ended_;
};

TEST_F(ldap_searches, each_gives_what_a_search_of_its_own_gives) {
  for (const bool tls : {false, true}) {
    ldap::options how = as_sync(*server_);
    if (tls) how.uri = server_->ldaps();
    how.ca_file = server_->ca_file();
    open(how);
    ended_.clear();
    std::map<int, std::string> filters;
    for (int i = 0; i < 30; ++i) {
      const std::string filter = i % 3 == 0 ? "(ou=nobody)" : fmt::format("(|(ou={:06})(ou={:06}))", i, i * 7);
      filters[begin(filter)] = filter;
    }
    EXPECT_EQ(filters.size(), 30U);
    ASSERT_TRUE(collect(30));
    const auto directory = connected(as_sync(*server_));
    for (const auto& [number, filter] : filters) {
      const auto& found = ended_.at(number);
      ASSERT_TRUE(found) << found.error().text();
      const auto alone = read_all(*directory, {.base = suffix, .filter = filter});
      EXPECT_EQ(alone->empty(), filter == "(ou=nobody)");
      EXPECT_EQ(words(*found), words(*alone)) << filter;
    }
    EXPECT_TRUE(searches_->collect()->empty());
  }
}

TEST_F(ldap_searches, each_has_attributes_of_its_own) {
  open(as_sync(*server_));
  static const std::vector<model::attribute_name> classes = {model::names::object_class};
  const int others = searches_->begin({"(ou=000007)", classes}).value();
  const int usual = begin("(ou=000007)");
  ASSERT_TRUE(collect(2));
  EXPECT_EQ(ended_.at(others)->at(0).attributes(), classes);
  EXPECT_THAT(values(ended_.at(usual)->at(0), "ou"), ElementsAre("000007"));
}

TEST_F(ldap_searches, stops_at_entries_max_and_does_the_others_no_harm) {
  open(as_sync(*server_));
  const int many = begin("(ou=*)");
  const int one = begin("(ou=000007)");
  ASSERT_TRUE(collect(2));
  EXPECT_EQ(ended_.at(many)->size(), entries_max);
  EXPECT_EQ(ended_.at(one)->size(), 1U);
  const int again = begin("(ou=000008)");
  ASSERT_TRUE(collect(3));
  EXPECT_EQ(ended_.at(again)->at(0).dn(), "ou=000008," + tree);
}

TEST_F(ldap_searches, an_error_of_one_is_its_own) {
  open(as_sync(*server_), "ou=nowhere," + suffix);
  const int first = begin("(ou=000007)");
  const int second = begin("(ou=000008)");
  ASSERT_TRUE(collect(2));
  for (const int number : {first, second}) {
    ASSERT_FALSE(ended_.at(number)) << "a base that is not there is no empty answer";
    EXPECT_EQ(ended_.at(number).error().ldap_code, 32);
    EXPECT_FALSE(ended_.at(number).error().transient);
  }
  EXPECT_TRUE(searches_->begin({"(ou=000007)"}));
}

TEST_F(ldap_searches, nobody_waits_for_a_server_that_is_frozen) {
  open(as_sync(*server_));
  server_->freeze();
  const int number = begin("(ou=000007)");
  EXPECT_TRUE(searches_->collect()->empty()) << "whoever waits is told an error in the end";
  EXPECT_FALSE(can_be_read(50ms));
  server_->thaw();
  ASSERT_TRUE(collect(1));
  EXPECT_EQ(ended_.at(number)->size(), 1U);
}

// The longest that may be asked for at once, by an outsider who chooses the names, while nothing is read.
TEST_F(ldap_searches, what_is_asked_at_once_has_room) {
  for (const std::string& uri : {server_->ldapi(), server_->ldap(), server_->ldaps()}) {
    ldap::options how = as_sync(*server_);
    how.uri = uri;
    how.ca_file = server_->ca_file();
    open(how);
    ended_.clear();
    std::string filter = "(|";
    for (int i = 0; i < 80; ++i) filter += "(ou=" + std::string(320, 'x') + std::to_string(i) + ")";
    filter += ")";
    server_->freeze();
    for (int i = 0; i < 10; ++i) begin(filter);
    server_->thaw();
    const auto all = collect(10);
    ASSERT_TRUE(all) << uri << all.error().text();
    for (const auto& [number, found] : ended_) EXPECT_TRUE(found) << found.error().text();
  }
}

TEST_F(ldap_searches, a_connection_that_is_cut_is_an_error_never_an_end) {
  const temp_dir folder;
  stream_proxy wire(folder / "ldapi", server_->folder() / "ldapi");
  ldap::options how = as_sync(*server_);
  how.uri = folder / "ldapi";
  replace_all(how.uri, "/", "%2F");
  how.uri = "ldapi://" + how.uri;
  open(how);
  wire.stall(true);
  begin("(ou=000007)");
  wire.cut();
  wire.stall(false);
  const auto told = collect(1);
  ASSERT_FALSE(told);
  EXPECT_TRUE(told.error().transient) << told.error().text();
  EXPECT_TRUE(ended_.empty());
  EXPECT_FALSE(searches_->begin({"(ou=000007)"}));
}

TEST_F(ldap_searches, who_may_not_come_in_is_told_so) {
  ldap::options how = as_sync(*server_);
  how.password = secret("wrong horse");
  const auto refused = ldap::open_searches(how, {.base = suffix, .entries_max = 1});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr(std::string(slapd_server::sync_dn)));
}

}  // namespace
}  // namespace sql2ldap::test
