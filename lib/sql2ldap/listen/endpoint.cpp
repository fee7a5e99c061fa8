#include <sql2ldap/listen/endpoint.hpp>

#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::listen {

namespace {

constexpr std::string_view form =
    "PROTOCOL:/PATH[,mode=0660][,user=NAME][,group=NAME][,dovecot=2.4][,keys=userdb+sieve], or "
    "tcp:127.0.0.1:PORT[,map=aliases]";
constexpr mode_t mode_max = 0777;

tl::unexpected<error> wrong(std::string_view text, std::string_view why) {
  return fail(error_kind::usage, fmt::format("{} is no place to listen: {}", quoted_for_message(text), why),
              std::string(form));
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto comma = text.find(',');
    out.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

template <typename Number>
bool read_number(std::string_view text, int base, Number& into) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), into, base);
  return problem == std::errc{} && end == text.data() + text.size() && !text.empty();
}

result<void> take_option(std::string_view text, std::string_view option, endpoint& into) {
  const auto equals = option.find('=');
  if (equals == std::string_view::npos) return wrong(text, fmt::format("what is {}?", quoted_for_message(option)));
  const std::string_view name = option.substr(0, equals);
  const std::string_view value = option.substr(equals + 1);
  const bool is_tcp = into.which == serve::protocol::tcp_table;
  const bool has_userdb = into.which == serve::protocol::auth_userdb || into.which == serve::protocol::dict;
  if (name == "mode" && !is_tcp) {
    if (!read_number(value, 8, into.mode) || into.mode > mode_max) return wrong(text, "mode is octal, as in 0660");
  } else if (name == "user" && !is_tcp) {
    into.user = value;
  } else if (name == "group" && !is_tcp) {
    into.group = value;
  } else if (name == "map" && is_tcp) {
    const auto map = serve::postfix_map_of(value);
    if (!map) return wrong(text, "map is domains, relay-domains, aliases, mailboxes, transports or logins");
    into.map = *map;
  } else if (name == "dovecot" && has_userdb) {
    if (value != "2.3" && value != "2.4") return wrong(text, "dovecot is 2.3 or 2.4");
    into.dovecot_24 = value == "2.4";
  } else if (name == "keys" && into.which == serve::protocol::dict) {
    const auto keys = serve::dict_keys_of(value);
    if (!keys) return wrong(text, "keys are passdb, userdb and sieve, with + between them");
    into.keys = *keys;
  } else {
    return wrong(text, fmt::format("{} is not known there", quoted_for_message(name)));
  }
  return {};
}

result<void> take_place(std::string_view text, std::string_view place, endpoint& into) {
  if (into.which != serve::protocol::tcp_table) {
    if (!place.starts_with('/')) return wrong(text, "the path of the socket begins with a slash");
    into.path = place;
    return {};
  }
  const auto colon = place.rfind(':');
  if (colon == std::string_view::npos || !read_number(place.substr(colon + 1), 10, into.port))
    return wrong(text, "there is no port");
  std::string_view address = place.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  into.address = address;
  return {};
}

result<endpoint> parse(std::string_view text, bool with_place) {
  const std::vector<std::string_view> parts = parts_of(text);
  const std::string_view first = parts.front();
  const auto colon = with_place ? first.find(':') : first.size();
  if (colon == std::string_view::npos) return wrong(text, "there is no colon");
  const auto which = serve::protocol_of(first.substr(0, colon));
  if (!which) return wrong(text, "protocols are auth-client, auth-userdb, dict, socketmap, tcp and query");
  endpoint out;
  out.which = *which;
  if (with_place) S2L_TRY(take_place(text, first.substr(colon + 1), out));
  for (std::size_t i = 1; i < parts.size(); ++i) S2L_TRY(take_option(text, parts[i], out));
  return out;
}

}  // namespace

result<endpoint> parse_endpoint(std::string_view text) { return parse(text, true); }
result<endpoint> parse_endpoint_name(std::string_view name) { return parse(name, false); }

}  // namespace sql2ldap::listen
