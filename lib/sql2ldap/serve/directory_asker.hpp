// Entries asked of a directory each time, as directory_lookup does it, by who does not wait for them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <sql2ldap/model/lookup.hpp>

namespace sql2ldap::serve {

class directory_asker final : public model::entry_asker {
 public:
  // Finds what a search with these terms does, as lookup_request() has it (directory_lookup.hpp), and tells it, perhaps
  // at once.
  using finder =
      std::function<void(model::search_terms what, std::function<void(result<std::vector<model::entry>>)> told)>;
  explicit directory_asker(finder find) : find_(std::move(find)) {}

  // In one search, and then another for each that it does not settle, all of these at once.
  void find_each(std::vector<model::value_assertion> asked, listener told) override;

 private:
  class question;
  finder find_;
};

}  // namespace sql2ldap::serve
