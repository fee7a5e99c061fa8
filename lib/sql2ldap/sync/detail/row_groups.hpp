// The streams of one kind, merged: each main row with the rows of its `many` tables.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sync {

// Rows whose bytes are our own; memory is kept from one key to the next.
class owned_rows {
 public:
  void clear() noexcept;
  void append(model::row_view row);
  // The rows as views; valid until the next clear() or append().
  void view_into(std::vector<model::row_view>& out);

 private:
  struct place {
    std::size_t offset = 0;
    std::size_t length = 0;
    bool null = true;
    bool invalid_text = false;
  };
  std::string bytes_;
  std::vector<place> places_;
  std::vector<std::size_t> row_ends_;
  std::vector<model::field> fields_;
};

// Streams are matched by equality of their key columns alone: all are in one order, and each row
// of a `many` belongs to a main row, so the collation of the server never matters.
class row_groups {
 public:
  struct group {
    mapping::row_set rows;  // until the next call
    bool repeated = false;  // same key as the row before: a join gave more than one row
  };

  [[nodiscard]] static result<row_groups> open(model::snapshot& from, const mapping::kind_queries& queries,
                                               const std::vector<std::vector<std::string>>* only_keys);
  [[nodiscard]] result<std::optional<group>> next();

 private:
  struct many_stream {
    std::unique_ptr<model::row_stream> stream;
    std::optional<model::row_view> ahead;
    owned_rows rows;
  };

  row_groups() = default;
  [[nodiscard]] bool has_key_of_main(model::row_view row) const noexcept;
  [[nodiscard]] result<void> collect(many_stream& many, std::vector<model::row_view>& out);
  [[nodiscard]] result<void> expect_end_of_many() const;

  std::unique_ptr<model::row_stream> main_;
  std::size_t key_columns_ = 0;
  std::string table_;
  owned_rows key_;
  std::vector<model::row_view> key_view_;
  bool has_key_ = false;
  std::vector<many_stream> many_;
  std::vector<std::vector<model::row_view>> many_views_;
};

}  // namespace sql2ldap::sync
