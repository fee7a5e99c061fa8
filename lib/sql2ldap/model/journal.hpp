// What a program that follows changes must remember beyond its own life.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/agreement.hpp>
#include <sql2ldap/model/held_change.hpp>
#include <sql2ldap/model/set_aside.hpp>

namespace sql2ldap::model {

struct remembered {
  // Who took part. With one of these changed, everything must be compared.
  std::string source;
  std::string directory;
  std::string base;
  std::string mapping;  // its fingerprint
  std::string history;  // of the capture
  std::string tables;   // as the capture described them (collected::tables)

  bool in_step = false;       // all was compared once, and all changes up to `applied` are in the directory
  std::uint64_t applied = 0;  // position of the capture
  // Entries, by origin, that a change which may be half written has brought into play.
  std::set<std::string> unfinished;
  std::uint64_t entries = 0;   // of ours in the directory
  std::int64_t proven_at = 0;  // when all was last compared, seconds since 1970; 0 = never
  std::string held_plan;       // the name of what is held; "" = nothing is

  friend bool operator==(const remembered&, const remembered&) = default;
};

// Each call that writes is durable when it returns; an error leaves what was there before.
class journal {
 public:
  virtual ~journal() = default;
  // nullopt: nothing has been written yet.
  [[nodiscard]] virtual result<std::optional<remembered>> recall() = 0;
  [[nodiscard]] virtual result<set_aside_list> recall_aside() = 0;
  [[nodiscard]] virtual result<held_list> recall_held() = 0;
  // All at once.
  [[nodiscard]] virtual result<void> remember(const remembered& now, const set_aside_list& aside,
                                              const agreement_changes& agreed, const held_updates& held) = 0;

  // ---- agreements ----
  [[nodiscard]] virtual result<void> agree(const agreement_changes& changed) = 0;
  [[nodiscard]] virtual result<std::optional<agreement>> agreed_on(const std::string& origin) = 0;
  [[nodiscard]] virtual result<std::optional<std::string>> origin_with(const entry_uuid& uuid) = 0;
  [[nodiscard]] virtual result<void> forget_agreements(const std::function<bool(std::string_view origin)>& which) = 0;
  // Origins of those without entryUUID, at most so many.
  [[nodiscard]] virtual result<std::vector<std::string>> agreed_without_uuid(std::size_t most) = 0;
  // By origin; those that are not agreed on are passed over.
  [[nodiscard]] virtual result<void> learn_uuids(const std::map<std::string, entry_uuid>& uuids) = 0;
};

}  // namespace sql2ldap::model
