// Messages of pgoutput in, transactions that changed something out; whichever way the messages come.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include <sql2ldap/codec/pgoutput.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sql::detail {

struct pg_transaction {
  model::committed what;
  std::uint32_t id = 0;  // the lower half of it
};

[[nodiscard]] model::committed nothing_changed_up_to(std::uint64_t position);

class pg_transactions {
 public:
  // What was committed up to `known` is not told.
  explicit pg_transactions(std::uint64_t known) : known_(known) {}

  // The transaction that this message ends, when it has changed anything.
  [[nodiscard]] result<std::optional<pg_transaction>> take(std::string_view message);
  [[nodiscard]] bool inside() const noexcept { return inside_; }  // one is being told
  // The end of the last one, also of those that changed nothing or were known.
  [[nodiscard]] std::uint64_t ended() const noexcept { return ended_; }

 private:
  result<void> take_row(const codec::pgoutput::row_change& change);
  void add_row(model::row_image row);

  std::uint64_t known_;
  std::uint64_t ended_ = 0;
  bool inside_ = false;
  pg_transaction open_;
  std::map<std::uint32_t, codec::pgoutput::relation> tables_;
};

}  // namespace sql2ldap::sql::detail
