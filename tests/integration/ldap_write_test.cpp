#include "ldap_helpers.hpp"

#include <future>

#include <gmock/gmock.h>
#include <ldap.h>

using namespace sql2ldap;
using namespace sql2ldap::test;
using model::modification;
using testing::HasSubstr;

namespace {

const std::string suffix(slapd_server::suffix);

class ldap_write : public testing::Test {
 protected:
  slapd_server server_{
      {.writes = slapd_server::kept::dbnosync, .network = false, .base_entries = true, .more_config = {}}};
  std::unique_ptr<model::directory> directory_ = connected(as_sync(server_));

  std::optional<model::refusal> write(const std::vector<model::change>& batch, bool atomic) {
    if (atomic) take_for_used(*directory_, batch);
    auto wrote = directory_->write(batch, atomic);
    if (!wrote) throw std::runtime_error(wrote.error().text());
    return *wrote;
  }
};

class ldap_write_both_ways : public ldap_write, public testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(ways, ldap_write_both_ways, testing::Bool(),
                         [](const auto& way) { return way.param ? "transaction" : "in_order"; });

TEST_P(ldap_write_both_ways, adds_modifies_renames_and_deletes_in_order) {
  const model::attribute_name description("description");
  const model::attribute_name ou("ou");
  std::vector<model::change> batch = {
      add_unit("a"),
      add_unit("below", "ou=a," + suffix),
      modify("ou=a," + suffix, {{modification::operation::add, description, {"one", "two", "three"}},
                                {modification::operation::replace, model::attribute_name("postalCode"), {"12345"}}}),
      modify("ou=a," + suffix, {{modification::operation::remove, description, {"two"}},
                                {modification::operation::replace, model::attribute_name("postalCode"), {}},
                                {modification::operation::replace, model::attribute_name("street"), {}}}),
      {.origin = {}, .what = model::rename_entry{"ou=a," + suffix, "ou=b", true, ""}},
      add_unit("other"),
      {.origin = {}, .what = model::rename_entry{"ou=below,ou=b," + suffix, "ou=moved", false, ""}},
      add_unit("gone"),
  };
  const std::string above = GetParam() ? "ou=b," : "ou=other,";
  if (!GetParam()) {
    batch.push_back({.origin = {},
                     .what = model::rename_entry{"ou=moved,ou=b," + suffix, "ou=moved", false, "ou=other," + suffix}});
    batch.push_back(remove("ou=gone," + suffix));
  }
  ASSERT_FALSE(write(batch, GetParam()));

  EXPECT_FALSE(exists(*directory_, "ou=a," + suffix));
  EXPECT_EQ(exists(*directory_, "ou=gone," + suffix), GetParam());
  const auto b = read_base(*directory_, "ou=b," + suffix).value().at(0);
  EXPECT_THAT(values(b, "description"), testing::UnorderedElementsAre("one", "three"));
  EXPECT_FALSE(b.has(model::attribute_name("postalCode")));
  EXPECT_THAT(values(b, "ou"), testing::ElementsAre("b"));
  const auto moved = read_base(*directory_, "ou=moved," + above + suffix).value().at(0);
  EXPECT_THAT(values(moved, "ou"), testing::UnorderedElementsAre("below", "moved"));
}

TEST_P(ldap_write_both_ways, values_and_names_are_bytes) {
  const std::string script("a\0b\r\n\xff\0", 7);
  const std::string name = "uid=r\\, \\+\\\"k\xc3\xb6nig\\\"," + suffix;
  const auto account = add(name, {{"objectClass", "account"},
                                  {"objectClass", "s2lMailAccount"},
                                  {"uid", "r, +\"k\xc3\xb6nig\""},
                                  {"s2lEnabled", "TRUE"},
                                  {"s2lSieveScript", script}});
  ASSERT_FALSE(write({account}, GetParam()));
  const auto found = read_all(*directory_, {.base = suffix, .filter = "(s2lEnabled=TRUE)"}).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first_value_of(model::attribute_name("s2lSieveScript")), script);
  EXPECT_EQ(model::dn::parse(found[0].dn()).value(), model::dn::parse(name).value());
  EXPECT_EQ(found[0].dn(), model::dn::parse(name).value().text()) << "not in canonical text";
}

