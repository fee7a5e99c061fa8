#include <sql2ldap/ldap/detail/pool.hpp>

#include <utility>

namespace sql2ldap::ldap::detail {

lease::~lease() {
  if (connection_) owner_->give_back(std::move(connection_));
}

result<lease> pool::take() {
  while (std::unique_ptr<connection> one = take_idle())
    if (one->quiet()) return lease(shared_from_this(), std::move(one));
  S2L_TRY_ASSIGN(std::unique_ptr<connection> fresh, connection::open(how_));
  return lease(shared_from_this(), std::move(fresh));
}

std::unique_ptr<connection> pool::take_idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  std::unique_ptr<connection> one = std::move(idle_.back());
  idle_.pop_back();
  return one;
}

void pool::give_back(std::unique_ptr<connection> one) {
  if (!one->usable()) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(one));
}

}  // namespace sql2ldap::ldap::detail
