#include <sql2ldap/serve/mirror_list.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/serve/account.hpp>

namespace sql2ldap::serve {

result<void> mirror_list::for_each(const std::function<bool(const model::entry&)>& tell) {
  std::size_t place = 0;
  while (true) {
    S2L_TRY_ASSIGN(const auto some, of_.list(place, limits::mirror_entries_at_once));
    if (some.empty()) return {};
    for (const model::entry& one : some)
      if (is_account(one) && !tell(one)) return {};
  }
}

}  // namespace sql2ldap::serve
