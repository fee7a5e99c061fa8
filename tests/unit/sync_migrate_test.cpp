#include <cstdint>
#include <fstream>
#include <functional>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/sync/apply.hpp>

#include <support/temp_dir.hpp>
#include <support/world.hpp>

namespace sql2ldap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
const model::attribute_name description("description");
const model::attribute_name telephone("telephoneNumber");
const model::attribute_name address("mailLocalAddress");

world two_users(bool transactions = true) {
  world w(transactions);
  w.domain("a.example", "first");
  w.mailbox("1", "ann", "a.example");
  w.alias("1", "ann@a.example");
  w.alias("1", "Ann@A.example");  // folds to the one above
  w.alias("1", "boss@a.example");
  w.mailbox("2", "bob", "a.example");
  return w;
}

std::string one(const world& w, const std::string& dn, model::attribute_name name) {
  const model::entry* e = w.directory.find(dn);
  return e == nullptr ? "no entry" : std::string(e->first_value_of(name));
}

TEST(sync_migrate, fills_an_empty_directory_base_included) {
  world w = two_users();
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.added, 5U);  // dc=example, ou=domains, domain, two accounts
  EXPECT_EQ(done.wanted, 3U);
  EXPECT_EQ(done.rejected, 0U) << w.reject_reasons();
  EXPECT_EQ(w.directory.find(world::account_dn("ann", "a.example"))->values_of(address).size(), 2U);
  EXPECT_TRUE(w.verify().empty());
  const sync::counts again = w.migrate();
  EXPECT_EQ(again.differences(), 0U);
  EXPECT_EQ(again.equal, 3U);
}

TEST(sync_migrate, touches_only_what_is_its_own) {
  world w = two_users();
  w.migrate();
  const std::string ann = world::account_dn("ann", "a.example");
  ASSERT_FALSE(w.directory.try_change(
      {"", model::modify_entry{ann,
                               {{model::modification::operation::replace, telephone, {"+49 1"}},
                                {model::modification::operation::add, model::attribute_name("title"), {"Dr"}}}}}));
  EXPECT_TRUE(w.verify().empty());
  w.set("mailbox", "1", "name", "Anna");
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.modified, 1U);
  EXPECT_EQ(done.renamed, 0U);
  EXPECT_EQ(one(w, ann, model::attribute_name("cn")), "Anna");
  EXPECT_EQ(one(w, ann, telephone), "+49 1");
  EXPECT_EQ(one(w, ann, model::attribute_name("title")), "Dr");
}

TEST(sync_migrate, a_new_name_is_a_rename) {
  world w = two_users();
  w.migrate();
  const std::string old_dn = world::account_dn("ann", "a.example");
  ASSERT_FALSE(w.directory.try_change(
      {"",
       model::modify_entry{old_dn, {{model::modification::operation::add, model::attribute_name("title"), {"Dr"}}}}}));
  w.set("mailbox", "1", "username", "anna");
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.renamed, 1U);
  EXPECT_EQ(done.added + done.deleted, 0U);
  EXPECT_EQ(w.directory.find(old_dn), nullptr);
  EXPECT_EQ(one(w, world::account_dn("anna", "a.example"), model::attribute_name("title")), "Dr");
  EXPECT_TRUE(w.verify().empty());
}

TEST(sync_migrate, names_can_be_swapped) {
  for (const bool transactions : {true, false}) {
    world w = two_users(transactions);
    w.migrate();
    w.set("mailbox", "1", "username", "bob");
    w.set("mailbox", "2", "username", "ann");
    const sync::counts done = w.migrate();
    EXPECT_EQ(done.renamed, 2U) << w.reject_reasons();
    EXPECT_EQ(done.rejected, 0U) << w.reject_reasons();
    EXPECT_EQ(one(w, world::account_dn("bob", "a.example"), address), "ann@a.example");
    EXPECT_TRUE(w.verify().empty());
  }
}

