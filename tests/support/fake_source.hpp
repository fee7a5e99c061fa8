// A SQL source in memory: evaluates model::query over tables of text, and breaks on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::test {

struct fake_table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // nullopt = NULL
  std::vector<std::string> primary_key;
};

class fake_source : public model::source {
 public:
  std::map<std::string, fake_table> tables;
  // Asked before each row: true cuts the stream with a transient error.
  std::function<bool()> cut = [] { return false; };
  // Tables whose rows nobody may read: as PostgreSQL answers where row security would hide some.
  std::set<std::string> forbidden;
  std::uint64_t rows_given = 0;

  [[nodiscard]] result<model::catalog> describe() override;
  // A copy of the tables as they are now.
  [[nodiscard]] result<std::unique_ptr<model::snapshot>> open_snapshot() override;
  [[nodiscard]] std::string name() const override { return "fake:source"; }
};

}  // namespace sql2ldap::test
