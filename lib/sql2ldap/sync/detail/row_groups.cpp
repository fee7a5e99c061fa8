#include <sql2ldap/sync/detail/row_groups.hpp>

#include <algorithm>

namespace sql2ldap::sync {

void owned_rows::clear() noexcept {
  bytes_.clear();
  places_.clear();
  row_ends_.clear();
}

void owned_rows::append(model::row_view row) {
  for (const model::field& f : row) {
    places_.push_back({bytes_.size(), f.bytes.size(), f.null, f.invalid_text});
    bytes_.append(f.bytes);
  }
  row_ends_.push_back(places_.size());
}

void owned_rows::view_into(std::vector<model::row_view>& out) {
  out.clear();
  fields_.clear();
  for (const place& p : places_)
    fields_.push_back({std::string_view(bytes_).substr(p.offset, p.length), p.null, p.invalid_text});
  std::size_t begin = 0;
  for (const std::size_t end : row_ends_) {
    out.emplace_back(fields_.data() + begin, end - begin);
    begin = end;
  }
}

namespace {

[[nodiscard]] model::query restricted(const model::query& what, std::size_t key_columns,
                                      const std::vector<std::vector<std::string>>* only_keys) {
  model::query out = what;
  if (only_keys == nullptr) return out;
  out.restrict_to.assign(what.columns.begin(), what.columns.begin() + static_cast<std::ptrdiff_t>(key_columns));
  out.keys = *only_keys;
  return out;
}

}  // namespace

result<row_groups> row_groups::open(model::snapshot& from, const mapping::kind_queries& queries,
                                    const std::vector<std::vector<std::string>>* only_keys) {
  row_groups out;
  out.key_columns_ = queries.key_columns;
  out.table_ = queries.main.from.table;
  S2L_TRY_ASSIGN(out.main_, from.rows(restricted(queries.main, queries.key_columns, only_keys)));
  out.many_.resize(queries.many.size());
  out.many_views_.resize(queries.many.size());
  for (std::size_t i = 0; i < queries.many.size(); ++i) {
    many_stream& many = out.many_[i];
    S2L_TRY_ASSIGN(many.stream, from.rows(restricted(queries.many[i], queries.key_columns, only_keys)));
    S2L_TRY_ASSIGN(many.ahead, many.stream->next());
  }
  return out;
}

bool row_groups::has_key_of_main(model::row_view row) const noexcept {
  const model::row_view key = key_view_.front();
  return std::equal(key.begin(), key.end(), row.begin(), [](const model::field& a, const model::field& b) {
    return a.null == b.null && a.bytes == b.bytes;
  });
}

result<void> row_groups::collect(many_stream& many, std::vector<model::row_view>& out) {
  out.clear();
  if (!many.ahead || !has_key_of_main(*many.ahead)) return {};
  many.rows.clear();
  do {
    many.rows.append(*many.ahead);
    S2L_TRY_ASSIGN(many.ahead, many.stream->next());
  } while (many.ahead && has_key_of_main(*many.ahead));
  many.rows.view_into(out);
  return {};
}

// A joined row that found no main row would be lost silently, and with it values of an entry.
result<void> row_groups::expect_end_of_many() const {
  for (const many_stream& many : many_)
    if (many.ahead)
      return fail(error_kind::source, "the joined rows of table " + table_ + " do not come in the order of its key",
                  "this is a fault of the program or of the server's collation (reindex after an upgrade of libc)");
  return {};
}

result<std::optional<row_groups::group>> row_groups::next() {
  S2L_TRY_ASSIGN(const std::optional<model::row_view> main, main_->next());
  if (!main) {
    S2L_TRY(expect_end_of_many());
    return std::nullopt;
  }
  const model::row_view key = main->first(key_columns_);
  group out;
  if (has_key_ && has_key_of_main(key)) {
    out.repeated = true;
  } else {
    key_.clear();
    key_.append(key);
    key_.view_into(key_view_);
    has_key_ = true;
    for (std::size_t i = 0; i < many_.size(); ++i) S2L_TRY(collect(many_[i], many_views_[i]));
  }
  out.rows = {*main, many_views_};
  return out;
}

}  // namespace sql2ldap::sync
