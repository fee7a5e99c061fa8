// A row that could not become an entry, or an entry that the directory would not take. The rest
// goes on; the rejects report lists these and the exit code says so.
#pragma once

#include <functional>
#include <string>

namespace sql2ldap::model {

struct reject {
  std::string kind;      // entry kind of the mapping: "account"
  std::string table;     // physical table name, "" when the directory rejected
  std::string key;       // key columns, "/"-joined, printable
  std::string column;    // the column at fault or the attribute, "" when the row as a whole
  std::string dn;        // when it is known
  std::string reason;    // one sentence, never a secret
  int line = 0;          // of the mapping, 0 = none
  std::string origin{};  // s2lOrigin of the entry that there would be, "" when the key cannot be read
};

using reject_sink = std::function<void(reject)>;

}  // namespace sql2ldap::model
