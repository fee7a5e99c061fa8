// A small mail host for the tests of `sync`: tables, a mapping that uses every part of the
// language that `sync` sees, a directory.
#pragma once

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sql2ldap/sync/sync.hpp>

#include <support/fake_directory.hpp>
#include <support/fake_source.hpp>

namespace sql2ldap::test {

// domain(name, note, active), mailbox(id, username, domain, name, password, quota, active),
// alias(mailbox, address), list(id, name, domain, active)
[[nodiscard]] const std::string& world_mapping_text();
[[nodiscard]] mapping::mapping parsed_mapping(const std::string& text);  // throws the messages

// A hash as tables hold them, another one for each tag.
[[nodiscard]] std::string stored_password(std::string_view tag);

class world {
 public:
  explicit world(bool transactions = true, const std::string& mapping_text = world_mapping_text());

  void domain(const std::string& name, const std::string& note = "");
  void mailbox(const std::string& id, const std::string& username, const std::string& domain,
               const std::string& name = "Ann", const std::string& password = stored_password("salt"),
               const std::string& quota = "1000");
  void alias(const std::string& mailbox, const std::string& address);
  void list(const std::string& id, const std::string& name, const std::string& domain);
  void drop_rows(const std::string& table, const std::string& column, const std::string& value);
  void set(const std::string& table, const std::string& key, const std::string& column, const std::string& value);
  [[nodiscard]] static std::string domain_dn(const std::string& name);
  [[nodiscard]] static std::string account_dn(const std::string& username, const std::string& domain);

  [[nodiscard]] sync::parties parties() { return {map, source, directory, base}; }
  [[nodiscard]] sync::run_options options();  // collects rejects, waits for nothing
  // These throw the error's text.
  sync::counts migrate();
  std::vector<sync::difference> verify();
  [[nodiscard]] std::string plan(bool show_secrets = false);
  [[nodiscard]] std::string reject_reasons() const;  // one a line

  mapping::mapping map;
  model::dn base;
  fake_source source;
  fake_directory directory;
  sync::change_limits limits;
  std::chrono::seconds grace{0};
  std::function<std::time_t()> now = [] { return std::time(nullptr); };
  std::vector<model::reject> rejects;
};

}  // namespace sql2ldap::test
