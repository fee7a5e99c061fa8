// Connections that nobody uses at the moment, and the one who may use one. A search stream keeps
// its connection until its end; who comes meanwhile, from whatever thread, gets another.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/ldap/detail/connection.hpp>

namespace sql2ldap::ldap::detail {

class pool;

class lease {
 public:
  lease(std::shared_ptr<pool> owner, std::unique_ptr<connection> one)
      : owner_(std::move(owner)), connection_(std::move(one)) {}
  lease(lease&&) noexcept = default;
  lease& operator=(lease&&) = delete;
  ~lease();
  connection* operator->() const noexcept { return connection_.get(); }
  connection& operator*() const noexcept { return *connection_; }

 private:
  std::shared_ptr<pool> owner_;
  std::unique_ptr<connection> connection_;
};

class pool : public std::enable_shared_from_this<pool> {
 public:
  explicit pool(const options& how) : how_(how) {}
  [[nodiscard]] result<lease> take();
  void give_back(std::unique_ptr<connection> one);
  [[nodiscard]] const options& how() const noexcept { return how_; }

 private:
  [[nodiscard]] std::unique_ptr<connection> take_idle();

  const options how_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<connection>> idle_;
};

}  // namespace sql2ldap::ldap::detail