TEST_P(ldap_write_both_ways, long_values_and_many_values_go_through) {
  const std::string script(6U << 20U, 'x');
  std::vector<std::string> members;
  for (int i = 0; i < 20'000; ++i) members.push_back("user" + std::to_string(i) + "@example.org");
  attributes content = {{"objectClass", "nisMailAlias"}, {"cn", "all@example.org"}};
  for (const std::string& member : members) content.emplace_back("rfc822MailMember", member);
  ASSERT_FALSE(
      write({add("cn=all@example.org," + suffix, content), add("uid=a," + suffix, {{"objectClass", "account"},
                                                                                   {"objectClass", "s2lMailAccount"},
                                                                                   {"uid", "a"},
                                                                                   {"s2lEnabled", "TRUE"},
                                                                                   {"s2lSieveScript", script}})},
            GetParam()));
  EXPECT_EQ(read_base(*directory_, "uid=a," + suffix)->at(0).first_value_of(model::attribute_name("s2lSieveScript")),
            script);
  EXPECT_EQ(values(read_base(*directory_, "cn=all@example.org," + suffix)->at(0), "rfc822MailMember").size(),
            members.size());
}

TEST_F(ldap_write, in_order_stops_at_the_first_refusal) {
  const auto refused = write({add_unit("a"), add_unit("a"), add_unit("b")}, false);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->index, 1U);
  EXPECT_EQ(refused->ldap_code, LDAP_ALREADY_EXISTS);
  EXPECT_THAT(refused->text, HasSubstr("adding ou=a," + suffix));
  EXPECT_TRUE(exists(*directory_, "ou=a," + suffix));
  EXPECT_FALSE(exists(*directory_, "ou=b," + suffix));
}

TEST_F(ldap_write, a_transaction_with_a_refusal_leaves_nothing_and_names_the_change) {
  auto batch = many_units(40, suffix);
  batch.insert(
      batch.begin() + 27,
      modify("ou=nobody," + suffix, {{modification::operation::replace, model::attribute_name("description"), {"x"}}}));
  const auto refused = write(batch, true);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->index, 27U);
  EXPECT_EQ(refused->ldap_code, LDAP_NO_SUCH_OBJECT);
  EXPECT_FALSE(exists(*directory_, "ou=000000," + suffix));
  EXPECT_FALSE(exists(*directory_, "ou=000039," + suffix));
  // The connection is good for the next one.
  EXPECT_FALSE(write(many_units(40, suffix), true));
  EXPECT_TRUE(exists(*directory_, "ou=000039," + suffix));
}

TEST_F(ldap_write, the_first_and_the_last_of_a_transaction_are_named_too) {
  for (const std::size_t at : {0U, 4U}) {
    std::vector<model::change> batch = many_units(4, suffix);
    batch.insert(batch.begin() + static_cast<std::ptrdiff_t>(at), add_unit("x", "ou=nobody," + suffix));
    const auto refused = write(batch, true);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->index, at);
  }
}

TEST_P(ldap_write_both_ways, refusals_have_their_codes) {
  const struct {
    model::change what;
    int code;
  } cases[] = {
      {add_unit("x", "ou=nobody," + suffix), LDAP_NO_SUCH_OBJECT},
      {add("ou=x," + suffix, {{"objectClass", "organizationalUnit"}, {"ou", "x"}, {"uid", "x"}}),
       LDAP_OBJECT_CLASS_VIOLATION},
      {add("ou=x," + suffix, {{"objectClass", "organizationalUnit"}, {"ou", "x"}, {"nonsense", "x"}}),
       LDAP_UNDEFINED_TYPE},
      {add("ou=x," + suffix, {{"objectClass", "organizationalUnit"}, {"ou", "x"}, {"description", ""}}),
       LDAP_INVALID_SYNTAX},
      {add("ou=x," + suffix,
           {{"objectClass", "organizationalUnit"}, {"ou", "x"}, {"description", "a"}, {"description", "A"}}),
       LDAP_TYPE_OR_VALUE_EXISTS},
      {add("no dn", {{"objectClass", "organizationalUnit"}}), LDAP_INVALID_DN_SYNTAX},
      {add_unit("x", "ou=services," + suffix), LDAP_INSUFFICIENT_ACCESS},
      {modify(suffix, {{modification::operation::replace, model::attribute_name("dc"), {"x"}}}), LDAP_NAMING_VIOLATION},
  };
  for (const auto& one : cases) {
    const auto refused = write({add_unit("before"), one.what}, GetParam());
    ASSERT_TRUE(refused) << one.code;
    EXPECT_EQ(refused->ldap_code, one.code) << refused->text;
    EXPECT_EQ(refused->index, 1U);
    EXPECT_EQ(exists(*directory_, "ou=before," + suffix), !GetParam());
    if (!GetParam()) {
      ASSERT_FALSE(write({remove("ou=before," + suffix)}, false));
    }
  }
}

