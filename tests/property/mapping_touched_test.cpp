// Whatever changes in the tables: each entry that a full run would make differently is named by
// touched_by() for one of the rows that changed. Tables, rows and changes are random, the mappings
// are the shipped ones. SQL2LDAP_SEED=n runs that seed alone.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/sync/detail/row_groups.hpp>

#include <support/fake_source.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

using row = std::vector<std::optional<std::string>>;
using keys = std::set<std::vector<std::string>>;
using outcomes = std::map<std::vector<std::string>, std::string>;  // key -> LDIF or the reason for none

mapping::mapping shipped(const std::string& name) {
  auto parsed = mapping::mapping::parse(read_file(S2L_SOURCE_DIR "/mappings/" + name + ".map"));
  if (!parsed) throw std::runtime_error("the mapping " + name + " cannot be used");
  return *std::move(parsed);
}

class random_host {
 public:
  random_host(const mapping::mapping& map, std::uint64_t seed) : map_(map), random_(seed) {
    for (const mapping::table_use& t : map.tables()) {
      fake_table& table = source_.tables[t.table];
      table.columns = t.columns;
      for (std::size_t n = pick(6); n > 0; --n) table.rows.push_back(random_row(table));
    }
  }

  // "" or what was missed.
  std::string change_and_check() {
    std::vector<outcomes> before = all_outcomes();
    std::vector<model::row_image> images;
    for (std::size_t n = 1 + pick(3); n > 0; --n) change_a_row(images);
    const std::vector<outcomes> after = all_outcomes();
    const std::vector<std::optional<keys>> dirty = touched_by(images);
    for (std::size_t kind = 0; kind < after.size(); ++kind) {
      if (!dirty[kind]) continue;
      outcomes& old = before[kind];
      for (const auto& [key, made] : after[kind]) {
        const auto was = old.find(key);
        const bool same = was != old.end() && was->second == made;
        if (was != old.end()) old.erase(was);
        if (!same && !dirty[kind]->contains(key)) return missed(kind, key, made);
      }
      for (const auto& [key, made] : old)
        if (!dirty[kind]->contains(key)) return missed(kind, key, "gone: " + made);
    }
    return "";
  }

 private:
  std::size_t pick(std::size_t n) { return random_() % n; }

  std::optional<std::string> random_value(const std::string& column) {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> pools = {
        {"type", {"local", "alias", "catch", "fail", "piped", "relay"}},
        {"_id", {"1", "2", "3"}},
        {"domain", {"x.example", "X.example", "y.example", "z.example"}},
        {"alias", {"x.example", "y.example", "z.example"}},
        {"goto", {"a@x.example", "a@x.example,b@y.example", "|pipe"}},
        {"address", {"a@x.example", "A@x.example", "b@X.example", "a@y.example", "@x.example"}},
        {"username", {"a@x.example", "A@x.example", "b@x.example", "a@y.example"}},
        {"email", {"a@x.example", "A@X.example", "b@x.example", "a@y.example"}},
        {"source", {"a@x.example", "A@x.example", "b@x.example", "a@y.example"}},
        {"destination", {"a@x.example", "c@x.example"}},
        {"name", {"x.example", "y.example"}},
        {"local", {"a", "b"}},
        {"password", {"{SSHA}c2hhMXNoYTFzaGExc2hhMXNhbHQ="}},
    };
    if (pick(12) == 0) return std::nullopt;
    for (const auto& [part, values] : pools)
      if (column.find(part) != std::string::npos) return values[pick(values.size())];
    if (column == "id") return std::to_string(1 + pick(3));
    return std::to_string(pick(2));
  }

  row random_row(const fake_table& table) {
    row out;
    for (const std::string& c : table.columns) out.push_back(random_value(c));
    return out;
  }

  // Full for a row as it is; of a row as it was, a feed may know a few columns only.
  model::row_image image_of(const std::string& name, const fake_table& table, const row& values, bool whole) {
    model::row_image out{"public", name, {}};
    for (std::size_t i = 0; i < values.size(); ++i)
      if (whole || pick(3) != 0) out.columns[table.columns[i]] = values[i];
    return out;
  }

