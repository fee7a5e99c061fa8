// The room `sql`: SQL servers as model::source.
//
// Gives: open_source(). Promises: read only; one consistent snapshot for all streams of it;
// streamed in bounded memory; values in the one form of model/row.hpp; passwords never in names,
// messages or logs. Leaves to others: which queries (mapping) and what rows mean (mapping).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sql {

// "sqlite:FILE", "postgresql://..." / "postgres://...", or a libpq keyword string ("host=... dbname=...").
// Passwords come by libpq's own means (.pgpass, PGPASSFILE, service file); one inside the URL works
// but is never shown.
[[nodiscard]] result<std::unique_ptr<model::source>> open_source(std::string_view url);

// The same source for open_source(), without a password that stands in it: to be shown.
[[nodiscard]] std::string without_password(std::string_view url);

enum class dialect { postgresql, sqlite };
// The SQL text of a query, for --verbose and tests; identifiers quoted, literals by column type.
[[nodiscard]] std::string render(const model::query& what, dialect engine, const model::catalog& tables);

}  // namespace sql2ldap::sql
