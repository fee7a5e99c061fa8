#include <sql2ldap/codec/user_name.hpp>

#include <algorithm>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::codec {

bool is_possible_user_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= limits::user_name_bytes_max &&
         std::none_of(name.begin(), name.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F;
         });
}

}  // namespace sql2ldap::codec
