// An entry as libldap holds it, as a model::entry.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <sql2ldap/ldap/detail/connection.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::ldap::detail {

class entry_decoder {
 public:
  // The bytes stay in the message; only the entry's own copy is made.
  [[nodiscard]] result<void> decode(connection& line, LDAPMessage* message, std::string_view doing, model::entry& out);

 private:
  model::attribute_name name_of(std::string_view text);

  // Entries of one kind name their attributes in one order: the name after the last one found is
  // nearly always the right one.
  std::vector<model::attribute_name> seen_;
  std::size_t next_seen_ = 0;
};

}  // namespace sql2ldap::ldap::detail
