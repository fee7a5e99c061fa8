// All entries that a mapping makes from one snapshot, one after the other: parents before
// children, each kind in the order of its key. One query a kind and one for each `many`, merged as
// streams. Rows that cannot be mapped, orphans, second rows of one key and second entries of one DN
// (after folding) go to the rejects; the rest goes on. Memory: 12 bytes an entry, for the DNs seen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/model/reject.hpp>
#include <sql2ldap/sync/dn_set.hpp>

namespace sql2ldap::sync {

struct wanted {
  const model::entry* content = nullptr;  // until the next call
  std::size_t kind = 0;                   // of the mapping; container_kind for containers
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
  // Asked with `only` for parents that were not made in this pass: would a full one make them?
  std::function<result<bool>(std::string_view dn, std::uint64_t dn_hash)> parent_exists{};
  // Told of rows that `orphan skip` leaves out.
  std::function<void(std::string_view origin, std::string_view dn)> skipped = [](std::string_view, std::string_view) {};
};

class wanted_entries {
 public:
  wanted_entries(const mapping::mapping& m, model::snapshot& from, wanted_options options, model::reject_sink rejects);
  ~wanted_entries();
  [[nodiscard]] result<std::optional<wanted>> next();
  [[nodiscard]] std::uint64_t rejected() const noexcept;
  [[nodiscard]] dn_set take_dns();  // of all entries made so far, containers included

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sql2ldap::sync
