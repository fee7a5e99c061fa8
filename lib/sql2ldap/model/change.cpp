#include <sql2ldap/model/change.hpp>

namespace sql2ldap::model {

std::string_view change::dn() const noexcept {
  if (const auto* added = std::get_if<add_entry>(&what)) return added->content.dn();
  if (const auto* modified = std::get_if<modify_entry>(&what)) return modified->dn;
  if (const auto* renamed = std::get_if<rename_entry>(&what)) return renamed->dn;
  return std::get_if<delete_entry>(&what)->dn;
}

bool change::fits_transaction() const noexcept {
  if (const auto* renamed = std::get_if<rename_entry>(&what)) return renamed->new_superior.empty();
  return !std::holds_alternative<delete_entry>(what);
}

}  // namespace sql2ldap::model
