// What an evaluator keeps between rows, and its parts: make.cpp goes forward, write_back.cpp back.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/mapping/detail/run.hpp>

namespace sql2ldap::mapping::detail {

struct engine {
  engine(std::shared_ptr<const program> p, const model::dn& base_dn);

  // Also for a synthetic row, as long as it has the main query's columns. False when anything failed: all that could
  // be made is in `out` then, the rest in `failures`.
  [[nodiscard]] bool make(std::size_t kind, std::span<const model::field> main,
                          std::span<const std::vector<model::row_view>> many, model::entry& out, model::reject& why);

  std::shared_ptr<const program> checked;
  std::string base;
  std::vector<std::string> origins;   // of each kind: "mapping/kind/"
  std::vector<std::string> suffixes;  // of each kind: ",ou=domains,dc=example"
  run r;
  std::string key;     // key_text() of the last row
  std::string origin;  // and its s2lOrigin; empty when the key cannot be read
  std::vector<attribute_failure> failures;

 private:
  [[nodiscard]] bool read_key(std::size_t kind);
  [[nodiscard]] bool make_name(std::size_t kind, model::entry& out);
  void add_rdn_attributes(model::entry& out);
  void run_step(const assignment_rule& a, model::entry& out);
  void run_step(const partition_rule& p, model::entry& out);
  [[nodiscard]] bool add_branches(const partition_rule& p, model::entry& out);
  void note_failure(std::vector<model::attribute_name> attributes, bool of_name = false);
  [[nodiscard]] bool add_values(model::attribute_name name, std::size_t first, model::entry& out);

  std::string dn_;
  std::size_t bytes_ = 0;  // of the entry so far
  int line_ = 0;           // of the statement at work
  std::vector<std::string_view> key_fields_;
  std::vector<list> taken_;  // of the branches of a partition
};

// A key or an origin for people: other bytes as in quoted_for_message, without the quotes.
void append_printable(std::string& out, std::string_view bytes);
// Percent-encodes what RFC 3986, 3.3 does not allow in a path segment.
void append_origin_part(std::string& out, std::string_view bytes);

}  // namespace sql2ldap::mapping::detail
