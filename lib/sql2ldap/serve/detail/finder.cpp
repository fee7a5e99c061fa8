#include <sql2ldap/serve/detail/finder.hpp>

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/idna.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve::detail {

namespace {

tl::unexpected<error> ambiguous(std::string_view name, std::string_view one, std::string_view other) {
  return fail(error_kind::directory, fmt::format("two entries for {}: {} and {}", quoted_for_message(name), one, other),
              "take the name away from one of them; until then neither is answered");
}

}  // namespace

bool finder::recalls(std::string_view domain) {
  if (name_of_last_ == domain) return true;
  auto found = version_ ? known_.find(domain, *version_) : std::nullopt;
  if (found) know(domain, *std::move(found));
  return found.has_value();
}

void finder::know(std::string_view domain, domain_ptr what) {
  name_of_last_ = domain;
  last_ = std::move(what);
}

result<domain_ptr> finder::domain(std::string_view name) {
  if (recalls(name)) return last_;
  std::vector<model::entry> found;
  const bool is_asked = !name.empty() && name == asked_domain_;
  std::string ascii(is_asked ? name : std::string_view());
  if (!is_asked) {
    auto spelled = codec::domain_to_ascii(name);
    if (!spelled) return nullptr;
    ascii = *std::move(spelled);
    if (recalls(ascii)) return last_;
    S2L_TRY_ASSIGN(found, entries_.find(names::associated_domain, ascii));
  }
  const model::entry* only = nullptr;
  for (const model::entry& one : is_asked ? domains_ : found) {
    if (!is_domain(one)) continue;
    if (only != nullptr) return ambiguous(name, only->dn(), one.dn());
    only = &one;
  }
  domain_ptr read;
  if (only != nullptr) {
    S2L_TRY_ASSIGN(auto made, read_domain(*only, ascii));
    read = std::make_shared<const mail_domain>(std::move(made));
  }
  if (version_) known_.keep(ascii, *version_, read);
  know(ascii, read);
  return read;
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
  // '@example.org' is nobody's login, though an account may catch all mail of its domain.
  const bool may_be_address = !domain.empty() && (how == by::address || name.front() != '@');
  std::array<model::value_assertion, 2> asked;
  asked[0] = {how == by::address ? address_alone : may_be_address ? login_or_address : login_alone, name};
  const bool with_domain = !domain.empty() && domain != asked_domain_ && !recalls(domain);
  if (with_domain) asked[1] = {{names::associated_domain}, std::string(domain)};
  S2L_TRY_ASSIGN(auto answers, entries_.find_each(std::span(asked).first(with_domain ? 2 : 1)));
  if (with_domain) {
    asked_domain_ = domain;
    domains_ = std::move(answers.back());
  }
  return std::move(answers.front());
}

result<std::optional<model::entry>> finder::only_account(const login_name& name) {
  S2L_TRY_ASSIGN(auto entries, found(name.text, name.domain(), by::login_or_address));
  std::erase_if(entries, [](const model::entry& one) { return !is_account(one); });
  if (entries.empty()) return std::nullopt;
  if (entries.size() > 1) return ambiguous(name.text, entries[0].dn(), entries[1].dn());
  return std::move(entries.front());
}

result<std::optional<model::entry>> finder::account_named(const std::optional<login_name>& login) {
  if (!login) return std::nullopt;
  S2L_TRY_ASSIGN(auto direct, only_account(*login));
  if (direct || !login->is_address) return direct;
  const std::string_view domain = login->domain();
  S2L_TRY_ASSIGN(const auto own, domain_in_force(domain));
  if (!own || own->target.empty()) return std::nullopt;
  return only_account({login->text.substr(0, login->text.size() - domain.size()) + own->target, true});
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
    holder candidate;
    if (is_account(one) && is_alias(one))
      return fail(error_kind::directory, fmt::format("{} is an account and an alias at once", one.dn()),
                  "forwards of an account stand in s2lForwardTo");
    if (is_account(one)) {
      S2L_TRY_ASSIGN(auto read, read_mail_account(one));
      S2L_TRY_ASSIGN(const bool in_force, takes_mail(*read));
      if (in_force) candidate = std::move(read);
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
