#include <sql2ldap/model/lookup.hpp>

namespace sql2ldap::model {

result<std::vector<std::vector<entry>>> entry_lookup::find_each(const std::vector<value_assertion>& asked) {
  std::vector<std::vector<entry>> out;
  for (const value_assertion& one : asked) {
    S2L_TRY_ASSIGN(out.emplace_back(), find(one.name, one.value));
  }
  return out;
}

}  // namespace sql2ldap::model
