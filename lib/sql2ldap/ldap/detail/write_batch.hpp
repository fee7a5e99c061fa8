// Changes as LDAP operations: one by one, or as one transaction (RFC 5805).
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include <sql2ldap/ldap/detail/connection.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::ldap::detail {

using outcome = result<std::optional<model::refusal>>;

[[nodiscard]] outcome write_in_order(connection& line, std::span<const model::change> batch);
// `in_flight`: operations that may wait for their answers at once, as far as their order does not matter.
[[nodiscard]] outcome write_as_transaction(connection& line, std::span<const model::change> batch,
                                           std::size_t in_flight);

}  // namespace sql2ldap::ldap::detail
