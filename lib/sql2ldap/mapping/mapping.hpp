// The room `mapping`: a text that says which rows become which entries, and back.
//
// Gives: parse() to a checked, immutable mapping; the questions it has for the SQL side; an
// evaluator from rows to entries and back; the canonical form, and a listing with directions.
// Promises: pure (no I/O, no clock, no global state); bounded depth and memory; every message
// has a place; both lens laws for every stage that has a way back.
// Leaves to others: running queries (sql), comparing entries (sync), schema facts (ldap).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/diagnostics.hpp>
#include <sql2ldap/model/catalog.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/query.hpp>
#include <sql2ldap/model/reject.hpp>
#include <sql2ldap/model/row.hpp>
#include <sql2ldap/model/schema.hpp>

namespace sql2ldap::mapping {

namespace detail {
struct program;
}

enum class orphan_policy { skip, reject, make };

struct kind_info {
  std::string name;
  int line = 0;
  std::string table;                  // physical, "" for a kind that is only made
  std::optional<std::size_t> parent;  // index of the parent's kind
  std::string container;              // DN text below the base, when there is no parent kind
  orphan_policy orphans = orphan_policy::reject;
  bool is_parent = false;                         // of another kind
  std::vector<std::string> classes;               // objectClass values, s2lManaged included
  std::vector<model::attribute_name> attributes;  // `=`: these are ours alone
  std::vector<model::attribute_name> initial;     // `?=`: written only when absent
  std::vector<model::attribute_name> rdn;         // those of `attributes` that name the entry
  std::vector<model::attribute_name> optional;    // `on error omit`: a new entry goes without them when they fail
};

// Whether such a key column can tell rows apart in the directory.
[[nodiscard]] inline bool is_readable_key(const model::field& f) noexcept {
  return !f.null && !f.invalid_text && f.bytes.find('\0') == std::string_view::npos;
}

struct kind_queries {
  model::query main;               // ordered by the key columns, which come first in `columns`
  std::vector<model::query> many;  // same: the main key's columns first, ordered by them; inner
                                   // joined to main, so each row belongs to a row of main
  std::size_t key_columns = 0;
};

struct parameter_info {
  std::string name;
  std::string value;     // in force
  std::string standard;  // as the mapping text says
};

struct table_use {  // what the mapping needs of the database
  std::string schema;
  std::string table;
  std::vector<std::string> columns;
  position at;
};

struct noted_columns {         // of a table, for triggers that note its changes
  std::set<std::string> read;  // an update of others changes no entry
  std::set<std::string> keys;  // with their values, old and new, touched_by() finds the entries
};

// Entries of one kind that a row has a part in; perhaps more than these, never fewer.
struct everything {};  // all of the kind: the row says too little, or no condition ties it to them
using key_values = std::vector<std::string>;  // text form, as in model::query
struct touched {
  std::size_t kind = 0;
  std::variant<key_values, model::query, everything> which;  // the query gives keys
};

class mapping {
 public:
  // Unknown parameter names and bad values are diagnostics too.
  [[nodiscard]] static tl::expected<mapping, diagnostics> parse(
      std::string_view text, const std::map<std::string, std::string>& parameters = {});

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] std::span<const kind_info> kinds() const noexcept;  // parents before children
  [[nodiscard]] std::span<const parameter_info> parameters() const noexcept;
  [[nodiscard]] const kind_queries& queries(std::size_t kind) const noexcept;
  [[nodiscard]] std::vector<table_use> tables() const;
  [[nodiscard]] diagnostics warnings() const;

  // Which entries may look different because this row came, changed or went. Ask for the row as it
  // was and as it is; queries are to be asked of the tables as they are after the change.
  [[nodiscard]] std::vector<touched> touched_by(const model::row_image& row) const;
  // What touched_by() looks at in rows of this table; it must know no more of them.
  [[nodiscard]] noted_columns noted(const model::table_ref& table) const;

  // The mapping against the live tables (names, types, keys; missing unique key behind a `join`)
  // and the live schema (classes, MUST, allowed attributes, single values, syntaxes).
  [[nodiscard]] diagnostics check_tables(const model::catalog& tables) const;
  [[nodiscard]] diagnostics check_schema(const model::schema& schema) const;