TEST(sync_migrate, a_name_that_is_given_up_can_be_taken_by_another_kind) {
  world w = two_users();
  w.migrate();
  w.drop_rows("mailbox", "id", "2");
  w.list("7", "bob", "a.example");
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.deleted, 1U);
  EXPECT_EQ(done.added, 1U);
  EXPECT_EQ(done.rejected, 0U) << w.reject_reasons();
  EXPECT_EQ(one(w, world::account_dn("bob", "a.example"), description), "bob");
  EXPECT_TRUE(w.verify().empty());
}

class grace : public testing::Test {
 protected:
  grace() {
    w_.grace = std::chrono::hours(48);
    w_.now = [this] { return now_; };
    w_.migrate();
  }
  [[nodiscard]] std::string attribute(const std::string& user, model::attribute_name name) {
    return one(w_, world::account_dn(user, "a.example"), name);
  }

  world w_ = two_users();
  std::time_t now_ = 1'795'600'000;  // 2026-11-25 08:26:40 UTC
};

TEST_F(grace, turns_off_first_and_deletes_after_it) {
  w_.drop_rows("mailbox", "id", "2");
  const sync::counts gone = w_.migrate();
  EXPECT_EQ(gone.disabled, 1U);
  EXPECT_EQ(gone.deleted, 0U);
  EXPECT_EQ(attribute("bob", model::names::enabled), "FALSE");
  EXPECT_EQ(attribute("bob", model::names::gone_since), "20261125000000Z");
  EXPECT_TRUE(w_.verify().empty());

  now_ += 48 * 3600;  // counted from the end of that day
  EXPECT_EQ(w_.migrate().differences(), 0U);
  now_ += 24 * 3600;
  EXPECT_EQ(w_.verify().size(), 1U);
  EXPECT_EQ(w_.migrate().deleted, 1U);
  EXPECT_EQ(w_.directory.find(world::account_dn("bob", "a.example")), nullptr);
}

TEST_F(grace, a_row_that_comes_back_undoes_it) {
  w_.drop_rows("mailbox", "id", "2");
  w_.migrate();
  w_.mailbox("2", "bob", "a.example");
  const sync::counts back = w_.migrate();
  EXPECT_EQ(back.modified, 1U);
  EXPECT_EQ(back.added, 0U);
  EXPECT_EQ(attribute("bob", model::names::enabled), "TRUE");
  EXPECT_EQ(attribute("bob", model::names::gone_since), "");
  EXPECT_TRUE(w_.verify().empty());
}

std::string changed(std::string text, std::string_view line, std::string_view to) {
  const std::size_t at = text.find(line);
  if (at == std::string::npos) throw std::logic_error("no such line: " + std::string(line));
  return text.replace(at, line.size(), to);
}

world with_grace(const std::string& mapping) {
  world w(true, mapping);
  w.grace = std::chrono::hours(48);
  w.domain("a.example");
  w.mailbox("1", "ann", "a.example");
  w.migrate();
  return w;
}

TEST(grace_of_what_others_own, a_domain_without_the_attribute_is_turned_on_again) {
  world w = with_grace(changed(world_mapping_text(), "  s2lEnabled = active | flag\n", ""));
  w.drop_rows("domain", "name", "a.example");
  w.drop_rows("mailbox", "id", "1");
  EXPECT_EQ(w.migrate().disabled, 2U);
  ASSERT_EQ(one(w, world::domain_dn("a.example"), model::names::enabled), "FALSE");
  w.domain("a.example");
  w.mailbox("1", "ann", "a.example");
  w.migrate();
  EXPECT_EQ(one(w, world::domain_dn("a.example"), model::names::enabled), "");
  EXPECT_EQ(one(w, world::domain_dn("a.example"), model::names::gone_since), "");
  EXPECT_TRUE(w.verify().empty());
}