  void change_a_row(std::vector<model::row_image>& images) {
    auto at = source_.tables.begin();
    std::advance(at, pick(source_.tables.size()));
    auto& [name, table] = *at;
    const bool whole = pick(2) == 0;
    if (!table.rows.empty() && pick(3) != 0) {
      row& old = table.rows[pick(table.rows.size())];
      images.push_back(image_of(name, table, old, whole));
      if (pick(3) == 0) {
        table.rows.erase(table.rows.begin() + (&old - table.rows.data()));
        return;
      }
      for (std::size_t i = 0; i < old.size(); ++i)
        if (pick(3) == 0) old[i] = random_value(table.columns[i]);
      images.push_back(image_of(name, table, old, true));
      return;
    }
    table.rows.push_back(random_row(table));
    images.push_back(image_of(name, table, table.rows.back(), true));
  }

  // Of each kind, without asking for parents: those are no business of the row.
  std::vector<outcomes> all_outcomes() {
    std::vector<outcomes> out(map_.kinds().size());
    mapping::evaluator evaluator(map_, *model::dn::parse("dc=example"));
    const auto snapshot = source_.open_snapshot();
    for (std::size_t kind = 0; kind < out.size(); ++kind) {
      if (map_.kinds()[kind].table.empty()) continue;
      auto groups = sync::row_groups::open(**snapshot, map_.queries(kind), nullptr);
      while (true) {
        const auto group = groups->next();
        if (!group) throw std::runtime_error(group.error().text());
        if (!*group) break;
        std::vector<std::string> key;
        for (std::size_t i = 0; i < map_.queries(kind).key_columns; ++i) {
          if ((*group)->rows.main[i].null) break;
          key.emplace_back((*group)->rows.main[i].bytes);
        }
        if (key.size() != map_.queries(kind).key_columns) continue;
        model::entry made;
        model::reject why;
        const bool good = evaluator.make(kind, (*group)->rows, made, why) == mapping::evaluator::outcome::made;
        std::string& text = out[kind][key];
        if (good) {
          codec::append_ldif(text, made);
        } else {
          text += "rejected: " + why.reason + "\n";
        }
      }
    }
    return out;
  }

  // nullopt = everything.
  std::vector<std::optional<keys>> touched_by(const std::vector<model::row_image>& images) {
    std::vector<std::optional<keys>> out(map_.kinds().size(), keys());
    const auto snapshot = source_.open_snapshot();
    for (const model::row_image& image : images) {
      for (const mapping::touched& t : map_.touched_by(image)) {
        if (!out[t.kind]) continue;
        if (const auto* key = std::get_if<mapping::key_values>(&t.which)) out[t.kind]->insert(*key);
        if (std::holds_alternative<mapping::everything>(t.which)) out[t.kind].reset();
        if (const auto* query = std::get_if<model::query>(&t.which)) {
          const auto rows = (*snapshot)->rows(*query);
          while (const auto r = *(*rows)->next()) {
            std::vector<std::string> key;
            for (const model::field& f : *r) key.emplace_back(f.bytes);
            out[t.kind]->insert(std::move(key));
          }
        }
      }
    }
    return out;
  }

  std::string missed(std::size_t kind, const std::vector<std::string>& key, const std::string& what) const {
    std::string text = map_.kinds()[kind].name;
    for (const std::string& part : key) text += " " + part;
    return text + ": " + what;
  }

  const mapping::mapping& map_;
  std::mt19937_64 random_;
  fake_source source_;
};

class touched : public ::testing::TestWithParam<const char*> {};

TEST_P(touched, names_each_entry_that_a_change_makes_different) {
  const mapping::mapping map = shipped(GetParam());
  const char* const one = std::getenv("SQL2LDAP_SEED");
  const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t last = one != nullptr ? first : 300;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    random_host host(map, seed);
    for (int round = 0; round < 8; ++round) ASSERT_EQ(host.change_and_check(), "") << "SQL2LDAP_SEED=" << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(shipped, touched, ::testing::Values("postfixadmin", "vexim", "virtual-tables", "courier"),
                         [](const auto& which) {
                           std::string name = which.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace sql2ldap::test