  // One line an attribute: `<->` or `->`, the expression, and why a one-way one is one-way.
  [[nodiscard]] std::string shown() const;

  // Same text, parameters and program version = same mapping: 32 hex digits, stable over runs.
  [[nodiscard]] const std::string& fingerprint() const noexcept;

 private:
  friend class evaluator;
  explicit mapping(std::shared_ptr<const detail::program> checked);
  std::shared_ptr<const detail::program> program_;
};

struct row_set {
  model::row_view main;
  std::span<const std::vector<model::row_view>> many;  // one list for each of queries().many
};

// One attribute's way from rows to values, for `why`.
struct trace {
  std::string attribute;
  int line = 0;
  std::string expression;
  std::vector<std::pair<std::string, std::string>> inputs;  // "mailbox.quota" -> value for people
  std::vector<std::string> values;                          // secrets already hidden
  std::string objection;                                    // why there is none, or why the row is rejected
};

// A part of an entry that its row cannot fill, though the row is there.
struct attribute_failure {
  std::vector<model::attribute_name> attributes;
  bool name = false;   // the DN, by its RDN or its parent; `attributes` are those of the RDN then
  std::string column;  // "" when no single one is at fault
  std::string reason;  // one sentence, never a secret
  int line = 0;        // of the mapping
};

struct column_write {  // one SQL column to set; absent value = NULL
  std::string alias;
  std::string column;
  std::optional<std::string> value;
  bool now = false;  // the moment of the write, which the database knows
};

// Runs a mapping. Keeps buffers between calls, so one object a thread; the mapping is shared.
class evaluator {
 public:
  evaluator(const mapping& m, model::dn base);
  evaluator(evaluator&&) noexcept;
  ~evaluator();

  // incomplete: `out` lacks what failures() lists, and `why` has the first of these; without a name its DN is "".
  // rejected: the key cannot be read, so that nobody knows which entry the row stands for.
  enum class outcome { made, incomplete, rejected };
  // Fills `out` (dn, objectClass, s2lOrigin, attributes in the mapping's order, values without
  // duplicates under common sense: byte-equal ones are dropped).
  // A clear-text password comes out as "{CLEARTEXT}..." when the mapping says `plain: hash`:
  // the writer must hash it (codec/password.hpp), the comparison verifies instead of comparing.
  [[nodiscard]] outcome make(std::size_t kind, const row_set& rows, model::entry& out, model::reject& why);

  // Of the last make(); until the next one. The attributes of a partition fail together,
  // but an optional one that its own stages refuse fails alone. `out` may hold some of the
  // values of an attribute that failed.
  [[nodiscard]] std::span<const attribute_failure> failures() const noexcept;

  // After make(): the s2lOrigin of the entry that the row names as its parent; "" when the row gives no key for it.
  [[nodiscard]] std::string parent_origin();

  // After make(): the parent entry that policy `make` would create for it.
  [[nodiscard]] outcome make_parent(model::entry& out, model::reject& why);
  // After make(), also when rejected: key columns joined by "/", printable.
  [[nodiscard]] std::string_view key_text() const noexcept;
  // The same: s2lOrigin, "" when the key is NULL or no text.
  [[nodiscard]] std::string_view origin() const noexcept;

  [[nodiscard]] std::vector<trace> explain(std::size_t kind, const row_set& rows);

  // The way back: what the main and joined rows should hold so that make() gives `wanted`.
  // `old` are the rows as they are (all NULL for a new one); only columns that must change come
  // out. An attribute that changed but is one-way is an error that names it.
  [[nodiscard]] result<std::vector<column_write>> write_back(std::size_t kind, const row_set& old,
                                                             const model::entry& wanted);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// The parts of an origin: "mapping/kind/key", each percent-encoded where it must be.
[[nodiscard]] std::string origin_of(std::string_view mapping, std::string_view kind,
                                    std::span<const std::string_view> key);

}  // namespace sql2ldap::mapping