TEST(grace_of_what_others_own, initial_values_are_those_of_a_new_entry) {
  world w = with_grace(changed(world_mapping_text(), "  s2lEnabled = m.active", "  s2lEnabled ?= m.active"));
  w.drop_rows("mailbox", "id", "1");
  EXPECT_EQ(w.migrate().disabled, 1U);
  w.mailbox("1", "ann", "a.example");
  w.migrate();
  EXPECT_EQ(one(w, world::account_dn("ann", "a.example"), model::names::enabled), "TRUE");
}

TEST(grace_of_what_others_own, a_locked_password_is_unlocked) {
  std::string text = changed(world_mapping_text(), "inetLocalMailRecipient, s2lMailAccount", "inetLocalMailRecipient");
  text = changed(text, "  s2lQuotaBytes = m.quota | absent(0)\n  s2lEnabled = m.active | flag\n", "");
  world w = with_grace(changed(text, "userPassword =", "userPassword ?="));
  w.drop_rows("mailbox", "id", "1");
  EXPECT_EQ(w.migrate().disabled, 1U);
  ASSERT_EQ(one(w, world::account_dn("ann", "a.example"), model::names::user_password), codec::locked_password);
  w.mailbox("1", "ann", "a.example");
  w.migrate();
  EXPECT_EQ(one(w, world::account_dn("ann", "a.example"), model::names::user_password), stored_password("salt"));
}

TEST(grace_of_what_others_own, what_an_administrator_turns_off_later_stays_off) {
  world w = with_grace(changed(world_mapping_text(), "  s2lEnabled = active | flag\n", ""));
  const std::string dn = world::domain_dn("a.example");
  ASSERT_FALSE(w.directory.try_change(
      {"", model::modify_entry{dn, {{model::modification::operation::replace, model::names::enabled, {"FALSE"}}}}}));
  w.set("domain", "a.example", "note", "other");
  w.migrate();
  EXPECT_EQ(one(w, dn, description), "other");
  EXPECT_EQ(one(w, dn, model::names::enabled), "FALSE");
}

TEST_F(grace, gives_way_to_who_wants_the_name) {
  w_.drop_rows("mailbox", "id", "2");
  w_.migrate();
  w_.mailbox("9", "bob", "a.example");
  const sync::counts taken = w_.migrate();
  EXPECT_EQ(taken.deleted + taken.added + taken.rejected, 2U) << w_.reject_reasons();
  EXPECT_EQ(attribute("bob", model::names::enabled), "TRUE");
  EXPECT_TRUE(w_.verify().empty());
}

TEST_F(grace, counts_as_deletes_once) {
  for (int i = 10; i < 30; ++i) w_.mailbox(std::to_string(i), "user" + std::to_string(i), "a.example");
  w_.migrate();
  for (int i = 10; i < 16; ++i) w_.drop_rows("mailbox", "id", std::to_string(i));
  const auto stopped = sync::migrate(w_.parties(), w_.options());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, error_kind::limit);
  w_.limits.deletes_at_least = 6;
  EXPECT_EQ(w_.migrate().disabled, 6U);
  w_.limits.deletes_at_least = 5;
  w_.drop_rows("mailbox", "id", "16");
  EXPECT_EQ(w_.migrate().disabled, 1U);
  now_ += 30 * 24 * 3600;
  EXPECT_EQ(w_.migrate().deleted, 7U);
}

TEST_F(grace, a_plan_holds_for_the_day) {
  w_.drop_rows("mailbox", "id", "2");
  const std::string before = w_.plan();
  now_ += 3600;
  const auto changes = [](const std::string& plan) { return plan.substr(plan.find("\ndn: ")); };
  EXPECT_EQ(changes(before), changes(w_.plan()));
}

TEST(sync_migrate, deletes_children_before_parents) {
  world w = two_users();
  w.migrate();
  for (auto& [name, table] : w.source.tables) table.rows.clear();
  w.limits.enforced = false;
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.deleted, 3U);
  EXPECT_EQ(w.directory.all().size(), 2U);  // containers stay
}

