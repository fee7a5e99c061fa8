// The controls and the message of RFC 4533 (LDAP content synchronization) as BER, without libldap.
//
// Encoding as RFC 4511, 5.1 demands: definite lengths, primitive octet strings. What is cut off, overlong,
// of another type or out of range is an error (error_kind::input); components behind those that we
// know are passed over (RFC 4511, 4). Views in what was parsed point into the bytes it was parsed from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/lookup.hpp>

namespace sql2ldap::codec::sync_control {

inline constexpr const char* request_oid = "1.3.6.1.4.1.4203.1.9.1.1";
inline constexpr const char* state_oid = "1.3.6.1.4.1.4203.1.9.1.2";
inline constexpr const char* done_oid = "1.3.6.1.4.1.4203.1.9.1.3";
inline constexpr const char* info_oid = "1.3.6.1.4.1.4203.1.9.1.4";

using cookie = std::optional<std::string_view>;  // opaque bytes; an empty one is not none

enum class mode : std::uint8_t { refresh_only = 1, refresh_and_persist = 3 };
// Without a cookie all is told from its beginning. `reload_hint`: also when the cookie is too old.
[[nodiscard]] std::string request(mode how, cookie from, bool reload_hint = false);

enum class entry_state : std::uint8_t { present = 0, add = 1, modify = 2, remove = 3 };
struct state {  // of the entry that it comes with
  entry_state now = entry_state::present;
  model::entry_uuid uuid{};
  cookie then;
};

struct done {  // of a search that does not persist
  cookie then;
  bool refresh_deletes = false;
};

struct new_cookie {
  std::string_view then;
};
struct phase_end {
  enum class what : std::uint8_t { deletes, present } phase = what::deletes;
  cookie then;
  bool refresh_done = true;
};
struct id_set {
  cookie then;
  bool deleted = false;  // else present
  std::vector<model::entry_uuid> uuids;
};
using info = std::variant<new_cookie, phase_end, id_set>;

[[nodiscard]] result<state> parse_state(std::string_view bytes);
[[nodiscard]] result<done> parse_done(std::string_view bytes);
[[nodiscard]] result<info> parse_info(std::string_view bytes);

}  // namespace sql2ldap::codec::sync_control
