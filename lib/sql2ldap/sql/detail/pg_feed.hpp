// PostgreSQL's streaming replication protocol, for logical decoding by pgoutput.
// https://www.postgresql.org/docs/current/protocol-replication.html
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <sql2ldap/codec/pgoutput.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::sql::detail {

class pg_feed : public model::feed {
 public:
  [[nodiscard]] static result<std::unique_ptr<model::feed>> open(const pg_address& address, const wal_options& options,
                                                                 std::uint64_t from);

  [[nodiscard]] result<std::optional<model::committed>> next(std::chrono::milliseconds patience) override;
  [[nodiscard]] result<void> confirm(std::uint64_t position) override;

 private:
  using clock = std::chrono::steady_clock;
  pg_feed(pg_handle connection, pg_handle looker, pg_address address, std::uint64_t from);

  // True when something was there.
  result<bool> receive();
  result<void> take(std::string_view message);
  result<void> take_change(std::string_view bytes);
  result<void> take_row(const codec::pgoutput::row_change& change);
  void add_row(model::row_image row);
  // The log tells a commit a little before other sessions see it.
  result<bool> is_visible(std::uint32_t transaction);
  result<void> wait(clock::time_point until);
  result<void> send_status(bool ask_for_answer = false);
  result<void> keep_in_touch();
  [[nodiscard]] error ended() const;
  [[nodiscard]] tl::unexpected<error> garbled(const char* what) const;

  pg_handle connection_;
  pg_handle looker_;  // an ordinary session beside the stream
  pg_address address_;
  std::map<std::uint32_t, codec::pgoutput::relation> tables_;
  model::committed open_;  // the transaction that is being told
  std::uint32_t transaction_ = 0;
  // As the looker saw them last; with 64 bits, of which the stream tells the lower 32.
  struct snapshot {
    std::uint64_t oldest_running = 0;
    std::uint64_t first_unused = 0;
    std::vector<std::uint64_t> running;
    [[nodiscard]] bool shows(std::uint32_t transaction) const;
  } seen_;
  bool in_transaction_ = false;
  std::optional<model::committed> complete_;
  // Four positions of the server's log, four names.
  std::uint64_t received_ = 0;    // the last byte that came
  std::uint64_t told_ = 0;        // the last transaction that next() gave
  std::uint64_t confirmed_ = 0;   // by our caller, or by idling at that place
  std::uint64_t skip_until_ = 0;  // not told: known to the caller already
  clock::time_point heard_;
  clock::time_point reported_;
  bool asked_ = false;
};

}  // namespace sql2ldap::sql::detail
