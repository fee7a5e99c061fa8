// Changes of an SQLite database as triggers write them into a table of ours.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] std::unique_ptr<model::capture> open_sqlite_journal(std::string file, std::vector<noted_table> tables);
[[nodiscard]] result<std::vector<follow_obstacle>> sqlite_follow_obstacles(const std::string& file,
                                                                           const std::vector<model::table_ref>& tables);
[[nodiscard]] result<std::vector<std::string>> sqlite_journal_install(const std::string& file,
                                                                      const std::vector<noted_table>& tables);
[[nodiscard]] result<removal> sqlite_journal_remove(const std::string& file);
[[nodiscard]] result<void> sqlite_run_all(const std::string& file, const std::vector<std::string>& statements);

}  // namespace sql2ldap::sql::detail