TEST(sync_migrate, stops_at_the_limit_before_the_first_write) {
  world w = two_users();
  for (int i = 10; i < 30; ++i) w.mailbox(std::to_string(i), "user" + std::to_string(i), "a.example");
  w.migrate();
  for (int i = 10; i < 16; ++i) w.drop_rows("mailbox", "id", std::to_string(i));
  const std::string before = w.directory.dump();
  const auto stopped = sync::migrate(w.parties(), w.options());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, error_kind::limit);
  EXPECT_THAT(stopped.error().text(), HasSubstr("6 of 23"));
  EXPECT_EQ(w.directory.dump(), before);
  w.limits.deletes_at_least = 6;
  EXPECT_EQ(w.migrate().deleted, 6U);
}

TEST(sync_migrate, leaves_the_entries_of_others_alone) {
  world w = two_users();
  w.directory.load(
      "dn: dc=example\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: x\n\n"
      "dn: ou=domains,dc=example\nobjectClass: organizationalUnit\nou: domains\n\n"
      "dn: associatedDomain=a.example,ou=domains,dc=example\nobjectClass: s2lMailDomain\n"
      "associatedDomain: a.example\ndescription: by hand\n\n");
  const sync::counts first = w.migrate();
  EXPECT_EQ(first.foreign, 1U);
  EXPECT_EQ(one(w, world::domain_dn("a.example"), description), "by hand");
  EXPECT_NE(w.directory.find(world::account_dn("ann", "a.example")), nullptr);
  const sync::counts second = w.migrate();
  EXPECT_EQ(second.foreign, 1U);
  EXPECT_EQ(second.differences(), 0U);
  const auto found = w.verify();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, sync::difference::what::foreign);
}

TEST(sync_migrate, two_mappings_share_a_tree) {
  world w = two_users();
  w.migrate();
  std::string other_text = world_mapping_text();
  other_text.replace(other_text.find("\"world\""), 7, "\"other\"");
  const mapping::mapping other = parsed_mapping(other_text);
  fake_source empty;
  empty.tables = w.source.tables;
  for (auto& [name, table] : empty.tables) table.rows.clear();
  const std::string before = w.directory.dump();
  const auto done = sync::migrate({other, empty, w.directory, w.base}, w.options());
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->differences(), 0U);
  EXPECT_EQ(w.directory.dump(), before);
}

TEST(sync_migrate, a_refused_entry_is_a_reject_and_the_rest_goes_on) {
  for (const bool transactions : {true, false}) {
    world w = two_users(transactions);
    w.directory.refused.insert(model::dn::parse(world::account_dn("ann", "a.example"))->normal_form());
    const sync::counts done = w.migrate();
    EXPECT_EQ(done.rejected, 1U);
    EXPECT_EQ(done.added, 4U);
    EXPECT_EQ(w.reject_reasons(), "account 1: unwillingToPerform\n");
    EXPECT_NE(w.directory.find(world::account_dn("bob", "a.example")), nullptr);
  }
}

TEST(sync_migrate, children_of_a_refused_parent_say_so) {
  world w = two_users();
  w.directory.refused.insert(model::dn::parse(world::domain_dn("a.example"))->normal_form());
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.rejected, 3U);
  EXPECT_THAT(w.reject_reasons(), HasSubstr("account 2: the directory refused its parent"));
}

TEST(sync_migrate, a_lost_answer_is_read_back) {
  using fault = fake_directory::fault;
  for (const bool transactions : {true, false})
    for (const fault f : {fault::lost_before, fault::lost_after, fault::lost_between}) {
      world w = two_users(transactions);
      w.directory.on_write = [&, n = 0]() mutable { return n++ == 0 ? f : fault::none; };
      const sync::counts done = w.migrate();
      EXPECT_EQ(done.added, 5U) << static_cast<int>(f);
      EXPECT_EQ(done.rejected, 0U) << w.reject_reasons();
      EXPECT_TRUE(w.verify().empty());
    }
}

