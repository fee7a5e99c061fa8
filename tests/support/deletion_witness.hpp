// Watches a simulated host for the promise that an entry goes, or is turned off, only when its row was seen to be gone
// or is excluded by the mapping. Knows the tables, and nothing of how the program compares.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include <support/world.hpp>

namespace sql2ldap::test {

class deletion_witness {
 public:
  // `versions`: how many states of the tables, the last ones, count as seen: what was read ahead may be a little old.
  explicit deletion_witness(const world& host, std::size_t versions = 1) : host_(host), versions_(versions) {}

  // Before a run; also after the test itself has changed the directory.
  void note();
  // "" or the entries that went since note() although their rows were there all the time.
  [[nodiscard]] std::string unproven() const;
  // Whether a row of the tables as they are now asks for an entry of this origin, mapped or not.
  [[nodiscard]] bool has_row(const std::string& origin) const { return has_row(host_.source.tables, origin); }

 private:
  using tables = std::map<std::string, fake_table>;
  [[nodiscard]] bool has_row(const tables& of_host, const std::string& origin) const;
  struct seen_entry {
    std::string origin;
    std::string dn;
  };
  [[nodiscard]] std::map<std::string, seen_entry> in_force() const;  // by entryUUID

  const world& host_;
  std::size_t versions_;
  std::map<std::string, seen_entry> before_;
  std::deque<tables> seen_;
};

}  // namespace sql2ldap::test