TEST_P(ldap_write_both_ways, messages_name_no_values) {
  const auto refused = write(
      {add("uid=a," + suffix, {{"objectClass", "account"}, {"uid", "a"}, {"userPassword", "{CRYPT}a secret hash"}})},
      GetParam());
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->text, testing::Not(HasSubstr("secret hash")));
}

TEST_F(ldap_write, nothing_to_write_is_nothing_refused) {
  EXPECT_FALSE(write({}, true));
  EXPECT_FALSE(write({}, false));
}

TEST_P(ldap_write_both_ways, a_server_killed_in_mid_write_is_a_transient_error_and_the_next_call_reconnects) {
  const auto batch = many_units(10, suffix);
  if (GetParam()) take_for_used(*directory_, batch);
  server_.freeze();
  auto writing = std::async(std::launch::async, [&] { return directory_->write(batch, GetParam()); });
  server_.crash();
  const auto wrote = writing.get();
  ASSERT_FALSE(wrote);
  EXPECT_TRUE(wrote.error().transient) << wrote.error().text();
  EXPECT_EQ(wrote.error().kind, error_kind::directory);
  EXPECT_EQ(exit_code_of(wrote.error()), exit_code::try_later);

  const auto again = directory_->write(batch, GetParam());
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().transient);

  server_.start();
  EXPECT_FALSE(write(batch, GetParam()));
  EXPECT_TRUE(exists(*directory_, "ou=000009," + suffix));
}

TEST_F(ldap_write, a_restart_between_two_calls_does_not_show) {
  ASSERT_FALSE(write({add_unit("a")}, true));
  server_.stop();
  server_.start();
  EXPECT_FALSE(write({add_unit("b")}, true));
  EXPECT_TRUE(exists(*directory_, "ou=a," + suffix));
}

TEST_P(ldap_write_both_ways, a_frozen_server_is_a_transient_error_in_bounded_time) {
  ldap::options how = as_sync(server_);
  how.answer_time_max = short_time;
  const auto impatient = connected(how);
  if (GetParam()) take_for_used(*impatient, many_units(1, suffix));
  server_.freeze();
  const auto start = std::chrono::steady_clock::now();
  const auto wrote = impatient->write(many_units(1, suffix), GetParam());
  EXPECT_LT(std::chrono::steady_clock::now() - start, bounded_time);
  server_.thaw();
  ASSERT_FALSE(wrote);
  EXPECT_TRUE(wrote.error().transient);
  EXPECT_EQ(wrote.error().ldap_code, LDAP_TIMEOUT);
  if (GetParam()) {  // slapd may have fallen over the lost transaction: its supervisor brings it back
    server_.stop();
    server_.start();
  }
  const auto again = impatient->search({.base = suffix});
  ASSERT_TRUE(again) << again.error().text();
}

TEST_F(ldap_write, a_transaction_works_while_a_search_is_open) {
  ASSERT_FALSE(write({add_unit("tree")}, true));
  const std::string tree = "ou=tree," + suffix;
  ASSERT_FALSE(write(many_units(3000, tree), true));
  auto stream = directory_->search({.base = tree, .scope = model::search_scope::one_level}).value();
  std::size_t seen = 0;
  for (auto one = stream->next(); one && *one != nullptr; one = stream->next()) {
    if (++seen % 1000 == 0) {
      ASSERT_FALSE(write({add_unit("w" + std::to_string(seen))}, true));
    }
  }
  EXPECT_EQ(seen, 3000U);
}

}  // namespace
