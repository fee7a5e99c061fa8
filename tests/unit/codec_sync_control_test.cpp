#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/sync_control.hpp>

namespace sql2ldap::codec::sync_control {
namespace {

std::string bytes(std::string_view hex) { return from_hex(hex).value(); }

const std::string uuid_hex = "000102030405060708090a0b0c0d0e0f";

model::entry_uuid counted_uuid() {
  model::entry_uuid out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

TEST(sync_control, request) {
  EXPECT_EQ(hex(request(mode::refresh_and_persist, std::nullopt)), "30030a0103");
  EXPECT_EQ(hex(request(mode::refresh_only, "ab")), "30070a010104026162");
  EXPECT_EQ(hex(request(mode::refresh_and_persist, "")), "30050a01030400");
  EXPECT_EQ(hex(request(mode::refresh_and_persist, "a", true)), "30090a01030401610101ff");
  const std::string long_cookie(300, 'c');
  EXPECT_EQ(hex(request(mode::refresh_only, long_cookie)).substr(0, 22), "308201330a01010482012c");
}

TEST(sync_control, state) {
  const std::string text = bytes("30150a01010410" + uuid_hex);
  const auto plain = parse_state(text);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->now, entry_state::add);
  EXPECT_EQ(plain->uuid, counted_uuid());
  EXPECT_EQ(plain->then, std::nullopt);

  const std::string with_cookie = bytes("30190a01030410" + uuid_hex + "04026162");
  const auto removed = parse_state(with_cookie);
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->now, entry_state::remove);
  EXPECT_EQ(removed->then, "ab");
}

TEST(sync_control, done_has_defaults) {
  const auto none = parse_done(bytes("3000"));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->then, std::nullopt);
  EXPECT_FALSE(none->refresh_deletes);
  const std::string text = bytes("3006040161010101");
  const auto all = parse_done(text);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->then, "a");
  EXPECT_TRUE(all->refresh_deletes);
}

// As slapd 2.5 sends them.
TEST(sync_control, info_from_slapd) {
  const std::string cookie = "rid=000,csn=20240102030405.000006Z#000000#000#000000";
  const std::string done = bytes("a1360434" + hex(cookie));
  const auto ended = parse_info(done);
  ASSERT_TRUE(ended);
  ASSERT_TRUE(std::holds_alternative<phase_end>(*ended));
  EXPECT_EQ(std::get<phase_end>(*ended).phase, phase_end::what::deletes);
  EXPECT_EQ(std::get<phase_end>(*ended).then, cookie);
  EXPECT_TRUE(std::get<phase_end>(*ended).refresh_done);

  const auto deleted =
      parse_info(bytes("a3170101ff3112"
                       "0410" +
                       uuid_hex));
  ASSERT_TRUE(deleted);
  ASSERT_TRUE(std::holds_alternative<id_set>(*deleted));
  EXPECT_TRUE(std::get<id_set>(*deleted).deleted);
  EXPECT_THAT(std::get<id_set>(*deleted).uuids, testing::ElementsAre(counted_uuid()));
}

TEST(sync_control, info_of_each_kind) {
  const std::string moved = bytes("80026162");
  const auto cookie = parse_info(moved);
  ASSERT_TRUE(cookie && std::holds_alternative<new_cookie>(*cookie));
  EXPECT_EQ(std::get<new_cookie>(*cookie).then, "ab");

  const auto present = parse_info(bytes("a203010100"));
  ASSERT_TRUE(present && std::holds_alternative<phase_end>(*present));
  EXPECT_EQ(std::get<phase_end>(*present).phase, phase_end::what::present);
  EXPECT_FALSE(std::get<phase_end>(*present).refresh_done);

  const auto nobody = parse_info(bytes("a3023100"));
  ASSERT_TRUE(nobody && std::holds_alternative<id_set>(*nobody));
  EXPECT_FALSE(std::get<id_set>(*nobody).deleted);
  EXPECT_TRUE(std::get<id_set>(*nobody).uuids.empty());
}

TEST(sync_control, takes_long_lengths_and_passes_over_what_is_new) {
  EXPECT_TRUE(parse_state(bytes("3084000000150a01010410" + uuid_hex)));
  EXPECT_TRUE(parse_state(bytes("30170a01010410" + uuid_hex + "8500")));
}

TEST(sync_control, refuses_what_makes_no_sense) {
  for (const std::string& one : {
           std::string(), std::string("30"),
           "30150a01040410" + uuid_hex,            // no such state
           "30150a01ff0410" + uuid_hex,            // negative
           "30160a0200010410" + uuid_hex,          // two bytes
           "30140a0101040f" + uuid_hex.substr(2),  // 15 bytes are no UUID
           "31150a01010410" + uuid_hex,            // a set
           "30800a01010410" + uuid_hex + "0000",   // indefinite length
           "30850000000015"
           "0a01010410" +
               uuid_hex,                        // a length of five bytes
           "30150a01012410" + uuid_hex,         // constructed string
           "30150a01010410" + uuid_hex + "00",  // more behind it
           "30160a01010410" + uuid_hex + "04",  // a cookie cut off
           "30160a01010410" + uuid_hex,         // longer than it is
       }) {
    const auto parsed = parse_state(bytes(one));
    ASSERT_FALSE(parsed) << one;
    EXPECT_EQ(parsed.error().kind, error_kind::input);
  }
  for (const char* one : {"", "80", "8001", "a4020400", "a103010200", "a1030102ff", "a30231", "a3043102040f", "a300",
                          "a10204", "3000", "a30231020400"})
    EXPECT_FALSE(parse_info(bytes(one))) << one;
  for (const char* one : {"", "3001", "300101", "30020102", "3100"}) EXPECT_FALSE(parse_done(bytes(one))) << one;
}

// Nothing is read past the end, and no part is taken for the whole.
TEST(sync_control, refuses_every_part) {
  const std::string state_bytes = bytes("30190a01030410" + uuid_hex + "04026162");
  const std::string info_bytes = bytes(
      "a31804026162"
      "3112"
      "0410" +
      uuid_hex);
  ASSERT_TRUE(parse_state(state_bytes));
  ASSERT_TRUE(parse_info(info_bytes));
  for (std::size_t i = 0; i < state_bytes.size(); ++i) EXPECT_FALSE(parse_state(state_bytes.substr(0, i))) << i;
  for (std::size_t i = 0; i < info_bytes.size(); ++i) EXPECT_FALSE(parse_info(info_bytes.substr(0, i))) << i;
}

}  // namespace
}  // namespace sql2ldap::codec::sync_control
