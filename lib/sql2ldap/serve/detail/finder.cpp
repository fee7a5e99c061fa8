#include <sql2ldap/serve/detail/finder.hpp>

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/idna.hpp>
#include <sql2ldap/serve/detail/entry_reader.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve::detail {

namespace {

tl::unexpected<error> ambiguous(std::string_view name, std::string_view one, std::string_view other) {
  return fail(error_kind::directory, fmt::format("two entries for {}: {} and {}", quoted_for_message(name), one, other),
              "take the name away from one of them; until then neither is answered");
}

result<domain_ptr> only_domain(const std::string& name, const std::vector<model::entry>& entries) {
  const model::entry* only = nullptr;
  for (const model::entry& one : entries) {
    if (!is_domain(one)) continue;
    if (only != nullptr) return ambiguous(name, only->dn(), one.dn());
    only = &one;
  }
  if (only == nullptr) return nullptr;
  S2L_TRY_ASSIGN(auto read, read_domain(*only, name));
  return std::make_shared<const mail_domain>(std::move(read));
}

// Whatever else it holds need not be readable.
bool is_off(const model::entry& one) {
  const auto enabled = entry_reader(one).flag(names::enabled, false);
  return enabled && !*enabled;
}

}  // namespace

const result<domain_ptr>* finder::recalled(std::string_view domain) {
  for (const auto& [name, is] : domains_)
    if (name == domain) return &is;
  auto known = how_.version ? known_.find(domain, *how_.version) : nullptr;
  return known ? &domains_.emplace_back(domain, std::move(known)).second : nullptr;
}

const result<domain_ptr>& finder::read(const std::string& domain, const std::vector<model::entry>& entries) {
  const auto& is = domains_.emplace_back(domain, only_domain(domain, entries)).second;
  if (is && how_.version) known_.keep(domain, *how_.version, *is);
  return is;
}

result<domain_ptr> finder::domain(std::string_view name) {
  if (const auto* const is = recalled(name)) return *is;
  const auto ascii = codec::domain_to_ascii(name);
  if (!ascii) return nullptr;
  if (const auto* const is = recalled(*ascii)) return *is;
  S2L_TRY_ASSIGN(const auto entries, entries_.find(names::associated_domain, *ascii));
  return read(*ascii, entries);
}

result<domain_ptr> finder::domain_in_force(std::string_view name) {
  S2L_TRY_ASSIGN(auto read, domain(name));
  if (!read || !read->enabled) return nullptr;
  if (read->kind != mail_domain::what::alias) return read;
  S2L_TRY_ASSIGN(const auto target, domain(read->target));
  if (!target || !target->enabled) return nullptr;
  return read;
}

// Entries of one moment each: who is renamed between two of them shows twice, and is answered the next time.
result<std::vector<model::entry>> finder::found(const std::string& name, std::string_view domain, by how) {
  static const std::vector<model::attribute_name> login_alone = {names::uid};
  static const std::vector<model::attribute_name> address_alone = {names::mail_local_address, names::mail};
  static const std::vector<model::attribute_name> login_or_address = {names::uid, names::mail_local_address,
                                                                      names::mail};
  std::array<model::value_assertion, 2> asked;
  asked[0] = {how == by::address ? address_alone
              : how == by::login ? login_alone
                                 : login_or_address,
              name, how_.wanted};
  const bool with_domain = !domain.empty() && recalled(domain) == nullptr;
  if (with_domain) asked[1] = {{names::associated_domain}, std::string(domain)};
  S2L_TRY_ASSIGN(auto answers, entries_.find_each(std::span(asked).first(with_domain ? 2 : 1)));
  if (with_domain) read(asked[1].value, answers.back());
  return std::move(answers.front());
}

result<std::optional<model::entry>> finder::account_of(const login_name& name) {
  // '@example.org' is nobody's login, though an account may catch all mail of its domain.
  const bool may_be_address = name.is_address && name.text.front() != '@';
  if (!may_be_address || how_.logins_first) {
    S2L_TRY_ASSIGN(auto owner, only_account(name, by::login));
    if (owner || !may_be_address) return owner;
  }
  // By all of its names at one moment: who is given a login that was his address is there all the while.
  return only_account(name, by::login_or_address);
}

result<std::optional<model::entry>> finder::only_account(const login_name& name, by how) {
  S2L_TRY_ASSIGN(auto entries, found(name.text, name.domain(), how));
  std::erase_if(entries, [](const model::entry& one) { return !is_account(one); });
  if (entries.empty()) return std::nullopt;
  if (entries.size() > 1) return ambiguous(name.text, entries[0].dn(), entries[1].dn());
  return std::move(entries.front());
}

result<std::optional<model::entry>> finder::account_named(const std::optional<login_name>& login) {
  if (!login) return std::nullopt;
  S2L_TRY_ASSIGN(auto direct, account_of(*login));
  if (direct || !login->is_address) return direct;
  const std::string_view domain = login->domain();
  S2L_TRY_ASSIGN(const auto own, domain_in_force(domain));
  if (!own || own->target.empty()) return std::nullopt;
  return account_of({login->text.substr(0, login->text.size() - domain.size()) + own->target, true});
}

result<bool> finder::is_in_force(const std::optional<login_name>& name) {
  if (!name || !name->is_address || name->domain().empty()) return true;
  S2L_TRY_ASSIGN(const auto named, domain(name->domain()));
  return !named || named->enabled;
}

result<bool> finder::takes_mail(const account& who) {
  if (!who.enabled) return false;
  if (who.domain.empty()) return true;
  S2L_TRY_ASSIGN(const auto own, domain(who.domain));
  return !own || own->enabled;
}

result<finder::holder> finder::holder_of(const std::string& address) {
  S2L_TRY_ASSIGN(const auto entries,
                 found(address, std::string_view(address).substr(address.rfind('@') + 1), by::address));
  holder who;
  std::string_view dn;
  for (const model::entry& one : entries) {
    if (is_off(one)) continue;
    holder candidate;
    if (is_account(one) && is_alias(one))
      return fail(error_kind::directory, fmt::format("{} is an account and an alias at once", one.dn()),
                  "forwards of an account stand in s2lForwardTo");
    if (is_account(one)) {
      S2L_TRY_ASSIGN(const bool in_force, takes_mail(read_account_name(one)));
      if (!in_force) continue;
      S2L_TRY_ASSIGN(candidate, read_mail_account(one));
    } else if (is_alias(one)) {
      S2L_TRY_ASSIGN(auto read, read_alias(one));
      if (read.enabled) candidate = std::move(read);
    }
    if (std::holds_alternative<std::monostate>(candidate)) continue;
    if (!std::holds_alternative<std::monostate>(who)) return ambiguous(address, dn, one.dn());
    who = std::move(candidate);
    dn = one.dn();
  }
  return who;
}

}  // namespace sql2ldap::serve::detail
