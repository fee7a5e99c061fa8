// The doors of the house: what the room `sync` knows of SQL servers and directories.
// The rooms `sql` and `ldap` implement them for real servers, tests for simulated ones.
// "Not there" and "could not read" are different everywhere: a stream that ends without an error
// has given everything; anything less is an error.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/attribute_name.hpp>
#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/query.hpp>
#include <sql2ldap/model/row.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::model {

// ---- SQL side -------------------------------------------------------------------------------

class row_stream {
 public:
  virtual ~row_stream() = default;
  // The next row, or nullopt after the last one. The view lives until the next call.
  [[nodiscard]] virtual result<std::optional<row_view>> next() = 0;
};

// One consistent state of the database. Several streams may be open at once, all of that state.
class snapshot {
 public:
  virtual ~snapshot() = default;
  [[nodiscard]] virtual result<std::unique_ptr<row_stream>> rows(const query& what) = 0;
};

class source {
 public:
  virtual ~source() = default;
  [[nodiscard]] virtual result<catalog> describe() = 0;
  [[nodiscard]] virtual result<std::unique_ptr<snapshot>> open_snapshot() = 0;
  // While one is open nobody can write, so that it is to be short.
  [[nodiscard]] virtual bool snapshots_hold_up_writers() const { return false; }
  // For people and for reports, without any secret: "postgresql://db.example.org/mail".
  [[nodiscard]] virtual std::string name() const = 0;
};

// What a transaction changed, of the tables that are followed.
struct committed {
  std::uint64_t position = 0;  // for feed::confirm(); grows
  std::chrono::system_clock::time_point time;
  // As they were and as they are, in order. None: nothing that is followed was changed up to that position.
  std::vector<row_image> rows;
  bool everything = false;  // a table was emptied, or there are too many rows to name: `rows` is empty
};

// Tells what changed, in the order of the commits; nothing that was rolled back. May tell again what
// was not confirmed. A snapshot that is opened after a transaction was told shows it.
class feed {
 public:
  virtual ~feed() = default;
  // The next transaction, or nullopt when none came within `patience`. After an error the feed is of no
  // more use; a transient one says that a new feed may go on where this one was confirmed.
  [[nodiscard]] virtual result<std::optional<committed>> next(std::chrono::milliseconds patience) = 0;
  // Everything up to this position is safe with us and need not be told again.
  [[nodiscard]] virtual result<void> confirm(std::uint64_t position) = 0;
};

// What the source has collected for us, and whether that is all.
struct collected {
  enum class state {
    taken,    // by another of us, which is at work
    missing,  // nothing collects
    broken,   // it cannot be known what was changed
    ready,
  } now = state::missing;
  std::string reason;   // why it is broken
  std::string history;  // positions of different histories cannot be compared
  // Of each table that is followed a digest of its columns, partitions and storage, a blank, and its name; a line each.
  // With another digest its rows may have changed without any change of a row.
  std::string tables;
  std::uint64_t confirmed = 0;
  bool keeps_confirmed = false;      // it is in the source itself: less than we remember is an older copy of the source
  std::uint64_t end = 0;             // where the source is at this moment
  std::uint64_t retained_bytes = 0;  // kept by the source because of us
};

// Collects the changes of a source, also while nobody reads them: a replication slot, a table that triggers fill.
class capture {
 public:
  virtual ~capture() = default;
  [[nodiscard]] virtual result<collected> look() = 0;
  // Makes it ready; what had been collected is forgotten. A snapshot that is opened afterwards shows every
  // change that will not be told.
  [[nodiscard]] virtual result<void> begin() = 0;
  // Tells what was committed after `from`.
  [[nodiscard]] virtual result<std::unique_ptr<feed>> follow(std::uint64_t from) = 0;
};

// ---- LDAP side ------------------------------------------------------------------------------

enum class search_scope { base, one_level, subtree };

struct search_request {
  std::string base;
  search_scope scope = search_scope::subtree;
  std::string filter = "(objectClass=*)";    // built with codec/filter.hpp
  std::vector<attribute_name> attributes{};  // empty = all user attributes
  std::size_t entries_max = 0;               // 0 = all; when reached the stream ends without error
};

class entry_stream {
 public:
  virtual ~entry_stream() = default;
  // The next entry, or nullptr after the last. The pointer lives until the next call. A result
  // cut by a server limit (sizeLimitExceeded and the like) is an error.
  [[nodiscard]] virtual result<const entry*> next() = 0;
};

struct database_indexes {  // of one database of slapd
  std::vector<std::string> suffixes;
  std::vector<std::string> equality;  // names of attributes
  std::string size_max{};             // olcDbMaxSize, in bytes; "" = slapd's own default
  bool read_only = false;             // olcReadOnly, of the database or of the whole server
};

struct directory_facts {
  std::string vendor;  // "OpenLDAP 2.5.13" as far as the server tells
  std::vector<std::string> naming_contexts;
  std::vector<std::string> controls;                     // supportedControl OIDs
  std::vector<std::string> extensions;                   // supportedExtension OIDs
  bool transactions = false;                             // RFC 5805 offered and to be used
  bool two_threads = false;                              // olcThreads: 2; false = more, or we may not see it
  std::optional<std::vector<std::string>> modules;       // slapd's, "pw-sha2"; nullopt = we may not see them
  std::optional<std::vector<database_indexes>> indexes;  // nullopt = we may not see them
  std::string authorization_id;                          // RFC 4532 "who am I", "" = anonymous
  model::schema schema;
};

struct refusal {
  std::size_t index = 0;  // into the batch
  int ldap_code = 0;
  std::string text;  // the server's words and ours
};

// What is known of the server behind the connection that writes go by. Begins empty with each connection: behind the
// same address may stand another server, or a database that was restored.
struct write_session {
  // Attributes that a write which was committed by itself has used; slapd must not meet an attribute for the first time
  // in a transaction that may be rolled back (docs/decisions/0007).
  std::set<attribute_name> in_use;
  std::uint64_t number = 0;    // another one for each connection
  bool trial_refused = false;  // the server did not take the entry that brings attributes into use
};

class directory {
 public:
  virtual ~directory() = default;
  [[nodiscard]] virtual result<directory_facts> describe() = 0;
  // noSuchObject on the base is an empty answer only for search_scope::base; else an error with
  // ldap_code 32.
  [[nodiscard]] virtual result<std::unique_ptr<entry_stream>> search(const search_request& what) = 0;

  // Of the connection by which the next write() goes; it is opened where there is none. Lives as long as the directory.
  [[nodiscard]] virtual result<write_session*> session() = 0;

  // Applies the changes in order. `atomic` (only when facts.transactions, when every change fits_transaction(), and
  // when session() says that their attributes are in use): all or nothing in one RFC 5805 transaction; an error
  // (transient) where the connection is a new one. Otherwise one by one, stopping at the first refusal: changes before
  // its index are applied, those after it are not.
  //   nullopt            everything is applied
  //   refusal            the server said no to that change; atomic: nothing is applied
  //   error (transient)  the outcome of the batch is unknown: read back before repeating
  [[nodiscard]] virtual result<std::optional<refusal>> write(std::span<const change> batch, bool atomic) = 0;
  [[nodiscard]] virtual std::string name() const = 0;  // "ldapi:///", no secret
};

}  // namespace sql2ldap::model
