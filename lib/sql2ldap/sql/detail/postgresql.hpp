// PostgreSQL as model::source.
#pragma once

#include <memory>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] result<std::unique_ptr<model::source>> open_postgresql(const location& at);

}  // namespace sql2ldap::sql::detail
