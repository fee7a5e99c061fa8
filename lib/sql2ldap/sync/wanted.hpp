// All entries that a mapping makes from one snapshot, one after the other: parents before
// children, each kind in the order of its key. One query a kind and one for each `many`, merged as
// streams. Rows that cannot be mapped, orphans, second rows of one key and second entries of one DN
// (after folding) go to the rejects; the rest goes on. A row that cannot be mapped is there all the same: where its
// entry exists, the entry keeps what the row cannot say, and the rest is brought up to date. Memory: 12 bytes an
// entry, for the DNs seen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/model/reject.hpp>
#include <sql2ldap/sync/dn_set.hpp>

namespace sql2ldap::sync {

// What an entry keeps as it is, because its row cannot be mapped there.
struct unmapped_parts {
  bool name = false;  // the DN, and with it the attributes of the RDN
  std::vector<model::attribute_name> attributes;
};

struct wanted {
  const model::entry* content = nullptr;     // until the next call
  std::size_t kind = 0;                      // of the mapping; container_kind for containers
  const unmapped_parts* unmapped = nullptr;  // until the next call; set: the entry exists, and keeps these
};

// Of the rows of one pass that could not be mapped whole. DNs and origins by their hashes.
struct unmapped_rows {
  dn_set origins;                                        // of entries that keep a part
  std::unordered_map<std::uint64_t, std::string> names;  // origin -> DN, of those that keep their name
  dn_set name_hashes;                                    // these DNs
  dn_set needed_parents;                                 // the DNs above these
  dn_set rejected_dns;                                   // of entries that are not made
  std::vector<std::uint64_t> unidentified;               // by kind: rows whose key cannot be read
};

// Of the entry that a row wants to stand below.
enum class parent_status : std::uint8_t {
  present,
  absent,    // no row makes it
  unmapped,  // its row is there, and could not be mapped or could not be seen
};
inline constexpr std::size_t container_kind = static_cast<std::size_t>(-1);

struct wanted_options {
  model::dn base;
  bool containers = true;   // "ou=domains" and the like come first, without s2lOrigin
  bool base_entry = false;  // and the base before them
  // When set, values that are equal under its rules are dropped, and entries with values that a
  // server would refuse (syntax, two values of a single-valued attribute) are rejected.
  const model::schema* schema = nullptr;
  // When set, only these keys of each kind are asked for (text form, as in model::query).
  std::optional<std::vector<std::vector<std::vector<std::string>>>> only;  // [kind][n][column]
  // Asked with `only` for parents that were not made in this pass: would a full one make them? `origin` gives the
  // s2lOrigin of the parent's row, "" when it is not known.
  std::function<result<parent_status>(std::string_view dn, std::uint64_t dn_hash,
                                      const std::function<std::string()>& origin)>
      status_of_parent{};
  // Gives the DN of the entry that exists for this origin; nullopt: there is none. Unset: rows that cannot be mapped
  // whole are rejected whole, as they are where it gives nullopt.
  std::function<result<std::optional<std::string>>(std::string_view origin)> existing_entry{};
  // In a second pass: the DN of the entry whose name was kept in the first one, else nullptr.
  std::function<const std::string*(std::string_view origin)> kept_name{};
  // Told of rows that `orphan skip` leaves out.
  std::function<void(std::string_view origin, std::string_view dn)> skipped = [](std::string_view, std::string_view) {};
};

class wanted_entries {
 public:
  wanted_entries(const mapping::mapping& m, model::snapshot& from, wanted_options options, model::reject_sink rejects);
  ~wanted_entries();
  [[nodiscard]] result<std::optional<wanted>> next();
  // How the entry that next() gave last was made of its row; empty for containers.
  [[nodiscard]] std::vector<mapping::trace> explain_last();
  [[nodiscard]] std::uint64_t rejected() const noexcept;
  [[nodiscard]] dn_set take_dns();  // of all entries made so far, containers included
  [[nodiscard]] unmapped_rows take_unmapped();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sql2ldap::sync
