// s2lOrigin, the identity of an entry: "mapping/kind/key", read back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/sync/dirty_keys.hpp>

namespace sql2ldap::sync {

struct origin_parts {
  std::size_t kind = 0;
  std::vector<std::string> key;
};

class origins {
 public:
  // `map` outlives it.
  explicit origins(const mapping::mapping& map);

  [[nodiscard]] bool is_ours(std::string_view origin) const noexcept;  // of this mapping's name, any kind
  // nullopt for a kind that the mapping no longer has, and for texts that are no origin of ours.
  [[nodiscard]] std::optional<origin_parts> parse(std::string_view origin) const;
  // For people: "account" and "ann@a.example", also when the kind is gone.
  [[nodiscard]] std::string kind_name(std::string_view origin) const;
  [[nodiscard]] std::string key_text(std::string_view origin) const;
  [[nodiscard]] std::optional<std::size_t> kind_of(std::string_view origin) const noexcept;
  [[nodiscard]] std::vector<std::string> of(const dirty_keys& keys) const;  // kind by kind

 private:
  const mapping::mapping* map_;
  std::string prefix_;                      // "mapping/"
  std::vector<std::string> kind_prefixes_;  // "mapping/kind/"
  std::vector<std::size_t> key_columns_;
};

}  // namespace sql2ldap::sync
