// Mail hosts of any size for tests and benches: PostfixAdmin tables filled from one seed. Same
// options, same rows, on every machine. And the doors to the hand-made rows in tests/data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace sql2ldap::test {

enum class sql_engine { postgresql, sqlite };

struct mail_host {
  std::uint64_t seed = 1;
  std::size_t domains = 10;
  std::size_t alias_domains = 2;  // on top; each stands for one of the domains
  std::size_t users = 1000;       // spread over the domains, user0@domain0.example first
  std::size_t aliases = 200;      // of one to five users; one domain in four has a catch-all besides
};

// The password of every made user.
inline constexpr std::string_view sample_password = "geheim";

// Rows for the tables of sample_schema("postfixadmin/schema-..."), as SQL text: COPY for PostgreSQL
// (psql), INSERT for SQLite. All of them are sound: none is rejected.
void write_postfixadmin_rows(const mail_host& size, sql_engine engine, std::ostream& out);

// The text of a file in tests/data: "postfixadmin/schema-4.0.sqlite.sql".
[[nodiscard]] std::string sample_text(std::string_view name);

struct sample_login {
  std::string user;
  bool verifiable = false;  // slapd can verify the hash, so the bind must succeed; else it must fail
  std::string password;
};
[[nodiscard]] std::vector<sample_login> sample_logins(std::string_view name);

struct sample_reject {
  std::string table;
  std::string key;
  friend auto operator<=>(const sample_reject&, const sample_reject&) = default;
};
[[nodiscard]] std::vector<sample_reject> sample_rejects(std::string_view name);

}  // namespace sql2ldap::test
