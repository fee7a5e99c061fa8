// Rows for tests of mappings, by column name: {"m.username", "joe@a.example"}. Columns that are
// not named are NULL.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <sql2ldap/mapping/mapping.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sql2ldap::test {

using cells = std::map<std::string, std::optional<std::string>>;

// A mapping that must be good.
inline mapping::mapping parsed(std::string_view text, const std::map<std::string, std::string>& parameters = {}) {
  auto m = mapping::mapping::parse(text, parameters);
  if (!m) throw std::runtime_error(mapping::render(m.error(), text, "test.map"));
  return std::move(*m);
}

// The messages about a mapping that must be bad.
inline std::string complaints(std::string_view text, const std::map<std::string, std::string>& parameters = {}) {
  const auto m = mapping::mapping::parse(text, parameters);
  return m ? std::string("no error") : mapping::render(m.error(), text, "test.map");
}

inline std::size_t kind_named(const mapping::mapping& m, std::string_view name) {
  for (std::size_t i = 0; i < m.kinds().size(); ++i) {
    if (m.kinds()[i].name == name) return i;
  }
  throw std::runtime_error("no kind " + std::string(name));
}

// One row of a kind with its joined rows, in the order that the kind's queries ask for.
class mapped_row {
 public:
  mapped_row(const mapping::mapping& m, std::size_t kind, const cells& main,
             const std::vector<std::vector<cells>>& many = {}) {
    const mapping::kind_queries& q = m.queries(kind);
    main_ = fields(q.main, main);
    lists_.resize(q.many.size());
    for (std::size_t i = 0; i < std::min(many.size(), q.many.size()); ++i) {
      for (const cells& row : many[i]) {
        cells whole = row;
        whole.insert(main.begin(), main.end());
        rows_.push_back(std::make_unique<std::vector<model::field>>(fields(q.many[i], whole)));
        lists_[i].push_back(*rows_.back());
      }
    }
  }
  [[nodiscard]] mapping::row_set view() const { return {main_, lists_}; }
  [[nodiscard]] std::vector<model::field>& main() { return main_; }

 private:
  std::vector<model::field> fields(const model::query& q, const cells& values) {
    std::vector<model::field> out;
    for (const model::column_ref& c : q.columns) {
      const auto found = values.find(c.alias + "." + c.column);
      if (found == values.end() || !found->second) {
        out.emplace_back();
        continue;
      }
      texts_.push_back(std::make_unique<std::string>(*found->second));
      out.push_back({*texts_.back(), false, false});
    }
    return out;
  }

  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<model::field> main_;
  std::vector<std::unique_ptr<std::vector<model::field>>> rows_;
  std::vector<std::vector<model::row_view>> lists_;
};

// The values of one attribute, sorted.
inline std::vector<std::string> values(const model::entry& e, std::string_view attribute) {
  std::vector<std::string> out;
  for (const std::string_view v : e.values_of(model::attribute_name(attribute))) out.emplace_back(v);
  std::sort(out.begin(), out.end());
  return out;
}

struct made {
  bool good = false;
  model::entry entry;
  model::reject why;
};

inline made make(const mapping::mapping& m, std::string_view kind, const cells& main,
                 const std::vector<std::vector<cells>>& many = {}) {
  const std::size_t k = kind_named(m, kind);
  const mapped_row row(m, k, main, many);
  const auto base = model::dn::parse("dc=example,dc=org");
  mapping::evaluator run(m, *base);
  made out;
  out.good = run.make(k, row.view(), out.entry, out.why) == mapping::evaluator::outcome::made;
  return out;
}

}  // namespace sql2ldap::test
