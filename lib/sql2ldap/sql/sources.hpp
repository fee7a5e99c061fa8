// The room `sql`: SQL servers as model::source.
//
// Gives: open_source(), open_wal_feed(). Promises: read only; one consistent snapshot for all streams of it;
// streamed in bounded memory; values in the one form of model/row.hpp; passwords never in names,
// messages or logs. Leaves to others: which queries (mapping) and what rows mean (mapping).
#pragma once

#include <cstdint>
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

// Logical decoding (wal_level = logical), streamed: a change comes when it is committed. The slot
// (plugin pgoutput) and the publication are there already; the user may replicate. The source's
// table names come with their schema.
struct wal_feed_options {
  std::string slot;
  std::string publication;
  std::uint64_t from = 0;  // only what was committed after this position; 0 = as the slot remembers
};
[[nodiscard]] result<std::unique_ptr<model::feed>> open_wal_feed(std::string_view url, const wal_feed_options& options);

// The same source for open_source(), without a password that stands in it: to be shown.
[[nodiscard]] std::string without_password(std::string_view url);

enum class dialect { postgresql, sqlite };
// The SQL text of a query, for --verbose and tests; identifiers quoted, literals by column type.
[[nodiscard]] std::string render(const model::query& what, dialect engine, const model::catalog& tables);

}  // namespace sql2ldap::sql