TEST(sync_migrate, a_lost_answer_is_not_read_from_the_entry_that_stood_there_before) {
  const model::schema schema = two_users().directory.describe()->schema;
  const std::vector<model::change> batch = {
      {"world/list/2", model::delete_entry{"uid=d,dc=example"}},
      {"world/list/0", model::rename_entry{"uid=b,dc=example", "uid=d", true, ""}},
      {"world/list/0",
       model::modify_entry{"uid=d,dc=example", {{model::modification::operation::replace, description, {"d"}}}}}};
  const auto nothing_done = [&](std::string_view dn) -> result<std::optional<model::entry>> {
    const bool first = dn == "uid=d,dc=example";
    if (!first && dn != "uid=b,dc=example") return std::nullopt;
    model::entry e;
    e.set_dn(dn);
    e.add(model::names::origin, first ? "world/list/2" : "world/list/0");
    e.add(description, "d");
    return e;
  };
  EXPECT_EQ(sync::changes_done(batch, schema, nothing_done), 0U);
}

TEST(sync_migrate, gives_up_when_every_answer_is_lost) {
  world w = two_users();
  w.directory.on_write = [] { return fake_directory::fault::lost_before; };
  const auto done = sync::migrate(w.parties(), w.options());
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().transient);
}

TEST(sync_migrate, a_cut_read_never_deletes) {
  world w = two_users();
  w.migrate();
  const std::string before = w.directory.dump();
  const std::uint64_t writes = w.directory.writes;
  for (std::uint64_t at = 0; at < 12; ++at) {
    w.source.cut = [n = at]() mutable { return n-- == 0; };
    w.limits.enforced = false;
    const auto done = sync::migrate(w.parties(), w.options());
    if (!done) {
      EXPECT_TRUE(done.error().transient);
    }
    EXPECT_EQ(w.directory.dump(), before);
  }
  w.source.cut = [] { return false; };
  w.directory.size_limit = 2;
  w.set("mailbox", "1", "name", "other");
  const auto done = sync::migrate(w.parties(), w.options());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().ldap_code, 4);
  EXPECT_EQ(w.directory.writes, writes);
}

TEST(sync_migrate, stops_between_batches_when_asked) {
  world w = two_users();
  sync::run_options how = w.options();
  std::uint64_t asked = 0;
  how.stop = [&] { return ++asked > 0 && w.source.rows_given > 0; };
  const auto done = sync::migrate(w.parties(), how);
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().transient);
  EXPECT_EQ(w.directory.writes, 0U);
}

TEST(sync_migrate, clear_text_is_hashed_and_then_verified) {
  world w;
  w.domain("a.example");
  w.mailbox("1", "ann", "a.example", "Ann", "tiger");
  w.migrate();
  const std::string dn = world::account_dn("ann", "a.example");
  const std::string hash = one(w, dn, model::names::user_password);
  EXPECT_TRUE(hash.starts_with("{CRYPT}$6$"));
  EXPECT_TRUE(codec::password_matches(hash, "tiger"));
  EXPECT_TRUE(w.verify().empty());
  const sync::counts again = w.migrate();
  EXPECT_EQ(again.differences(), 0U);
  EXPECT_EQ(again.equal, 2U);
  w.set("mailbox", "1", "password", "lion");
  EXPECT_EQ(w.migrate().modified, 1U);
  EXPECT_TRUE(codec::password_matches(one(w, dn, model::names::user_password), "lion"));
}

