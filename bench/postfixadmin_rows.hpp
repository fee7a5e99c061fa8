// A mail host of any size.
#pragma once

#include <string>

#include <support/postgres.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

// PostfixAdmin's tables as far as the mapping reads them, filled by the server itself.
inline void fill_postfixadmin(postgres_server& server, const std::string& database, long users) {
  const std::string schema = read_file(S2L_SOURCE_DIR "/tests/data/postfixadmin/schema-4.0.postgresql.sql");
  server.execute(database, schema);
  server.execute(
      database,
      "insert into domain (domain, description, transport, active) select 'dom' || n || '.example', 'Domain ' || "
      "n, 'virtual', true from generate_series(0, " +
          std::to_string((users + 99) / 100 - 1) +
          ") n;"
          "insert into mailbox (username, password, name, maildir, quota, local_part, domain, active) select 'user' || "
          "n || "
          "'@dom' || n / 100 || '.example', '$6$abcdefgh$' || rpad(md5(n::text), 86, md5(n::text)), 'User ' || n, "
          "'dom' || n / 100 || '.example/user' || n || '/', 1048576000, 'user' || n, 'dom' || n / 100 || "
          "'.example', true from generate_series(0, " +
          std::to_string(users - 1) +
          ") n;"
          "insert into alias (address, goto, domain, active) select username, username, domain, true from mailbox;"
          "vacuum analyze;");
}

}  // namespace sql2ldap::test
