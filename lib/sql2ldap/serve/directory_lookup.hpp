// Entries asked of a directory each time: as fresh and as fast as that is.
#pragma once

#include <mutex>
#include <string>

#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/serve/account_list.hpp>

namespace sql2ldap::serve {

// What is searched for entries below the base, but for the filter.
[[nodiscard]] model::search_request lookup_request(const model::dn& base);

// Both doors to one connection; one question at a time, others wait.
class directory_lookup : public model::entry_lookup, public account_list {
 public:
  // The directory outlives this, and is used by nobody else meanwhile.
  directory_lookup(model::directory& from, model::dn base);

  // More than limits::lookup_entries_max entries are an error.
  [[nodiscard]] result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  // In one search: the entries are shared out by the matching rules of the attributes. For whom nothing is found so, in
  // another.
  [[nodiscard]] result<std::vector<std::vector<model::entry>>> find_each(
      std::span<const model::value_assertion> asked) override;
  [[nodiscard]] result<void> for_each(const std::function<bool(const model::entry&)>& tell) override;

 private:
  [[nodiscard]] result<std::vector<model::entry>> search(std::span<const model::value_assertion> what);
  [[nodiscard]] result<std::vector<model::entry>> search(std::string filter);

  std::mutex mutex_;
  model::directory& from_;
  model::dn base_;
};

}  // namespace sql2ldap::serve
