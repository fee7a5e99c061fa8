// One row of a SQL result, as the sources hand it out. Values are bytes in one form for every
// engine, so that a mapping need not know which one it reads:
//   NULL       null == true
//   boolean    "t" or "f"               integer    decimal, no "+", no leading zeros
//   timestamp  "YYYY-MM-DD HH:MM:SS[.ffffff]" in UTC, no zone suffix
//   bytea/blob the raw bytes            text       the bytes as stored, checked to be UTF-8
// Text that is not valid UTF-8 comes with invalid_text set: the stage `decode(latin1)` may still
// read it, anything else rejects the row. SQLite values come by their storage class.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace sql2ldap::model {

struct field {
  std::string_view bytes;
  bool null = true;
  bool invalid_text = false;
};

// Valid until the stream that gave it is advanced.
using row_view = std::span<const field>;

// What a change feed tells of one row as it was, or is now: some columns, perhaps only its key.
// Values in the text form above, nullopt = NULL; a column that is not listed is not known.
struct row_image {
  std::string schema;  // "" in SQLite
  std::string table;
  std::map<std::string, std::optional<std::string>, std::less<>> columns;
  // Of an update, where both images are known as a whole: the columns that differ. nullopt = perhaps all.
  std::optional<std::set<std::string, std::less<>>> changed{};

  bool operator==(const row_image&) const = default;
};

}  // namespace sql2ldap::model
