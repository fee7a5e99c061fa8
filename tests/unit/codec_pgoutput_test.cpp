#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/pgoutput.hpp>

namespace sql2ldap::test {
namespace {

using namespace codec::pgoutput;
using ::testing::HasSubstr;

std::string big_endian(std::uint64_t n, std::size_t bytes) {
  std::string out(bytes, '\0');
  for (std::size_t i = bytes; i-- > 0; n >>= 8U) out[i] = static_cast<char>(n & 0xffU);
  return out;
}
std::string u16(std::uint16_t n) { return big_endian(n, 2); }
std::string u32(std::uint32_t n) { return big_endian(n, 4); }
std::string u64(std::uint64_t n) { return big_endian(n, 8); }
std::string text(const std::string& t) { return t + '\0'; }
std::string sent(const std::string& t) { return "t" + u32(static_cast<std::uint32_t>(t.size())) + t; }

// id int4 (key), name bpchar, photo bytea, since timestamp
std::string relation_bytes() {
  return "R" + u32(77) + text("public") + text("mailbox") + "d" + u16(4) + '\1' + text("id") + u32(23) +
         u32(0xffffffff) + '\0' + text("name") + u32(1042) + u32(9) + '\0' + text("photo") + u32(17) + u32(0xffffffff) +
         '\0' + text("since") + u32(1114) + u32(0xffffffff);
}

template <typename T>
T parsed(const std::string& bytes) {
  const auto out = parse(bytes);
  EXPECT_TRUE(out.has_value()) << out.error().text();
  return out && std::holds_alternative<T>(*out) ? std::get<T>(*out) : T();
}

TEST(pgoutput, begin_and_commit) {
  const auto b = parsed<begin>("B" + u64(0x1'0000'0010) + u64(5) + u32(42));
  EXPECT_EQ(b.final_lsn, 0x1'0000'0010U);
  EXPECT_EQ(b.commit_time_us, 5);
  EXPECT_EQ(b.xid, 42U);
  const auto c = parsed<commit>("C" + std::string(1, '\0') + u64(16) + u64(48) + u64(5));
  EXPECT_EQ(c.commit_lsn, 16U);
  EXPECT_EQ(c.end_lsn, 48U);
}

TEST(pgoutput, relation_and_rows) {
  const auto table = parsed<relation>(relation_bytes());
  EXPECT_EQ(table.oid, 77U);
  EXPECT_EQ(table.table, "mailbox");
  ASSERT_EQ(table.columns.size(), 4U);
  EXPECT_TRUE(table.columns[0].key);
  EXPECT_FALSE(table.columns[1].key);

  const std::string now = "N" + u16(4) + sent("7") + sent("ann  ") + sent("\\x00ff") + sent("2024-01-01 00:00:00");
  const std::string insert = "I" + u32(77) + now;
  const auto inserted = parsed<row_change>(insert);
  EXPECT_EQ(inserted.kind, row_change::what::insert);
  const model::row_image image = image_of(table, inserted.now, false);
  EXPECT_EQ(image.schema, "public");
  EXPECT_EQ(image.columns.at("id"), "7");
  EXPECT_EQ(image.columns.at("name"), "ann");
  EXPECT_EQ(image.columns.at("photo"), std::string("\0\xff", 2));
  EXPECT_FALSE(image.columns.contains("since")) << "its text depends on the session";
}

TEST(pgoutput, old_rows) {
  const auto table = parsed<relation>(relation_bytes());
  const std::string update = "U" + u32(77) + "K" + u16(4) + sent("6") + "nnn" + "N" + u16(4) + sent("7") + "nun";
  const auto moved = parsed<row_change>(update);
  EXPECT_EQ(moved.has_old, old_row::key);
  const model::row_image before = image_of(table, moved.old, true);
  EXPECT_EQ(before.columns.size(), 1U) << "the others are not known";
  EXPECT_EQ(before.columns.at("id"), "6");
  const model::row_image after = image_of(table, moved.now, false);
  EXPECT_EQ(after.columns.at("name"), std::nullopt);
  EXPECT_FALSE(after.columns.contains("photo")) << "unchanged and not sent is not NULL";

  const std::string plain_update = "U" + u32(77) + "N" + u16(1) + sent("7");
  EXPECT_EQ(parsed<row_change>(plain_update).has_old, old_row::none);
  const std::string remove = "D" + u32(77) + "O" + u16(1) + sent("7");
  EXPECT_EQ(parsed<row_change>(remove).has_old, old_row::full);
  EXPECT_EQ(parsed<row_change>(remove).kind, row_change::what::remove);
}

// The partition may log less than the whole table, in whose name the row comes.
TEST(pgoutput, null_in_an_old_row_of_a_partitioned_table_is_not_known) {
  relation table;
  table.columns = {{"id", true, 23}, {"name", false, 25}, {"note", false, 25}};
  const auto message = [](const std::string& old, const std::string& now) {
    return "U" + u32(77) + "O" + u16(3) + old + "N" + u16(3) + now;
  };
  const std::string bytes = message(sent("7") + "n" + "n", sent("7") + "n" + sent("x"));
  const auto change = parsed<row_change>(bytes);
  EXPECT_EQ(image_of_old(table, change.old, false).columns.size(), 3U);
  EXPECT_THAT(*changed_columns(table, change), testing::ElementsAre("note"));
  table.is_partitioned = true;
  EXPECT_EQ(image_of_old(table, change.old, false).columns.size(), 1U);
  EXPECT_EQ(image_of(table, change.now, false).columns.size(), 3U);
  EXPECT_THAT(*changed_columns(table, change), testing::ElementsAre("name", "note"));
}

TEST(pgoutput, truncate_origin_and_what_is_ignored) {
  const auto t = parsed<truncate>("T" + u32(2) + '\1' + u32(77) + u32(78));
  EXPECT_EQ(t.oids, (std::vector<std::uint32_t>{77, 78}));
  EXPECT_EQ(parsed<origin>("O" + u64(9) + text("sql2ldap")).name, "sql2ldap");
  parsed<ignored>("Y" + u32(1) + text("public") + text("colour"));
  parsed<ignored>("M" + std::string("anything"));
}

TEST(pgoutput, refuses_what_it_does_not_know_or_what_is_cut_off) {
  EXPECT_THAT(parse("").error().text(), HasSubstr("empty"));
  EXPECT_THAT(parse("S").error().text(), HasSubstr("0x53"));
  const std::string whole = "U" + u32(77) + "K" + u16(1) + sent("6") + "N" + u16(1) + sent("7");
  for (std::size_t size = 1; size < whole.size(); ++size) EXPECT_FALSE(parse(whole.substr(0, size))) << size;
  EXPECT_THAT(parse(whole + "x").error().text(), HasSubstr("1 bytes left over"));
  EXPECT_FALSE(parse("I" + u32(77) + "K" + u16(0))) << "an insert has no old row";
  EXPECT_FALSE(parse("D" + u32(77) + "N" + u16(0))) << "a delete has no new row";
  EXPECT_FALSE(parse("I" + u32(77) + "N" + u16(1) + "b" + u32(0))) << "binary was not asked for";
}

}  // namespace
}  // namespace sql2ldap::test
