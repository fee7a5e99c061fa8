// Several questions to a directory as one search, and who of those who ask is told which of the entries.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/matching.hpp>

namespace sql2ldap::serve::detail {

// Of a search for any of these; "" when nothing is to be found.
[[nodiscard]] std::string filter_for(std::span<const model::value_assertion> what);
// What they want of it together.
[[nodiscard]] model::entry_part part_for(std::span<const model::value_assertion> what);
// More than limits::lookup_entries_max are no answer, but an error.
[[nodiscard]] result<std::vector<model::entry>> answer_to(std::span<const model::value_assertion> what,
                                                          result<std::vector<model::entry>> found);

class joint_search {
 public:
  explicit joint_search(std::span<const model::value_assertion> asked);

  [[nodiscard]] const std::vector<model::value_assertion>& all() const noexcept { return all_; }
  struct shares {
    std::vector<std::vector<model::entry>> of;  // in the order of the questions
    // A server may match what is not shown to us, or by rules of its own: "not there" is its own word for each of
    // these.
    std::vector<std::size_t> to_ask_alone;
  };
  [[nodiscard]] shares share_out(const std::vector<model::entry>& found) const;

 private:
  // True: nobody has asked for it before.
  bool add(std::size_t who, model::attribute_name name, std::string_view value);
  [[nodiscard]] model::matching_rule rule_of(model::attribute_name name);
  // Each once.
  [[nodiscard]] std::set<std::size_t> askers_of(const model::entry& one) const;

  std::size_t count_;
  std::vector<model::value_assertion> all_;
  std::vector<std::pair<model::attribute_name, model::matching_rule>> rules_;
  std::unordered_map<std::string, std::vector<std::size_t>> askers_;  // by the normal form of the value
};

}  // namespace sql2ldap::serve::detail
