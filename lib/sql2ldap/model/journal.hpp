// What a program that follows changes must remember beyond its own life.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/set_aside.hpp>

namespace sql2ldap::model {

struct remembered {
  // Who took part. With one of these changed, everything must be compared.
  std::string source;
  std::string directory;
  std::string base;
  std::string mapping;  // its fingerprint
  std::string history;  // of the capture

  bool in_step = false;       // all was compared once, and all changes up to `applied` are in the directory
  std::uint64_t applied = 0;  // position of the capture
  // Entries, by origin, that a change which may be half written has brought into play.
  std::set<std::string> unfinished;
  std::uint64_t entries = 0;   // of ours in the directory
  std::int64_t proven_at = 0;  // when all was last compared, seconds since 1970; 0 = never

  friend bool operator==(const remembered&, const remembered&) = default;
};

class journal {
 public:
  virtual ~journal() = default;
  // nullopt: nothing has been written yet.
  [[nodiscard]] virtual result<std::optional<remembered>> recall() = 0;
  [[nodiscard]] virtual result<set_aside_list> recall_aside() = 0;
  // Both at once, and durable when it returns. An error leaves what was there before.
  [[nodiscard]] virtual result<void> remember(const remembered& now, const set_aside_list& aside) = 0;
};

}  // namespace sql2ldap::model
