#include <sql2ldap/serve/networks.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::serve {

namespace {

constexpr unsigned ipv4_bits = 32;
constexpr unsigned ipv6_bits = 128;

struct ip {
  std::array<unsigned char, 16> bytes{};
  unsigned bits = 0;  // 32 or 128
};

std::optional<ip> ip_in(std::string_view text) {
  char copy[INET6_ADDRSTRLEN] = {};  // inet_pton() takes C strings
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  ip read;
  if (inet_pton(AF_INET, copy, read.bytes.data()) == 1) {
    read.bits = ipv4_bits;
    return read;
  }
  if (inet_pton(AF_INET6, copy, read.bytes.data()) != 1) return std::nullopt;
  read.bits = ipv6_bits;
  return read;
}

constexpr std::array<unsigned char, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291, 2.5.5.2

ip as_ipv4_where_it_is(ip one) {
  if (one.bits != ipv6_bits || !std::equal(mapped.begin(), mapped.end(), one.bytes.begin())) return one;
  ip inner;
  inner.bits = ipv4_bits;
  std::copy(one.bytes.begin() + mapped.size(), one.bytes.end(), inner.bytes.begin());
  return inner;
}

std::string_view without_zone(std::string_view address) {
  return address.substr(0, address.find('%'));
}  // fe80::1%eth0

struct network {
  ip base;
  unsigned prefix = 0;
};

std::optional<network> network_in(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = ip_in(text.substr(0, slash));
  if (!base) return std::nullopt;
  network read{*base, base->bits};
  if (slash == std::string_view::npos) return read;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), read.prefix);
  if (problem != std::errc() || end != digits.data() + digits.size() || read.prefix > base->bits) return std::nullopt;
  return read;
}

bool contains(const network& net, const ip& one) {
  if (net.base.bits != one.bits) return false;
  const std::size_t whole = net.prefix / 8;
  if (!std::equal(net.base.bytes.begin(), net.base.bytes.begin() + whole, one.bytes.begin())) return false;
  const unsigned rest = net.prefix % 8;
  return rest == 0 || ((net.base.bytes[whole] ^ one.bytes[whole]) >> (8 - rest)) == 0;
}

}  // namespace

result<bool> is_within(const std::vector<std::string>& networks, std::string_view address) {
  const auto as_told = ip_in(without_zone(address));
  bool found = false;
  for (const std::string& text : networks) {
    const auto net = network_in(text);
    if (!net) return fail(error_kind::directory, "not a network: " + quoted_for_message(text));
    // As told as well: a network may be one of mapped addresses.
    if (as_told && (contains(*net, *as_told) || contains(*net, as_ipv4_where_it_is(*as_told)))) found = true;
  }
  return found;
}

std::string network_of_client(std::string_view address) {
  const auto read = ip_in(without_zone(address));
  if (!read) return {};
  ip one = as_ipv4_where_it_is(*read);
  const bool is_ipv4 = one.bits == ipv4_bits;
  if (!is_ipv4) std::fill(one.bytes.begin() + one.bytes.size() / 2, one.bytes.end(), static_cast<unsigned char>(0));
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_ipv4 ? AF_INET : AF_INET6, one.bytes.data(), text, sizeof text);
  return std::string(text) + (is_ipv4 ? "" : "/64");
}

}  // namespace sql2ldap::serve
