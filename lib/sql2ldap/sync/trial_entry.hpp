// An entry that is written and removed again: it shows whether the server takes writes, and brings
// attributes into use by writes that are committed by themselves (docs/decisions/0007).
//
// Promises: nobody can look it up or log in by it, its values are random and its names end in .invalid (RFC 2606); what
// it leaves behind when a run is broken off is removed by the next one, and only that. Two writers may do this at once.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sync {

inline constexpr std::string_view trial_rdn = "cn=sql2ldap-trial";

// Of all kinds, with those of our own bookkeeping.
[[nodiscard]] std::set<model::attribute_name> attributes_written(const mapping::mapping& map);

// Where this identity has to be able to add entries: the first container of the mapping, else the base.
[[nodiscard]] model::dn trial_parent(const mapping::mapping& map, const model::dn& base);

// Entries of a kind that names other entries: an overlay (memberof) may write attributes of its own for some classes.
struct group_kind {
  std::vector<std::string> classes;
  std::set<model::attribute_name> attributes;  // with those that the classes demand
};
[[nodiscard]] std::vector<group_kind> groups_of(const mapping::mapping& map, const model::schema& schema);

class trial_entry {
 public:
  trial_entry(model::directory& to, const model::dn& parent, const model::schema& schema);

  // Writes the entry with a value of each attribute, and removes it; while it stands, one like those of each of
  // `groups` of which an attribute is asked for, with it as the member. A value of a syntax that is not known here is
  // taken from `samples`; without one the attribute is left out, like one that users may not write. Then those that
  // were written are in use by the directory's session.
  //   nullopt   done
  //   refusal   the server did not take it; it may have left it: see left_behind()
  [[nodiscard]] result<std::optional<model::refusal>> write(const std::set<model::attribute_name>& attributes,
                                                            std::span<const model::change> samples = {},
                                                            std::span<const group_kind> groups = {});
  [[nodiscard]] const std::string& dn() const noexcept { return dn_; }
  // After a refusal: the entry stands there and could not be removed.
  [[nodiscard]] bool left_behind() const noexcept { return left_behind_; }

 private:
  using outcome = result<std::optional<model::refusal>>;
  [[nodiscard]] outcome add(model::entry content);
  [[nodiscard]] outcome modify(const std::set<model::attribute_name>& attributes);
  [[nodiscard]] outcome remove(const std::string& dn);
  [[nodiscard]] outcome remove_left_over(const std::string& dn);
  [[nodiscard]] outcome write_group(const group_kind& group, const std::set<model::attribute_name>& attributes,
                                    std::span<const model::change> samples);
  [[nodiscard]] model::entry entry_with(const std::string& dn, std::span<const std::string> classes,
                                        const std::set<model::attribute_name>& attributes,
                                        std::span<const model::change> samples) const;
  [[nodiscard]] std::optional<std::string> value_of(model::attribute_name name,
                                                    std::span<const model::change> samples) const;
  [[nodiscard]] bool names_entries(model::attribute_name name) const;

  model::directory& to_;
  const model::schema& schema_;
  std::string dn_;
  std::string group_dn_;
  std::string word_;  // random
  bool left_behind_ = false;
};

}  // namespace sql2ldap::sync
