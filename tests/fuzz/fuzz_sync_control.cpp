// Any bytes: either no control, or one whose cookie stays inside them.
#include <cstddef>
#include <cstdint>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/codec/sync_control.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sql2ldap;
  namespace sync = codec::sync_control;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto inside = [&](const sync::cookie& then) {
    if (then && !then->empty())
      S2L_ASSERT(then->data() >= bytes.data() && then->data() + then->size() <= bytes.data() + bytes.size());
  };
  if (const auto state = sync::parse_state(bytes)) {
    inside(state->then);
    S2L_ASSERT(state->now <= sync::entry_state::remove);
  }
  if (const auto done = sync::parse_done(bytes)) inside(done->then);
  if (const auto info = sync::parse_info(bytes)) {
    std::visit(overloaded{[&](const sync::id_set& set) {
                            inside(set.then);
                            S2L_ASSERT(set.uuids.size() * sizeof(model::entry_uuid) <= bytes.size());
                          },
                          [&](const auto& told) { inside(told.then); }},
               *info);
  }
  return 0;
}
