#include <sql2ldap/model/change.hpp>

namespace sql2ldap::model {

std::string_view change::dn() const noexcept {
  if (const auto* added = std::get_if<add_entry>(&what)) return added->content.dn();
  if (const auto* modified = std::get_if<modify_entry>(&what)) return modified->dn;
  if (const auto* renamed = std::get_if<rename_entry>(&what)) return renamed->dn;
  return std::get_if<delete_entry>(&what)->dn;
}

std::vector<attribute_name> change::attributes() const {
  if (const auto* added = std::get_if<add_entry>(&what)) return added->content.attributes();
  std::vector<attribute_name> out;
  if (const auto* modified = std::get_if<modify_entry>(&what)) {
    for (const modification& one : modified->modifications) out.push_back(one.name);
  } else if (const auto* renamed = std::get_if<rename_entry>(&what)) {
    dn::for_each_ava(renamed->new_rdn, [&](std::size_t /*depth*/, const ava_view& one) {
      out.emplace_back(one.type);
      return true;
    });
  }
  return out;
}

bool change::fits_transaction() const noexcept {
  if (const auto* renamed = std::get_if<rename_entry>(&what)) return renamed->new_superior.empty();
  return !std::holds_alternative<delete_entry>(what);
}

}  // namespace sql2ldap::model
