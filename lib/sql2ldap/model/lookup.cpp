#include <sql2ldap/model/lookup.hpp>

#include <algorithm>
#include <utility>

namespace sql2ldap::model {

result<std::vector<std::vector<entry>>> entry_lookup::find_each(const std::vector<any_of_these>& asked) {
  std::vector<std::vector<entry>> out(asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (const value_assertion& one : asked[i]) {
      S2L_TRY_ASSIGN(auto found, find(one.name, one.value));
      for (entry& next : found)
        if (std::none_of(out[i].begin(), out[i].end(), [&](const entry& have) { return have.dn() == next.dn(); }))
          out[i].push_back(std::move(next));
    }
  return out;
}

}  // namespace sql2ldap::model
