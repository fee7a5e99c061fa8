// One snapshot of a PostgreSQL database: a transaction that holds it open, and the connections
// that read in it. What it leaves to the next one makes that cheap.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/sql/detail/pg_catalog.hpp>
#include <sql2ldap/sql/detail/pg_connection.hpp>
#include <sql2ldap/sql/detail/pg_values.hpp>
#include <sql2ldap/sql/detail/pqxx_connection.hpp>

namespace sql2ldap::sql::detail {

// What sessions of one source have left, for the next ones. Asked from any thread.
class pg_kept {
 public:
  struct one {
    std::unique_ptr<pqxx_connection> connection;
    pg_tables tables;
    bool can_export = false;  // its snapshots can be shared with other connections
  };
  [[nodiscard]] std::optional<one> take();
  void leave(one what);

 private:
  std::mutex mutex_;
  std::vector<one> left_;
};

class pg_session : public std::enable_shared_from_this<pg_session> {
 public:
  [[nodiscard]] static result<std::shared_ptr<pg_session>> open(const pg_address& address,
                                                                std::shared_ptr<pg_kept> kept);
  pg_session(const pg_session&) = delete;
  pg_session& operator=(const pg_session&) = delete;
  ~pg_session();

  [[nodiscard]] const model::catalog& catalog() const noexcept { return tables_.catalog; }
  // Streams keep the session alive.
  [[nodiscard]] result<std::unique_ptr<model::row_stream>> rows(const model::query& what);
  // One statement in the transaction that holds the snapshot.
  [[nodiscard]] result<pqxx::result> execute(const std::string& sql);

 private:
  pg_session(pg_address address, std::shared_ptr<pg_kept> kept)
      : address_(std::move(address)), kept_(std::move(kept)) {}
  [[nodiscard]] result<void> begin();
  [[nodiscard]] result<void> export_snapshot();
  [[nodiscard]] result<pg_handle> reader();

  pg_address address_;
  std::shared_ptr<pg_kept> kept_;
  std::unique_ptr<pqxx_connection> connection_;
  pg_tables tables_;
  bool can_export_ = false;  // else all streams are cursors on our connection
  std::string snapshot_id_;  // "" = not exported yet
  std::vector<pg_handle> idle_readers_;
  std::size_t cursors_opened_ = 0;
};

}  // namespace sql2ldap::sql::detail