TEST(sync_migrate, a_row_with_a_new_key_takes_over_an_entry_that_others_live_below) {
  world w(true, R"(mapping "world"
param domain_key = "name"
entry domain from domain { key note under "ou=domains" rdn associatedDomain = note | lower class s2lMailDomain
  s2lEnabled = active | flag }
entry account from mailbox m { key m.id under domain(m.domain) rdn uid = m.username class account, s2lMailGroup
  s2lEnabled = m.active | flag }
)");
  w.domain("x", "A.example");
  w.mailbox("1", "ann", "A.example");
  w.migrate();
  w.set("domain", "x", "note", "a.example");  // another key, the same name after folding
  w.set("mailbox", "1", "domain", "a.example");
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.modified, 1U) << w.reject_reasons();
  EXPECT_EQ(done.deleted + done.added + done.rejected, 0U) << w.reject_reasons();
  EXPECT_TRUE(w.verify().empty());
}

TEST(sync_migrate, a_key_in_another_letter_case_is_the_same_row) {
  world w(true, R"(mapping "world"
entry domain from domain { key name under "ou=domains" rdn associatedDomain = name | lower class s2lMailDomain
  s2lEnabled = active | flag }
entry account from mailbox m { key m.username under domain(m.domain) rdn uid = m.username class account, s2lMailGroup
  s2lEnabled = m.active | flag }
)");
  w.domain("a.example", "first");
  w.mailbox("1", "ann", "a.example");
  w.migrate();
  const std::string ann = world::account_dn("ann", "a.example");
  ASSERT_FALSE(w.directory.try_change(
      {"", model::modify_entry{ann, {{model::modification::operation::add, description, {"by hand"}}}}}));
  w.set("mailbox", "1", "username", "ANN");
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.modified, 1U) << w.reject_reasons();
  EXPECT_EQ(done.deleted + done.added + done.rejected, 0U) << w.reject_reasons();
  EXPECT_EQ(one(w, ann, description), "by hand");
  EXPECT_TRUE(w.verify().empty());
}

// ---- plans ----------------------------------------------------------------------------------

class sync_plan : public ::testing::Test {
 protected:
  std::string file(const std::string& text) {
    const std::string name = (folder_.path() / "plan.ldif").string();
    std::ofstream(name) << text;
    return name;
  }
  temp_dir folder_;
};

TEST_F(sync_plan, shows_no_secret_and_changes_nothing) {
  world w = two_users();
  w.mailbox("3", "eve", "a.example", "Eve", "tiger");
  const std::string text = w.plan();
  EXPECT_THAT(text, HasSubstr("version: 1\n# sql2ldap plan\n# mapping: world\n"));
  EXPECT_THAT(text, HasSubstr("dn: uid=ann,associatedDomain=a.example,ou=domains,dc=example\nchangetype: add\n"));
  EXPECT_THAT(text, HasSubstr("userPassword: {REDACTED}"));
  EXPECT_THAT(text, Not(HasSubstr("tiger")));
  EXPECT_THAT(text, Not(HasSubstr(stored_password("salt"))));
  EXPECT_THAT(text, HasSubstr("# end of plan\n"));
  EXPECT_TRUE(w.directory.all().empty());
}

TEST_F(sync_plan, is_applied_as_it_was_shown) {
  for (const bool secrets : {false, true}) {
    world w = two_users();
    w.mailbox("3", "eve", "a.example", "Eve", "tiger");
    const auto done = sync::migrate_plan(w.parties(), w.options(), file(w.plan(secrets)));
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(done->added, 6U);
    EXPECT_TRUE(w.verify().empty());
    EXPECT_TRUE(
        codec::password_matches(one(w, world::account_dn("eve", "a.example"), model::names::user_password), "tiger"));
  }
}

TEST_F(sync_plan, with_secrets_is_written_with_the_hashes_it_shows) {
  world w = two_users();
  w.mailbox("3", "eve", "a.example", "Eve", "tiger");
  const std::string text = w.plan(true);
  ASSERT_TRUE(sync::migrate_plan(w.parties(), w.options(), file(text)));
  EXPECT_THAT(text,
              HasSubstr("userPassword: " + one(w, world::account_dn("eve", "a.example"), model::names::user_password)));
}

