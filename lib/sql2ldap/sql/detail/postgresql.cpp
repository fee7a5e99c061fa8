#include <sql2ldap/sql/detail/postgresql.hpp>

#include <utility>

#include <sql2ldap/sql/detail/pg_session.hpp>

namespace sql2ldap::sql::detail {
namespace {

class pg_snapshot final : public model::snapshot {
 public:
  explicit pg_snapshot(std::shared_ptr<pg_session> session) : session_(std::move(session)) {}
  [[nodiscard]] result<std::unique_ptr<model::row_stream>> rows(const model::query& what) override {
    return session_->rows(what);
  }

 private:
  std::shared_ptr<pg_session> session_;
};

class pg_source final : public model::source {
 public:
  explicit pg_source(pg_address address) : address_(std::move(address)) {}
  [[nodiscard]] result<model::catalog> describe() override {
    S2L_TRY_ASSIGN(const auto session, pg_session::open(address_, kept_));
    return session->catalog();
  }
  [[nodiscard]] result<std::unique_ptr<model::snapshot>> open_snapshot() override {
    S2L_TRY_ASSIGN(auto session, pg_session::open(address_, kept_));
    return std::make_unique<pg_snapshot>(std::move(session));
  }
  [[nodiscard]] std::string name() const override { return address_.name(); }

 private:
  pg_address address_;
  std::shared_ptr<pg_kept> kept_ = std::make_shared<pg_kept>();
};

}  // namespace

result<std::unique_ptr<model::source>> open_postgresql(const location& at) {
  S2L_TRY_ASSIGN(pg_address address, pg_address::parse(at));
  return std::make_unique<pg_source>(std::move(address));
}

}  // namespace sql2ldap::sql::detail
