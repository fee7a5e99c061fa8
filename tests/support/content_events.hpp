// Events of a directory's content, made by hand.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/model/lookup.hpp>

namespace sql2ldap::test {

using kind = model::content_event::what;

inline model::entry_uuid uuid_of(unsigned number) {
  model::entry_uuid out{};
  for (std::size_t i = 0; i < sizeof number; ++i) out[i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xffU);
  return out;
}

inline model::content_event entry_event(unsigned number, std::string_view dn,
                                        const std::vector<std::pair<std::string, std::string>>& values) {
  model::content_event out{.kind = kind::entry, .uuid = uuid_of(number), .content = {}};
  out.content.set_dn(dn);
  for (const auto& [name, value] : values) out.content.add(model::attribute_name(name), value);
  return out;
}

inline model::content_event event(kind what, unsigned number = 0) {
  return {.kind = what, .uuid = uuid_of(number), .content = {}};
}

}  // namespace sql2ldap::test
