// Attributes and classes of our schema on an entry of ours that its mapping does not write: left over from a mapping
// that did, or set by hand. No row accounts for them, and mail servers go on using them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::sync {

// Of our schema are: what is called s2l*, and those standard attributes that answers to mail servers are made of.
// Never stale are: attributes that the mapping writes, also as `?=`; our bookkeeping; values of the RDN; what a class
// requires; and what a class allows that somebody else has given to the entry (posixAccount), other than s2l* and
// userPassword.
class stale_attributes {
 public:
  stale_attributes(const mapping::mapping& map, const model::schema& schema);  // both outlive this

  // To be read of a present entry, besides objectClass.
  [[nodiscard]] const std::vector<model::attribute_name>& candidates() const noexcept { return candidates_; }
  // Names, in the order of `candidates`, objectClass last; empty: none.
  [[nodiscard]] std::vector<std::string> names_of(std::size_t kind, const model::entry& present) const;
  // Takes them away.
  [[nodiscard]] std::vector<model::modification> removals_of(std::size_t kind, const model::entry& present) const;

 private:
  struct kind_facts {
    std::vector<bool> written;         // by candidate
    std::vector<bool> unwritten_ids;   // by attribute_name::id(), of all names of the others
    std::vector<std::string> classes;  // lower case
  };
  struct found {
    std::vector<model::attribute_name> attributes;
    std::vector<std::string> classes;
  };
  // Of most entries all is written: no more is done for them.
  [[nodiscard]] static bool may_have_any(const kind_facts& kind, const model::entry& present);
  [[nodiscard]] found find(std::size_t kind, const model::entry& present) const;

  const model::schema& schema_;
  std::vector<model::attribute_name> candidates_;
  std::vector<kind_facts> kinds_;
};

}  // namespace sql2ldap::sync
