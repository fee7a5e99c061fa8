// Messages of PostgreSQL's logical decoding plugin pgoutput, protocol version 1, values as text.
// https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
//
// Positions (LSN) are bytes in the server's log. Transactions come whole and in commit order. A
// relation message comes before the first change of a table, and again whenever the table's
// columns may have changed: the newest one counts. What is not known is an error, never skipped.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/row.hpp>

namespace sql2ldap::codec::pgoutput {

struct begin {
  std::uint64_t final_lsn = 0;      // of the commit
  std::int64_t commit_time_us = 0;  // since 2000-01-01 00:00 UTC
  std::uint32_t xid = 0;
};
struct commit {
  std::uint64_t commit_lsn = 0;  // = begin::final_lsn
  std::uint64_t end_lsn = 0;     // what to confirm when the transaction is applied
  std::int64_t commit_time_us = 0;
};

struct column {
  std::string name;
  bool key = false;  // of the replica identity
  std::uint32_t type_oid = 0;
};
struct relation {
  std::uint32_t oid = 0;
  std::string schema;
  std::string table;
  char replica_identity = 'd';  // 'd' default, 'n' nothing, 'f' full, 'i' index
  // A partitioned table: each of its partitions has an identity of its own, which may be less than this one. A NULL in
  // an old row may be a column that was not logged. Never in a message: the catalogue says it.
  bool is_partitioned = false;
  std::vector<column> columns;
};

struct value {
  enum class what : std::uint8_t { null, unchanged, text } kind = what::null;  // unchanged: TOAST, not sent
  std::string_view bytes;                                                      // into the message
};
using tuple = std::vector<value>;

enum class old_row : std::uint8_t { none, key, full };
struct row_change {
  enum class what : std::uint8_t { insert, update, remove } kind = what::insert;
  std::uint32_t oid = 0;
  old_row has_old = old_row::none;
  tuple old;  // with old_row::key only the key columns mean anything
  tuple now;  // empty for remove
};
struct truncate {
  std::vector<std::uint32_t> oids;
};
struct origin {  // the transaction was replicated, or written by a session with an origin set
  std::uint64_t lsn = 0;
  std::string name;
};
struct ignored {};  // type, logical message

using message = std::variant<begin, commit, relation, row_change, truncate, origin, ignored>;

// Views in the message point into `bytes`. Errors (error_kind::input): cut off, bytes left over, an
// unknown kind.
[[nodiscard]] result<message> parse(std::string_view bytes);

// The row as far as the tuple tells it, in the text form of rows: columns that were not sent, that
// are not of the key where only the key was sent, or whose text depends on the session are left out.
[[nodiscard]] model::row_image image_of(const relation& table, const tuple& row, bool key_only);
// The same of a row as it was before.
[[nodiscard]] model::row_image image_of_old(const relation& table, const tuple& row, bool key_only);

// The columns in which two rows of a table differ, or may differ; nullopt when the old one is not known as a whole.
[[nodiscard]] std::optional<std::set<std::string, std::less<>>> changed_columns(const relation& table,
                                                                                const row_change& change);

}  // namespace sql2ldap::codec::pgoutput
