// The checked, immutable form of a mapping: names resolved to places in rows, stages with their
// arguments ready, directions known. resolve.cpp makes it, run.hpp and write_back.hpp run it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <sql2ldap/base/time_zone.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/mapping/mapping.hpp>

namespace sql2ldap::mapping::detail {

struct expression;

enum class stage_kind : std::uint8_t {
  lower,
  upper,
  trim,
  nonempty,
  otherwise,
  absent,
  present,
  flag,
  negate,
  conjunction,
  disjunction,
  when,
  map,
  scale,
  integer,
  bytes,
  split,
  join,
  first,
  last,
  sort,
  unique,
  match,
  drop,
  prefix,
  suffix,
  strip_prefix,
  strip_suffix,
  replace,
  localpart,
  domainpart,
  idna,
  address,
  mailbox,
  ia5,
  path,
  time,
  password,
  decode,
  json,
  limit,
  at_least,
  required,
  reject,
};

enum class coding : std::uint8_t { quoted_printable, base64, url, latin1, hex };

struct choice {  // of map(...)
  std::string from;
  std::optional<std::string> to;  // none = the value is dropped
};

struct stage {
  stage_kind kind = stage_kind::lower;
  std::vector<std::string> texts;     // constant arguments, parameters filled in
  std::vector<expression> arguments;  // those that depend on the row
  std::int64_t number = 0;
  coding decoder = coding::base64;
  bool or_latin1 = false;                 // decode(..., latin1): bytes that are not UTF-8
  std::shared_ptr<const time_zone> zone;  // of time(...); null = UTC
  codec::password_options password;
  std::vector<choice> choices;
  std::optional<choice> remaining;  // map(..., else -> "y")
};

// The name of an entry: its own RDN and those of its parents, leaf first, then fixed text.
struct name_part {
  std::string type;
  std::vector<expression> value;  // exactly one; a vector because the type is not complete here
};
struct name_rule {
  std::vector<std::vector<name_part>> levels;
  std::string container;  // canonical DN text below the base, "" = none
};

// One literal or placeholder of a text.
struct text_piece {
  std::string literal;
  std::vector<expression> placeholder;  // none = the literal
};

inline constexpr std::int32_t no_rows = -1;  // gives at most one value, or several of one row
inline constexpr std::uint32_t no_column = UINT32_MAX;

struct pipeline {
  enum class head_kind : std::uint8_t { column, constant, text, name, nested };
  head_kind head = head_kind::constant;
  bool may_be_invalid = false;       // the first stage takes bytes that are not UTF-8
  std::int32_t rows = no_rows;       // the head goes row by row through this `many`
  std::uint32_t row_stages = 0;      // so many stages, too: an argument of theirs names that `many`
  std::uint32_t source = 0;          // of a column: 0 main, n the n-th `many`
  std::uint32_t index = 0;           // in its rows
  std::uint32_t column = no_column;  // into kind::columns
  std::string constant;
  std::vector<text_piece> pieces;
  std::vector<name_rule> name;     // one, for head name
  std::vector<expression> nested;  // one, for head nested
  std::vector<stage> stages;
};

struct expression {
  std::vector<pipeline> parts;
  std::int32_t rows = no_rows;
  bool several = false;  // may give more than one value (of one row)
};

struct direction {
  bool two_way = true;
  std::string reason;  // why one-way
};

struct column_use {
  std::string alias;
  std::string column;
  std::string shown;  // "mailbox.quota", for people
  std::uint32_t source = 0;
  std::uint32_t index = 0;
  bool key = false;
  bool main_table = false;
  bool shared = false;  // of a joined row that may belong to other rows of the main table, too
};

// What becomes of an attribute whose value cannot be made. `omit`: a new entry goes without it, an
// entry that exists keeps what it has, and the row is not rejected.
enum class error_policy : std::uint8_t { reject, omit };

struct assignment_rule {
  std::vector<model::attribute_name> names;
  std::vector<model::attribute_name> emitted;  // `names` without those of the RDN
  std::vector<std::size_t> also;               // of an RDN attribute: the steps that add values to it
  expression value;
  bool initial = false;
  bool secret = false;  // never shown
  error_policy on_error = error_policy::reject;
  direction way;
  std::string text;  // canonical
  int line = 0;
  position at;
};

struct partition_pattern {
  std::vector<expression> segments;  // one; of a glob at least two, with anything between them
  bool glob = false;
  bool remaining = false;  // else
};
struct partition_branch {
  partition_pattern pattern;
  std::optional<expression> written;
  model::attribute_name name;
  std::vector<stage> stages;                     // on the list of the values it takes
  error_policy on_error = error_policy::reject;  // an error in the list fails the attributes of all rules
  direction way;
  std::string text;
  int line = 0;
  position at;
};
struct partition_rule {
  expression value;
  std::vector<partition_branch> branches;
  direction way;
  std::string text;
  int line = 0;
};

struct insert_rule {
  std::string alias;
  std::string column;
  std::optional<expression> value;  // none = the moment of the write
  std::uint32_t slot = no_column;
};

using step = std::variant<assignment_rule, partition_rule>;

struct join_use {
  model::table_ref table;
  std::string logical;
  bool many = false;
  model::condition_ptr on;
  position at;
};

// A table that a kind looks at besides its main one: by a join, or by EXISTS.
struct place {
  model::table_ref table;
  std::vector<model::condition_ptr> on;
};
// The way from a place to the main table: the places it was found in, innermost last.
struct way {
  place here;
  std::vector<place> around;
  std::set<std::string> columns_read;  // of this table, by anything in the kind
};

struct kind_program {
  kind_info info;
  position at;
  kind_queries queries;
  std::vector<column_use> columns;
  std::vector<std::string> key_names;
  std::vector<std::uint32_t> key_columns;  // into columns; empty for a made kind
  std::vector<expression> parent_key;      // values for the parent's key columns
  name_rule name;
  std::vector<assignment_rule> rdn;  // one attribute each, in the order of the RDN
  std::vector<step> steps;
  std::vector<insert_rule> inserts;
  std::vector<join_use> joins;         // all used ones, for check_tables
  std::set<std::string> columns_read;  // of the main table
  std::vector<way> ways;               // from each other table
  std::vector<std::pair<std::string, position>> class_positions;
};

struct program {
  std::string name;
  std::string text;  // the source, for lines in messages
  std::vector<parameter_info> parameters;
  std::vector<kind_info> infos;  // what mapping::kinds() shows
  std::vector<kind_program> kinds;
  std::vector<table_use> tables;
  diagnostics warnings;
  std::string fingerprint;
};

}  // namespace sql2ldap::mapping::detail
