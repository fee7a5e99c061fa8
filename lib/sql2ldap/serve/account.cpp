#include <sql2ldap/serve/account.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/serve/detail/address.hpp>
#include <sql2ldap/serve/detail/entry_reader.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve {

namespace {

using detail::entry_reader;

// All systems that the entries come from say 0 for "no limit", and so do dovecot and exim.
result<std::optional<std::uint64_t>> limit_of(const entry_reader& of, model::attribute_name name) {
  S2L_TRY_ASSIGN(auto number, of.number(name));
  if (number == 0U) number.reset();
  return number;
}

const std::array address_names = {names::mail, names::mail_local_address};
bool is_catch_all(std::string_view address) { return address.starts_with('@'); }

std::string_view first_address(const model::entry& of) {
  for (const auto name : address_names)
    for (std::size_t i = 0; i < of.size(); ++i)
      if (of[i].name == name && !is_catch_all(of[i].bytes)) return of[i].bytes;
  return {};
}

void read_names(account& into, const model::entry& from) {
  into.dn = from.dn();
  model::dn::for_each_ava(from.dn(), [&](std::size_t depth, model::ava_view part) {
    if (depth == 0 && equal_ignoring_ascii_case(part.type, names::uid.text())) into.login = ascii_lowered(part.value);
    if (into.domain.empty() && equal_ignoring_ascii_case(part.type, names::associated_domain.text()))
      into.domain = ascii_lowered(part.value);
    return depth == 0 || into.domain.empty();
  });
  if (into.login.empty()) into.login = ascii_lowered(from.first_value_of(names::uid));
  if (!into.domain.empty()) return;
  const std::string_view mail = first_address(from);
  if (const auto address = detail::address_in(mail.empty() ? into.login : mail)) into.domain = address->domain();
}

// Names go into protocols and scripts.
result<void> check_login(const account& who, const entry_reader& read) {
  if (who.login.empty() || has_control_characters(who.login))
    return read.objection(names::uid, who.login, "is no login");
  return {};
}

result<void> read_addresses(mail_account& into, const entry_reader& read) {
  for (const auto name : address_names) read.add_lowered(into.addresses, name);
  std::erase_if(into.addresses, is_catch_all);
  if (!into.addresses.empty()) into.mail = into.addresses.front();
  for (const std::string& address : into.addresses)
    if (has_control_characters(address)) return read.objection(names::mail_local_address, address, "is no address");
  return {};
}

result<void> read_names_and_login(account& into, const model::entry& from, const entry_reader& read) {
  read_names(into, from);
  S2L_TRY(check_login(into, read));
  from.for_each_value_of(model::names::user_password, [&](std::string_view value) {
    if (into.passwords.size() <= codec::stored_passwords_max)
      into.passwords.emplace_back(std::string(value.substr(0, codec::stored_password_bytes_max + 1)));
  });
  S2L_TRY_ASSIGN(into.enabled, read.flag(names::enabled, false));
  if (!into.enabled) return {};
  S2L_TRY_ASSIGN(into.login_enabled, read.flag(names::login_enabled, true));
  into.locked = from.has(names::account_locked_time);
  read.add_lowered(into.services, names::service);
  read.add_lowered(into.allow_nets, names::allow_nets);
  return {};
}

result<void> read_mailbox(mail_account& into, const entry_reader& read) {
  S2L_TRY_ASSIGN(into.uid, read.id_number(names::uid_number));
  S2L_TRY_ASSIGN(into.gid, read.id_number(names::gid_number));
  S2L_TRY_ASSIGN(into.home, read.path(names::home_directory));
  S2L_TRY_ASSIGN(into.mail_store, read.line(names::mail_store));
  S2L_TRY_ASSIGN(into.transport, read.line(names::transport));
  S2L_TRY_ASSIGN(into.quota_bytes, limit_of(read, names::quota_bytes));
  S2L_TRY_ASSIGN(into.quota_messages, limit_of(read, names::quota_messages));
  S2L_TRY_ASSIGN(into.message_bytes_max, limit_of(read, names::max_message_bytes));
  return {};
}

// Who forwards to an own address means the copy that stays; passed on, it would go round in a circle.
result<void> read_forward(mail_account& into, const entry_reader& read) {
  S2L_TRY_ASSIGN(into.keep_copy, read.flag(names::keep_copy, false));
  S2L_TRY_ASSIGN(into.forward_to, read.targets(names::forward_to));
  const auto is_own = [&](const std::string& target) {
    const std::string lowered = ascii_lowered(target);
    return std::find(into.addresses.begin(), into.addresses.end(), lowered) != into.addresses.end();
  };
  if (std::erase_if(into.forward_to, is_own) > 0) into.keep_copy = true;
  return {};
}

result<void> read_vacation(vacation_notice& into, const entry_reader& read) {
  S2L_TRY_ASSIGN(into.active, read.flag(names::vacation_active, false));
  S2L_TRY_ASSIGN(into.subject, read.text(names::vacation_subject));
  S2L_TRY_ASSIGN(into.text, read.text(names::vacation_text));
  S2L_TRY_ASSIGN(into.from, read.time(names::vacation_from));
  S2L_TRY_ASSIGN(into.until, read.time(names::vacation_until));
  S2L_TRY_ASSIGN(const auto interval, read.number(names::vacation_interval));
  if (interval) into.interval = std::chrono::seconds(static_cast<std::chrono::seconds::rep>(*interval));
  return {};
}

}  // namespace

bool is_account(const model::entry& of) { return entry_reader(of).is_a("s2lMailAccount"); }

result<std::shared_ptr<const account>> read_account(const model::entry& from) {
  auto made = std::make_shared<account>();
  S2L_TRY(read_names_and_login(*made, from, entry_reader(from)));
  return made;
}

result<std::unique_ptr<mail_account>> read_mail_account(const model::entry& from) {
  const entry_reader read(from);
  auto made = std::make_unique<mail_account>();
  S2L_TRY(read_names_and_login(*made, from, read));
  S2L_TRY(read_addresses(*made, read));
  S2L_TRY(read_mailbox(*made, read));
  S2L_TRY(read_forward(*made, read));
  S2L_TRY(read_vacation(made->vacation, read));
  return made;
}

account read_account_name(const model::entry& from) {
  account made;
  read_names(made, from);
  made.enabled = entry_reader(from).flag(names::enabled, false).value_or(true);
  return made;
}

result<std::string> password_for_dovecot(const account& of, const codec::password_bounds& bounds) {
  for (const secret& one : of.passwords)
    if (auto known = codec::password_to_dovecot(one.reveal(), bounds)) return *std::move(known);
  return fail(error_kind::directory, fmt::format("{} shows no password that dovecot can verify", of.dn),
              "let the identity that binds read userPassword (olcAccess), or dovecot ask auth-client");
}

}  // namespace sql2ldap::serve
