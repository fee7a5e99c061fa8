// PostgreSQL as model::source.
#pragma once

#include <memory>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sql::detail {

[[nodiscard]] result<std::unique_ptr<model::source>> open_postgresql(std::string_view url);

}  // namespace sql2ldap::sql::detail
