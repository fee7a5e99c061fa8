// For the targets of wire protocols: the first byte says how the rest is cut into pieces, and whatever comes must not
// depend on that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/limits.hpp>

#include "../support/wire_text.hpp"

template <typename Session>
void decode_in_pieces(const Session& session, const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > sql2ldap::limits::wire_pending_bytes_max) return;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  S2L_ASSERT(sql2ldap::codec::requests_of(session, bytes.substr(1)) ==
             sql2ldap::codec::requests_in_pieces(session, bytes.substr(1), bytes.substr(0, 1)));
}
