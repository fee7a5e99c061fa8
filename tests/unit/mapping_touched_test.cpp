// How closely touched_by() aims; that it misses nothing is tests/property/mapping_touched_test.cpp.
#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <support/mapping_rows.hpp>

namespace sql2ldap::test {
namespace {

const char* const text = R"(mapping "t"
entry domain from domain { key name under "ou=domains" rdn associatedDomain = name class s2lMailDomain }
entry account from mailbox m where not (exists blocked b on b.who = m.username) {
  join owner o on o.id = m.owner_id
  many alias a on a.mailbox = m.id and a.active
  key m.id
  under domain(m.domain)
  rdn uid = m.username
  class account
  description = o.note
  seeAlso = a.address
}
)";

std::string touched_by(const model::row_image& row) {
  static const mapping::mapping map = parsed(text);
  std::string out;
  for (const mapping::touched& t : map.touched_by(row)) {
    out += map.kinds()[t.kind].name + ":";
    if (const auto* key = std::get_if<mapping::key_values>(&t.which)) out += " " + key->front();
    if (std::holds_alternative<mapping::everything>(t.which)) out += " everything";
    if (const auto* query = std::get_if<model::query>(&t.which))
      out += " rows of " + query->from.table + " by " + std::to_string(query->joins.size()) + " joins and " +
             std::to_string(std::get<model::all_of>(query->where->node).parts.size()) + " conditions";
    out += "\n";
  }
  return out;
}

std::string noted(const std::string& table) {
  const mapping::noted_columns columns = parsed(text).noted({"", table, ""});
  std::string out;
  for (const std::string& column : columns.keys) out += column + " ";
  out += "|";
  for (const std::string& column : columns.read) out += " " + column;
  return out;
}

// What triggers write down: a value that leads to no entry stays out of their table.
TEST(noted, are_the_columns_that_lead_to_entries_and_those_that_are_read) {
  EXPECT_EQ(noted("mailbox"), "id | domain id owner_id username");
  EXPECT_EQ(noted("owner"), "id | id note");
  EXPECT_EQ(noted("alias"), "mailbox | active address mailbox");
  EXPECT_EQ(noted("blocked"), "who | who");
  EXPECT_EQ(noted("elsewhere"), "|");
}

TEST(touched_by, a_main_row_names_its_own_entry) {
  EXPECT_EQ(touched_by({"public", "mailbox", {{"id", "7"}, {"username", "ann"}}}), "account: 7\n");
  EXPECT_EQ(touched_by({"", "domain", {{"name", "a.example"}}}), "domain: a.example\n");
}

TEST(touched_by, a_row_without_its_key_may_be_any_and_a_null_key_is_none) {
  EXPECT_EQ(touched_by({"", "mailbox", {{"username", "ann"}}}), "account: everything\n");
  EXPECT_EQ(touched_by({"", "mailbox", {{"id", std::nullopt}}}), "");
}

TEST(touched_by, a_joined_row_names_the_rows_that_it_goes_with) {
  EXPECT_EQ(touched_by({"", "owner", {{"id", "1"}, {"note", "x"}}}),
            "account: rows of mailbox by 0 joins and 1 conditions\n");
  EXPECT_EQ(touched_by({"", "alias", {{"mailbox", "7"}, {"active", "t"}}}),
            "account: rows of mailbox by 0 joins and 1 conditions\n");
  EXPECT_EQ(touched_by({"", "blocked", {{"who", "ann"}}}), "account: rows of mailbox by 0 joins and 1 conditions\n");
}

TEST(touched_by, a_joined_row_without_the_columns_of_its_join_may_go_with_any) {
  EXPECT_EQ(touched_by({"", "alias", {{"address", "x@a.example"}}}), "account: everything\n");
}

TEST(touched_by, an_update_of_columns_that_nobody_reads_touches_nothing) {
  model::row_image mailbox{"", "mailbox", {{"id", "7"}, {"username", "ann"}}};
  mailbox.changed = {"modified", "last_login"};
  EXPECT_EQ(touched_by(mailbox), "");
  mailbox.changed = {"modified", "owner_id"};  // by a join's condition alone
  EXPECT_EQ(touched_by(mailbox), "account: 7\n");
  model::row_image blocked{"", "blocked", {{"who", "ann"}}};
  blocked.changed = {"reason"};
  EXPECT_EQ(touched_by(blocked), "");
  blocked.changed = {"who"};
  EXPECT_NE(touched_by(blocked), "");
}

TEST(touched_by, tables_that_are_not_mapped_touch_nothing) { EXPECT_EQ(touched_by({"", "log", {{"id", "1"}}}), ""); }

}  // namespace
}  // namespace sql2ldap::test
