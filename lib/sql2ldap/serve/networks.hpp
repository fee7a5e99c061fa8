// Networks of addresses: "192.0.2.0/24", "2001:db8::/32", or one address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::serve {

// Is the address in one of them? An IPv4 address may come as IPv6, "mapped" (RFC 4291, 2.5.5.2). What is no address is
// in none; a network that is none is an error.
[[nodiscard]] result<bool> is_within(const std::vector<std::string>& networks, std::string_view address);

// What one client has to itself, by which it is told from others: its IPv4 address, also where that came as IPv6, or
// the /64 of its IPv6 address. Empty for what is no address.
[[nodiscard]] std::string network_of_client(std::string_view address);

}  // namespace sql2ldap::serve
