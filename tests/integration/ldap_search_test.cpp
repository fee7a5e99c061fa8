#include "ldap_helpers.hpp"

#include <gmock/gmock.h>
#include <ldap.h>

#include <sql2ldap/base/limits.hpp>

using namespace sql2ldap;
using namespace sql2ldap::test;
using testing::HasSubstr;

namespace {

const std::string suffix(slapd_server::suffix);
const std::string tree = "ou=tree," + suffix;
constexpr std::size_t tree_entries = 2 * limits::search_page_entries + 500;

// dovecot may read 1000 entries however it asks, exim 1000 at once but any number in pages.
constexpr std::string_view limit_text =
    "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcLimits\n"
    "olcLimits: dn.exact=\"cn=dovecot,ou=services,dc=example,dc=org\" size.soft=1000 size.hard=1000\n"
    "olcLimits: dn.exact=\"cn=exim,ou=services,dc=example,dc=org\" size.soft=1000 size.hard=1000 "
    "size.pr=unlimited size.prtotal=unlimited\n"
    "olcLimits: dn.onelevel=\"ou=services,dc=example,dc=org\" size=unlimited\n";

class ldap_search : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<slapd_server>(slapd_server::options{.writes = slapd_server::kept::dbnosync,
                                                                   .network = false,
                                                                   .base_entries = true,
                                                                   .more_config = std::string(limit_text)});
    const auto directory = connected(as_sync(*server_));
    auto batch = many_units(tree_entries, tree);
    batch.insert(batch.begin(), add_unit("tree"));
    if (auto wrote = write_in_transaction(*directory, batch); !wrote || *wrote)
      throw std::runtime_error("cannot fill the tree");
  }
  static void TearDownTestSuite() { server_.reset(); }

  static std::set<std::string> names(const std::vector<model::entry>& of) {
    std::set<std::string> out;
    for (const model::entry& one : of) out.emplace(one.dn());
    return out;
  }
  static std::unique_ptr<model::directory> as(std::string_view dn) {
    ldap::options how = as_sync(*server_);
    how.bind_dn = dn;
    return connected(how);
  }

  static inline std::unique_ptr<slapd_server> server_;
  std::unique_ptr<model::directory> directory_ = connected(as_sync(*server_));
};

TEST_F(ldap_search, gives_every_entry_once_over_several_pages) {
  const auto all = read_all(*directory_, {.base = tree}).value();
  EXPECT_EQ(all.size(), tree_entries + 1);
  EXPECT_EQ(names(all).size(), tree_entries + 1);
}

TEST_F(ldap_search, scopes_filters_and_attributes) {
  EXPECT_EQ(read_all(*directory_, {.base = tree, .scope = model::search_scope::one_level})->size(), tree_entries);
  const auto one =
      read_all(*directory_, {.base = suffix,
                             .filter = "(ou=000017)",
                             .attributes = {model::attribute_name("ou"), model::attribute_name("entryUUID")}});
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->at(0).dn(), "ou=000017," + tree);
  EXPECT_EQ(one->at(0).size(), 2U);
  EXPECT_EQ(one->at(0).first_value_of(model::attribute_name("entryUUID")).size(), 36U);
  // User attributes only when none are named.
  EXPECT_EQ(read_base(*directory_, tree)->at(0).attributes().size(), 2U);
}

TEST_F(ldap_search, stops_without_error_at_entries_max) {
  for (const std::size_t most :
       {std::size_t{1}, std::size_t{7}, limits::search_page_entries, limits::search_page_entries + 1}) {
    const auto some = read_all(*directory_, {.base = tree, .entries_max = most});
    ASSERT_TRUE(some) << some.error().text();
    EXPECT_EQ(some->size(), most);
  }
  EXPECT_EQ(read_all(*directory_, {.base = tree})->size(), tree_entries + 1);
}

TEST_F(ldap_search, a_result_cut_by_the_server_is_an_error) {
  const auto cut = read_all(*as(slapd_server::dovecot_dn), {.base = tree});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().ldap_code, LDAP_SIZELIMIT_EXCEEDED);
  EXPECT_FALSE(cut.error().transient);
  EXPECT_THAT(cut.error().text(), HasSubstr("olcLimits"));
}

