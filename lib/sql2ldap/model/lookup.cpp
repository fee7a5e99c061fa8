#include <sql2ldap/model/lookup.hpp>

#include <algorithm>
#include <utility>

namespace sql2ldap::model {

result<std::vector<std::vector<entry>>> entry_lookup::find_each(std::span<const value_assertion> asked) {
  std::vector<std::vector<entry>> out(asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (const attribute_name name : asked[i].names) {
      S2L_TRY_ASSIGN(auto found, find(name, asked[i].value));
      for (entry& next : found)
        if (std::none_of(out[i].begin(), out[i].end(), [&](const entry& have) { return have.dn() == next.dn(); }))
          out[i].push_back(std::move(next));
    }
  return out;
}

}  // namespace sql2ldap::model
