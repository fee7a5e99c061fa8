// Short ways to write model::query in tests, and to read all that it gives.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/model/query.hpp>

namespace sql2ldap::test {

template <typename Node>
[[nodiscard]] model::condition_ptr condition(Node node) {
  return std::make_shared<const model::condition>(model::condition{std::move(node)});
}
[[nodiscard]] model::condition_ptr compare(model::operand left, model::comparison op, model::operand right);
[[nodiscard]] model::condition_ptr equal(model::operand left, model::operand right);
[[nodiscard]] model::condition_ptr not_equal(model::operand left, model::operand right);

// SELECT t.column, ... FROM table t ORDER BY the first column.
[[nodiscard]] model::query select(const std::string& table, const std::vector<std::string>& columns);

using text_row = std::vector<std::optional<std::string>>;  // nullopt = NULL
// Throws the error's text.
[[nodiscard]] std::vector<text_row> all_rows(model::row_stream& stream);
[[nodiscard]] std::vector<text_row> all_rows(model::snapshot& state, const model::query& what);
[[nodiscard]] std::vector<text_row> all_rows(model::source& from, const model::query& what);
// The first column of all rows, "NULL" for NULL, with blanks between.
[[nodiscard]] std::string first_column(const std::vector<text_row>& rows);

}  // namespace sql2ldap::test
