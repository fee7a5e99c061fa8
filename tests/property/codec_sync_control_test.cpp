#include <array>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <sql2ldap/codec/sync_control.hpp>

namespace sql2ldap::codec::sync_control {
namespace {

// BER written another way: every length in its long form.
std::string element(unsigned char tag, const std::string& content) {
  std::string out{static_cast<char>(tag), '\x84'};
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(content.size() >> static_cast<unsigned>(shift) & 0xffU);
  return out + content;
}
std::string octets(const std::optional<std::string>& content) { return content ? element(0x04, *content) : ""; }
std::string boolean(bool value) { return element(0x01, value ? "\xff" : std::string(1, '\0')); }
std::string octets(const model::entry_uuid& uuid) { return element(0x04, std::string(uuid.begin(), uuid.end())); }

rc::Gen<std::optional<std::string>> any_cookie() {
  return rc::gen::map(rc::gen::maybe(rc::gen::arbitrary<std::string>()), [](const rc::Maybe<std::string>& one) {
    return one ? std::optional<std::string>(*one) : std::nullopt;
  });
}
rc::Gen<model::entry_uuid> any_uuid() { return rc::gen::arbitrary<model::entry_uuid>(); }

RC_GTEST_PROP(sync_control_property, states_come_back, ()) {
  const auto now = *rc::gen::inRange(0, 4);
  const auto uuid = *any_uuid();
  const auto cookie = *any_cookie();
  const std::string text =
      element(0x30, element(0x0a, std::string(1, static_cast<char>(now))) + octets(uuid) + octets(cookie));
  const auto parsed = parse_state(text);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(static_cast<int>(parsed->now) == now);
  RC_ASSERT(parsed->uuid == uuid);
  RC_ASSERT(parsed->then.has_value() == cookie.has_value());
  RC_ASSERT(parsed->then.value_or("") == cookie.value_or(""));
}

RC_GTEST_PROP(sync_control_property, id_sets_come_back, (bool deleted)) {
  const auto uuids = *rc::gen::container<std::vector<model::entry_uuid>>(any_uuid());
  const auto cookie = *any_cookie();
  std::string members;
  for (const auto& one : uuids) members += octets(one);
  const std::string text = element(0xa3, octets(cookie) + boolean(deleted) + element(0x31, members));
  const auto parsed = parse_info(text);
  RC_ASSERT(parsed.has_value());
  const auto& set = std::get<id_set>(*parsed);
  RC_ASSERT(set.deleted == deleted);
  RC_ASSERT(set.uuids == uuids);
  RC_ASSERT(set.then.value_or("") == cookie.value_or(""));
}

RC_GTEST_PROP(sync_control_property, phase_ends_come_back, (bool present, bool done)) {
  const auto cookie = *any_cookie();
  const std::string text = element(present ? 0xa2 : 0xa1, octets(cookie) + boolean(done));
  const auto parsed = parse_info(text);
  RC_ASSERT(parsed.has_value());
  const auto& end = std::get<phase_end>(*parsed);
  RC_ASSERT((end.phase == phase_end::what::present) == present);
  RC_ASSERT(end.refresh_done == done);
  RC_ASSERT(end.then.has_value() == cookie.has_value());
}

// Behind its mode a request has the shape of a Sync Done control.
RC_GTEST_PROP(sync_control_property, requests_carry_their_cookie, (const std::string& cookie)) {
  const std::string text = request(mode::refresh_and_persist, cookie);
  const std::string asked("\x0a\x01\x03");
  const std::string as_done = element(0x30, text.substr(text.find(asked) + asked.size()));
  const auto parsed = parse_done(as_done);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->then.value_or("none") == cookie);
}

RC_GTEST_PROP(sync_control_property, any_bytes_are_borne, (const std::string& bytes)) {
  (void)parse_state(bytes);
  (void)parse_done(bytes);
  (void)parse_info(bytes);
}

}  // namespace
}  // namespace sql2ldap::codec::sync_control
