#include <sql2ldap/serve/detail/mail_words.hpp>

#include <fmt/format.h>

namespace sql2ldap::serve::detail {

namespace {

using value = std::optional<std::string>;
using way = mail_route::what;

constexpr std::string_view members_only_text = "only members may write to this list";

tl::unexpected<error> no_command() {
  return fail(error_kind::directory, "an entry wants a program to be run, which is never told");
}

// Who keeps a copy is asked for by the same address: both mail servers deliver it then.
std::string targets_of(const mail_route& route, std::string_view address) {
  std::string out = fmt::format("{}", fmt::join(route.targets, ", "));
  if (route.keep_copy)
    out += (out.empty() ? "" : ", ") + (route.deliver_as.empty() ? std::string(address) : route.deliver_as);
  return out;
}

result<value> domain_value(answers& from, std::string_view name, bool relayed) {
  S2L_TRY_ASSIGN(const auto found, from.domain(name));
  if (!found || (found->kind == mail_domain::what::relay) != relayed) return value();
  return value(found->name);
}

result<value> alias_value(answers& from, std::string_view address) {
  S2L_TRY_ASSIGN(const auto route, from.route(address));
  if (route.kind == way::command) return no_command();
  if (route.kind == way::deliver && !route.deliver_as.empty()) return value(route.deliver_as);
  // Who writes cannot be seen here: nobody gets through rather than everybody.
  if (route.members_only || (route.kind != way::redirect && route.kind != way::members)) return value();
  return value(targets_of(route, address));
}

result<value> mailbox_value(answers& from, std::string_view address) {
  S2L_TRY_ASSIGN(const auto route, from.route(address));
  if (route.kind == way::command) return no_command();
  if (route.kind == way::discard) return value("discard");  // is accepted, and then see transports
  if (route.kind == way::deliver || route.keep_copy) return value(route.user);
  return value();
}

result<value> transport_value(answers& from, std::string_view key) {
  if (key.find('@') == std::string_view::npos) {
    S2L_TRY_ASSIGN(const auto domain, from.domain(key));
    return domain && !domain->transport.empty() ? value(domain->transport) : value();
  }
  S2L_TRY_ASSIGN(const auto route, from.route(key));
  if (route.kind == way::discard) return value("discard:");
  return route.transport.empty() ? value() : value(route.transport);
}

// Who may send as an address. Nobody may forge that of an account that is off, nor, where no member is a user here,
// that of an alias: it belongs to a login that nobody has then.
result<value> login_value(answers& from, std::string_view address) {
  S2L_TRY_ASSIGN(const auto account, from.account_for_login({address, {}, {}}));
  if (account) return value(account->who->login);
  S2L_TRY_ASSIGN(const auto route, from.route(address));
  if (route.kind == way::relay || route.kind == way::unknown || route.kind == way::not_ours) return value();
  if (!route.user.empty()) return value(route.user);
  std::vector<std::string> logins;
  for (const std::string& member : route.targets) {
    S2L_TRY_ASSIGN(auto user, from.userdb_of(member));
    if (user) logins.push_back(std::move(user->user));
  }
  return value(logins.empty() ? std::string(address) : fmt::format("{}", fmt::join(logins, ", ")));
}

}  // namespace

result<value> postfix_value(answers& from, postfix_map map, std::string_view key) {
  switch (map) {
    case postfix_map::domains:
      return domain_value(from, key, false);
    case postfix_map::relay_domains:
      return domain_value(from, key, true);
    case postfix_map::aliases:
      return alias_value(from, key);
    case postfix_map::mailboxes:
      return mailbox_value(from, key);
    case postfix_map::transports:
      return transport_value(from, key);
    case postfix_map::logins:
      break;
  }
  return login_value(from, key);
}

result<value> exim_redirect(answers& from, std::string_view address) {
  S2L_TRY_ASSIGN(const auto route, from.route(address));
  switch (route.kind) {
    case way::redirect:
    case way::members:
      if (route.members_only) return value(fmt::format(":fail: {}", members_only_text));
      return value(targets_of(route, address));
    case way::refuse:
      return value(fmt::format(":fail: {}", route.text));
    case way::discard:
      return value(":blackhole:");
    case way::command:
      return no_command();
    case way::deliver:
      return route.deliver_as.empty() ? value() : value(route.deliver_as);
    case way::relay:
    case way::unknown:
    case way::not_ours:
      break;
  }
  return value();
}

}  // namespace sql2ldap::serve::detail
