// Changes of a PostgreSQL database as triggers write them into a table of ours: for servers that decode no log.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] result<std::unique_ptr<model::capture>> open_pg_journal(std::string_view url,
                                                                      const std::vector<model::table_ref>& tables);
[[nodiscard]] result<std::vector<std::string>> pg_journal_install(std::string_view url,
                                                                  const std::vector<model::table_ref>& tables);
[[nodiscard]] result<std::vector<std::string>> pg_journal_remove(std::string_view url);

}  // namespace sql2ldap::sql::detail
