// Messages of pgoutput in, transactions that changed something out; whichever way the messages come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <sql2ldap/codec/pgoutput.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>

namespace sql2ldap::sql::detail {

struct pg_transaction {
  model::committed what;
  std::uint32_t id = 0;  // the lower half of it
};

[[nodiscard]] model::committed nothing_changed_up_to(std::uint64_t position);

// Types that a database has made for itself, by OID, and the built-in type whose text form theirs is.
using pg_text_forms = std::map<std::uint32_t, std::uint32_t>;

// Domains, enumerations, citext.
[[nodiscard]] result<pg_text_forms> pg_text_forms_of(PGconn* session, const pg_address& address);

class pg_transactions {
 public:
  // What was committed up to `known` is not told.
  pg_transactions(std::uint64_t known, pg_text_forms forms) : known_(known), forms_(std::move(forms)) {}

  void known_is(std::uint64_t position) { *this = pg_transactions(position, std::move(forms_)); }

  // The transaction that this message ends, when it has changed anything.
  [[nodiscard]] result<std::optional<pg_transaction>> take(std::string_view message);
  [[nodiscard]] bool inside() const noexcept { return inside_; }  // one is being told
  // The end of the last one, also of those that changed nothing or were known.
  [[nodiscard]] std::uint64_t ended() const noexcept { return ended_; }

 private:
  result<void> take_row(const codec::pgoutput::row_change& change);
  void add_row(model::row_image row);

  std::uint64_t known_;
  pg_text_forms forms_;
  std::uint64_t ended_ = 0;
  bool inside_ = false;
  pg_transaction open_;
  std::size_t open_bytes_ = 0;  // of the values of its rows
  std::map<std::uint32_t, codec::pgoutput::relation> tables_;
};

}  // namespace sql2ldap::sql::detail
