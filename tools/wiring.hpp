// Opens what a command works on, as the settings say.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/ldap/server.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/sql/sources.hpp>
#include <sql2ldap/sync/sync.hpp>

#include "command_line.hpp"
#include "output.hpp"

namespace sql2ldap::tools {

// Its messages go to standard error in full; the error only counts them.
[[nodiscard]] result<mapping::mapping> open_mapping(const options& chosen);
[[nodiscard]] sql::location location_of(const config::settings& set);  // of the source
[[nodiscard]] result<std::unique_ptr<model::source>> open_source(const options& chosen);
[[nodiscard]] result<ldap::options> ldap_options_of(const options& chosen);  // reads the password
[[nodiscard]] result<std::unique_ptr<model::directory>> open_directory(const options& chosen);
// --base, else the only naming context of the server.
[[nodiscard]] result<model::dn> open_base(const options& chosen, model::directory* to);

struct both_sides {
  mapping::mapping map;
  std::unique_ptr<model::source> from;
  std::unique_ptr<model::directory> to;  // null with --no-directory
  model::dn base;
  [[nodiscard]] sync::parties parties() const { return {map, *from, *to, base}; }
};
[[nodiscard]] result<both_sides> open_both_sides(const options& chosen);

[[nodiscard]] std::vector<model::table_ref> tables_of(const mapping::mapping& map);
[[nodiscard]] std::vector<sql::noted_table> noted_tables_of(const mapping::mapping& map);
// --capture: triggers, or the log of the server (false).
[[nodiscard]] result<bool> captures_by_journal(const config::settings& set);
[[nodiscard]] result<sql::wal_options> wal_options_of(const config::settings& set, const mapping::mapping& map,
                                                      model::source& from);
// What tells the changes of the tables that the mapping reads.
[[nodiscard]] result<std::unique_ptr<model::capture>> open_capture(const options& chosen, const both_sides& sides);
[[nodiscard]] sync::change_limits limits_of(const options& chosen);
[[nodiscard]] sync::change_limits daemon_limits_of(const options& chosen);

// Ctrl-C came, or SIGTERM, since run_options_of().
[[nodiscard]] bool stop_was_asked();

// Limits, rejects, progress and the answer to Ctrl-C: finish the batch, then stop; again: at once.
[[nodiscard]] sync::run_options run_options_of(const options& chosen, reject_list& rejects, progress_line& progress);

}  // namespace sql2ldap::tools
