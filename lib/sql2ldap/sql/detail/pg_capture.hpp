// A publication of the tables and a replication slot that keeps their changes.
#pragma once

#include <memory>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] result<std::unique_ptr<model::capture>> open_pg_capture(const location& at, const wal_options& options);

}  // namespace sql2ldap::sql::detail
