// The way of mail to an address: the address itself, the same address in the target domain, then who catches all.
#include <algorithm>
#include <utility>

#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/serve/detail/address.hpp>
#include <sql2ldap/serve/detail/finder.hpp>
#include <sql2ldap/serve/entry_answers.hpp>

namespace sql2ldap::serve {

namespace {

using detail::address;

// In the order in which they are asked for.
std::vector<std::string> candidates(const address& asked, const std::string& target, std::string_view separators) {
  std::vector<std::string> local_parts = {std::string(asked.local())};
  // What begins with a separator has nothing before it that could be a name.
  if (const std::size_t at = asked.local().find_first_of(separators, 1); at != std::string_view::npos)
    local_parts.emplace_back(asked.local().substr(0, at));
  std::vector<std::string> domains = {std::string(asked.domain())};
  if (!target.empty()) domains.push_back(target);

  std::vector<std::string> out;
  for (const std::string& domain : domains)
    for (const std::string& local : local_parts) out.push_back(local + "@" + domain);
  for (const std::string& domain : domains) out.push_back("@" + domain);
  return out;
}

// '@other' keeps the local part that was asked for.
std::vector<std::string> with_local_part(std::vector<std::string> targets, std::string_view local) {
  for (std::string& target : targets)
    if (target.starts_with('@')) target.insert(0, local);
  return targets;
}

std::optional<std::uint64_t> smaller(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// Empty, or the found address when the asked one has a separator behind its local part that is not dovecot's own.
std::string without_addition(const address& asked, std::string_view found) {
  const std::size_t length = found.rfind('@');
  const bool added = length != 0 && length < asked.local().size();
  return added && asked.local()[length] != '+' ? std::string(found) : std::string();
}

mail_route route_to(const mail_account& who, const address& asked, std::string_view found) {
  mail_route way;
  way.deliver_as = without_addition(asked, found);
  way.kind = who.forward_to.empty() ? mail_route::what::deliver : mail_route::what::redirect;
  way.user = who.login;
  way.targets = with_local_part(who.forward_to, asked.local());
  way.keep_copy = !who.forward_to.empty() && who.keep_copy;
  way.transport = who.transport;
  way.message_bytes_max = who.message_bytes_max;
  return way;
}

// What an account does not say its own domain may, which need not be that of the address.
result<void> add_of_domain(mail_route& way, const mail_account& who, detail::finder& find) {
  if (who.domain.empty()) return {};
  S2L_TRY_ASSIGN(const auto own, find.domain(who.domain));
  if (!own) return {};
  way.message_bytes_max = smaller(way.message_bytes_max, own->message_bytes_max);
  if (way.transport.empty() && own->kind != mail_domain::what::relay) way.transport = own->transport;
  return {};
}

mail_route::what way_of(const mail_alias& alias) {
  switch (alias.kind) {
    case mail_alias::what::list:
      return mail_route::what::members;
    case mail_alias::what::group:
      return alias.targets.empty() ? mail_route::what::refuse : mail_route::what::members;
    case mail_alias::what::refusal:
      return mail_route::what::refuse;
    case mail_alias::what::discard:
      return mail_route::what::discard;
    case mail_alias::what::command:
      break;
  }
  return mail_route::what::command;
}

mail_route route_to(const mail_alias& alias, const address& asked) {
  mail_route way;
  way.kind = way_of(alias);
  if (way.kind == mail_route::what::members) {
    way.targets = with_local_part(alias.targets, asked.local());
    way.members_only = alias.members_only;
  } else if (way.kind == mail_route::what::refuse) {
    way.text = alias.kind == mail_alias::what::group ? "the group has no members" : alias.reject_text;
  }
  return way;
}

}  // namespace

namespace {

// Mail for accounts of a domain that is handed on goes there, too, since its host has their mailboxes: by the name in
// that domain.
void hand_on(mail_route& route, const mail_account& account, const mail_domain& domain, const address& asked) {
  const std::string there = std::string(asked.local()) + "@" + domain.name;
  if (route.kind == mail_route::what::redirect) {
    if (std::exchange(route.keep_copy, false)) route.targets.push_back(there);
    return;
  }
  route.user.clear();
  if (domain.name == asked.domain()) {
    route.kind = mail_route::what::relay;
    route.transport = account.transport.empty() ? domain.transport : account.transport;
  } else {
    route.kind = mail_route::what::members;
    route.targets = {there};
  }
}

}  // namespace

result<mail_route> entry_answers::route(std::string_view text) {
  detail::finder find(entries_, *domains_, {.version = entries_.version()});
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return mail_route{};
  S2L_TRY_ASSIGN(const auto domain, find.domain_in_force(text.substr(at + 1)));
  if (!domain) return mail_route{};

  mail_route unknown;
  unknown.kind = domain->kind == mail_domain::what::relay ? mail_route::what::relay : mail_route::what::unknown;
  if (domain->kind == mail_domain::what::relay) unknown.transport = domain->transport;
  unknown.message_bytes_max = domain->message_bytes_max;

  // The host that an address is relayed to knows more addresses than we do.
  const auto asked = detail::address_in(text);
  if (!asked || !detail::login_name_in(text) || asked->local().empty()) return unknown;
  // A sender has chosen it, and it may become a part of a list of targets.
  if (!detail::is_listable(asked->local())) return unknown;
  for (const std::string& candidate : candidates(*asked, domain->target, how_.separators)) {
    S2L_TRY_ASSIGN(const auto holder, find.holder_of(candidate));
    auto way = std::visit(overloaded{[](std::monostate) { return std::optional<mail_route>(); },
                                     [&](const std::unique_ptr<mail_account>& who) {
                                       return std::optional(route_to(*who, *asked, candidate));
                                     },
                                     [&](const mail_alias& alias) { return std::optional(route_to(alias, *asked)); }},
                          holder);
    if (!way) continue;
    way->message_bytes_max = smaller(way->message_bytes_max, domain->message_bytes_max);
    if (const auto* const who = std::get_if<std::unique_ptr<mail_account>>(&holder)) {
      S2L_TRY(add_of_domain(*way, **who, find));
      S2L_TRY_ASSIGN(const auto there, find.domain(std::string_view(candidate).substr(candidate.rfind('@') + 1)));
      if (there && there->kind == mail_domain::what::relay) hand_on(*way, **who, *there, *asked);
    }
    return *std::move(way);
  }
  if (domain->kind == mail_domain::what::relay || domain->target.empty()) return unknown;
  // The host that mail of the target domain is handed on to need not know the alias domain.
  S2L_TRY_ASSIGN(const auto target, find.domain_in_force(domain->target));
  if (!target || target->kind != mail_domain::what::relay) return unknown;
  mail_route onward = unknown;
  onward.kind = mail_route::what::members;
  onward.targets = {std::string(asked->local()) + "@" + target->name};
  return onward;
}

}  // namespace sql2ldap::serve