TEST_F(ldap_search, an_error_stays_an_error) {
  auto stream = as(slapd_server::dovecot_dn)->search({.base = tree}).value();
  auto one = stream->next();
  while (one && *one != nullptr) one = stream->next();
  ASSERT_FALSE(one);
  EXPECT_FALSE(stream->next());
}

TEST_F(ldap_search, an_identity_that_may_page_reads_everything) {
  EXPECT_EQ(read_all(*as(slapd_server::exim_dn), {.base = tree})->size(), tree_entries + 1);
}

TEST_F(ldap_search, no_such_base_is_empty_only_for_a_base_search) {
  EXPECT_TRUE(read_base(*directory_, "ou=nobody," + suffix)->empty());
  const auto missing = read_all(*directory_, {.base = "ou=nobody," + suffix});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().ldap_code, LDAP_NO_SUCH_OBJECT);
}

TEST_F(ldap_search, a_bad_filter_is_an_error_and_harms_nothing) {
  auto bad = read_all(*directory_, {.base = suffix, .filter = "(ou="});
  EXPECT_FALSE(bad);
  EXPECT_TRUE(exists(*directory_, tree));
}

TEST_F(ldap_search, several_streams_and_reads_at_once) {
  // A search that is not read to its end keeps one of slapd's threads.
  server_->modify("dn: cn=config\nchangetype: modify\nreplace: olcThreads\nolcThreads: 16\n");
  auto first = directory_->search({.base = tree, .scope = model::search_scope::one_level}).value();
  auto second = directory_->search({.base = tree, .scope = model::search_scope::one_level}).value();
  std::set<std::string> from_first;
  std::set<std::string> from_second;
  for (;;) {
    const model::entry* one = first->next().value();
    const model::entry* two = second->next().value();
    if (one == nullptr) break;
    ASSERT_NE(two, nullptr);
    from_first.emplace(one->dn());
    from_second.emplace(two->dn());
    if (from_first.size() % 500 == 0) {
      ASSERT_TRUE(exists(*directory_, tree));
    }
  }
  EXPECT_EQ(from_first.size(), tree_entries);
  EXPECT_EQ(from_first, from_second);
}

TEST_F(ldap_search, a_stream_may_be_left_early) {
  for (int i = 0; i < 5; ++i) {
    auto stream = directory_->search({.base = tree}).value();
    ASSERT_NE(stream->next().value(), nullptr);
  }
  EXPECT_EQ(read_all(*directory_, {.base = tree})->size(), tree_entries + 1);
}

TEST_F(ldap_search, a_stream_outlives_its_directory) {
  auto stream = directory_->search({.base = tree}).value();
  directory_.reset();
  std::size_t seen = 0;
  while (stream->next().value() != nullptr) ++seen;
  EXPECT_EQ(seen, tree_entries + 1);
}

TEST_F(ldap_search, a_server_that_freezes_between_pages_is_noticed) {
  ldap::options how = as_sync(*server_);
  how.answer_time_max = short_time;
  auto stream = connected(how)->search({.base = tree}).value();
  ASSERT_NE(stream->next().value(), nullptr);
  server_->freeze();
  const auto start = std::chrono::steady_clock::now();
  auto one = stream->next();
  std::size_t seen = 1;
  for (; one && *one != nullptr; one = stream->next()) ++seen;
  EXPECT_LT(std::chrono::steady_clock::now() - start, bounded_time);
  server_->thaw();
  ASSERT_FALSE(one) << "all " << seen << " entries came from a frozen server";
  EXPECT_TRUE(one.error().transient);
}

TEST_F(ldap_search, a_server_killed_in_mid_search_is_an_error_never_an_end) {
  auto stream = directory_->search({.base = tree}).value();
  ASSERT_NE(stream->next().value(), nullptr);
  server_->crash();
  auto one = stream->next();
  while (one && *one != nullptr) one = stream->next();
  ASSERT_FALSE(one);
  EXPECT_TRUE(one.error().transient);
  server_->start();
  EXPECT_TRUE(exists(*directory_, suffix));
}

}  // namespace