TEST_F(sync_plan, that_no_longer_holds_is_refused) {
  const auto refused_after = [&](const std::function<void(world&)>& change) {
    world w = two_users();
    const std::string name = file(w.plan());
    change(w);
    const std::string before = w.directory.dump();
    const auto done = sync::migrate_plan(w.parties(), w.options(), name);
    EXPECT_EQ(w.directory.dump(), before);
    return done ? std::string("applied") : done.error().text();
  };
  EXPECT_THAT(refused_after([](world& w) { w.set("mailbox", "2", "name", "Bobby"); }), HasSubstr("Bobby"));
  EXPECT_THAT(refused_after([](world& w) { w.set("mailbox", "2", "password", stored_password("other")); }),
              HasSubstr("another password"));
  EXPECT_THAT(refused_after([](world& w) { w.drop_rows("mailbox", "id", "2"); }),
              HasSubstr("needs no change any more"));
  EXPECT_THAT(refused_after([](world& w) { w.mailbox("9", "new", "a.example"); }), HasSubstr("more to change"));
}

TEST_F(sync_plan, that_was_cut_off_is_refused) {
  world w = two_users();
  const std::string text = w.plan();
  const auto done = sync::migrate_plan(w.parties(), w.options(), file(text.substr(0, text.find("# add"))));
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text(), HasSubstr("cut off"));
  EXPECT_EQ(w.directory.writes, 0U);
}

TEST_F(sync_plan, is_the_same_for_the_same_states) {
  world w = two_users();
  w.migrate();
  w.set("mailbox", "1", "username", "bob");
  w.set("mailbox", "2", "username", "ann");
  const auto records = [](const std::string& text) { return text.substr(text.find("\n\n")); };
  EXPECT_EQ(records(w.plan()), records(w.plan()));
  EXPECT_THAT(w.plan(), HasSubstr("s2l-moving-"));
}

// ---- LDIF, why, check -----------------------------------------------------------------------

TEST(sync_ldif, holds_what_migrate_would_write) {
  world w = two_users();
  w.mailbox("3", "eve", "a.example", "Eve", "tiger");
  std::ostringstream out;
  const auto done = sync::write_ldif(w.map, w.source, {w.base, true}, w.options(), out);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->wanted, 4U);
  EXPECT_THAT(out.str(), Not(HasSubstr("CLEARTEXT")));
  w.directory.load(out.str());
  EXPECT_TRUE(w.verify().empty());
}

TEST(sync_why, explains_made_and_rejected_rows) {
  world w = two_users();
  w.mailbox("8", "lost", "nowhere.example");
  w.migrate();
  w.set("mailbox", "1", "name", "Anna");
  const auto made = sync::why(w.map, w.source, &w.directory, w.base, "boss@a.example");
  ASSERT_TRUE(made);
  ASSERT_EQ(made->size(), 1U);
  EXPECT_EQ(made->front().dn, world::account_dn("ann", "a.example"));
  EXPECT_THAT(made->front().directory, ::testing::ElementsAre("cn: \"Ann\"", "sn: \"Ann\""));
  const auto lost = sync::why(w.map, w.source, nullptr, w.base, "lost");
  ASSERT_TRUE(lost);
  ASSERT_EQ(lost->size(), 1U);
  EXPECT_THAT(lost->front().reject, HasSubstr("does not exist"));
}

TEST(sync_migrate, another_structural_class_above_others_says_what_to_do) {
  world w = two_users();
  w.migrate();
  std::string text = world_mapping_text();
  const std::string before = "class s2lMailDomain";
  text.replace(text.find(before), before.size(), "class s2lDomainAlias\n  s2lTargetDomain = name | lower");
  w.map = parsed_mapping(text);
  w.migrate();
  EXPECT_THAT(w.reject_reasons(), HasSubstr("its structural class cannot be changed while there are entries below it; "
                                            "`ldapdelete -r \"" +
                                            world::domain_dn("a.example") + "\"` removes it with all of them"));
}

