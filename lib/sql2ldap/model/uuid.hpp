// UUIDs in the text form of RFC 4530, 2.1: 36 characters, hexadecimal digits of either case.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/model/agreement.hpp>

namespace sql2ldap::model {

[[nodiscard]] std::optional<entry_uuid> parse_uuid(std::string_view text) noexcept;
[[nodiscard]] std::string uuid_text(const entry_uuid& uuid);

}  // namespace sql2ldap::model
