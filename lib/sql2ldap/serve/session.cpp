#include <sql2ldap/serve/session.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/serve/detail/in_order_session.hpp>

namespace sql2ldap::serve {

namespace {

constexpr std::array<std::pair<std::string_view, protocol>, 6> protocols = {{
    {"auth-client", protocol::auth_client},
    {"auth-userdb", protocol::auth_userdb},
    {"dict", protocol::dict},
    {"socketmap", protocol::socketmap},
    {"tcp", protocol::tcp_table},
    {"query", protocol::query},
}};

constexpr std::array<std::pair<std::string_view, postfix_map>, 6> maps = {{
    {"domains", postfix_map::domains},
    {"relay-domains", postfix_map::relay_domains},
    {"aliases", postfix_map::aliases},
    {"mailboxes", postfix_map::mailboxes},
    {"transports", postfix_map::transports},
    {"logins", postfix_map::logins},
}};

constexpr std::array<std::pair<std::string_view, bool dict_keys::*>, 3> keys = {{
    {"passdb", &dict_keys::passdb},
    {"userdb", &dict_keys::userdb},
    {"sieve", &dict_keys::sieve},
}};

template <typename Table>
auto value_of(const Table& table, std::string_view word) noexcept -> std::optional<decltype(table.front().second)> {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& one) { return one.first == word; });
  if (found == table.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::optional<protocol> protocol_of(std::string_view word) noexcept { return value_of(protocols, word); }

std::string_view word_for(protocol which) noexcept {
  return std::find_if(protocols.begin(), protocols.end(), [&](const auto& one) { return one.second == which; })->first;
}

std::optional<postfix_map> postfix_map_of(std::string_view word) noexcept { return value_of(maps, word); }

std::optional<dict_keys> dict_keys_of(std::string_view words) noexcept {
  dict_keys out{false, false, false};
  for (const std::string_view word : split(words, '+')) {
    const auto one = value_of(keys, word);
    if (!one) return std::nullopt;
    out.** one = true;
  }
  return out;
}

std::shared_ptr<session> start_session(desk_of_answers& desk, session_options how, client_door& to) {
  switch (how.which) {
    case protocol::auth_client:
      return detail::start_auth(desk, how, to);
    case protocol::auth_userdb:
      return detail::start_userdb(desk, how, to);
    case protocol::dict:
      return detail::start_dict(desk, how, to);
    case protocol::socketmap:
      return detail::start_socketmap(desk, how, to);
    case protocol::tcp_table:
      return detail::start_tcp_table(desk, how, to);
    case protocol::query:
      break;
  }
  return detail::start_query(desk, how, to);
}

}  // namespace sql2ldap::serve