TEST(sync_migrate, an_entry_is_put_back_when_the_directory_refuses_its_new_structural_class) {
  world w = two_users();
  w.migrate();
  const std::string ann = world::account_dn("ann", "a.example");
  ASSERT_FALSE(w.directory.try_change(
      {"",
       model::modify_entry{
           ann, {{model::modification::operation::replace, model::attribute_name("telephoneNumber"), {"+49 30 1"}}}}}));
  const std::string before = w.directory.dump();
  std::string text = world_mapping_text();
  const std::string person = "class inetOrgPerson";
  text.replace(text.find(person), person.size(), "class account");
  w.map = parsed_mapping(text);
  w.directory.refused_classes = {"account"};
  const sync::counts done = w.migrate();
  EXPECT_EQ(done.rejected, 2U);
  EXPECT_EQ(w.directory.dump(), before);
  EXPECT_THAT(w.reject_reasons(), HasSubstr("constraintViolation; the entry is as it was before"));
  w.directory.refused_classes = {"account", "inetOrgPerson"};
  w.migrate();
  EXPECT_THAT(w.reject_reasons(), HasSubstr("it was deleted for that, and could not be put back"));
}

TEST(sync_check, names_the_table_of_a_joined_column_once) {
  std::string text = world_mapping_text();
  const std::string before = "mailLocalAddress = a.address | lower";
  text.replace(text.find(before), before.size(), "mailLocalAddress = a.address | address");
  world w(true, text);
  w.domain("a.example");
  w.mailbox("1", "ann", "a.example");
  w.alias("1", "no address");
  const auto found = sync::check(w.map, w.source, &w.directory, w.base);
  ASSERT_TRUE(found) << found.error().text();
  std::string places;
  for (const sync::finding& f : *found) places += f.where + "\n";
  EXPECT_THAT(places, HasSubstr("alias.address\n"));
  EXPECT_THAT(places, Not(HasSubstr("mailbox.alias")));
  EXPECT_THAT(places, Not(HasSubstr("alias.alias")));
}

TEST(sync_check, names_accounts_that_get_a_lock) {
  world w;
  w.domain("a.example");
  w.mailbox("1", "ann", "a.example", "Ann", "{CRAM-MD5}9186d855e11eba527a7a52ca82b313e1");
  w.mailbox("2", "bob", "a.example", "Bob", "*");
  std::vector<std::string> locked;
  sync::check_options options;
  options.on_locked = [&](const sync::locked_account& one) { locked.push_back(one.name + " " + one.stored); };
  const auto found = sync::check(w.map, w.source, &w.directory, w.base, options);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(locked, ::testing::ElementsAre("ann mailbox.password: CRAM-MD5", "bob mailbox.password: a lock mark"));
  std::string all;
  for (const sync::finding& f : *found) all += f.message + "\n";
  EXPECT_THAT(all, HasSubstr("2: ann (mailbox.password: CRAM-MD5), bob (mailbox.password: a lock mark)\n"));
  EXPECT_THAT(all, Not(HasSubstr("9186d855")));
}

TEST(sync_check, finds_what_would_go_wrong) {
  world w = two_users();
  w.mailbox("4", "ANN", "a.example");
  w.mailbox("5", "eve", "a.example", "Eve", "tiger");
  const auto found = sync::check(w.map, w.source, &w.directory, w.base);
  ASSERT_TRUE(found) << found.error().text();
  std::string all;
  for (const sync::finding& f : *found) all += f.where + ": " + f.message + "\n";
  EXPECT_THAT(all, HasSubstr("fold to one"));
  EXPECT_THAT(all, HasSubstr("clear-text passwords will be hashed: 1"));
  EXPECT_THAT(all, HasSubstr("does not exist yet"));
  EXPECT_THAT(all, Not(HasSubstr("tiger")));
}

}  // namespace
}  // namespace sql2ldap::test
