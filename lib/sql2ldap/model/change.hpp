// One write to a directory, as a value. A plan is a sequence of these; so is an LDIF change file.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <sql2ldap/model/attribute_name.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::model {

struct modification {
  enum class operation { add, remove, replace };
  operation op = operation::replace;
  attribute_name name;
  std::vector<std::string> values;  // replace with none: the attribute goes, present or not
  friend bool operator==(const modification&, const modification&) = default;
};

struct add_entry {
  entry content;
};
struct modify_entry {
  std::string dn;
  std::vector<modification> modifications;
};
struct rename_entry {  // RFC 4511, 4.9
  std::string dn;
  std::string new_rdn;
  bool delete_old_rdn = true;
  std::string new_superior;  // "" = stays where it is
};
struct delete_entry {
  std::string dn;
};

struct change {
  std::string origin;  // s2lOrigin of the entry; "" for a container of nobody's row
  std::variant<add_entry, modify_entry, rename_entry, delete_entry> what;

  [[nodiscard]] std::string_view dn() const noexcept;  // the name before the change
  // Deletes, and renames to another superior, do not: slapd 2.5 crashes of them in a transaction.
  [[nodiscard]] bool fits_transaction() const noexcept;
  // That it gives values to; with those of a new RDN.
  [[nodiscard]] std::vector<attribute_name> attributes() const;
};

}  // namespace sql2ldap::model
