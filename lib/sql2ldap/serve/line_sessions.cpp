// The protocols that ask for one value by one key: Postfix's socketmap and tcp_table, and our own for exim.
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/query_line.hpp>
#include <sql2ldap/codec/socketmap.hpp>
#include <sql2ldap/codec/tcp_table.hpp>
#include <sql2ldap/serve/detail/in_order_session.hpp>
#include <sql2ldap/serve/detail/mail_words.hpp>

namespace sql2ldap::serve::detail {

namespace {

using value = std::optional<std::string>;

// Postfix tries again and again what is too long for it, so that the administrator has to know.
result<void> check_length(std::string_view key, const value& is, bool (*fits)(std::string_view)) {
  if (!is || fits(*is)) return {};
  return fail(error_kind::limit,
              fmt::format("the answer for {} has {} bytes, which is more than Postfix takes by this protocol",
                          quoted_for_message(key), is->size()),
              "split the list into lists of lists");
}

struct socketmap_protocol {
  using request = codec::socketmap::request;
  struct found {
    bool known_map = true;
    value is;
  };
  explicit socketmap_protocol(const session_options&) {}
  static std::string greeting() { return {}; }
  static void end() {}
  static bool is_slow(const request&) { return false; }
  static result<found> look_up(answers& from, const session_options&, const request& what) {
    const auto map = postfix_map_of(what.map);
    if (!map) return found{false, {}};
    S2L_TRY_ASSIGN(auto is, postfix_value(from, *map, what.key));
    S2L_TRY(check_length(what.key, is, codec::socketmap::fits));
    return found{true, std::move(is)};
  }
  static codec::settled answer(const request&, const found& what) {
    if (!what.known_map) return {codec::socketmap::broken_request("there is no such map"), false, "an unknown map"};
    return {what.is ? codec::socketmap::found(*what.is) : codec::socketmap::not_found(), false, {}};
  }
  static codec::settled failed(const request&) { return {codec::socketmap::trouble(try_later_text), false, {}}; }

  codec::socketmap::session codec;
};

struct tcp_table_protocol {
  using request = codec::tcp_table::request;
  using found = value;
  explicit tcp_table_protocol(const session_options&) {}
  static std::string greeting() { return {}; }
  static void end() {}
  static bool is_slow(const request&) { return false; }
  static result<found> look_up(answers& from, const session_options& how, const request& what) {
    S2L_TRY_ASSIGN(auto is, postfix_value(from, how.map, what.key));
    S2L_TRY(check_length(what.key, is, codec::tcp_table::fits));
    return is;
  }
  static codec::settled answer(const request&, const found& is) {
    return {is ? codec::tcp_table::found(*is) : codec::tcp_table::not_found(), false, {}};
  }
  static codec::settled failed(const request&) { return {codec::tcp_table::trouble(try_later_text), false, {}}; }

  codec::tcp_table::session codec;
};

struct query_protocol {
  using request = codec::query_line::request;
  using found = value;
  explicit query_protocol(const session_options&) {}
  static std::string greeting() { return {}; }
  void end() { codec.end(); }
  static bool is_slow(const request&) { return false; }
  static result<found> look_up(answers& from, const session_options&, const request& what) {
    switch (what.kind) {
      case request::what::alias:
        return exim_redirect(from, what.name);
      case request::what::domain: {
        S2L_TRY_ASSIGN(const auto domain, from.domain(what.name));
        if (!domain) return found();
        if (domain->kind != mail_domain::what::relay) return found("local");
        const std::string_view host = domain->next_hop();
        return found(host.empty() ? "relay" : fmt::format("relay {}", host));
      }
      case request::what::sender:
        return postfix_value(from, postfix_map::logins, what.name);
      case request::what::user:
        break;
    }
    S2L_TRY_ASSIGN(const auto user, from.userdb_of(what.name));
    return user ? found(user->user) : found();
  }
  static codec::settled answer(const request&, const found& is) {
    return {is ? codec::query_line::found(*is) : codec::query_line::not_found(), true, {}};
  }
  static codec::settled failed(const request&) { return {codec::query_line::trouble(try_later_text), true, {}}; }

  codec::query_line::session codec;
};

}  // namespace

session_ptr start_socketmap(desk_of_answers& desk, const session_options& how, client_door& to) {
  return std::make_shared<in_order_session<socketmap_protocol>>(desk, how, to);
}
session_ptr start_tcp_table(desk_of_answers& desk, const session_options& how, client_door& to) {
  return std::make_shared<in_order_session<tcp_table_protocol>>(desk, how, to);
}
session_ptr start_query(desk_of_answers& desk, const session_options& how, client_door& to) {
  return std::make_shared<in_order_session<query_protocol>>(desk, how, to);
}

}  // namespace sql2ldap::serve::detail
