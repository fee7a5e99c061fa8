// Answers made of a directory's entries, as the shipped mappings make them. The rules are written down in
// docs/operations.md, "What the servers are told".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/serve/account_list.hpp>
#include <sql2ldap/serve/answers.hpp>

namespace sql2ldap::serve {

namespace detail {
class known_domains;
}

struct answer_options {
  std::string separators = "+";  // of a local part and what mail servers let users add to it; empty = none
  sieve_options sieve{};
  bool locks_count = true;  // false: whoever verifies passwords sees to the directory's own locks
  // So long a login takes a domain for one that is on without looking, where it cannot be seen that nothing has
  // changed.
  std::chrono::milliseconds domain_age_max{0};
};

class entry_answers : public answers {
 public:
  // Both outlive this. Without a list, users() is an error.
  entry_answers(model::entry_lookup& entries, account_list* accounts, answer_options how);
  ~entry_answers() override;

  [[nodiscard]] result<std::optional<login_answer>> account_for_login(const login_request& who) override;
  void expect_logins(std::span<const std::string_view> names) override;
  [[nodiscard]] result<std::optional<userdb>> userdb_of(std::string_view name) override;
  [[nodiscard]] result<std::optional<sieve_script>> sieve_of(std::string_view name) override;
  [[nodiscard]] result<mail_route> route(std::string_view address) override;
  [[nodiscard]] result<std::optional<mail_domain>> domain(std::string_view name) override;
  [[nodiscard]] result<void> users(const std::function<bool(std::string_view login)>& tell) override;

 private:
  // Until it is another, domains that were read are known to who asks.
  [[nodiscard]] std::optional<std::uint64_t> version_for(const login_request& request) const;

  model::entry_lookup& entries_;
  account_list* accounts_;
  answer_options how_;
  std::unique_ptr<detail::known_domains> domains_;
};

}  // namespace sql2ldap::serve
