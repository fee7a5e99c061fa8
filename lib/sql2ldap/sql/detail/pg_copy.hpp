// The fast way out of PostgreSQL: COPY (SELECT ...) TO STDOUT in binary form, a row a message,
// handed on where libpq put it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_values.hpp>

namespace sql2ldap::sql::detail {

class pg_copy_stream final : public model::row_stream {
 public:
  // Takes the connection for as long as the rows come; a stream read to its end gives it to
  // `give_back`, any other closes it. `address` lives in what `give_back` holds.
  [[nodiscard]] static result<std::unique_ptr<model::row_stream>> open(pg_handle connection, const pg_address& address,
                                                                       const std::string& select, pg_values values,
                                                                       std::function<void(pg_handle)> give_back);
  [[nodiscard]] result<std::optional<model::row_view>> next() override;

 private:
  enum class part { row, incomplete, end, broken };

  pg_copy_stream(pg_handle connection, const pg_address& address, pg_values values,
                 std::function<void(pg_handle)> give_back);
  [[nodiscard]] result<bool> receive();
  [[nodiscard]] result<void> finish();
  [[nodiscard]] bool skip_header() noexcept;
  [[nodiscard]] part parse_row() noexcept;
  [[nodiscard]] tl::unexpected<error> failed(error what);

  pg_handle connection_;
  const pg_address& address_;
  pg_values values_;
  std::function<void(pg_handle)> give_back_;
  pg_message message_;
  std::string assembled_;  // a row that came in more than one message
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool header_seen_ = false;
  std::size_t bad_column_ = 0;
  std::size_t bad_length_ = 0;
  bool ended_ = false;
  std::optional<error> failure_;
};

}  // namespace sql2ldap::sql::detail
