// Messages of pgoutput in, transactions that changed something out; whichever way the messages come.
//
// A table may be described otherwise than the catalogue does: it was changed since, or before. The first transaction
// that has rows of it is told as "everything"; from then on the rows of that description are told again. For rows that
// were written before the change lie before the comparison, and those behind it have the new description.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/codec/pgoutput.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/model/query.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>

namespace sql2ldap::sql::detail {

struct pg_transaction {
  model::committed what;
  std::uint32_t id = 0;  // the lower half of it
};

[[nodiscard]] model::committed nothing_changed_up_to(std::uint64_t position);

// Types that a database has made for itself, by OID, and the built-in type whose text form theirs is.
using pg_text_forms = std::map<std::uint32_t, std::uint32_t>;

// A table that is followed, as the log has to describe it.
struct pg_table_shape {
  std::string schema;
  std::string table;
  std::vector<std::pair<std::string, std::uint32_t>> columns;  // name and type
  std::set<std::string> generated;                             // columns that need not be in the log
  std::set<std::string> key;                                   // the primary key
  bool is_partitioned = false;

  friend bool operator==(const pg_table_shape&, const pg_table_shape&) = default;
};

// What the messages alone do not say.
struct pg_stream_facts {
  pg_text_forms forms;
  std::map<std::uint32_t, pg_table_shape> shapes;  // by OID
};
[[nodiscard]] result<pg_stream_facts> pg_stream_facts_of(PGconn* session, const pg_address& address,
                                                         const std::vector<model::table_ref>& tables);

class pg_transactions {
 public:
  // What was committed up to `known` is not told.
  pg_transactions(std::uint64_t known, pg_stream_facts facts) : known_(known), facts_(std::move(facts)) {}

  void known_is(std::uint64_t position) { *this = pg_transactions(position, std::move(facts_)); }

  // The transaction that this message ends, when it has changed anything.
  [[nodiscard]] result<std::optional<pg_transaction>> take(std::string_view message);
  [[nodiscard]] bool inside() const noexcept { return inside_; }  // one is being told
  // The end of the last one, also of those that changed nothing or were known.
  [[nodiscard]] std::uint64_t ended() const noexcept { return ended_; }

 private:
  struct described {
    codec::pgoutput::relation relation;
    bool is_followed = false;
    // Its description is not that of the catalogue: what its rows mean is not known until all is compared.
    bool differs = false;
    std::optional<pg_table_shape> shape;  // what it is in the log then; nullopt = nobody knows the table
  };
  void describe(codec::pgoutput::relation&& relation);
  void accept_shapes();
  void set_everything();
  result<void> take_row(const codec::pgoutput::row_change& change);
  void add_row(model::row_image row);

  std::uint64_t known_;
  pg_stream_facts facts_;
  std::uint64_t ended_ = 0;
  bool inside_ = false;
  pg_transaction open_;
  std::size_t open_bytes_ = 0;  // of the values of its rows
  std::map<std::uint32_t, described> tables_;
  std::set<std::uint32_t> differing_;  // tables of the transaction that is open
};

}  // namespace sql2ldap::sql::detail
