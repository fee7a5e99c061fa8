#include <sql2ldap/codec/sync_control.hpp>

#include <algorithm>

#include <sql2ldap/codec/detail/ber.hpp>

namespace sql2ldap::codec::sync_control {
namespace {

using detail::ber_reader;
namespace ber = detail::ber;

// The choices of syncInfoValue.
constexpr std::uint8_t new_cookie_tag = ber::context(0);
constexpr std::uint8_t refresh_delete_tag = ber::context_constructed(1);
constexpr std::uint8_t refresh_present_tag = ber::context_constructed(2);
constexpr std::uint8_t id_set_tag = ber::context_constructed(3);

tl::unexpected<error> garbled(const char* what) {
  return fail(error_kind::input, std::string("the server's ") + what + " (RFC 4533) makes no sense");
}

model::entry_uuid read_uuid(ber_reader& in) {
  model::entry_uuid out{};
  const std::string_view bytes = in.required(ber::octet_string);
  if (bytes.size() == out.size())
    std::copy(bytes.begin(), bytes.end(), out.begin());
  else
    in.fail();
  return out;
}

phase_end read_phase_end(std::string_view content, phase_end::what phase, bool& good) {
  ber_reader in(content);
  phase_end out{phase, in.optional(ber::octet_string), true};
  out.refresh_done = in.boolean_or(true);
  in.skip_rest();
  good = in.complete();
  return out;
}

id_set read_id_set(std::string_view content, bool& good) {
  ber_reader in(content);
  id_set out;
  out.then = in.optional(ber::octet_string);
  out.deleted = in.boolean_or(false);
  ber_reader members(in.required(ber::set));
  while (members.peek()) out.uuids.push_back(read_uuid(members));
  in.skip_rest();
  good = in.complete() && members.complete();
  return out;
}

}  // namespace

std::string request(mode how, cookie from, bool reload_hint) {
  std::string content;
  ber::append(content, ber::enumerated, std::string(1, static_cast<char>(how)));
  if (from) ber::append(content, ber::octet_string, *from);
  if (reload_hint) ber::append(content, ber::boolean, "\xff");
  std::string out;
  ber::append(out, ber::sequence, content);
  return out;
}

result<state> parse_state(std::string_view bytes) {
  ber_reader outer(bytes);
  ber_reader in(outer.required(ber::sequence));
  state out;
  const auto now = in.enumeration();
  out.uuid = read_uuid(in);
  out.then = in.optional(ber::octet_string);
  in.skip_rest();
  if (!outer.complete() || !in.complete() || !now || *now > static_cast<std::uint8_t>(entry_state::remove))
    return garbled("Sync State control");
  out.now = static_cast<entry_state>(*now);
  return out;
}

result<done> parse_done(std::string_view bytes) {
  ber_reader outer(bytes);
  ber_reader in(outer.required(ber::sequence));
  done out;
  out.then = in.optional(ber::octet_string);
  out.refresh_deletes = in.boolean_or(false);
  in.skip_rest();
  if (!outer.complete() || !in.complete()) return garbled("Sync Done control");
  return out;
}

result<info> parse_info(std::string_view bytes) {
  ber_reader outer(bytes);
  const std::uint8_t tag = outer.peek().value_or(0);
  const std::string_view content = outer.required(tag);
  bool good = outer.complete();
  info out;
  if (good && tag == new_cookie_tag)
    out = new_cookie{content};
  else if (good && tag == refresh_delete_tag)
    out = read_phase_end(content, phase_end::what::deletes, good);
  else if (good && tag == refresh_present_tag)
    out = read_phase_end(content, phase_end::what::present, good);
  else if (good && tag == id_set_tag)
    out = read_id_set(content, good);
  else
    good = false;
  if (!good) return garbled("Sync Info message");
  return out;
}

}  // namespace sql2ldap::codec::sync_control
