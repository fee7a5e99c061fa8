#include <sql2ldap/serve/entry_answers.hpp>

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/serve/detail/finder.hpp>
#include <sql2ldap/serve/detail/names.hpp>
#include <sql2ldap/serve/networks.hpp>

namespace sql2ldap::serve {

namespace {

// The words of schema/sql2ldap.schema for what servers call their services.
std::string service_word(std::string_view service) {
  std::string word = ascii_lowered(service);
  if (word == "submission") return "smtp";
  if (word == "managesieve") return "sieve";
  return word;
}

bool may_use(const account& who, std::string_view service) {
  return who.services.empty() ||
         std::find(who.services.begin(), who.services.end(), service_word(service)) != who.services.end();
}

result<login_answer::verdict> verdict_on(const account& who, bool in_force, const login_request& request,
                                         bool locks_count) {
  using verdict = login_answer::verdict;
  if (!in_force) return verdict::disabled;
  if (!who.login_enabled || (locks_count && who.locked)) return verdict::no_login;
  if (!may_use(who, request.service)) return verdict::wrong_service;
  if (who.allow_nets.empty()) return verdict::allowed;
  auto within = is_within(who.allow_nets, request.from);
  if (!within) return tl::make_unexpected(std::move(within).error().within("reading s2lAllowNets of " + who.dn));
  return *within ? verdict::allowed : verdict::wrong_network;
}

// nullptr: nobody who takes mail.
result<std::unique_ptr<mail_account>> mailbox_of(detail::finder& find, std::string_view name) {
  const auto login = detail::login_name_in(name);
  S2L_TRY_ASSIGN(const auto entry, find.account_named(login));
  if (!entry) return nullptr;
  S2L_TRY_ASSIGN(const bool name_in_force, find.is_in_force(login));
  if (!name_in_force) return nullptr;
  S2L_TRY_ASSIGN(const bool in_force, find.takes_mail(read_account_name(*entry)));
  if (!in_force) return nullptr;
  return read_mail_account(*entry);
}

}  // namespace

entry_answers::entry_answers(model::entry_lookup& entries, account_list* accounts, answer_options how)
    : entries_(entries),
      accounts_(accounts),
      how_(std::move(how)),
      domains_(std::make_unique<detail::known_domains>()) {}
entry_answers::~entry_answers() = default;

std::optional<std::uint64_t> entry_answers::version_for(const login_request& request) const {
  const auto version = entries_.version();
  if (version || !request.login_began || how_.domain_age_max.count() == 0) return version;
  return static_cast<std::uint64_t>(request.login_began->time_since_epoch() / how_.domain_age_max);
}

result<std::optional<login_answer>> entry_answers::account_for_login(const login_request& request) {
  detail::finder find(entries_, *domains_,
                      {.wanted = model::entry_part::login,
                       .logins_first = request.login_began.has_value(),
                       .version = version_for(request)});
  std::optional<detail::login_name> read;
  if (request.name_as_read == nullptr) read = detail::login_name_in(request.name);
  const auto& login = request.name_as_read != nullptr ? *request.name_as_read : read;
  S2L_TRY_ASSIGN(const auto entry, find.account_named(login));
  if (!entry) return std::nullopt;
  S2L_TRY_ASSIGN(auto who, read_account(*entry));
  S2L_TRY_ASSIGN(const bool name_in_force, find.is_in_force(login));
  S2L_TRY_ASSIGN(const bool in_force, find.takes_mail(*who));
  S2L_TRY_ASSIGN(const auto now, verdict_on(*who, name_in_force && in_force, request, how_.locks_count));
  return login_answer{now, std::move(who)};
}

void entry_answers::expect_logins(std::span<const std::string_view> names) { entries_.expect(names::uid, names); }

result<std::optional<userdb>> entry_answers::userdb_of(std::string_view name) {
  detail::finder find(entries_, *domains_, {.version = entries_.version()});
  S2L_TRY_ASSIGN(const auto who, mailbox_of(find, name));
  if (!who) return std::nullopt;
  if (!who->uid && !who->gid && !who->domain.empty()) {
    S2L_TRY_ASSIGN(const auto domain, find.domain(who->domain));
    if (domain) {
      who->uid = domain->uid;
      who->gid = domain->gid;
    }
  }
  return userdb{who->login, who->uid, who->gid, who->home, who->mail_store, who->quota_bytes, who->quota_messages};
}

result<std::optional<sieve_script>> entry_answers::sieve_of(std::string_view name) {
  detail::finder find(entries_, *domains_, {.version = entries_.version()});
  S2L_TRY_ASSIGN(const auto who, mailbox_of(find, name));
  if (!who) return std::nullopt;
  return render_sieve(*who, how_.sieve, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

result<std::optional<mail_domain>> entry_answers::domain(std::string_view name) {
  S2L_TRY_ASSIGN(const auto found,
                 detail::finder(entries_, *domains_, {.version = entries_.version()}).domain_in_force(name));
  return found ? std::optional(*found) : std::nullopt;
}

result<void> entry_answers::users(const std::function<bool(std::string_view login)>& tell) {
  if (accounts_ == nullptr) return fail(error_kind::usage, "users cannot be listed here");
  std::vector<account> enabled;  // with their names alone
  S2L_TRY(accounts_->for_each([&](const model::entry& one) {
    account who = read_account_name(one);
    if (who.enabled) enabled.push_back(std::move(who));
    return true;
  }));
  detail::finder find(entries_, *domains_, {.version = entries_.version()});
  std::unordered_map<std::string, bool> domains;  // that were looked at
  for (const account& who : enabled) {
    auto known = domains.find(who.domain);
    if (known == domains.end()) {
      S2L_TRY_ASSIGN(const bool in_force, find.takes_mail(who));
      known = domains.emplace(who.domain, in_force).first;
    }
    if (known->second && !tell(who.login)) break;
  }
  return {};
}

}  // namespace sql2ldap::serve
