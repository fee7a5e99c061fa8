// A small mail host whose tables change at random, and whose servers fail at random, from one seed.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <sql2ldap/model/row.hpp>
#include <sql2ldap/model/set_aside.hpp>

#include <support/world.hpp>

namespace sql2ldap::test {

class changing_world {
 public:
  explicit changing_world(std::uint64_t seed);

  [[nodiscard]] bool chance(unsigned one_in) { return random_() % one_in == 0; }
  [[nodiscard]] std::size_t pick(std::size_t n) { return random_() % n; }

  void strangers();  // entries that are not ours, in the way
  void change_tables(std::size_t times);
  // What a feed would tell of the changes since the last call.
  [[nodiscard]] std::vector<model::row_image> take_changes();
  // What no change of a row tells: other contents of a column that the mapping reads.
  void rewrite_column();
  // A column that the mapping reads has another name for a while.
  void rename_column();
  void rename_column_back();
  [[nodiscard]] bool fits_mapping() const;
  void disturb();
  void undisturbed();

  // What a full run finds to do, and what it rejects that is not in `aside` (if given), or the other way round.
  [[nodiscard]] std::string differences(const model::set_aside_list* aside = nullptr);
  [[nodiscard]] std::string tables() const;  // for messages

  world hosts;

 private:
  std::string name();
  std::string domain_name();
  void tell(const std::string& table, const std::vector<std::optional<std::string>>& row, bool whole);
  void replace(const std::string& table, const std::string& key, bool drop,
               std::vector<std::optional<std::string>> row);
  [[nodiscard]] bool has_entries_below(const std::string& dn) const;
  [[nodiscard]] bool is_rejected(const std::string& origin) const;

  std::mt19937_64 random_;
  std::vector<model::row_image> changed_;
};

[[nodiscard]] std::string described(const std::vector<model::row_image>& changes);

}  // namespace sql2ldap::test
