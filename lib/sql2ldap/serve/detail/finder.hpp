// Finds accounts, domains and whoever has an address among the entries.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/serve/account.hpp>
#include <sql2ldap/serve/alias.hpp>
#include <sql2ldap/serve/detail/address.hpp>
#include <sql2ldap/serve/detail/known_domains.hpp>

namespace sql2ldap::serve::detail {

// For one question.
class finder {
 public:
  struct options {
    model::entry_part wanted = model::entry_part::whole;  // of accounts
    bool logins_first = false;                            // account_named(): a login goes before an address
    std::optional<std::uint64_t> version{};               // as long as it is the same, domains that were read are known
  };
  finder(model::entry_lookup& entries, known_domains& known, options how)
      : entries_(entries), known_(known), how_(how) {}

  // By any domain name; also those that are off. nullptr: nobody wrote it down.
  [[nodiscard]] result<domain_ptr> domain(std::string_view name);
  // The same, where it is in force: it is on, and what an alias domain leads to is so, too.
  [[nodiscard]] result<domain_ptr> domain_in_force(std::string_view name);
  // That of the one account with this login or address, on or off; through an alias domain where nobody has the address
  // itself. nullopt: nobody has it.
  [[nodiscard]] result<std::optional<model::entry>> account_named(std::string_view name) {
    return account_named(login_name_in(name));
  }
  [[nodiscard]] result<std::optional<model::entry>> account_named(const std::optional<login_name>& login);
  // False: the domain in this name is off, which need not be that of the account.
  [[nodiscard]] result<bool> is_in_force(const std::optional<login_name>& name);
  // It is on, and so is its domain; a domain that nobody wrote down is no objection.
  [[nodiscard]] result<bool> takes_mail(const account& who);

  // Who in force has the address, which is as address_in() gives it and may be '@domain'.
  using holder = std::variant<std::monostate, std::unique_ptr<mail_account>, mail_alias>;
  [[nodiscard]] result<holder> holder_of(const std::string& address);

 private:
  enum class by { login, address, login_or_address };
  // `domain`: that of the name, empty where it is no address.
  [[nodiscard]] result<std::vector<model::entry>> found(const std::string& name, std::string_view domain, by how);
  [[nodiscard]] result<std::optional<model::entry>> account_of(const login_name& name);
  [[nodiscard]] result<std::optional<model::entry>> only_account(const login_name& name, by how);
  // Of this question, or known from others; nullptr: it is to be looked up.
  [[nodiscard]] const result<domain_ptr>* recalled(std::string_view domain);
  // What these entries, all with the name, say of the domain; which is recalled from now on.
  const result<domain_ptr>& read(const std::string& domain, const std::vector<model::entry>& entries);

  model::entry_lookup& entries_;
  known_domains& known_;
  const options how_;
  std::vector<std::pair<std::string, result<domain_ptr>>> domains_;  // of this question: one, or a few
};

}  // namespace sql2ldap::serve::detail
