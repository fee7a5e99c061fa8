#include <support/queries.hpp>

#include <stdexcept>
#include <utility>

namespace sql2ldap::test {

model::condition_ptr compare(model::operand left, model::comparison op, model::operand right) {
  return condition(model::compare{std::move(left), op, std::move(right)});
}
model::condition_ptr equal(model::operand left, model::operand right) {
  return compare(std::move(left), model::comparison::equal, std::move(right));
}
model::condition_ptr not_equal(model::operand left, model::operand right) {
  return compare(std::move(left), model::comparison::not_equal, std::move(right));
}

model::query select(const std::string& table, const std::vector<std::string>& columns) {
  model::query what;
  what.from = {"", table, "t"};
  for (const auto& column : columns) what.columns.push_back({"t", column});
  what.order = {what.columns.front()};
  return what;
}

std::vector<text_row> all_rows(model::row_stream& stream) {
  std::vector<text_row> rows;
  for (;;) {
    const auto row = stream.next();
    if (!row) throw std::runtime_error(row.error().text());
    if (!*row) return rows;
    text_row& copy = rows.emplace_back();
    for (const auto& field : **row)
      copy.push_back(field.null ? std::nullopt : std::optional<std::string>(std::string(field.bytes)));
  }
}

std::vector<text_row> all_rows(model::snapshot& state, const model::query& what) {
  const auto stream = state.rows(what);
  if (!stream) throw std::runtime_error(stream.error().text());
  return all_rows(**stream);
}

std::vector<text_row> all_rows(model::source& from, const model::query& what) {
  const auto state = from.open_snapshot();
  if (!state) throw std::runtime_error(state.error().text());
  return all_rows(**state, what);
}

std::string first_column(const std::vector<text_row>& rows) {
  std::string text;
  for (const auto& row : rows) text += (text.empty() ? "" : " ") + row.front().value_or("NULL");
  return text;
}

}  // namespace sql2ldap::test
