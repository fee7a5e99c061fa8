// What logical decoding needs in the database besides the slot: a publication of the tables, old rows that are told
// whole where joins need them; and the doorbell. What replica identities were before stands in a table of ours, so that
// each table gets its own back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

struct pg_published {
  std::string lacking;  // why not all changes of the tables that are followed are reported, for people; "" = they are
  std::string stamps;   // model::collected::tables
};
[[nodiscard]] result<pg_published> pg_look_at_published(PGconn* session, const pg_address& address,
                                                        const wal_options& options);
// An error when a table cannot be followed; a publication of ours goes then, since the server may refuse the
// application's updates because of it.
[[nodiscard]] result<void> pg_check_publishable(PGconn* session, const pg_address& address, const wal_options& options);
// Publication and identities; an error where another's publication of that name would have to be changed.
// Where an identity cannot be set, the key alone will do when there is one.
[[nodiscard]] result<void> pg_publish(PGconn* session, const pg_address& address, const wal_options& options);
// The identities alone, of partitions that came since; where their lock is not to be had at once, not now.
[[nodiscard]] result<void> pg_complete_identities(PGconn* session, const pg_address& address,
                                                  const wal_options& options);

[[nodiscard]] result<std::vector<std::string>> pg_wal_install(const location& at, const wal_options& options);
[[nodiscard]] result<removal> pg_wal_remove(const location& at, const wal_options& options);

// Drops the slot when it is there and ours; slots of other plugins and databases may have any name.
[[nodiscard]] std::string pg_drop_slot_sql(const wal_options& options);

// Who follows the slot holds this lead (pg_lead).
[[nodiscard]] std::string pg_slot_lead(const wal_options& options);

}  // namespace sql2ldap::sql::detail
