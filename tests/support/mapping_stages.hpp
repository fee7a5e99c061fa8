// One expression as a whole mapping: what a column gives, and what comes back into it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/mapping_rows.hpp"

namespace sql2ldap::test {

class lens {
 public:
  // An expression over the columns c and d, the `many` columns n.v and n.w, and the parameter p.
  explicit lens(std::string_view expression)
      : map_(parsed("mapping \"t\" param p = \"5\"\n"
                    "entry e from t {\n"
                    "  many n n on n.k = t.k\n"
                    "  key k\n  under \"ou=x\"\n  rdn cn = k\n  class device\n"
                    "  description = " +
                    std::string(expression) + "\n}")) {}

  struct answer {
    std::vector<std::string> values;
    std::string objection;  // empty = none
    friend bool operator==(const answer&, const answer&) = default;
  };

  [[nodiscard]] answer get(const std::optional<std::string>& c, const std::optional<std::string>& d = {},
                           const std::vector<cells>& rows = {}) const {
    const made out = make(map_, "e", {{"t.k", "1"}, {"t.c", c}, {"t.d", d}}, {rows});
    if (!out.good) return {{}, out.why.reason};
    return {values(out.entry, "description"), {}};
  }

  struct written {
    std::optional<std::string> c;
    std::string objection;
    friend bool operator==(const written&, const written&) = default;
  };

  // What c holds after `wanted` was written where `old` stood.
  [[nodiscard]] written put(const std::optional<std::string>& old, const std::vector<std::string>& wanted,
                            const std::optional<std::string>& d = {}) const {
    const mapped_row row(map_, 0, {{"t.k", "1"}, {"t.c", old}, {"t.d", d}});
    mapping::evaluator run(map_, *model::dn::parse("dc=example,dc=org"));
    model::entry entry;
    entry.set_dn("cn=1,ou=x,dc=example,dc=org");
    entry.add(model::attribute_name("cn"), "1");
    for (const std::string& w : wanted) entry.add(model::attribute_name("description"), w);
    const auto writes = run.write_back(0, row.view(), entry);
    if (!writes) return {{}, writes.error().message};
    written out{old, {}};
    for (const mapping::column_write& w : *writes) {
      if (w.column == "c") out.c = w.value;
    }
    return out;
  }

 private:
  mapping::mapping map_;
};

}  // namespace sql2ldap::test
