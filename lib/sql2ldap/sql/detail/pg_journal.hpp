// Changes of a PostgreSQL database as triggers write them into a table of ours: for servers that decode no log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] result<std::unique_ptr<model::capture>> open_pg_journal(const location& at,
                                                                      const std::vector<noted_table>& tables);
[[nodiscard]] result<std::vector<std::string>> pg_journal_install(const location& at,
                                                                  const std::vector<noted_table>& tables);
[[nodiscard]] result<removal> pg_journal_remove(const location& at);

}  // namespace sql2ldap::sql::detail
