// The room `config`: the settings of a run, from one TOML file and from flags.
//
// Gives: settings with defaults, load_settings() for the file, set() for a flag, read_password().
// Promises: file and command line know the same keys by the same names, so `--max-deletes 5` and
// `max-deletes = 5` mean the same; an unknown or mistyped key is an error with its place; no
// secret stands in the settings, only where to find one. One file may serve all programs: what stands in the table
// [authd] is for sql2ldap-authd alone, and goes before the rest.
// Leaves to others: what the settings mean (tools hand them to the rooms).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/secret.hpp>

namespace sql2ldap::config {

// "5" is at most five entries; "2%" is two per cent, or `floor` entries where that is more.
struct limit {
  double percent = 0;
  std::uint64_t entries = 0;
};
inline constexpr limit run_deletes_default{1, 5};
inline constexpr limit daemon_deletes_default{1, 100};  // and never more than half of the entries
[[nodiscard]] result<limit> parse_limit(std::string_view text, std::uint64_t floor);

// "90" and "90s", "15m", "24h", "14d"; "off" is 0.
[[nodiscard]] result<std::chrono::seconds> parse_duration(std::string_view text);

struct settings {
  std::string source;                        // sqlite:FILE, postgresql://..., or libpq's key=value words
  std::chrono::seconds source_timeout{300};  // the longest silence of its server in an answer; 0 = no bound
  std::string mapping;                       // name of a shipped one, or a file
  std::map<std::string, std::string> parameters;
  std::string directory = "ldapi:///";
  std::string base;  // "" = the server's only naming context
  std::string bind_dn;
  std::string password_file;
  bool start_tls = false;
  std::string ca_file;
  bool insecure = false;
  bool single_writes = false;   // no RFC 5805 transactions, also where they are offered
  std::string state;            // folder for what a run leaves behind
  std::string capture = "wal";  // or "journal"
  std::string slot = "sql2ldap";
  std::string publication = "sql2ldap";
  std::string metrics;  // ADDRESS:PORT; "" = none
  std::string hook;     // a program and its arguments, with blanks between them; "" = none
  std::chrono::seconds hook_timeout = limits::hook_time_max;
  std::chrono::seconds verify_every = std::chrono::hours(24);  // 0 = never
  std::chrono::seconds soft_delete{0};                         // 0 = deleted at once
  std::optional<limit> max_deletes;                            // nullopt: a run's or a daemon's default
  limit max_changes{20, 20};
  // Of a daemon, within delete_window.
  std::uint64_t max_domain_deletes = 10;       // entries that others stand below of; 0 = no limit
  std::uint64_t max_deletes_per_domain = 100;  // entries below one of them; 0 = no limit
  std::chrono::seconds delete_window{60};
  bool log_changes = false;               // a line for each entry that is changed
  std::vector<std::string> listen;        // where mail servers ask: as listen/endpoint.hpp reads them
  std::string answer_from = "directory";  // or "source"
  std::string compare_with;               // the other one; "" = neither
  bool mirror = true;                     // of the directory, in memory
  std::chrono::seconds mirror_age_max = std::chrono::hours(24);  // 0 = an answer may have any age
  std::chrono::seconds domain_age_max{
      5};                                // of a domain that is on, for logins without a mirror; 0 = looked at each time
  std::chrono::seconds read_every{60};   // the source, where answers come from it
  std::string passwords = "verify";      // or "bind"
  bool scram = false;                    // offered to clients
  std::string separators = "+";          // of a local part and what its user may add to it
  bool sieve_forwards = true;            // in scripts; false: the mail server forwards
  std::uint64_t workers = 0;             // threads that verify passwords; 0 = one for each processor
  std::uint64_t wrong_per_name = 10;     // passwords, from one address, before none is looked at; 0 = no limit
  std::uint64_t wrong_per_address = 50;  // the same of all names
  std::chrono::seconds hash_time_max{1};  // of verifying the passwords of one account
  std::uint64_t hash_memory_max = 256;    // MiB, of verifying one password
  std::string rehash;                     // scheme for passwords that are weakly stored; "" = as they are
  std::string user;                       // to become when the sockets are open; "" = who starts us
  std::string group;                      // "" = that of `user`
};

enum class key_kind { text, flag, number, limit, duration, list, table };
enum class key_group { source, directory, limits, state, daemon, answers };

// One setting: key of the file and long flag of the command line.
struct key {
  std::string_view name;
  key_kind kind;
  key_group group;
  std::string_view value_name;  // for --help
  std::string_view help;
  bool usually = false;  // a flag that is on unless it is told otherwise: --no-NAME
};
[[nodiscard]] std::span<const key> keys();

// Sets one key from text; `value` is NAME=VALUE for a table, "true" or "false" for a flag, one more for a list.
[[nodiscard]] result<void> set(settings& into, std::string_view name, std::string_view value);

// Changes only what the file says. `of`: the table whose keys count as well, "authd" or none. Errors of kind usage:
// "FILE:LINE:COLUMN: ...".
[[nodiscard]] result<void> load_settings(settings& into, const std::string& file, std::string_view of = {});

// From `password_file`, one newline at its end left out. A name without "/" is first looked for
// among systemd's credentials ($CREDENTIALS_DIRECTORY). A file that everybody may read is refused.
// Empty when no password file is set.
[[nodiscard]] result<secret> read_password(const settings& from);

}  // namespace sql2ldap::config
