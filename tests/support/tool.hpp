// The program itself, as a user types it, between a database and a directory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <support/child_process.hpp>
#include <support/sample_data.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

// Its exit codes.
inline constexpr int done = 0;
inline constexpr int differences = 1;
inline constexpr int wrong_usage = 2;
inline constexpr int source_failed = 3;
inline constexpr int directory_failed = 4;
inline constexpr int try_later = 75;

class tool {
 public:
  // With the base dc=example,dc=org; `identity` are the flags to bind with, none for SASL EXTERNAL.
  tool(std::string source, std::string mapping, std::string directory, std::vector<std::string> identity = {});

  [[nodiscard]] command typed(std::string_view words, const std::vector<std::string>& more = {}) const;
  // `words` are cut at blanks; `more` are taken as they are.
  captured operator()(std::string_view words, const std::vector<std::string>& more = {}) const;

 private:
  std::vector<std::string> sides_;
};

// An SQLite file of one's own.
class sqlite_database {
 public:
  explicit sqlite_database(std::string_view sql);
  [[nodiscard]] std::string url() const { return "sqlite:" + (folder_ / "mail.db").string(); }
  // The sqlite3 shell, stopping at the first error, which it throws; answers its output.
  std::string execute(std::string_view sql) const;

 private:
  temp_dir folder_;
};

// PostfixAdmin 4.0's tables with these rows.
[[nodiscard]] std::string postfixadmin_text(const mail_host& size, sql_engine engine);
inline constexpr mail_host small_host{.seed = 1, .domains = 3, .alias_domains = 1, .users = 60, .aliases = 10};

// slapd without fsync, for tests that never crash it.
[[nodiscard]] slapd_server::options quick_slapd(std::string more_config = {});

// A mail host in SQLite, and a directory that does not know it yet.
struct mail_host_sides {
  explicit mail_host_sides(const mail_host& size = small_host, const slapd_server::options& how = quick_slapd());

  sqlite_database tables;
  slapd_server slapd;
  tool sql2ldap;
};

// The DNs below the suffix whose entries fit the filter, sorted. Throws when the search fails.
[[nodiscard]] std::vector<std::string> names_in(const slapd_server& slapd, const std::string& filter);
[[nodiscard]] std::string account_dn(std::string_view user, std::string_view domain);

}  // namespace sql2ldap::test
