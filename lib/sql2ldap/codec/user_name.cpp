#include <sql2ldap/codec/user_name.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap::codec {

bool is_possible_user_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= limits::user_name_bytes_max && !has_control_characters(name);
}

}  // namespace sql2ldap::codec
