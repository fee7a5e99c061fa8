#include <sql2ldap/sql/detail/pg_horizon.hpp>

#include <algorithm>
#include <string_view>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::sql::detail {

bool pg_horizon::has_seen(std::uint32_t transaction) const {
  const auto behind = static_cast<std::int32_t>(static_cast<std::uint32_t>(first_unused_) - transaction);
  if (behind <= 0) return false;
  const std::uint64_t whole = first_unused_ - static_cast<std::uint64_t>(behind);
  return whole < oldest_running_ || std::find(running_.begin(), running_.end(), whole) == running_.end();
}

result<bool> pg_horizon::shows(std::uint32_t transaction, PGconn* session, const pg_address& address) {
  // Who was seen once is seen for ever.
  if (has_seen(transaction)) return true;
  S2L_TRY_ASSIGN(const pg_rows asked, pg_ask(session, "SELECT pg_catalog.txid_current_snapshot()", address));
  // "oldest running:first unused:running,running,..."
  const std::vector<std::string_view> parts = split(asked[0][0], ':');
  if (parts.size() != 3) return tl::make_unexpected(pg_error("08P01", "a snapshot that cannot be read", address));
  oldest_running_ = pg_number(std::string(parts[0]));
  first_unused_ = pg_number(std::string(parts[1]));
  running_.clear();
  for (const std::string_view one : split(parts[2], ',')) running_.push_back(pg_number(std::string(one)));
  return has_seen(transaction);
}

}  // namespace sql2ldap::sql::detail
