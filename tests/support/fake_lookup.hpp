// Entries in memory, found as a server finds them, of which no more is told than is wanted; breaks on demand.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/schema.hpp>
#include <sql2ldap/serve/account_list.hpp>

namespace sql2ldap::test {

class fake_lookup : public model::entry_lookup, public serve::account_list {
 public:
  fake_lookup() = default;
  explicit fake_lookup(const std::string& ldif) { load(ldif); }

  void load(const std::string& ldif);  // content records, in the place of what has their DN
  void add(model::entry one) { entries_.push_back(std::move(one)); }
  bool broken = false;          // every question is answered with a transient error
  std::uint64_t questions = 0;  // asked so far
  std::optional<std::uint64_t> now_version{};

  [[nodiscard]] result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  [[nodiscard]] result<std::vector<std::vector<model::entry>>> find_each(
      std::span<const model::value_assertion> asked) override;
  [[nodiscard]] std::optional<std::uint64_t> version() const override { return now_version; }
  [[nodiscard]] result<void> for_each(const std::function<bool(const model::entry&)>& tell) override;

 private:
  std::vector<model::entry> entries_;
};

}  // namespace sql2ldap::test
