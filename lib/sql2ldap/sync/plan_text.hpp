// The plan as text: header, change records, end; and the passwords in it.
#pragma once

#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/sync/sync.hpp>

namespace sql2ldap::sync {

inline constexpr std::string_view plan_end_line = "# end of plan";
inline constexpr std::string_view redacted_marker = "{REDACTED}";

struct plan_header {
  std::string mapping;
  std::string fingerprint;
  std::string base;
  std::string source;
  std::string directory;
  std::string nonce;     // hex; makes the digests of one plan worthless for another
  bool secrets = false;  // shown
  bool prune = false;    // run_options::prune

  // Takes one comment line (without '#'); false when it is not of a header.
  bool take(std::string_view comment);
};

[[nodiscard]] plan_header header_of(const parties& who, bool secrets);  // with a fresh nonce
[[nodiscard]] std::string header_text(const plan_header& header);
[[nodiscard]] std::string closing_text(const counts& sums);

// A copy with each password as "{REDACTED}digest": the same for the same value, entry and nonce,
// nothing that slapd would verify, and slow to guess where the value is clear text.
[[nodiscard]] result<model::change> redacted(const model::change& what, std::string_view nonce);

// Where `what` has a clear-text password and `planned` a hash of it in the same place, takes that
// hash: so that exactly the plan is written.
void take_planned_hashes(model::change& what, const model::change& planned);

}  // namespace sql2ldap::sync
