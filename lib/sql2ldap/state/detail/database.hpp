// An SQLite file of ours: opened at its version, or found to be damaged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace sql2ldap::state {

class database {
 public:
  struct format {
    int application_id;
    int version;
    const char* probe;       // a query that looks at all tables: damage shows itself here
    std::string newer_hint;  // what to do when a newer program has written it
  };
  // Makes the tables, or what has been added to them since `found` (0: there is nothing yet), in one transaction.
  using upgrade = std::function<result<void>(database& into, std::int64_t found)>;
  // nullopt where the file is damaged.
  [[nodiscard]] static result<std::optional<database>> open(const std::filesystem::path& file, const format& as,
                                                            const upgrade& tables);

  class statement {
   public:
    statement(const database& of, const char* sql);
    statement& bind(std::string_view text);
    statement& bind(std::int64_t number);
    statement& bind_bytes(std::string_view bytes);
    statement& bind_null();
    [[nodiscard]] result<bool> step();  // true: a row is there
    [[nodiscard]] result<void> run();   // and it can be bound again
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::string bytes(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;

   private:
    struct finish {
      void operator()(sqlite3_stmt* statement) const noexcept;
    };
    const database& of_;
    std::unique_ptr<sqlite3_stmt, finish> handle_;
    int status_;
    int bound_ = 0;
  };

  [[nodiscard]] result<void> execute(const char* sql) const;
  [[nodiscard]] result<std::int64_t> number(const char* sql) const;
  [[nodiscard]] std::int64_t last_id() const;       // of the last INSERT
  [[nodiscard]] std::int64_t rows_changed() const;  // by the last statement
  // All that `writes` does, or nothing.
  template <typename Writes>
  [[nodiscard]] result<void> at_once(const Writes& writes) const {
    S2L_TRY(execute("BEGIN IMMEDIATE"));
    auto written = writes().and_then([this] { return execute("COMMIT"); });
    if (!written) static_cast<void>(execute("ROLLBACK"));  // what failed first is what is told
    return written;
  }
  [[nodiscard]] error failure() const;
  [[nodiscard]] bool is_damaged() const;

 private:
  struct close {
    void operator()(sqlite3* database) const noexcept;
  };
  using handle = std::unique_ptr<sqlite3, close>;
  database(handle opened, std::filesystem::path file);
  [[nodiscard]] result<void> prepare(const format& as, const upgrade& tables);

  handle handle_;
  std::filesystem::path file_;
};

}  // namespace sql2ldap::state
